"""Records a session through the running camera process and waits until it is sealed, across restarts of that process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from rig.camera.states import Phase
from rig.control import CameraControl, CameraState, FinishedSession
from rig.recording.open_session import SessionFolder
from rig.recording.salvage import aside_of
from shared.faults import RIG_NOT_RUNNING, GrimaceError
from shared.manifest import SessionManifest, StudyMetadata

ASK_EVERY_S = 0.25
AWAY_LIMIT_S = 60.0
"""A camera process that died is back well within this time: its supervisor waits a few seconds at most."""


def record_and_wait(
    control: CameraControl,
    seconds: float,
    study: StudyMetadata,
    console: Console | None,
    on_state: Callable[[CameraState], None] = lambda _: None,
) -> FinishedSession:
    """Start a recording and return when it is finished; shows the progress on `console`, and tells `on_state` of every state.

    Raises GrimaceError.
    """
    state = control.start(seconds, study)
    if state.recording is None:
        raise GrimaceError(RIG_NOT_RUNNING, "the recording was accepted but is not there")
    session_id, folder = state.recording.session_id, state.recording.folder
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[frames]} frames on disk"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=console is None) as progress:
        task = progress.add_task("opening", total=seconds, frames=0)
        for state in _states(control):
            on_state(state)
            if (finished := _finished(state, session_id, folder)) is not None:
                return finished
            if (recording := state.recording) is not None and recording.session_id == session_id:
                progress.update(
                    task, description=state.phase.value, completed=recording.elapsed_s, frames=recording.part_frames_written
                )
    raise GrimaceError(RIG_NOT_RUNNING, f"while session {session_id} was recorded; it is salvaged at the next start")


def _finished(state: CameraState, session_id: str, folder: Path) -> FinishedSession | None:
    """What became of the session; None while that is open.

    The process tells it, but only until it is restarted or salvages another one. Then the session's folder does.
    """
    if state.last_session is not None and state.last_session.session_id == session_id:
        return state.last_session
    if state.phase is Phase.SALVAGING or (state.recording is not None and state.recording.session_id == session_id):
        return None
    if session_id in state.unrepaired:
        return FinishedSession(session_id=session_id, outcome="unsealed", folder=folder)
    manifest = SessionFolder(folder).manifest
    if manifest.exists():
        return FinishedSession.sealed_in(folder, SessionManifest.read(manifest))
    aside = aside_of(folder)
    return FinishedSession(session_id=session_id, outcome="empty", folder=aside) if aside.exists() else None


def _states(control: CameraControl) -> Iterator[CameraState]:
    """The state again and again, until the camera process has been away for too long."""
    last_answer = time.monotonic()
    while time.monotonic() - last_answer < AWAY_LIMIT_S:
        try:
            state = control.status()
        except GrimaceError as error:
            if error.fault is not RIG_NOT_RUNNING:
                raise
        else:
            last_answer = time.monotonic()
            yield state
        time.sleep(ASK_EVERY_S)
