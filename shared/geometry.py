"""Boxes in image pixels, and the letterbox between a frame and a network's input."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned rectangle in pixels, x to the right, y down; `right` and `bottom` are exclusive."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return max(0.0, self.right - self.left)

    @property
    def height(self) -> float:
        return max(0.0, self.bottom - self.top)

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def intersection(self, other: Box) -> float:
        """The area that both cover."""
        return Box(
            max(self.left, other.left), max(self.top, other.top), min(self.right, other.right), min(self.bottom, other.bottom)
        ).area

    def iou(self, other: Box) -> float:
        """Intersection over union, 0 to 1; 0 for boxes without area."""
        shared = self.intersection(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def contains(self, point: tuple[float, float]) -> bool:
        x, y = point
        return self.left <= x < self.right and self.top <= y < self.bottom

    def grown(self, share: float) -> Box:
        """The box with `share` of its width and height added on every side."""
        dx, dy = self.width * share, self.height * share
        return Box(self.left - dx, self.top - dy, self.right + dx, self.bottom + dy)

    def clipped(self, width_px: int, height_px: int) -> Box:
        """The part of the box that lies inside an image."""
        return Box(
            min(max(self.left, 0.0), width_px),
            min(max(self.top, 0.0), height_px),
            min(max(self.right, 0.0), width_px),
            min(max(self.bottom, 0.0), height_px),
        )


def union(boxes: Iterable[Box]) -> Box:
    """The smallest box around all of them; ValueError when there is none."""
    found = list(boxes)
    return Box(min(b.left for b in found), min(b.top for b in found), max(b.right for b in found), max(b.bottom for b in found))


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a frame is laid into a network's input: scaled to fit, centred on neither axis, the rest padded at right and bottom."""

    scale: float
    width_px: int
    height_px: int

    @classmethod
    def fit(cls, frame_width_px: int, frame_height_px: int, input_width_px: int, input_height_px: int) -> Letterbox:
        """The largest scale at which the whole frame fits the input."""
        scale = min(input_width_px / frame_width_px, input_height_px / frame_height_px)
        return cls(scale, max(1, round(frame_width_px * scale)), max(1, round(frame_height_px * scale)))

    def to_frame(self, box: Box) -> Box:
        """A box in input pixels, in the frame's pixels."""
        return Box(box.left / self.scale, box.top / self.scale, box.right / self.scale, box.bottom / self.scale)
