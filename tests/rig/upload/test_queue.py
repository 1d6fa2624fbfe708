"""`grimace-rig queue` and `grimace-rig retry`: the outbox in words."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from rig.outbox.states import State
from rig.upload.commands import QueueReport, report_queue, retry_session, show_queue
from shared.faults import GrimaceError
from tests.rig.upload.fault_proxy import Fault, FaultProxy
from tests.rig.upload.upload_rig import flip_a_bit


def test_the_queue_says_in_words_what_waits_and_what_to_do(rig):
    changed = rig.seal(age_h=1)
    flip_a_bit(changed / "part-1.mp4")
    rig.until_state(changed, State.QUARANTINED)
    rig.token_file.unlink()
    waiting = rig.seal()
    rig.uploader = rig.new_uploader()
    rig.uploader.run_once()
    rig.clock.advance(3 * 3600)

    shown = io.StringIO()
    show_queue(rig.settings, rig.clock, Console(file=shown, width=200))
    for words in (
        "The uploader is not running: nothing is being sent.",
        "The hub does not accept the token, for 3 h now",
        "1 waiting, 0.3 MB to send; the oldest for 3 h",
        "1 stopped: somebody has to look at them",
        "kept back: not what was sealed",
        "waiting to be sent",
        changed.name,
        waiting.name,
        "A file of a sealed session changed on the disk",
        "→ The session is quarantined and not uploaded.",
    ):
        assert words in " ".join(shown.getvalue().split()), shown.getvalue()

    printed = io.StringIO()
    show_queue(rig.settings, rig.clock, Console(file=printed, width=40), as_json=True)
    report = QueueReport.model_validate_json(printed.getvalue())
    assert report == report_queue(rig.settings)
    assert [session.session_id for session in report.stopped] == [changed.name]


def test_a_kept_back_session_whose_file_was_restored_is_sent_after_retry(rig):
    folder = rig.seal()
    whole = (folder / "part-1.mp4").read_bytes()
    flip_a_bit(folder / "part-1.mp4")
    rig.until_state(folder, State.QUARANTINED)
    (folder / "part-1.mp4").write_bytes(whole)
    assert retry_session(rig.settings, folder.name[:8], rig.clock).state is State.QUEUED
    rig.until_state(folder, State.CONFIRMED)
    with pytest.raises(GrimaceError) as needless:
        retry_session(rig.settings, folder.name, rig.clock)
    assert needless.value.fault.code == "E_UPLOADED"
    with pytest.raises(GrimaceError, match="0 sessions of the outbox begin with nothing"):
        retry_session(rig.settings, "nothing", rig.clock)


def test_retry_makes_a_waiting_session_due_at_once(rig):
    folder = rig.seal()
    with FaultProxy(rig.settings.hub.url, always=Fault(drop_after_bytes=0)) as proxy:
        hub = rig.settings.hub.model_copy(update={"url": proxy.url})
        rig.new_uploader(hub=hub).run_once()
    assert rig.row(folder).next_try_at is not None
    retry_session(rig.settings, folder.name, rig.clock)
    assert (rig.row(folder).next_try_at, rig.row(folder).attempts) == (None, 0)
