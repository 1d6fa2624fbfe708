"""What a completed request of picamera2 says and holds, in the camera's own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rig.camera.backend import FrameInfo, SmallFrame
from shared.clock import NANOSECONDS_PER_US


def sensor_us(metadata: Mapping[str, Any]) -> int:
    """When the sensor began this frame. The kernel stamps in whole microseconds, libcamera tells them in nanoseconds."""
    return int(metadata["SensorTimestamp"]) // NANOSECONDS_PER_US


def frame_info(metadata: Mapping[str, Any]) -> FrameInfo:
    """A frame by its metadata; raises KeyError, TypeError or ValueError when that is not what libcamera promises.

    Lux, focus and temperature are estimates that some sensors and releases leave out: 0 then.
    """
    red, blue = metadata["ColourGains"]
    return FrameInfo(
        sensor_us=sensor_us(metadata),
        exposure_us=int(metadata["ExposureTime"]),
        analogue_gain=round(float(metadata["AnalogueGain"]), 4),
        digital_gain=round(float(metadata["DigitalGain"]), 4),
        frame_duration_us=int(metadata["FrameDuration"]),
        lux=round(float(metadata.get("Lux", 0.0)), 1),
        focus=float(metadata.get("FocusFoM", 0)),
        sensor_temperature_c=float(metadata.get("SensorTemperature", 0.0)),
        colour_gains=(round(float(red), 4), round(float(blue), 4)),
    )


def unreadable_frame(metadata: Mapping[str, Any]) -> FrameInfo:
    """A frame of which only the time is known: it was delivered and encoded, so the ledger must have it."""
    return FrameInfo(sensor_us(metadata), 0, 0.0, 0.0, 0, 0.0, 0.0, 0.0)


def small_frame(taken_us: int, samples: NDArray[np.uint8], size: tuple[int, int], stride: int) -> SmallFrame:
    """The small stream's buffer without the padding of its rows; colour rows have half the stride.

    `samples` is the whole buffer, flat; `size` is width and height.
    """
    width_px, height_px = size
    luma_bytes = stride * height_px
    luma = samples[:luma_bytes].reshape(height_px, stride)[:, :width_px]
    colours = samples[luma_bytes : luma_bytes * 3 // 2].reshape(height_px, stride // 2)[:, : width_px // 2]
    return SmallFrame(taken_us, width_px, height_px, luma.tobytes() + colours.tobytes())
