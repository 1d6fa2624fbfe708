"""A video device as FFmpeg reads it: compressed packets, each with the time at which the kernel began to receive its frame."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Protocol

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from rig.camera.backend import MICROSECONDS
from rig.camera.v4l2.controls import Controls, DeviceFile
from rig.settings import CameraSettings
from shared.faults import CAMERA_SOURCE, GrimaceError

INPUT_FORMATS = {"H264": "h264", "MJPG": "mjpeg", "YUYV": "yuyv422"}
"""FFmpeg's names of what is taken, best first: H.264 needs no encoding here, MJPEG reaches full size over USB 2."""


class VideoDevice(Protocol):
    """Something that delivers a camera's packets."""

    def open(self) -> str:
        """Open it; returns the camera's model. Raises GrimaceError(E_CAM_SOURCE)."""

    @property
    def stream(self) -> VideoStream:
        """Of the open device: its codec decodes the packets."""

    @property
    def controls(self) -> Controls:
        """Of the open device."""

    def packets(self) -> Iterator[av.Packet[VideoStream]]:
        """As they come; `pts` is CLOCK_MONOTONIC in microseconds. Raises OSError or FFmpegError when the camera is gone."""

    def close(self) -> None: ...


class UsbCamera:
    """The `VideoDevice` of a real camera."""

    def __init__(self, settings: CameraSettings) -> None:
        self._settings = settings
        self._file: DeviceFile | None = None
        self._container: InputContainer | None = None

    def open(self) -> str:
        path = self._settings.device
        try:
            self._file = DeviceFile(path)
            model = self._file.model()
            offered = set(self._file.formats())
            taken = next((name for code, name in INPUT_FORMATS.items() if code in offered), None)
            if taken is None:
                raise GrimaceError(CAMERA_SOURCE, f"{path}: {model} offers {sorted(offered)}, none of {sorted(INPUT_FORMATS)}")
            self._container = av.open(path, format="v4l2", options=self._options(taken))
        except (OSError, av.error.FFmpegError) as error:
            self.close()
            raise GrimaceError(CAMERA_SOURCE, f"{path}: {error}") from error
        except GrimaceError:
            self.close()
            raise
        return model

    def _options(self, input_format: str) -> dict[str, str]:
        """`timestamps=default`: the kernel's own, which uvcvideo takes from CLOCK_MONOTONIC."""
        asked = self._settings
        return {
            "input_format": input_format,
            "video_size": f"{asked.width_px}x{asked.height_px}",
            "framerate": str(Fraction(asked.frame_rate).limit_denominator(1001)),
            "timestamps": "default",
        }

    @property
    def stream(self) -> VideoStream:
        return self._opened.streams.video[0]

    @property
    def controls(self) -> Controls:
        assert self._file is not None, "open() comes first"
        return self._file

    @property
    def _opened(self) -> InputContainer:
        assert self._container is not None, "open() comes first"
        return self._container

    def packets(self) -> Iterator[av.Packet[VideoStream]]:
        for packet in self._opened.demux(self.stream):
            if packet.size and packet.pts is not None and packet.time_base is not None:
                packet.pts = packet.dts = round(packet.pts * packet.time_base * MICROSECONDS)
                packet.time_base = Fraction(1, MICROSECONDS)
                yield packet

    def close(self) -> None:
        container, self._container = self._container, None
        file, self._file = self._file, None
        if container is not None:
            container.close()
        if file is not None:
            file.close()
