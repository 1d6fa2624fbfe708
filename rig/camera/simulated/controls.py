"""libcamera's controls and properties: their identities, under the names by which picamera2 asks for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from types import SimpleNamespace
from typing import Any

ControlType = Enum("ControlType", "Null Bool Byte Integer32 Integer64 Float String Rectangle Size Point")


@dataclass(frozen=True)
class ControlId:
    """A control's identity: what it is called and what kind of value it takes."""

    name: str
    type: Enum = field(default=ControlType.Null, compare=False)


@dataclass(frozen=True)
class ControlInfo:
    """What a control can be set to."""

    min: Any
    max: Any
    default: Any = None


_TYPES = {
    ControlType.Bool: "AeEnable AwbEnable",
    ControlType.Integer32: "ExposureTime ExposureTimeMode AnalogueGainMode NoiseReductionMode ColourTemperature FocusFoM",
    ControlType.Integer64: "FrameDuration FrameDurationLimits SensorTimestamp FrameWallClock",
    ControlType.Float: "AnalogueGain DigitalGain Brightness Contrast Saturation Sharpness Lux ColourGains SensorTemperature",
    ControlType.Rectangle: "ScalerCrop",
}

controls = SimpleNamespace(**{name: ControlId(name, kind) for kind, names in _TYPES.items() for name in names.split()})


class NoiseReductionModeEnum(IntEnum):
    Off = 0
    Fast = 1
    HighQuality = 2
    Minimal = 3
    ZSL = 4


class ColorFilterArrangementEnum(IntEnum):
    RGGB = 0
    GRBG = 1
    GBRG = 2
    BGGR = 3
    RGB = 4
    MONO = 5


controls.draft = SimpleNamespace(NoiseReductionMode=controls.NoiseReductionMode, NoiseReductionModeEnum=NoiseReductionModeEnum)
properties = SimpleNamespace(draft=SimpleNamespace(ColorFilterArrangementEnum=ColorFilterArrangementEnum))
