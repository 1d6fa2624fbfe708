"""Tells the hub every ten seconds that the rig lives and what it does; in a thread, so that a long upload does not hide it."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from rig.control import CameraControl, CameraState
from rig.outbox.journal import Journal, OutboxSession
from rig.outbox.states import STOPPED, WAITING
from shared import __version__
from shared.api import RigHeartbeat
from shared.client import Hub
from shared.faults import RIG_NOT_RUNNING, GrimaceError

log = logging.getLogger(__name__)

BEAT_EVERY_S = 10.0
CAMERA_ANSWERS_WITHIN_S = 1.0
PHASE_UNKNOWN = "unknown"
"""No camera process answers: it is restarting, or was never started."""


def heartbeat_of(sessions: Sequence[OutboxSession], camera: CameraState | None, disk_free_bytes: int) -> RigHeartbeat:
    """What there is to tell. `sessions` are those that wait or are stopped."""
    waiting = [session for session in sessions if session.state in WAITING]
    codes = {session.fault_code for session in sessions if session.fault_code is not None}
    codes |= {fault.code for fault in camera.faults} if camera else {RIG_NOT_RUNNING.code}
    return RigHeartbeat(
        software_version=__version__,
        phase=camera.phase if camera else PHASE_UNKNOWN,
        session_id=camera.recording.session_id if camera and camera.recording else None,
        queued_sessions=len(waiting),
        queued_bytes=sum(session.size_bytes - session.sent_bytes for session in waiting),
        disk_free_bytes=disk_free_bytes,
        faults=tuple(sorted(codes)),
    )


class HeartbeatThread(threading.Thread):
    """Beats until the process ends."""

    def __init__(self, data_folder: Path, journal_path: Path, connect: Callable[[], Hub], every_s: float = BEAT_EVERY_S) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._data_folder = data_folder
        self._journal_path = journal_path
        self._connect = connect
        self._every_s = every_s
        self._ended = threading.Event()
        self._last_fault: str | None = None

    def stop(self) -> None:
        self._ended.set()

    def run(self) -> None:
        with Journal(self._journal_path) as journal:
            while not self._ended.is_set():
                self._beat(journal)
                self._ended.wait(self._every_s)

    def _beat(self, journal: Journal) -> None:
        """One heartbeat, or one line in the log when that becomes impossible."""
        fault: str | None = None
        try:
            self._tell(journal)
        except GrimaceError as error:
            fault = error.fault.code
            if fault != self._last_fault:
                log.warning("no heartbeat: %s", error)
        except Exception as error:  # a locked journal, a failing disk: without a next beat the hub takes the rig for dead
            fault = type(error).__name__
            if fault != self._last_fault:
                log.exception("no heartbeat")
        self._last_fault = fault

    def _tell(self, journal: Journal) -> None:
        """The connection is made anew: it would be closed by now, and the token may be another one."""
        sessions = journal.sessions(WAITING | STOPPED)
        heartbeat = heartbeat_of(sessions, self._camera_state(), shutil.disk_usage(self._data_folder).free)
        hub = self._connect()
        try:
            hub.heartbeat(heartbeat)
        finally:
            hub.close()

    def _camera_state(self) -> CameraState | None:
        try:
            return CameraControl(self._data_folder, CAMERA_ANSWERS_WITHIN_S).status()
        except GrimaceError:
            return None  # told as the phase `unknown`, with E_RIG_DOWN
