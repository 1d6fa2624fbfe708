"""A picture in tiles: what most of them agree on holds for the chamber, whatever a mouse does in the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Sample = TypeVar("Sample", bound=np.generic)
"""Of a picture, or of a measure of each of its pixels: (height, width)."""


@dataclass(frozen=True)
class Tiling:
    """Tiles of this share of the picture's width and height, each moved by `step` of its own size against the last."""

    share: float
    step: float

    def pairs(self, first: NDArray[Sample], second: NDArray[Sample]) -> Iterator[tuple[NDArray[Sample], NDArray[Sample]]]:
        """The tiles of two pictures of one size, place by place."""
        height, width = (max(1, round(self.share * size)) for size in first.shape)
        down, across = (max(1, round(self.step * size)) for size in (height, width))
        for top in range(0, first.shape[0] - height + 1, down):
            for left in range(0, first.shape[1] - width + 1, across):
                where = slice(top, top + height), slice(left, left + width)
                yield first[where], second[where]
