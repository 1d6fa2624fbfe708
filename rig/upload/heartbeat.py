"""Tells the hub every ten seconds that the rig lives and what it does; in a thread, so that a long upload does not hide it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rig.control import CameraControl, CameraState
from rig.outbox.journal import Journal, OutboxSession
from rig.outbox.states import STOPPED, WAITING
from shared import __version__
from shared.api import RigHeartbeat
from shared.client import Hub
from shared.faults import RIG_NOT_RUNNING, GrimaceError

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


@dataclass(frozen=True)
class Heartbeat:
    """What a beat works with; `beat` is called every BEAT_EVERY_S."""

    data_folder: Path
    journal_path: Path
    connect: Callable[[], Hub]

    def beat(self) -> None:
        """Tell the hub. Raises GrimaceError when that is impossible, and what journal and disk raise.

        The connection is made anew: it would be closed by now, and the token may be another one.
        """
        with Journal(self.journal_path, is_proven=True) as journal:
            sessions = journal.sessions(WAITING | STOPPED)
        heartbeat = heartbeat_of(sessions, self._camera_state(), shutil.disk_usage(self.data_folder).free)
        hub = self.connect()
        try:
            hub.heartbeat(heartbeat)
        finally:
            hub.close()

    def _camera_state(self) -> CameraState | None:
        try:
            return CameraControl(self.data_folder, CAMERA_ANSWERS_WITHIN_S).status()
        except GrimaceError:
            return None  # told as the phase `unknown`, with E_RIG_DOWN
