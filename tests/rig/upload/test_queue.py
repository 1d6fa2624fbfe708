"""`grimace-rig queue` and `grimace-rig retry`: the outbox in words."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from rig.outbox.states import State
from rig.upload.activity import ACTIVITY_NAME, UploadActivity
from rig.upload.commands import QueueReport, report_queue, retry_session, show_queue
from rig.upload.lock import only_uploader
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


def test_looking_into_an_outbox_that_is_not_there_makes_none(rig):
    """Whoever looks may be root, and the uploader could not write to root's journal."""
    elsewhere = rig.settings.model_copy(update={"data_folder": rig.settings.data_folder / "elsewhere"})
    report = report_queue(elsewhere)
    assert (report.waiting, report.on_hub, report.uploader_runs) == ((), 0, False)
    with pytest.raises(GrimaceError, match="E_NOT_FOUND"):
        retry_session(elsewhere, "0198c1de", rig.clock)
    assert not elsewhere.data_folder.exists()


def test_the_queue_tells_when_the_hub_gave_its_last_receipt(rig):
    assert report_queue(rig.settings).last_confirmed_at is None
    folders = [rig.seal(age_h=2), rig.seal(age_h=1)]
    rig.until(lambda: len(rig.journal.session_ids({State.CONFIRMED})) == 2)
    report = report_queue(rig.settings)
    assert report.last_confirmed_at == max(rig.row(folder).receipt.stored_at for folder in folders)
    assert (report.on_hub, report.waiting) == (2, ())


@pytest.mark.parametrize(
    ("activity", "words"),
    [
        (
            {"active_session": "0198c1de-0000-7000-8000-000000000001", "rate_bytes_per_s": 15_000.0, "cap_bytes_per_s": 20_000},
            "15 kB/s are being sent (no more than 20 kB/s); everything is sent in",
        ),
        ({"cap_bytes_per_s": 0, "paused_because": "recording"}, "Nothing is sent while a recording runs"),
    ],
)
def test_the_queue_says_how_fast_it_goes_or_why_it_stands_still(rig, activity, words):
    rig.seal()
    rig.new_uploader(hub=None).run_once()
    (rig.settings.data_folder / ACTIVITY_NAME).write_text(UploadActivity(**activity).model_dump_json())
    shown = io.StringIO()
    with only_uploader(rig.settings.data_folder):
        report = report_queue(rig.settings)
        show_queue(rig.settings, rig.clock, Console(file=shown, width=200))
    assert words in shown.getvalue()
    assert report.active_session == activity.get("active_session")
    assert (report.eta_s is not None) == ("rate_bytes_per_s" in activity)
    assert report_queue(rig.settings).rate_bytes_per_s is None  # nobody is at work now, whatever the file says


def test_a_rig_without_a_token_is_told_to_be_enrolled_before_there_is_anything_to_send(rig):
    hub = rig.settings.hub.model_copy(update={"token_file": rig.settings.data_folder / "no.token"})
    report = report_queue(rig.settings.model_copy(update={"hub": hub}))
    assert report.hub_trouble.code == "W_NOT_ENROLLED"
    assert "no.token" in report.hub_trouble.detail
