"""The face-check process: looks at a small frame about once a second and tells the camera process what is visible.

The agent starts it, and it ends with the agent. It works with the lowest priority of all: its checks may be late or left out,
frames never.
"""

from __future__ import annotations

import logging
import os

import cv2

from rig.camera.backend import SmallFrame
from rig.camera.small_frames import small_frames
from rig.control import CameraControl, CameraState
from rig.face.examine import Examiner
from rig.face.pace import Pace
from rig.fault_note import leave_fault_note, remove_fault_note
from rig.settings import RigSettings
from rig.supervisor import EXIT_FOR_GOOD
from shared.builds import open_build
from shared.clock import Clock, SystemClock
from shared.documents import SessionId
from shared.face_check import FaceObservation
from shared.faults import GrimaceError

log = logging.getLogger(__name__)

NICENESS = 10
SILENT_AFTER_S = 1.5
"""Longer than the pause between small frames at the lowest rate that the settings allow; the parent is missed as soon."""
ANSWER_WITHIN_S = 2.0


def run_face_check(settings: RigSettings) -> int:
    """Check until the parent process is gone; returns the exit status.

    EXIT_FOR_GOOD when the build cannot be used; the note in the data folder says why.
    """
    parent = os.getppid()
    yield_to_the_camera()
    clock = SystemClock()
    asked = settings.face_check
    try:
        examiner = Examiner(open_build(asked.build), asked.threads, clock)
    except GrimaceError as error:
        log.error("%s", error)  # noqa: TRY400 - a fault explains itself, its traceback does not
        leave_fault_note(settings.data_folder, "face-check", error)
        return EXIT_FOR_GOOD
    remove_fault_note(settings.data_folder, "face-check")
    check = FaceCheck(examiner, CameraControl(settings.data_folder, ANSWER_WITHIN_S), asked.rate_hz, clock)
    while os.getppid() == parent:
        for frame in small_frames(settings.data_folder, SILENT_AFTER_S):
            check.take(frame)
            if os.getppid() != parent:
                break
        else:
            check.miss_frames()
    return os.EX_OK


def yield_to_the_camera() -> None:
    """Lower this process's priority, and keep OpenCV to one thread; called before any other thread is started."""
    cv2.setNumThreads(1)
    os.nice(NICENESS)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


class FaceCheck:
    """Takes every small frame, looks at those that are due, and tells what it saw. What is away is said once, when it goes."""

    def __init__(self, examiner: Examiner, control: CameraControl, rate_hz: float, clock: Clock) -> None:
        self._examiner = examiner
        self._control = control
        self._clock = clock
        self._pace = Pace(rate_hz, clock.monotonic_ns())
        self._lost: tuple[SessionId, int] | None = None
        self._away = ""

    def take(self, frame: SmallFrame) -> None:
        began_ns = self._clock.monotonic_ns()
        if not self._pace.is_due(began_ns):
            return
        observation = self._examiner.examine(frame)
        self._pace.checked(began_ns, self._clock.monotonic_ns())
        self._tell(observation)

    def _tell(self, observation: FaceObservation) -> None:
        try:
            state = self._control.observe(observation)
        except GrimaceError as error:
            self._note_away(str(error))
        else:
            self._note_away("")
            self._note_lost_frames(state)

    def miss_frames(self) -> None:
        """No small frame came for a while: the camera process is away, or does not film."""
        self._note_away("no small frames come from the camera")

    def _note_away(self, why: str) -> None:
        if why and not self._away:
            log.warning("waiting: %s", why)
        elif self._away and not why:
            log.info("checking again")
        self._away = why

    def _note_lost_frames(self, state: CameraState) -> None:
        if state.recording is None:
            self._lost = None
            return
        before, self._lost = self._lost, (state.recording.session_id, state.recording.frames_dropped)
        if before is not None and before[0] == self._lost[0] and before[1] < self._lost[1]:
            self._pace.frames_lost(self._clock.monotonic_ns())
