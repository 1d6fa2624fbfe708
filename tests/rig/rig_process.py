"""A real `grimace-rig` process over a data folder, to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from rig.camera.states import Phase
from rig.control import CameraControl, CameraState, FinishedSession
from rig.recording.open_session import SessionFolder
from shared.faults import GrimaceError
from shared.manifest import SessionManifest
from tests.processes import until

NEITHER_SCREEN_NOR_FACE_CHECK = "[screen]\nenabled = false\n[face_check]\nenabled = false"


class RigProcess:
    """A real `grimace-rig` process over a data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data_folder = folder / "data"
        self.config = folder / "rig.toml"
        self.control = CameraControl(self.data_folder, answer_within_s=2)
        self._processes: list[subprocess.Popen[bytes]] = []

    def configure(self, camera: str, agent: str = NEITHER_SCREEN_NOR_FACE_CHECK) -> None:
        """`camera` are the lines of the section `[camera]`, `agent` sections of the agent's."""
        self.config.write_text(f'rig_id = "rig-1"\ndata_folder = "data"\n{agent}\n[camera]\n{camera}\n', encoding="utf-8")

    def start(self, command: str) -> subprocess.Popen[bytes]:
        """Start `grimace-rig COMMAND`; for `camera` and `run` returns when the camera process answers."""
        process = self.launch(command)
        until(self.state)
        return process

    def launch(self, command: str) -> subprocess.Popen[bytes]:
        """Start `grimace-rig COMMAND`, and wait for nothing."""
        argv = [sys.executable, "-m", "rig.cli", command, "--config", str(self.config)]
        process = subprocess.Popen(argv, start_new_session=True)
        self._processes.append(process)
        return process

    def state(self) -> CameraState | None:
        try:
            return self.control.status()
        except GrimaceError:
            return None

    def wait_for_frames(self, count: int) -> CameraState:
        """Until so many frames of the current part are on the disk."""

        def reached() -> CameraState | None:
            now = self.state()
            recording = now.recording if now is not None else None
            return now if recording is not None and recording.part_frames_written >= count else None

        return until(reached)

    def wait_for_phase(self, phase: Phase) -> CameraState:
        def there() -> CameraState | None:
            now = self.state()
            return now if now is not None and now.phase is phase else None

        return until(there)

    def wait_until_finished(self, session_id: str, within_s: float = 60) -> FinishedSession:
        def finished() -> FinishedSession | None:
            now = self.state()
            last = now.last_session if now is not None else None
            return last if last is not None and last.session_id == session_id else None

        return until(finished, within_s)

    def session(self, session_id: str) -> SessionFolder:
        return SessionFolder(self.data_folder / "sessions" / session_id)

    def manifest(self, session_id: str) -> SessionManifest:
        return SessionManifest.read(self.session(session_id).manifest)

    def kill_all(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
