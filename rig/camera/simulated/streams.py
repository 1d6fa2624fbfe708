"""libcamera's configurations, buffers and requests, as picamera2 makes them, fills them in and gets them back."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rig.camera.simulated.controls import ControlId
from rig.camera.simulated.geometry import ColorSpace, Orientation, PixelFormat, Size
from rig.camera.simulated.sensor import MODES

StreamRole = Enum("StreamRole", "Raw StillCapture VideoRecording Viewfinder")

FILMED_FORMAT = PixelFormat("YUV420")
"""The only one that the simulated camera fills."""

STRIDE_STEP = 64
"""Rows of luma are padded to a multiple of this, as the Pi's image processor does."""


class Stream:
    """A stream's identity; `configuration` is set when the camera is configured."""

    configuration: StreamConfiguration


class RawFormats:
    """The sensor's modes, as formats of a raw stream."""

    def __init__(self) -> None:
        self._sizes: dict[PixelFormat, list[Size]] = {}
        for mode in MODES:
            self._sizes.setdefault(PixelFormat(f"SBGGR{mode.bit_depth}_CSI2P"), []).append(Size(mode.width_px, mode.height_px))

    @property
    def pixel_formats(self) -> list[PixelFormat]:
        return list(self._sizes)

    def sizes(self, pixel_format: PixelFormat) -> list[Size]:
        return self._sizes[pixel_format]


@dataclass(eq=False)
class StreamConfiguration:
    role: Enum
    size: Size = field(default_factory=lambda: Size(1920, 1080))
    pixel_format: PixelFormat = FILMED_FORMAT
    stride: int = 0
    frame_size: int = 0
    buffer_count: int = 4
    color_space: ColorSpace = field(default_factory=ColorSpace.Sycc)
    formats: RawFormats = field(default_factory=RawFormats)
    stream: Stream = field(default_factory=Stream)


@dataclass
class SensorConfiguration:
    bit_depth: int = 0
    output_size: Size = field(default_factory=Size)


class CameraConfiguration:
    """What the camera is asked to deliver. `validate` completes it, or finds it impossible."""

    Status = Enum("Status", "Valid Adjusted Invalid")

    def __init__(self, roles: Sequence[Enum]) -> None:
        self._streams = [StreamConfiguration(role) for role in roles]
        self.sensor_config: SensorConfiguration | None = None
        self.orientation = Orientation["Rotate0"]

    def __iter__(self) -> Iterator[StreamConfiguration]:
        return iter(self._streams)

    def at(self, index: int) -> StreamConfiguration:
        return self._streams[index]

    def validate(self) -> Enum:
        if any(stream.pixel_format != FILMED_FORMAT for stream in self._streams):
            return self.Status["Invalid"]
        for stream in self._streams:
            stream.stride = -(-stream.size.width // STRIDE_STEP) * STRIDE_STEP
            stream.frame_size = stream.stride * stream.size.height * 3 // 2
        return self.Status["Valid"]


@dataclass
class FrameMetadata:
    """What the kernel says of a filled buffer."""

    Status = Enum("Status", "Success Error Cancelled")

    status: Enum = Status["Success"]
    sequence: int = 0
    timestamp: int = 0


class FrameBuffer:
    """Memory for one picture, shared with picamera2 through its file descriptor. `is_slow` makes every look at it take long."""

    @dataclass
    class Plane:
        fd: int = -1
        offset: int = 0
        length: int = 0

    def __init__(self, planes: Sequence[Plane]) -> None:
        self.planes = list(planes)
        self.metadata = FrameMetadata()
        self.is_slow = False
        self._memory = mmap.mmap(planes[0].fd, planes[0].length)

    @property
    def samples(self) -> NDArray[np.uint8]:
        return np.frombuffer(self._memory, np.uint8)


class Request:
    """One picture on its way: queued empty, completed full, and used again."""

    Status = Enum("Status", "Pending Complete Cancelled")

    def __init__(self, cookie: int) -> None:
        self.cookie = cookie
        self.buffers: dict[Stream, FrameBuffer] = {}
        self.controls: dict[ControlId, Any] = {}
        self.reuse()

    def add_buffer(self, stream: Stream, buffer: FrameBuffer) -> None:
        self.buffers[stream] = buffer

    def set_control(self, control: ControlId, value: Any) -> None:
        self.controls[control] = value

    def reuse(self) -> None:
        self.status = self.Status["Pending"]
        self.metadata: dict[ControlId, Any] = {}
        self.controls.clear()
