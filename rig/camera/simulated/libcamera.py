"""The simulated `libcamera`: the names that picamera2 imports. `installation.py` enters this module under that name."""

from __future__ import annotations

import sys

from rig.camera.simulated.camera import Camera, CameraManager
from rig.camera.simulated.controls import ControlId, ControlInfo, ControlType, controls, properties
from rig.camera.simulated.geometry import ColorSpace, Orientation, PixelFormat, Rectangle, Size, Transform
from rig.camera.simulated.streams import (
    CameraConfiguration,
    FrameBuffer,
    FrameMetadata,
    Request,
    SensorConfiguration,
    Stream,
    StreamConfiguration,
    StreamRole,
)

_libcamera = sys.modules[__name__]
"""The bindings' own extension module, by which picamera2 calls some of the classes."""

__all__ = [
    "Camera",
    "CameraConfiguration",
    "CameraManager",
    "ColorSpace",
    "ControlId",
    "ControlInfo",
    "ControlType",
    "FrameBuffer",
    "FrameMetadata",
    "Orientation",
    "PixelFormat",
    "Rectangle",
    "Request",
    "SensorConfiguration",
    "Size",
    "Stream",
    "StreamConfiguration",
    "StreamRole",
    "Transform",
    "controls",
    "properties",
]
