"""The picture settings as a USB camera takes them, and what it says of them afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rig.camera.v4l2.controls import ControlId, ControlRange, Controls
from rig.settings import PictureSettings

EXPOSURE_STEP_US = 100
"""V4L2_CID_EXPOSURE_ABSOLUTE counts these."""

MANUAL = 1
"""V4L2_EXPOSURE_MANUAL."""

MAINS_50_HZ, MAINS_60_HZ = 1, 2
"""V4L2_CID_POWER_LINE_FREQUENCY's menu."""

LEAST_GAIN, MOST_GAIN = 1.0, 22.0
"""A UVC camera's gain has no unit: the settings' range is laid over the camera's."""


@dataclass(frozen=True)
class PictureReading:
    """What the camera's controls hold, in the settings' units."""

    exposure_us: int
    analogue_gain: float


class FixedPicture:
    """Everything automatic switched off and the asked values set, as far as the camera has controls for it."""

    def __init__(self, controls: Controls, asked: PictureSettings) -> None:
        self._controls = controls
        self._asked = asked
        self._gain = controls.range_of(ControlId.GAIN)
        self._exposure = controls.range_of(ControlId.EXPOSURE_ABSOLUTE)

    def set(self) -> None:
        """Automatic controls go first: while they are on, a camera refuses the values. Raises OSError."""
        for control, value in self._wanted():
            limits = self._controls.range_of(control)
            if limits is not None:
                self._controls.set(control, min(max(value, limits.least), limits.most))

    def _wanted(self) -> Iterator[tuple[ControlId, int]]:
        yield ControlId.EXPOSURE_AUTO, MANUAL
        yield ControlId.EXPOSURE_AUTO_PRIORITY, 0
        yield ControlId.AUTOGAIN, 0
        yield ControlId.AUTO_WHITE_BALANCE, 0
        yield ControlId.FOCUS_AUTO, 0
        yield ControlId.POWER_LINE_FREQUENCY, MAINS_50_HZ if self._asked.mains_hz == 50 else MAINS_60_HZ
        yield ControlId.EXPOSURE_ABSOLUTE, self._exposure_steps()
        if self._gain is not None:
            yield ControlId.GAIN, self._gain_steps(self._gain)
        if (balance := self._controls.range_of(ControlId.WHITE_BALANCE_TEMPERATURE)) is not None:
            yield ControlId.WHITE_BALANCE_TEMPERATURE, balance.default

    def _exposure_steps(self) -> int:
        return round(self._asked.exposure_us / EXPOSURE_STEP_US)

    def read(self) -> PictureReading | None:
        """None from a camera that does not tell both. A value at the asked one's nearest step is the asked one.

        Raises OSError.
        """
        if self._gain is None or self._exposure is None:
            return None
        exposure, gain = self._controls.get(ControlId.EXPOSURE_ABSOLUTE), self._controls.get(ControlId.GAIN)
        asked = self._asked
        return PictureReading(
            exposure_us=asked.exposure_us if exposure == self._exposure_steps() else exposure * EXPOSURE_STEP_US,
            analogue_gain=asked.analogue_gain if gain == self._gain_steps(self._gain) else _gain(gain, self._gain),
        )

    def _gain_steps(self, limits: ControlRange) -> int:
        share = (self._asked.analogue_gain - LEAST_GAIN) / (MOST_GAIN - LEAST_GAIN)
        return round(limits.least + share * (limits.most - limits.least))


def _gain(steps: int, limits: ControlRange) -> float:
    span = max(1, limits.most - limits.least)
    return LEAST_GAIN + (steps - limits.least) / span * (MOST_GAIN - LEAST_GAIN)
