"""Small frames made by software, for cameras that deliver only large ones."""

from __future__ import annotations

from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from rig.camera.backend import MICROSECONDS, SmallFrame

SMALL_WIDTH_PX = 640
"""The small stream's width on a Pi: a multiple of 64, which the detector was trained for."""

PIXEL_FORMAT = "yuv420p"


class SmallPictures:
    """Scales some frames down: as many a second of sensor time as `rate_hz` says."""

    def __init__(self, width_px: int, height_px: int, rate_hz: float) -> None:
        self._width_px = min(SMALL_WIDTH_PX, width_px)
        self._height_px = max(2, round(height_px * self._width_px / width_px / 2) * 2)
        self._rate_hz = rate_hz
        self._last_turn = -1
        self._reformatter = VideoReformatter()

    def is_due(self, sensor_us: int) -> bool:
        """Whether the frame of that time is the first of its turn; asked once for every frame."""
        turn = int(sensor_us * self._rate_hz / MICROSECONDS)
        due, self._last_turn = turn != self._last_turn, turn
        return due

    def of(self, frame: VideoFrame, sensor_us: int) -> SmallFrame:
        small = self._reformatter.reformat(frame, self._width_px, self._height_px, PIXEL_FORMAT, interpolation=Interpolation.AREA)
        return SmallFrame(sensor_us, self._width_px, self._height_px, small.to_ndarray().tobytes())
