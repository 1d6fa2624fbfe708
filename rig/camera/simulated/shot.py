"""One frame of the simulated sensor: what the settings, the chamber's light and the ordered faults make of it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rig.camera.simulated import sensor
from rig.camera.simulated.controls import ControlId, controls
from rig.camera.simulated.faults import FaultBook, SimulatedFault
from rig.camera.simulated.geometry import Rectangle
from rig.camera.simulated.optics import REFERENCE_EXPOSURE, View
from shared.clock import NANOSECONDS, NANOSECONDS_PER_US

WRONG_EXPOSURE_FACTOR, WRONG_GAIN_FACTOR, WRONG_COLOUR_FACTOR = 2.0, 1.5, 1.2

LIGHTS = {SimulatedFault.DARK: 0.04, SimulatedFault.BRIGHT: 6.0}
"""Shares of the chamber's usual light."""

FLICKER_HZ = 31.3
"""Beats with 30 frames/s about once a second."""

FLICKER_SHARE = 0.15

CHAMBER_LUX = 180.0
SENSOR_TEMPERATURE_C = 38.0
COLOUR_TEMPERATURE_K = 4500


@dataclass(frozen=True)
class Shot:
    """See the module. `light` is the chamber's, as a share of its usual one."""

    mode: sensor.SensorMode
    taken_ns: int
    frame_us: int
    exposure: sensor.Exposure
    colour_gains: tuple[float, float]
    light: float
    is_defocused: bool
    is_shifted: bool
    is_unreadable: bool

    @property
    def view(self) -> View:
        gathered = self.exposure.exposure_us * self.exposure.analogue_gain * self.exposure.digital_gain
        return View(self.light * gathered / REFERENCE_EXPOSURE, self.is_defocused, self.is_shifted)

    def metadata(self, focus: int) -> dict[ControlId, Any]:
        """As libcamera tells it."""
        return {
            controls.SensorTimestamp: self.taken_ns,
            controls.FrameWallClock: time.time_ns() - time.monotonic_ns() + self.taken_ns,
            controls.ExposureTime: None if self.is_unreadable else int(self.exposure.exposure_us),
            controls.AnalogueGain: self.exposure.analogue_gain,
            controls.DigitalGain: self.exposure.digital_gain,
            controls.ColourGains: self.colour_gains,
            controls.ColourTemperature: COLOUR_TEMPERATURE_K,
            controls.FrameDuration: self.frame_us,
            controls.Lux: CHAMBER_LUX * self.light,
            controls.FocusFoM: focus,
            controls.SensorTemperature: SENSOR_TEMPERATURE_C,
            controls.ScalerCrop: Rectangle(*self.mode.crop),
        }


def take_shot(mode: sensor.SensorMode, asked: Mapping[ControlId, Any], faults: FaultBook, taken_ns: int) -> Shot:
    """The frame that begins at `taken_ns`, with the faults that befall it."""
    longest_us = asked[controls.FrameDurationLimits][1]
    exposure_us, gain = asked[controls.ExposureTime], asked[controls.AnalogueGain]
    red, blue = asked[controls.ColourGains]
    if faults.befalls(SimulatedFault.WRONG_EXPOSURE):
        exposure_us *= WRONG_EXPOSURE_FACTOR
    if faults.befalls(SimulatedFault.WRONG_GAIN):
        gain *= WRONG_GAIN_FACTOR
    if faults.befalls(SimulatedFault.WRONG_COLOUR):
        red, blue = red * WRONG_COLOUR_FACTOR, blue / WRONG_COLOUR_FACTOR
    return Shot(
        mode=mode,
        taken_ns=taken_ns,
        frame_us=int(mode.frame_ns(longest_us) / NANOSECONDS_PER_US),
        exposure=sensor.exposure(mode, longest_us, exposure_us, gain),
        colour_gains=(red, blue),
        light=_light(faults, taken_ns / NANOSECONDS),
        is_defocused=faults.befalls(SimulatedFault.DEFOCUS),
        is_shifted=faults.befalls(SimulatedFault.SHIFT),
        is_unreadable=faults.befalls(SimulatedFault.CALLBACK),
    )


def _light(faults: FaultBook, at_s: float) -> float:
    light = math.prod(share for fault, share in LIGHTS.items() if faults.befalls(fault))
    if faults.befalls(SimulatedFault.FLICKER):
        light *= 1 + FLICKER_SHARE * math.sin(2 * math.pi * FLICKER_HZ * at_s)
    return light
