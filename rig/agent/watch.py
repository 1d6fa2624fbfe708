"""What the agent looks at: camera process, outbox, machine and face check. Each puts what it saw on the board."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace

from rig.agent.board import Board
from rig.agent.facts import Facts, with_camera, with_trouble
from rig.agent.health import read_health
from rig.agent.last_recording import LastRecording
from rig.control import CameraControl, CameraState
from rig.fault_note import read_fault_note
from rig.settings import RigSettings
from rig.upload.commands import report_queue
from shared.clock import Clock
from shared.faults import FACE_CHECK_DOWN, OUTBOX_UNREADABLE, GrimaceError
from shared.manifest import StudyMetadata

QUEUE_EVERY_S = 2.0
HEALTH_EVERY_S = 10.0
LISTEN_AGAIN_AFTER_S = 1.0
"""The camera process tells twice a second; a socket that is silent for this long is opened anew."""


@dataclass(frozen=True)
class CameraWatch:
    """Hears what the camera process tells."""

    board: Board
    control: CameraControl
    last: LastRecording
    clock: Clock

    def listen(self) -> None:
        """Until the camera process is silent."""
        for camera in self.control.states(LISTEN_AGAIN_AFTER_S):
            self.hear(camera)

    def hear(self, camera: CameraState) -> None:
        """A session that has just ended is shown with its verdict from the first moment on."""
        ended = camera.last_session
        is_new = ended is not None and self.last.learn(ended, _study(self.board.facts.camera))

        def heard(facts: Facts) -> Facts:
            told = with_camera(facts, camera, self.clock.monotonic_ns())
            return replace(told, verdict=self.last.verdict) if is_new else told

        self.board.update(heard)


def _study(before: CameraState | None) -> StudyMetadata | None:
    return before.recording.study if before is not None and before.recording is not None else None


@dataclass(frozen=True)
class QueueWatch:
    """Looks into the outbox, and for what the hub has found in the last recording."""

    board: Board
    settings: Callable[[], RigSettings]
    last: LastRecording

    def look(self) -> None:
        try:
            queue, trouble = report_queue(self.settings()), None
        except GrimaceError as error:
            queue, trouble = None, error
        except (OSError, sqlite3.Error) as error:  # a disk that is gone or read-only
            queue, trouble = None, GrimaceError(OUTBOX_UNREADABLE, str(error))
        scored = self.last.look_for_result()

        def looked(facts: Facts) -> Facts:
            verdict = self.last.verdict if scored and facts.verdict is not None else facts.verdict
            return with_trouble(replace(facts, queue=queue, verdict=verdict), "outbox", trouble)

        self.board.update(looked)


@dataclass(frozen=True)
class HealthWatch:
    """Looks at the machine."""

    board: Board
    settings: Callable[[], RigSettings]
    clock: Clock

    def look(self) -> None:
        health = read_health(self.settings(), self.clock)
        self.board.update(lambda facts: replace(facts, health=health))


@dataclass(frozen=True)
class FaultNoteWatch:
    """Reads why camera or face check cannot work here, if they said so before they ended."""

    board: Board
    settings: RigSettings

    def look(self) -> None:
        camera = read_fault_note(self.settings.data_folder, "camera")
        checks = self.settings.face_check.enabled
        face_check = _in_words_of_the_face_check(read_fault_note(self.settings.data_folder, "face-check")) if checks else None
        self.board.update(lambda facts: with_trouble(with_trouble(facts, "camera", camera), "face check", face_check))


def _in_words_of_the_face_check(error: GrimaceError | None) -> GrimaceError | None:
    """Whatever it is, the recording goes on without the face check: that is what a technician has to know first."""
    if error is None:
        return None
    return GrimaceError(FACE_CHECK_DOWN, f"{error.fault.text} ({error.fault.code}): {error.detail}")
