"""What the session keeper does when the disk does not play along, in the test's own process."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from rig.camera.backend import FrameInfo, SmallFrame
from rig.camera.replay import ReplayCamera
from rig.camera.session_keeper import PartBroken, SessionKeeper
from rig.camera.states import Phase
from rig.control import StartCommand
from rig.recording.open_session import SessionFolder
from rig.recording.reserve import SpaceReserve
from rig.recording.salvage import Resumption, salvage
from rig.settings import RigSettings
from shared.clock import SystemClock, boot_id
from shared.faults import CAMERA_CALLBACK, CAMERA_SOURCE, ENCODER_STALLED, Fault, GrimaceError
from shared.manifest import SealState, SessionManifest
from tests.processes import until
from tests.rig.bench import Bench, tiny_camera

START = StartCommand(planned_s=1)


@contextmanager
def keeper_of(data_folder: Path, paced: bool = False) -> Iterator[SessionKeeper]:
    """A keeper that films, after its salvage."""
    settings = RigSettings(rig_id="rig-1", data_folder=data_folder, camera=tiny_camera(paced=paced))
    clock = SystemClock()
    with ReplayCamera(settings.camera, clock) as camera:
        keeper = SessionKeeper(settings, camera, camera.open(), clock)
        camera.start(ToItsRecorder(keeper))
        until(lambda: advanced(keeper, Phase.IDLE))
        yield keeper
        keeper.finish(go_on=lambda: None)


class ToItsRecorder:
    """Hears every frame, as the camera process does."""

    def __init__(self, keeper: SessionKeeper) -> None:
        self._keeper = keeper

    def on_frame(self, frame: FrameInfo) -> None:
        if self._keeper.running is not None:
            self._keeper.running.recorder.on_frame(frame)

    def on_small_frame(self, frame: SmallFrame) -> None:
        """Nobody looks."""

    def on_fault(self, fault: Fault, detail: str) -> None:
        self._keeper.note_fault(fault, detail)


def advanced(keeper: SessionKeeper, phase: Phase) -> bool:
    keeper.advance()
    return keeper.phase is phase


def test_a_session_is_recorded_and_sealed(tmp_path: Path):
    with keeper_of(tmp_path) as keeper:
        keeper.start(START)
        until(lambda: advanced(keeper, Phase.IDLE))
        assert keeper.last_session is not None
        assert keeper.last_session.outcome == "sealed"


@pytest.mark.parametrize("in_the_way", ["disk-reserve", "sessions"])
def test_a_start_that_the_disk_refuses_is_answered_and_the_next_one_may_succeed(tmp_path: Path, in_the_way):
    with keeper_of(tmp_path) as keeper:
        obstacle = tmp_path / in_the_way
        obstacle.symlink_to("/proc/nowhere")
        with pytest.raises(GrimaceError, match="E_DISK_STALLED"):
            keeper.start(START)
        assert keeper.phase is Phase.IDLE
        assert keeper.running is None
        obstacle.unlink(missing_ok=True)
        keeper.start(START)
        until(lambda: advanced(keeper, Phase.IDLE))
        assert keeper.last_session is not None
        assert keeper.last_session.outcome == "sealed"


def test_a_start_that_was_refused_is_not_gone_on_with_by_the_next_process(tmp_path: Path, monkeypatch):
    def no_recorder(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with keeper_of(tmp_path) as keeper, monkeypatch.context() as patched:
        patched.setattr("rig.camera.session_keeper.Recorder", no_recorder)
        with pytest.raises(GrimaceError, match="E_DISK_STALLED"):
            keeper.start(START)
    assert list((tmp_path / "sessions").iterdir()) == []
    assert not (tmp_path / "disk-reserve").exists()


def test_a_stop_outlives_the_process_that_took_it(tmp_path: Path):
    """The animal may be out of the chamber: a camera process that dies while it closes the recording must not go on with it."""
    (tmp_path / "rig").mkdir()
    with keeper_of(tmp_path / "rig", paced=True) as keeper:
        keeper.start(StartCommand(planned_s=600))
        until(lambda: advanced(keeper, Phase.RECORDING))
        shutil.copytree(tmp_path / "rig", tmp_path / "killed-before")
        keeper.stop()
        shutil.copytree(tmp_path / "rig", tmp_path / "killed-after")
        restarted = Resumption(boot_id(), SystemClock().monotonic_ns(), camera_filmed_on=True)
        before, after = (salvage(tmp_path / killed / "sessions", restarted) for killed in ("killed-before", "killed-after"))
    assert before.continues is not None
    assert after.continues is None
    assert len(after.sealed) == 1
    assert {path.name for path in (tmp_path / "killed-after" / "sessions" / after.sealed[0].session_id).iterdir()} == {
        "session.json",
        *(record.name for record in after.sealed[0].files),
    }


class FailingDisk:
    """A disk that answers each write of a recording with an error while `fails` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int = errno.EIO) -> None:
        self.fails = False
        sync, number_of_error = os.fdatasync, number

        def sync_or_fail(descriptor: int) -> None:
            if self.fails:
                raise OSError(number_of_error, os.strerror(number_of_error))
            sync(descriptor)

        def fsync_or_fail(descriptor: int, fsync: Callable[[int], None] = os.fsync) -> None:
            if self.fails:
                raise OSError(number_of_error, os.strerror(number_of_error))
            fsync(descriptor)

        monkeypatch.setattr("os.fdatasync", sync_or_fail)
        monkeypatch.setattr("os.fsync", fsync_or_fail)
        monkeypatch.setattr("rig.camera.session_keeper.FIRST_RETRY_S", 0.1)


@pytest.mark.parametrize(("number", "code"), [(errno.EIO, "E_DISK_STALLED"), (errno.EROFS, "E_DISK_READ_ONLY")])
def test_a_recording_that_a_failing_disk_broke_off_goes_on_when_the_disk_answers_again(tmp_path, monkeypatch, number, code):
    disk = FailingDisk(monkeypatch, number)
    with keeper_of(tmp_path, paced=True) as keeper:
        keeper.start(StartCommand(planned_s=4))
        until(lambda: advanced(keeper, Phase.RECORDING))
        session_id = keeper.running.folder.session_id
        disk.fails = True
        until(lambda: advanced(keeper, Phase.IDLE))
        assert keeper.unrepaired == (session_id,)
        assert [fault.code for fault in keeper.faults] == [code]
        with pytest.raises(GrimaceError, match=code):
            keeper.start(START)
        disk.fails = False
        until(lambda: advanced(keeper, Phase.RECORDING))
        assert (keeper.running.folder.session_id, keeper.running.part) == (session_id, 2)
        assert [fault.code for fault in keeper.faults] == [code], "told while it runs"
        until(lambda: advanced(keeper, Phase.IDLE))
    manifest = SessionManifest.read(tmp_path / "sessions" / session_id / "session.json")
    assert [part.number for part in manifest.parts] == [1, 2]
    assert [fault.code for fault in manifest.faults if fault.code.startswith("E_")] == [code]
    assert manifest.counts.expected == 120, "the planned end did not move"


def test_a_recording_that_was_given_up_for_a_new_one_does_not_go_on_after_it(tmp_path, monkeypatch):
    disk = FailingDisk(monkeypatch)
    with keeper_of(tmp_path, paced=True) as keeper:
        monkeypatch.setattr("rig.camera.session_keeper.FIRST_RETRY_S", 1)
        keeper.start(StartCommand(planned_s=60))
        until(lambda: advanced(keeper, Phase.RECORDING))
        session_id = keeper.running.folder.session_id
        disk.fails = True
        until(lambda: advanced(keeper, Phase.IDLE))
        disk.fails = False
        keeper.start(START)
        until(lambda: advanced(keeper, Phase.IDLE))
        until(lambda: keeper.advance() or not keeper.unrepaired)
    manifest = SessionManifest.read(tmp_path / "sessions" / session_id / "session.json")
    assert [part.number for part in manifest.parts] == [1]
    assert "E_DISK_STALLED" in {fault.code for fault in manifest.faults}


def test_a_disk_that_takes_nothing_is_tried_again_ever_more_slowly(tmp_path, monkeypatch):
    disk = FailingDisk(monkeypatch)
    with keeper_of(tmp_path, paced=True) as keeper:
        keeper.start(StartCommand(planned_s=60))
        until(lambda: advanced(keeper, Phase.RECORDING))
        disk.fails = True
        tried_at = []
        for _ in range(3):
            until(lambda: advanced(keeper, Phase.IDLE))
            until(lambda: advanced(keeper, Phase.SALVAGING), every_s=0.005)
            tried_at.append(time.monotonic())
        first, second = (later - earlier for earlier, later in pairwise(tried_at))
        assert first > 0.1
        assert second > 0.2
        until(lambda: advanced(keeper, Phase.IDLE))
        disk.fails = False
        until(lambda: advanced(keeper, Phase.RECORDING))


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system that can be written to until `mount -o remount,ro`."""
    mount_point = tmp_path / "disk"
    mount_point.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", mount_point], check=False).returncode:
        pytest.skip("only root may mount a small file system")
    yield mount_point
    subprocess.run(["umount", mount_point], check=True)


def test_a_start_on_a_read_only_disk_is_refused_and_leaves_nothing(read_only_disk: Path):
    with keeper_of(read_only_disk) as keeper:
        subprocess.run(["mount", "-o", "remount,ro", read_only_disk], check=True)
        with pytest.raises(GrimaceError, match="E_DISK_READ_ONLY"):
            keeper.start(START)
        assert keeper.phase is Phase.IDLE
        subprocess.run(["mount", "-o", "remount,rw", read_only_disk], check=True)
        assert list(read_only_disk.rglob("*.*")) == []
        keeper.start(START)
        until(lambda: advanced(keeper, Phase.IDLE))
        assert keeper.last_session is not None
        assert keeper.last_session.outcome == "sealed"


def test_a_camera_that_cannot_encode_refuses_the_start_and_leaves_nothing(tmp_path, monkeypatch):
    def no_encoder(*_: object) -> None:
        raise GrimaceError(CAMERA_SOURCE, "no encoder")

    with keeper_of(tmp_path) as keeper, monkeypatch.context() as patched:
        patched.setattr("rig.camera.replay.ReplayCamera.start_encoder", no_encoder)
        with pytest.raises(GrimaceError, match="E_CAM_SOURCE"):
            keeper.start(START)
        assert (keeper.phase, keeper.running) == (Phase.IDLE, None)
        assert list((tmp_path / "sessions").iterdir()) == []


def test_an_encoder_that_a_restarted_process_cannot_have_is_noted_in_the_session(tmp_path, monkeypatch):
    def no_encoder(*_: object) -> None:
        raise GrimaceError(ENCODER_STALLED, "it cannot be started")

    (tmp_path / "rig").mkdir()
    with keeper_of(tmp_path / "rig", paced=True) as keeper:
        keeper.start(StartCommand(planned_s=600))
        until(lambda: advanced(keeper, Phase.RECORDING))
        shutil.copytree(tmp_path / "rig", tmp_path / "killed")
    monkeypatch.setattr("rig.camera.replay.ReplayCamera.start_encoder", no_encoder)
    with pytest.raises(PartBroken, match="E_ENC_STALLED"), keeper_of(tmp_path / "killed", paced=True) as keeper:
        until(lambda: advanced(keeper, Phase.RECORDING))
    (manifest,) = salvage(tmp_path / "killed" / "sessions").sealed
    assert "E_ENC_STALLED" in [fault.code for fault in manifest.faults]


def test_faults_are_told_until_the_sealed_session_tells_them(tmp_path: Path):
    with keeper_of(tmp_path, paced=True) as keeper:
        keeper.start(StartCommand(planned_s=600))
        until(lambda: advanced(keeper, Phase.RECORDING))
        keeper.note_fault(CAMERA_CALLBACK, "once")
        keeper.stop()
        while keeper.phase is not Phase.IDLE:
            if keeper.phase is Phase.SEALING:
                assert [fault.code for fault in keeper.faults] == ["W_CAM_CALLBACK"]
            keeper.advance()
        assert [fault.code for fault in keeper.faults] == ["W_CAM_CALLBACK"]


def test_what_a_slow_disk_has_not_taken_at_the_end_is_waited_for(tmp_path: Path, monkeypatch):
    sync = os.fdatasync

    def slow_sync(descriptor: int) -> None:
        time.sleep(0.02)
        sync(descriptor)

    monkeypatch.setattr("os.fdatasync", slow_sync)
    monkeypatch.setattr("rig.camera.session_keeper.CLOSE_WITHIN_S", 0.5)
    with keeper_of(tmp_path) as keeper:
        keeper.start(StartCommand(planned_s=20))
        until(lambda: advanced(keeper, Phase.IDLE))
        assert keeper.last_session is not None
        assert keeper.last_session.outcome == "sealed"
        assert keeper.last_session.counts is not None
        assert keeper.last_session.counts.written == 600


def test_the_space_that_a_killed_recording_had_set_aside_pays_for_its_salvage(bench: Bench):
    folder = bench.record(tiny_camera(), seconds=1)
    reserve = SpaceReserve.of(bench.data_folder)
    reserve.fill()
    with keeper_of(bench.data_folder) as keeper:
        assert keeper.last_session is not None
        assert keeper.last_session.session_id == folder.session_id
        assert not reserve.release(), "given up before, and not needed while nobody records"


def test_a_session_that_cannot_be_read_is_named_and_the_rig_records_on(bench: Bench):
    damaged = bench.record(tiny_camera(), seconds=1)
    damaged.finished("part-1.mp4").write_bytes(bytes(range(256)) * 64)
    with keeper_of(bench.data_folder) as keeper:
        assert keeper.unrepaired == (damaged.session_id,)
        keeper.start(START)
        until(lambda: advanced(keeper, Phase.IDLE))
        assert keeper.last_session is not None
        assert SessionManifest.read(SessionFolder(keeper.last_session.folder).manifest).state is SealState.SEALED
