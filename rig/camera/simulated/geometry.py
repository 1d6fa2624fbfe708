"""libcamera's sizes, rectangles, transforms, colour spaces and pixel formats: values without behaviour, under libcamera's names.

picamera2 gives some of these classes their `__eq__` itself; they keep the hash of their identity, as the real ones do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Size:
    width: int = 0
    height: int = 0


class Rectangle:
    """Made of a size, of width and height, or of all four numbers."""

    def __init__(self, *values: int) -> None:
        x, y, width, height = values if len(values) == 4 else (0, 0, *values)
        self.x, self.y, self.width, self.height = x, y, width, height


class Transform:
    """How the picture is turned. picamera2 makes copies of it, and makes it from flags."""

    def __init__(
        self,
        other: Transform | None = None,
        *,
        hflip: bool = False,
        vflip: bool = False,
        transpose: bool = False,
    ) -> None:
        flags = (other.hflip, other.vflip, other.transpose) if other else (bool(hflip), bool(vflip), bool(transpose))
        self.hflip: bool = flags[0]
        self.vflip: bool = flags[1]
        self.transpose: bool = flags[2]

    def __str__(self) -> str:
        return f"hflip={self.hflip}, vflip={self.vflip}, transpose={self.transpose}"


class ColorSpace:
    """How numbers become colours; the four that picamera2 knows by name."""

    Primaries = Enum("Primaries", "Raw Smpte170m Rec709 Rec2020")
    TransferFunction = Enum("TransferFunction", "Linear Srgb Rec709")
    YcbcrEncoding = Enum("YcbcrEncoding", "Null Rec601 Rec709 Rec2020")
    Range = Enum("Range", "Full Limited")

    def __init__(self, other: ColorSpace) -> None:
        self._set(other.primaries, other.transferFunction, other.ycbcrEncoding, other.range)

    def _set(self, primaries: Enum, transfer: Enum, encoding: Enum, scale: Enum) -> None:
        self.primaries, self.transferFunction, self.ycbcrEncoding, self.range = primaries, transfer, encoding, scale

    @classmethod
    def _named(cls, primaries: str, transfer: str, encoding: str, scale: str) -> ColorSpace:
        space = cls.__new__(cls)
        space._set(cls.Primaries[primaries], cls.TransferFunction[transfer], cls.YcbcrEncoding[encoding], cls.Range[scale])
        return space

    @classmethod
    def Raw(cls) -> ColorSpace:
        return cls._named("Raw", "Linear", "Null", "Full")

    @classmethod
    def Sycc(cls) -> ColorSpace:
        return cls._named("Rec709", "Srgb", "Rec601", "Full")

    @classmethod
    def Smpte170m(cls) -> ColorSpace:
        return cls._named("Smpte170m", "Rec709", "Rec601", "Limited")

    @classmethod
    def Rec709(cls) -> ColorSpace:
        return cls._named("Rec709", "Rec709", "Rec709", "Limited")

    def __str__(self) -> str:
        return f"{self.primaries.name}/{self.transferFunction.name}/{self.ycbcrEncoding.name}/{self.range.name}"


Orientation = Enum(
    "Orientation", "Rotate0 Rotate0Mirror Rotate180 Rotate180Mirror Rotate90Mirror Rotate270 Rotate270Mirror Rotate90"
)


@dataclass(frozen=True)
class PixelFormat:
    name: str = ""

    def __str__(self) -> str:
        return self.name
