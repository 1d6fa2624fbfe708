"""A V4L2 camera's name, formats and controls, asked of the kernel directly (linux/videodev2.h, stable since Linux 2.6).

libcamera serves UVC cameras poorly, and FFmpeg does not touch controls: these few calls are all that is needed beside it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol, Self

_READ, _WRITE = 2, 1


def _request(direction: int, number: int, size_bytes: int) -> int:
    """An ioctl's number as asm-generic/ioctl.h composes it."""
    return direction << 30 | size_bytes << 16 | ord("V") << 8 | number


_CAPABILITY = struct.Struct("=16s32s32sIII12x")
_FORMAT = struct.Struct("=III32s4sI12x")
_CONTROL = struct.Struct("=Ii")
_QUERY = struct.Struct("=II32siiiiI8x")

QUERYCAP = _request(_READ, 0, _CAPABILITY.size)
ENUM_FMT = _request(_READ | _WRITE, 2, _FORMAT.size)
G_CTRL = _request(_READ | _WRITE, 27, _CONTROL.size)
S_CTRL = _request(_READ | _WRITE, 28, _CONTROL.size)
QUERYCTRL = _request(_READ | _WRITE, 36, _QUERY.size)

_VIDEO_CAPTURE = 1
_DISABLED = 1


class ControlId(IntEnum):
    """The controls that decide how a picture looks (linux/v4l2-controls.h)."""

    AUTO_WHITE_BALANCE = 0x0098090C
    AUTOGAIN = 0x00980912
    GAIN = 0x00980913
    POWER_LINE_FREQUENCY = 0x00980918
    WHITE_BALANCE_TEMPERATURE = 0x0098091A
    EXPOSURE_AUTO = 0x009A0901
    EXPOSURE_ABSOLUTE = 0x009A0902
    EXPOSURE_AUTO_PRIORITY = 0x009A0903
    FOCUS_AUTO = 0x009A090C


@dataclass(frozen=True)
class ControlRange:
    """What a control can be set to."""

    least: int
    most: int
    default: int


class Controls(Protocol):
    """A camera's controls. Methods raise OSError when the camera is gone."""

    def range_of(self, control: ControlId) -> ControlRange | None:
        """None when the camera does not have this control."""

    def get(self, control: ControlId) -> int: ...

    def set(self, control: ControlId, value: int) -> None: ...


class DeviceFile:
    """An open `/dev/videoN`: `Controls`, and what the camera says of itself. Raises OSError."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        os.close(self._descriptor)

    def model(self) -> str:
        _driver, card, *_ = _CAPABILITY.unpack(self._ask(QUERYCAP, bytes(_CAPABILITY.size)))
        return _text(card)

    def formats(self) -> Iterator[str]:
        """The four-character codes of what the camera delivers, such as `H264`, `MJPG`, `YUYV`."""
        for index in range(64):
            try:
                answer = self._ask(ENUM_FMT, _FORMAT.pack(index, _VIDEO_CAPTURE, 0, b"", b"", 0))
            except OSError as error:
                if error.errno == errno.EINVAL:  # no more of them
                    return
                raise
            yield _FORMAT.unpack(answer)[4].decode("ascii", "replace")

    def range_of(self, control: ControlId) -> ControlRange | None:
        try:
            answer = self._ask(QUERYCTRL, _QUERY.pack(control, 0, b"", 0, 0, 0, 0, 0))
        except OSError as error:
            if error.errno == errno.EINVAL:
                return None
            raise
        _id, _kind, _name, least, most, _step, default, flags = _QUERY.unpack(answer)
        return None if flags & _DISABLED else ControlRange(least, most, default)

    def get(self, control: ControlId) -> int:
        value: int = _CONTROL.unpack(self._ask(G_CTRL, _CONTROL.pack(control, 0)))[1]
        return value

    def set(self, control: ControlId, value: int) -> None:
        self._ask(S_CTRL, _CONTROL.pack(control, value))

    def _ask(self, request: int, argument: bytes) -> bytes:
        return fcntl.ioctl(self._descriptor, request, argument)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")
