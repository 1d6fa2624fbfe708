"""What the simulated camera does wrong on request, each for so many frames or until it is called off."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from enum import StrEnum


class SimulatedFault(StrEnum):
    """A way to fail. The first group befalls frames, the second what is told of them, the third what is seen."""

    DROP = "drop"  # the sensor delivers no frame
    ERROR = "error"  # frames come with an error status: picamera2 throws them away without a word
    STALL = "stall"  # nothing comes any more, nothing is said
    TIMEOUT = "timeout"  # "Camera frontend has timed out": what was asked for comes back cancelled, then nothing
    SLOW = "slow"  # the machine is too slow: reading a frame takes long, and the sensor finds no free buffer

    WRONG_EXPOSURE = "wrong-exposure"  # twice what was asked for
    WRONG_GAIN = "wrong-gain"  # half as much again
    WRONG_COLOUR = "wrong-colour"  # as if white balance were automatic
    CALLBACK = "callback"  # metadata that cannot be read: whoever handles the frame meets an exception

    DARK = "dark"  # the chamber's light is off
    BRIGHT = "bright"  # far too much light
    FLICKER = "flicker"  # a dimmer out of step with the camera
    DEFOCUS = "defocus"  # the lens was turned
    SHIFT = "shift"  # the chamber was pushed


UNTIL_CALLED_OFF = None

USUAL_COUNT: Mapping[SimulatedFault, int | None] = {
    SimulatedFault.DROP: 1,
    SimulatedFault.ERROR: 1,
    SimulatedFault.CALLBACK: 1,
    SimulatedFault.SLOW: 30,
}
"""For how many frames, when nobody says; faults that are not here last until they are called off."""


class FaultBook:
    """Which faults are ordered. Orders come from one thread, frames from another."""

    def __init__(self) -> None:
        self._left: dict[SimulatedFault, int | None] = {}
        self._lock = threading.Lock()

    def order(self, fault: SimulatedFault, count: int | None = None) -> None:
        """Let it happen to the next `count` frames; without a count as usual for this fault."""
        with self._lock:
            self._left[fault] = USUAL_COUNT.get(fault, UNTIL_CALLED_OFF) if count is None else count

    def call_off(self) -> None:
        """All of them."""
        with self._lock:
            self._left.clear()

    def befalls(self, fault: SimulatedFault) -> bool:
        """Whether it happens to this frame; to be asked once for each frame, because that is what is counted."""
        with self._lock:
            if fault not in self._left:
                return False
            left = self._left[fault]
            if left is None:
                return True
            if left <= 1:
                del self._left[fault]
            else:
                self._left[fault] = left - 1
            return True
