"""The uploader as a real process: killed, ended, doubled, and fed by the real recorder."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.control import CameraControl
from rig.outbox.journal import JOURNAL_NAME, Journal
from rig.outbox.states import State
from rig.settings import load_settings
from rig.supervisor import EXIT_FOR_GOOD
from rig.upload.commands import report_queue
from rig.upload.lock import uploader_runs
from rig.upload.process import EXIT_START_ME_AGAIN
from shared.api import Receipt
from shared.client import Hub
from shared.hashing import sha256_of_bytes, sha256_of_file
from tests.processes import BIN, Process, until
from tests.rig.upload.conftest import KnownRig, start_hub
from tests.rig.upload.fault_proxy import Fault, FaultProxy
from tests.sealed_sessions import seal_session

pytestmark = pytest.mark.system

CHUNK_BYTES = 64 * 1024
REACTS_WITHIN_S = 2.0
SECONDS_LONG = {"frames": 30, "size_px": 320}
"""About 6 MB: a hundred chunks."""


CAMERA = """
[camera]
source = "pattern"
width_px = 320
height_px = 180
[screen]
enabled = false
[face_check]
enabled = false
"""


class RigProcess(Process):
    """A command of `grimace-rig` with a settings file and data folder of its own."""

    def __init__(self, folder: Path, url: str, token: str, command: str = "uploader", camera: str = CAMERA) -> None:
        self.config = folder / "rig.toml"
        self.data_folder = folder / "data"
        self.sessions_folder = self.data_folder / "sessions"
        (folder / "token").write_text(token)
        self.config.write_text(
            f'rig_id = "rig-1"\ndata_folder = "data"\n{camera}\n[hub]\nurl = "{url}"\ntoken_file = "token"\n'
            f"[upload]\nchunk_bytes = {CHUNK_BYTES}\nretry_cap_s = 1.0\n[retention]\nmin_free_bytes = 0\n"
        )
        super().__init__(("grimace-rig", command, "--config", str(self.config)), folder / "rig.log")

    def state(self, session_id: str) -> State | None:
        if not (self.data_folder / JOURNAL_NAME).exists():
            return None
        with Journal(self.data_folder / JOURNAL_NAME) as journal:
            return journal.session(session_id).state if session_id in journal.session_ids() else None

    def until_confirmed(self, session_id: str, within_s: float = 60) -> None:
        until(lambda: self.state(session_id) is State.CONFIRMED, within_s)


@pytest.fixture
def slow(known_rig: KnownRig, tmp_path: Path) -> Iterator[tuple[RigProcess, FaultProxy]]:
    """An uploader behind a network on which a session takes seconds."""
    with FaultProxy(known_rig.url, always=Fault(delay_s=0.02)) as proxy:
        uploader = RigProcess(tmp_path, proxy.url, known_rig.token)
        yield uploader, proxy
        uploader.stop()


def assert_arrived_once(known_rig: KnownRig, folder: Path) -> None:
    """One session at the hub, each file with the hash that it has here, and one receipt everywhere."""
    hub = Hub(known_rig.url, known_rig.token)
    assert [view.session_id for view in hub.sessions().items].count(folder.name) == 1
    here = {path.name: sha256_of_file(path) for path in folder.iterdir() if path.name != "receipt.json"}
    assert {name: sha256_of_bytes(content) for name, content in known_rig.stored(folder.name).items()} == here
    receipt = Receipt.read(folder / "receipt.json")
    assert hub.session(folder.name).receipt == receipt
    with Journal(folder.parent.parent / JOURNAL_NAME) as journal:
        assert journal.session(folder.name).receipt == receipt


def test_an_uploader_killed_at_ten_random_moments_delivers_once_and_sends_little_twice(slow, known_rig):
    uploader, proxy = slow
    folder = seal_session(uploader.sessions_folder, **SECONDS_LONG)
    for _ in range(10):
        uploader.start()
        until(lambda: uploader_runs(uploader.data_folder))
        time.sleep(random.uniform(0, 0.6))
        uploader.kill()
    uploader.start()
    uploader.until_confirmed(folder.name)
    assert_arrived_once(known_rig, folder)
    size_bytes = sum(path.stat().st_size for path in folder.iterdir())
    assert proxy.bytes_to_hub < size_bytes + 10 * 2 * CHUNK_BYTES + 100_000


def test_a_hub_killed_during_an_upload_and_started_again_gets_the_rest(tmp_path):
    mortal = start_hub(tmp_path / "mortal")
    with FaultProxy(mortal.url, always=Fault(delay_s=0.02)) as proxy:
        uploader = RigProcess(tmp_path, proxy.url, mortal.token)
        try:
            folder = seal_session(uploader.sessions_folder, **SECONDS_LONG)
            uploader.start()
            until(lambda: proxy.bytes_to_hub > 2_000_000)
            mortal.hub.kill()
            assert uploader.state(folder.name) is State.UPLOADING
            mortal.hub.start()
            uploader.until_confirmed(folder.name)
            assert_arrived_once(mortal, folder)
        finally:
            uploader.stop()
            mortal.hub.stop()


def test_an_uploader_that_waits_for_a_silent_hub_ends_promptly_when_asked(slow):
    uploader, proxy = slow
    proxy.always = Fault(black_hole=True)
    seal_session(uploader.sessions_folder)
    uploader.start()
    until(lambda: proxy.connections > 0)
    asked_at = time.monotonic()
    assert uploader.terminate() == 0
    assert time.monotonic() - asked_at < 5


def test_a_second_uploader_on_the_same_folder_is_refused(slow):
    uploader, _ = slow
    uploader.start()
    until(lambda: uploader_runs(uploader.data_folder))
    second = subprocess.run(
        [BIN / "grimace-rig", "uploader", "--config", uploader.config], capture_output=True, text=True, check=False
    )
    assert second.returncode == EXIT_FOR_GOOD
    assert "E_OUTBOX_BUSY" in second.stderr


def test_changed_settings_are_taken_without_being_told_and_nothing_is_lost(known_rig, tmp_path):
    uploader = RigProcess(tmp_path, "http://127.0.0.1:9", known_rig.token)
    folder = seal_session(uploader.sessions_folder)
    uploader.start()
    try:
        until(lambda: uploader.state(folder.name) is not None)
        uploader.config.write_text(uploader.config.read_text().replace("http://127.0.0.1:9", known_rig.url))
        assert uploader.popen.wait(20) == EXIT_START_ME_AGAIN
        uploader.start()
        uploader.until_confirmed(folder.name)
    finally:
        uploader.stop()


def begin(rig: RigProcess, seconds: float) -> subprocess.Popen[str]:
    command = [str(BIN / "grimace-rig"), "record", "--seconds", str(seconds), "--animal", "m7", "--config", str(rig.config)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def recorded_s(rig: RigProcess) -> float:
    recording = CameraControl(rig.data_folder).status().recording
    return recording.elapsed_s if recording else 0.0


def test_a_recording_stops_an_upload_in_the_middle_of_a_chunk_and_both_arrive_afterwards(known_rig, tmp_path):
    with FaultProxy(known_rig.url) as proxy:
        rig = RigProcess(tmp_path, proxy.url, known_rig.token, "run")
        rig.config.write_text(rig.config.read_text().replace(f"chunk_bytes = {CHUNK_BYTES}", "cap_bytes_per_s = 1200000"))
        folder = seal_session(rig.sessions_folder, **SECONDS_LONG)
        rig.start()
        try:
            until(lambda: proxy.bytes_to_hub > 500_000)
            recording = begin(rig, seconds=5)
            until(lambda: recorded_s(rig) > REACTS_WITHIN_S)
            at_pause = proxy.bytes_to_hub
            assert rig.state(folder.name) is State.UPLOADING
            until(lambda: recorded_s(rig) > REACTS_WITHIN_S + 2)
            assert report_queue(load_settings(rig.config)).paused_because == "recording"
            assert proxy.bytes_to_hub - at_pause < 20_000  # a heartbeat, and what was asked of the hub
            recorded, _ = recording.communicate(timeout=60)
            session_id, recorded_folder = recorded.split()
            rig.until_confirmed(folder.name)
            rig.until_confirmed(session_id)
            assert_arrived_once(known_rig, folder)
            assert_arrived_once(known_rig, Path(recorded_folder))
        finally:
            rig.stop()
