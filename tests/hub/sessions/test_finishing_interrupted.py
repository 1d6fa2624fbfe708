"""Finishing can be killed before any of its durable steps, and several processes may try at once."""

import fcntl
import shutil
import threading
from pathlib import Path

import pytest
from sqlalchemy import event

from hub.sessions import finishing
from hub.sessions.finishing import finish_received
from shared.api import SessionState
from tests.hub.sessions.conftest import QuietHub, files_of
from tests.hub.uploads.tus import Tus, random_bytes, sha256
from tests.processes import RunningHub, until
from tests.sealed_sessions import seal_session

CLIP = Path(__file__).parents[2] / "media" / "chamber-short.mp4"


class Killed(BaseException):
    """Ends finishing on the spot, as signal 9 does: nothing in it tidies up on the way."""


class KillBefore:
    """Counts the durable steps of a hub (commits, renames, syncs of a directory), and kills before the n-th."""

    def __init__(self, hub: QuietHub, monkeypatch: pytest.MonkeyPatch, number: int | None) -> None:
        self.steps = 0
        self._number = number
        event.listen(hub.parts.database.engine, "commit", lambda _connection: self._step())
        rename, sync_directory = Path.replace, finishing.sync_directory
        monkeypatch.setattr(Path, "replace", lambda path, target: (self._step(), rename(path, target))[1])
        monkeypatch.setattr(finishing, "sync_directory", lambda path: (self._step(), sync_directory(path))[1])

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self._number:
            raise Killed


def finish_killed_before(number: int | None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, QuietHub, str]:
    """Finish a fresh session with one kill; the steps that were taken, the hub, and the session's id."""
    sealed = seal_session(folder / "rig", frames=5)
    hub = QuietHub(folder)
    session_id = hub.receive_all(files_of(sealed), sealed.name)
    with monkeypatch.context() as patched:
        kill = KillBefore(hub, patched, number)
        if number is None:
            finish_received(hub.parts)
        else:
            with pytest.raises(Killed):
                finish_received(hub.parts)
    return kill.steps, hub, session_id


def test_killed_before_any_step_it_ends_with_one_receipt_and_one_analysis(tmp_path, monkeypatch):
    steps, hub, _ = finish_killed_before(None, tmp_path / "whole", monkeypatch)
    hub.close()
    assert steps > 12, "five files are verified and moved, directories synced, and the session is concluded"
    for number in range(1, steps + 1):
        _, hub, session_id = finish_killed_before(number, tmp_path / str(number), monkeypatch)
        hub.start_again()
        finish_received(hub.parts)
        first = hub.view(session_id)
        finish_received(hub.parts)
        second = hub.view(session_id)
        assert first.state is SessionState.STORED, f"killed before step {number}"
        assert first.receipt == second.receipt
        assert len(second.analyses) == 1
        assert not list(hub.parts.storage.incoming.iterdir())
        hub.close()
        shutil.rmtree(tmp_path / str(number))


def test_a_process_that_finds_another_one_finishing_leaves_it_alone(hub):
    session_id = hub.receive_all([CLIP])
    with (hub.parts.storage.data_folder / "finishing.lock").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        finish_received(hub.parts)
        assert hub.view(session_id).receipt is None
    finish_received(hub.parts)  # the other one died: the kernel released its lock
    assert hub.view(session_id).receipt is not None


@pytest.mark.system
def test_a_hub_killed_at_any_moment_of_finishing_gives_one_receipt(tmp_path):
    """A file that takes a while to hash; the hub is killed later and later until a receipt is there."""
    hub = RunningHub(tmp_path, embedded_worker=False)
    hub.start()
    hub.add_lab()
    rig = Tus(hub.url, hub.add_rig())
    clip, large = CLIP.read_bytes(), random_bytes(200 * 1024 * 1024)
    session = rig.announce_listed({"clip.mp4": (len(clip), sha256(clip)), "large.bin": (len(large), sha256(large))})
    for name, content in {"large.bin": large, "clip.mp4": clip}.items():
        upload = rig.create(session, name, len(content)).headers["Location"]
        if name == "clip.mp4":
            threading.Timer(0.2, hub.kill).start()  # about when its last byte starts the finishing
        try:
            rig.patch(upload, 0, content)
        except OSError:
            assert name == "clip.mp4"
    until(lambda: not hub.running)
    for wait_s in (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8):
        hub.start()
        resumed = rig.create(session, "clip.mp4", len(clip))
        offset = int(resumed.headers["Upload-Offset"])
        if offset < len(clip):
            rig.patch(resumed.headers["Location"], offset, clip[offset:])
        threading.Event().wait(wait_s)
        hub.kill()
    hub.start()
    stored = until(lambda: (view := rig.session(session))["receipt"] and view)
    hub.kill()
    hub.start()
    again = rig.session(session)
    hub.stop()
    assert stored["state"] == "stored"
    assert {file["sha256"] for file in stored["files"]} == {sha256(clip), sha256(large)}
    assert again["receipt"] == stored["receipt"]
    assert len(again["analyses"]) == 1
