"""What goes wrong with one session, or with all of them, and what the uploader makes of it."""

from __future__ import annotations

import pytest

from rig.outbox.states import State
from shared.manifest import MANIFEST_NAME
from tests.processes import unused_port
from tests.rig.upload.conftest import start_hub
from tests.rig.upload.fault_proxy import Fault
from tests.rig.upload.upload_rig import Rig, flip_a_bit, unknown_to_hub


def test_broken_sessions_do_not_block_the_next(proxied):
    rig, proxy = proxied
    changed, unreadable, poison, good = (rig.seal(age_h=age_h) for age_h in (4, 3, 2, 1))
    flip_a_bit(changed / "part-1.mp4")
    (unreadable / MANIFEST_NAME).write_bytes(b"{")
    proxy.always = Fault(drop_on=poison.name.encode())  # whatever names this session kills its connection
    rig.until_state(good, State.CONFIRMED)
    assert [rig.row(folder).fault_code for folder in (changed, unreadable, poison)] == [
        "E_FILE_CHANGED",
        "E_MANIFEST",
        "W_HUB_UNREACHABLE",
    ]
    assert rig.row(poison).state is State.ANNOUNCING
    proxy.always = Fault()
    rig.until_state(poison, State.CONFIRMED)


def test_a_mistake_of_ours_with_one_session_does_not_block_the_next(rig, monkeypatch):
    broken, good = rig.seal(age_h=2), rig.seal(age_h=1)
    check = rig.uploader._seals.check
    monkeypatch.setattr(rig.uploader._seals, "check", lambda at, file: 1 / 0 if at == broken else check(at, file))
    rig.until_state(good, State.CONFIRMED)
    assert rig.row(broken).fault_code == "E_UPLOAD"
    assert "ZeroDivisionError" in rig.row(broken).fault_detail


def test_a_refused_token_is_shown_and_a_new_one_is_taken_without_a_restart(rig, known_rig):
    rig.token_file.write_text("grimace_rig_not-a-token")
    folder = rig.seal()
    rig.until(lambda: rig.journal.hub_fault() is not None)
    fault = rig.journal.hub_fault()
    assert fault.code == "E_TOKEN_REFUSED"
    assert rig.row(folder).attempts == 0
    assert unknown_to_hub(rig, folder)
    rig.token_file.write_text(known_rig.token)
    rig.until_state(folder, State.CONFIRMED)
    assert rig.journal.hub_fault() is None


def test_a_missing_token_file_is_a_refused_token(rig):
    rig.token_file.unlink()
    rig.seal()
    rig.uploader.run_once()
    fault = rig.journal.hub_fault()
    assert fault.code == "E_TOKEN_REFUSED"
    assert "No such file" in fault.detail


def test_a_refused_token_is_tried_once_a_minute_and_not_more(proxied):
    rig, proxy = proxied
    rig.token_file.write_text("grimace_rig_not-a-token")
    for number in range(3):
        rig.seal(age_h=number)
    for _ in range(120):
        rig.uploader.run_once()
        rig.clock.advance(1)
    assert proxy.connections == 2


def test_a_hub_that_is_away_is_asked_ever_less_and_the_count_survives_a_restart(rig, known_rig):
    hub = rig.settings.hub.model_copy(update={"url": f"http://127.0.0.1:{unused_port()}"})
    rig.settings = rig.settings.model_copy(update={"hub": hub})
    rig.uploader = rig.new_uploader()
    folder = rig.seal()
    tries = 0
    attempts = 0
    for _ in range(600):
        rig.uploader.run_once()
        rig.clock.advance(1)
        tries, attempts = tries + (rig.row(folder).attempts > attempts), rig.row(folder).attempts
    assert 10 <= tries <= 25  # 1, 2, 4, … 60 s with jitter, for ten minutes
    assert rig.journal.hub_fault().code == "W_HUB_UNREACHABLE"
    rig.uploader.run_once()
    before = rig.row(folder)
    assert before.next_try_at > rig.clock.now()
    rig.uploader = rig.new_uploader()
    rig.uploader.run_once()
    assert rig.row(folder) == before


@pytest.mark.system
def test_a_full_hub_gets_the_rest_when_it_has_space_again(tmp_path):
    full = start_hub(tmp_path / "full", free_bytes_reserve=10**15)
    rig = Rig(tmp_path, full.url, full.token)
    try:
        folder = rig.seal()
        waiting = rig.until_fault(folder, "E_HUB_DISK_FULL")
        assert waiting.state is State.UPLOADING
        assert waiting.next_try_at is not None
        full.hub.kill()
        full.hub.environment = {**full.hub.environment, "GRIMACE_HUB_FREE_BYTES_RESERVE": "0"}
        full.hub.start()
        rig.until_state(folder, State.CONFIRMED)
    finally:
        rig.journal.__exit__()
        full.hub.stop()
