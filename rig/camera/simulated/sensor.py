"""The simulated IMX477: its modes, and what its lines and gain steps make of the exposure that is asked for. Pure functions.

Line lengths, shortest frames and the pixel rate are those of the kernel's imx477 driver; they give the frame rates that
`rpicam-hello --list-cameras` shows: 50.03, 40.01, 120.05 and 10.0 frames/s.
"""

from __future__ import annotations

from dataclasses import dataclass

MODEL = "imx477"
PIXEL_RATE_HZ = 840_000_000
ARRAY_PX = (4056, 3040)

GAIN_CODES = 1024
HIGHEST_GAIN_CODE = 978
"""Analogue gain is 1024 / (1024 - code); the highest is 22.26."""

LINES_NOT_EXPOSED = 22
"""Lines of a frame that cannot be part of the exposure."""


@dataclass(frozen=True)
class SensorMode:
    """A way to read the sensor out. `crop` is the part of the array that is seen: x, y, width, height in array pixels."""

    width_px: int
    height_px: int
    bit_depth: int
    line_length_px: int
    shortest_frame_lines: int
    crop: tuple[int, int, int, int]

    @property
    def line_ns(self) -> float:
        return self.line_length_px / PIXEL_RATE_HZ * 1e9

    @property
    def shortest_frame_us(self) -> int:
        return int(self.shortest_frame_lines * self.line_ns / 1000)

    def frame_lines(self, longest_us: int) -> int:
        """Whole lines of the longest frame that still fits."""
        return max(self.shortest_frame_lines, int(longest_us * 1000 // self.line_ns))

    def frame_ns(self, longest_us: int) -> float:
        return self.frame_lines(longest_us) * self.line_ns


BINNED_WIDE = SensorMode(2028, 1080, 12, 12_740, 1318, (0, 440, 4056, 2160))
MODES = (
    SensorMode(1332, 990, 10, 6664, 1050, (696, 528, 2664, 1980)),
    BINNED_WIDE,
    SensorMode(2028, 1520, 12, 12_740, 1648, (0, 0, 4056, 3040)),
    SensorMode(4056, 3040, 12, 24_000, 3500, (0, 0, 4056, 3040)),
)


def mode_of(width_px: int, height_px: int) -> SensorMode:
    """The mode of this size; StopIteration for a size that the sensor does not have."""
    return next(mode for mode in MODES if (mode.width_px, mode.height_px) == (width_px, height_px))


@dataclass(frozen=True)
class Exposure:
    """What the sensor did. `digital_gain` makes up for what its steps could not."""

    exposure_us: float
    analogue_gain: float
    digital_gain: float


def exposure(mode: SensorMode, frame_us: int, asked_us: float, asked_gain: float) -> Exposure:
    """The nearest shorter exposure and lower gain that the sensor can do."""
    longest_lines = mode.frame_lines(frame_us) - LINES_NOT_EXPOSED
    lines = min(max(1, int(asked_us * 1000 // mode.line_ns)), longest_lines)
    code = min(max(0, int(GAIN_CODES - GAIN_CODES / asked_gain)), HIGHEST_GAIN_CODE)
    exposure_us = lines * mode.line_ns / 1000
    gain = GAIN_CODES / (GAIN_CODES - code)
    return Exposure(exposure_us, gain, max(1.0, asked_us * asked_gain / (exposure_us * gain)))
