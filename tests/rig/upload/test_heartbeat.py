"""What the hub hears from a rig every ten seconds."""

from __future__ import annotations

import json
import sqlite3
import threading

from rig.outbox.journal import JOURNAL_NAME
from rig.outbox.states import State
from rig.upload.heartbeat import Heartbeat
from rig.upload.process import connect_to_hub
from rig.upload.repeating import Repeating
from shared.client import Hub
from shared.faults import TOKEN_REFUSED, GrimaceError
from tests.processes import until
from tests.rig.upload.conftest import KnownRig
from tests.rig.upload.upload_rig import flip_a_bit


def last_heartbeat(known_rig: KnownRig, with_fault: str) -> dict[str, object] | None:
    """What the hub heard last from the rig, if it tells of that fault; other tests' uploaders speak to the same hub."""
    with sqlite3.connect(known_rig.hub.folder / "hub" / "hub.sqlite", timeout=10) as database:
        (told,) = database.execute("SELECT last_heartbeat FROM rigs").fetchone()
    heartbeat = json.loads(told) if told else None
    return heartbeat if heartbeat and with_fault in heartbeat["faults"] else None


def test_the_heartbeat_tells_the_hub_what_waits(rig, known_rig):
    changed = rig.seal(age_h=1)
    flip_a_bit(changed / "part-1.mp4")
    rig.until_state(changed, State.QUARANTINED)
    waiting = rig.seal()
    rig.new_uploader(hub=None).run_once()
    data_folder, hub = rig.settings.data_folder, rig.settings.hub
    Heartbeat(data_folder, data_folder / JOURNAL_NAME, lambda: connect_to_hub(hub)).beat()
    heartbeat = last_heartbeat(known_rig, with_fault="E_FILE_CHANGED")
    assert heartbeat["queued_sessions"] == 1
    assert heartbeat["queued_bytes"] == rig.row(waiting).size_bytes
    assert heartbeat["phase"] == "unknown"
    assert heartbeat["faults"] == ["E_FILE_CHANGED", "E_RIG_DOWN"]


def test_a_heartbeat_that_was_impossible_is_followed_by_the_next(tmp_path, caplog):
    asked = threading.Event()

    def connect() -> Hub:
        asked.set()
        raise GrimaceError(TOKEN_REFUSED)

    thread = Repeating("heartbeat", Heartbeat(tmp_path / "data", tmp_path / JOURNAL_NAME, connect).beat, every_s=0.01)
    thread.start()
    until(lambda: "no heartbeat" in caplog.text)
    (tmp_path / "data").mkdir()
    assert asked.wait(20)
    thread.stop()
    thread.join(20)
