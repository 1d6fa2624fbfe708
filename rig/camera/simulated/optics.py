"""From the filmed scene to what the sensor sees: light and exposure, a turned lens, a pushed chamber. Pure functions.

Pictures are planar YUV 4:2:0 of limited range (ITU-R BT.709): black is 16, white 235, no colour 128.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from rig.settings import PictureSettings

BLACK, WHITE, NO_COLOUR, MOST_COLOUR = 16, 235, 128, 240

REFERENCE_EXPOSURE = PictureSettings().exposure_us * PictureSettings().analogue_gain
"""With this exposure time times gain, the scene looks as it was filmed."""

BLUR_BY = 6
"""A turned lens is as good as one with so many times fewer pixels across."""

SHIFT_SHARE = 1 / 16
"""A pushed chamber is seen so far aside, as a share of the picture's width."""

FOCUS_SCALE = 100.0

Plane = NDArray[np.uint8]


@dataclass(frozen=True)
class View:
    """How the scene is seen at this moment. `brightness` is 1 for the scene as it was filmed."""

    brightness: float = 1.0
    is_defocused: bool = False
    is_shifted: bool = False


def seen(frame: VideoFrame, view: View) -> list[Plane]:
    """The planes Y, U, V of a picture, as they are seen."""
    planes = _planes(_defocused(frame) if view.is_defocused else frame)
    if view.is_shifted:
        planes = [np.roll(plane, round(plane.shape[1] * SHIFT_SHARE), axis=1) for plane in planes]
    brightness = round(view.brightness, 3)
    if brightness == 1.0:
        return planes
    luma, *colours = planes
    return [_mapped(luma, _luma_table(brightness)), *(_mapped(plane, _colour_table(brightness)) for plane in colours)]


def _planes(frame: VideoFrame) -> list[Plane]:
    """Without the padding of the decoder's rows."""
    planes = []
    for plane in frame.planes:
        samples = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        planes.append(samples[:, : plane.width])
    return planes


def _defocused(frame: VideoFrame) -> VideoFrame:
    small = frame.reformat(max(2, frame.width // BLUR_BY // 2 * 2), max(2, frame.height // BLUR_BY // 2 * 2))
    return small.reformat(frame.width, frame.height)


def _mapped(plane: Plane, table: bytes) -> Plane:
    return np.frombuffer(plane.tobytes().translate(table), np.uint8).reshape(plane.shape)


@lru_cache(maxsize=8)
def _luma_table(brightness: float) -> bytes:
    return _table(BLACK, brightness, WHITE)


@lru_cache(maxsize=8)
def _colour_table(brightness: float) -> bytes:
    """Colours fade in the dark; in bright light they stay, as a picture's whites are clipped before its colours grow."""
    return _table(NO_COLOUR, min(1.0, brightness), MOST_COLOUR)


def _table(neutral: int, factor: float, highest: int) -> bytes:
    levels = [round((level - neutral) * factor + neutral) for level in range(256)]
    return bytes(min(max(level, BLACK), highest) for level in levels)


def store(planes: Sequence[Plane], samples: Plane, stride: int) -> None:
    """Write the planes into a buffer whose luma rows are `stride` long, and its colour rows half of that."""
    position = 0
    for plane, row_length in zip(planes, (stride, stride // 2, stride // 2), strict=True):
        height, width = plane.shape
        samples[position : position + height * row_length].reshape(height, row_length)[:, :width] = plane
        position += height * row_length


def focus_measure(luma: Plane) -> int:
    """Mean contrast between neighbours in the middle of the picture; like libcamera's `FocusFoM`, without a unit."""
    height, width = luma.shape
    middle = luma[height // 3 : height * 2 // 3, width // 3 : width * 2 // 3].astype(np.int16)
    return int(np.abs(np.diff(middle, axis=1)).mean() * FOCUS_SCALE)
