"""What picamera2 is asked for: which camera, which streams, and every control that decides how the picture looks.

Numbers and rules are from the recorder notes, sections 1 and 2; each is explained where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rig.camera.backend import MICROSECONDS
from rig.settings import CameraSettings
from shared.faults import CAMERA_SOURCE, GrimaceError

EXPECTED_MODEL = "imx477"

BUFFERS = 8
"""0.27 s of slack against a slow consumer, for 28 MB. With more, a Pi 4's contiguous memory becomes tight."""

SMALL_WIDTH_PX = 640
SMALL_WIDTH_STEP_PX = 64
"""Rows of the small stream are padded unless they are a multiple of this."""

NEUTRAL = {"Contrast": 1.0, "Saturation": 1.0, "Brightness": 0.0}
"""libcamera's defaults, said aloud: a control that is not set may change with the next release."""

NOISE_REDUCTION = {"off": 0, "fast": 1}
"""libcamera's `NoiseReductionModeEnum`. High quality is too slow for 30 frames/s."""


def choose_camera(cameras: Sequence[Mapping[str, Any]]) -> int:
    """The number of the first IMX477 among `Picamera2.global_camera_info()`; raises GrimaceError(E_CAM_SOURCE)."""
    for number, camera in enumerate(cameras):
        if camera["Model"] == EXPECTED_MODEL:
            return number
    found = ", ".join(f"{camera['Model']} at {camera['Id']}" for camera in cameras)
    raise GrimaceError(CAMERA_SOURCE, f"no {EXPECTED_MODEL} is connected; found: {found or 'no camera at all'}")


def small_size(width_px: int, height_px: int) -> tuple[int, int]:
    """Width and height of the small stream: the large one's shape, since on a Pi 4 both are cut from the sensor alike."""
    fitting_px = min(SMALL_WIDTH_PX, width_px) // SMALL_WIDTH_STEP_PX * SMALL_WIDTH_STEP_PX
    small_px = fitting_px or width_px
    return small_px, max(2, round(small_px * height_px / width_px / 2) * 2)


def frame_duration_us(settings: CameraSettings) -> int:
    return round(MICROSECONDS / settings.frame_rate)


def controls(settings: CameraSettings) -> dict[str, Any]:
    """The picture's controls. They go into the configuration, so that the very first frame has them.

    Nothing automatic is switched off by name: a fixed exposure, gain and colour gain does that, and `AeEnable` or `AwbEnable`
    beside them makes libcamera adopt whatever values it holds at that moment.
    """
    picture = settings.picture
    return {
        "ExposureTime": picture.exposure_us,
        "AnalogueGain": picture.analogue_gain,
        "ColourGains": (picture.red_gain, picture.blue_gain),
        "FrameDurationLimits": (frame_duration_us(settings), frame_duration_us(settings)),
        "Sharpness": picture.sharpness,
        "NoiseReductionMode": NOISE_REDUCTION[picture.noise_reduction],
        **NEUTRAL,
    }


def video_configuration(settings: CameraSettings) -> dict[str, Any]:
    """Arguments for `Picamera2.create_video_configuration`.

    YUV 4:2:0 is what encoders take. Without a raw stream of ours, libcamera keeps its own sensor buffers and drops less. Without
    `sensor`, picamera2 would choose the mode, and with it the field of view, by itself. With its queue, it would keep one buffer
    for a `capture` that nobody calls.
    """
    return {
        "main": {"size": (settings.width_px, settings.height_px), "format": "YUV420"},
        "lores": {"size": small_size(settings.width_px, settings.height_px), "format": "YUV420"},
        "raw": None,
        "sensor": {
            "output_size": (settings.sensor.width_px, settings.sensor.height_px),
            "bit_depth": settings.sensor.bit_depth,
        },
        "buffer_count": BUFFERS,
        "queue": False,
        "controls": controls(settings),
        "display": None,
    }


def sensor_mode(sensor: Mapping[str, Any]) -> str:
    """A sensor mode in words, from picamera2's form of it."""
    width_px, height_px = sensor["output_size"]
    return f"{width_px}x{height_px}, {sensor['bit_depth']} bit"


def asked(settings: CameraSettings) -> dict[str, float | str]:
    """What is asked for, as the manifest keeps it."""
    picture = settings.picture
    return {
        "sensor_mode": sensor_mode(video_configuration(settings)["sensor"]),
        "exposure_us": picture.exposure_us,
        "analogue_gain": picture.analogue_gain,
        "red_gain": picture.red_gain,
        "blue_gain": picture.blue_gain,
        "frame_duration_us": frame_duration_us(settings),
        "sharpness": picture.sharpness,
        "contrast": NEUTRAL["Contrast"],
        "saturation": NEUTRAL["Saturation"],
        "brightness": NEUTRAL["Brightness"],
        "noise_reduction": picture.noise_reduction,
        "tuning_file": picture.tuning_file,
        "bitrate_bps": settings.bitrate_bps,
    }
