"""What the camera's thread tells, passed on without ever waiting: frames to the recorder, small frames to whoever looks."""

from __future__ import annotations

import threading

from rig.camera.backend import FrameInfo, SmallFrame
from rig.camera.session_keeper import SessionKeeper
from shared.clock import Clock
from shared.faults import Fault


class FrameRelay:
    """A `FrameListener` that hears every frame, recorded or not: the camera's heartbeat. While a session runs, its recorder
    hears them too.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.last_frame_ns = clock.monotonic_ns()
        self.newest: FrameInfo | None = None
        self._first_came = threading.Event()
        self.keeper: SessionKeeper | None = None
        self._small: SmallFrame | None = None

    def on_frame(self, frame: FrameInfo) -> None:
        self.last_frame_ns = self._clock.monotonic_ns()
        self.newest = frame
        if not self._first_came.is_set():
            self._first_came.set()
        running = self.keeper.running if self.keeper is not None else None
        if running is not None:
            running.recorder.on_frame(frame)

    def wait_for_first(self, timeout_s: float) -> FrameInfo | None:
        """The newest frame; waits for the first one when none has come yet."""
        self._first_came.wait(timeout_s)
        return self.newest

    def on_small_frame(self, frame: SmallFrame) -> None:
        self._small = frame

    def on_fault(self, fault: Fault, detail: str) -> None:
        if self.keeper is not None:
            self.keeper.note_fault(fault, detail)

    def take_small_frame(self) -> SmallFrame | None:
        """The newest one that was not taken yet."""
        frame, self._small = self._small, None
        return frame
