"""The generated scene: a moving pattern whose frames carry their number, so that a test can say which frame it is looking at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NUMBER_BITS = 24
"""Frames are numbered up to 16.7 million: 155 hours at 30 frames/s."""

DARK, BRIGHT = 16, 235
"""Black and white of limited-range video (ITU-R BT.601)."""

GREY_CHROMA = 128


class Pattern:
    """Paints frames in planar YUV 4:2:0: rows of luma, then the two quarter-size colour planes, as one array."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._height_px = height_px
        slope = np.linspace(DARK, BRIGHT, width_px, dtype=np.uint8)
        self._wide_slope = np.concatenate([slope, slope])
        self._canvas = np.full((height_px * 3 // 2, width_px), GREY_CHROMA, np.uint8)
        self._width_px = width_px

    def paint(self, number: int) -> NDArray[np.uint8]:
        """The frame of that number. The array is painted over by the next call."""
        shift = (number * 2) % self._width_px
        self._canvas[: self._height_px] = self._wide_slope[shift : shift + self._width_px]
        strip_px, cell_px = _strip(self._height_px, self._width_px)
        bits = np.array([BRIGHT if number >> bit & 1 else DARK for bit in range(NUMBER_BITS)], np.uint8)
        self._canvas[:strip_px, : NUMBER_BITS * cell_px] = np.repeat(bits, cell_px)
        return self._canvas


def number_of(luma: NDArray[np.uint8]) -> int:
    """The number that a decoded frame of the pattern carries; `luma` is its (height, width) Y plane, in the painted size."""
    strip_px, cell_px = _strip(*luma.shape)
    cells = luma[: max(1, strip_px - 1), : NUMBER_BITS * cell_px].reshape(-1, NUMBER_BITS, cell_px)
    brightness = cells.mean(axis=(0, 2))
    return sum(1 << bit for bit in range(NUMBER_BITS) if brightness[bit] > (DARK + BRIGHT) / 2)


def _strip(height_px: int, width_px: int) -> tuple[int, int]:
    """Height of the number's strip, and width of one bit's cell in it."""
    return max(2, height_px // 8), max(1, width_px // NUMBER_BITS)
