"""Whether the camera goes on filming with the picture that was asked for: looked at once a second, and a fault when it lasts."""

from __future__ import annotations

from rig.camera.backend import FrameInfo
from rig.camera.read_back import mismatch
from rig.settings import PictureSettings
from shared.clock import NANOSECONDS
from shared.manifest import CameraRecord

LOOK_EVERY_S = 1.0
LASTING_LOOKS = 2
"""A single frame may come in between; two looks a second apart do not."""


class PictureWatch:
    """Of one camera. One that reads nothing back (a replayed file) has no picture to verify, and never differs."""

    def __init__(self, asked: PictureSettings, camera: CameraRecord) -> None:
        self._asked = asked
        self.verifies = bool(camera.read_back)
        self._next_look_ns = 0
        self._looks_in_a_row = 0

    def difference(self, frame: FrameInfo) -> str:
        """In plain words, empty when the frame is as asked for."""
        return mismatch(self._asked, frame) if self.verifies else ""

    def look(self, frame: FrameInfo, now_ns: int) -> str:
        """The difference when it has lasted for `LASTING_LOOKS`, else nothing; to be called as often as one likes."""
        if now_ns >= self._next_look_ns:
            self._next_look_ns = now_ns + round(LOOK_EVERY_S * NANOSECONDS)
            self._looks_in_a_row = self._looks_in_a_row + 1 if self.difference(frame) else 0
        return self.difference(frame) if self._looks_in_a_row >= LASTING_LOOKS else ""
