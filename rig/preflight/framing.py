"""Does the chamber stand where it stood in the reference picture?

The edges in every tile of the picture are laid over the reference's by phase correlation (Kuglin and Hines 1975). The chamber
moves all tiles alike, a mouse only its own: the shift that most tiles agree on is the chamber's. Edges only, because phase
correlation weighs the faintest pattern like the strongest, and a sensor's own faint pattern never moves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.luma import Luma
from rig.preflight.pictures import still_picture
from rig.preflight.reference import HOW_TO_TAKE_ONE, Reference
from rig.preflight.report import CheckName, CheckResult, not_checked, passing, warning
from rig.preflight.subject import Subject
from rig.preflight.tiles import Tiling
from shared.faults import FRAMING_CHANGED

TILES = Tiling(share=1 / 3, step=0.5)
"""In a picture of 640x360 a shift of 60 px is still found; the chamber's edges, and none of the mouse, are in several of them."""

EDGE_BLUR_PX = 1.5

FAINTEST_EDGE = 8.0
"""In units of the 3x3 Sobel operator (8 times the slope in grey levels a pixel): a blurred step of four grey levels."""

FEWEST_EDGES = 0.01
"""Share of a tile's pixels; one with fewer on an edge shows nothing that could be laid over anything."""

AGREE_PX = 1.5
"""Tiles whose shifts are this close say the same."""

LEAST_AGREEMENT = 0.5
"""Tried on a drawn chamber (tests/rig/preflight/scenes.py) with a mouse and a sensor's pattern in it: shifted by up to 60 px,
tiles with 0.68 to 1.0 of the response agree; turned by a degree, or of another chamber, 0.4 at most."""

FEWEST_TILES = 4


@dataclass(frozen=True)
class TileShift:
    """How far a tile moved against the reference, and how sure that is (0 to 1, the correlation's response)."""

    right_px: float
    down_px: float
    response: float


@dataclass(frozen=True)
class Shift:
    """How far the chamber moved, and the share of the tiles, weighted by their response, that say so."""

    right_px: float
    down_px: float
    agreement: float

    @property
    def length_px(self) -> float:
        return math.hypot(self.right_px, self.down_px)


def check(subject: Subject) -> CheckResult:
    if subject.reference is None:
        return not_checked(CheckName.FRAMING, "There is no reference picture to compare with.", HOW_TO_TAKE_ONE)
    if not subject.pictures:
        return not_checked(CheckName.FRAMING, "There is no picture to compare.")
    return judge(still_picture(subject.pictures), subject.reference, subject.settings.preflight.framing_shift_px)


def judge(luma: Luma, reference: Reference, largest_px: float) -> CheckResult:
    if luma.shape != reference.luma.shape:
        return not_checked(CheckName.FRAMING, "The reference picture has another size.", HOW_TO_TAKE_ONE)
    shift = chamber_shift(tile_shifts(luma, reference.luma))
    of = f"the reference of {reference.numbers.taken_at:%Y-%m-%d}"
    if shift is None or shift.agreement < LEAST_AGREEMENT:
        agreeing = (
            "there is too little in it that could be laid over it"
            if shift is None
            else f"only {shift.agreement:.0%} of it agrees on a shift"
        )
        return warning(CheckName.FRAMING, FRAMING_CHANGED, f"The picture does not look like {of}: {agreeing}.")
    measured = f"{shift.length_px:.1f} px from where it stood in {of} ({_direction(shift)})"
    if shift.length_px > largest_px:
        return warning(
            CheckName.FRAMING, FRAMING_CHANGED, f"The chamber is {measured}; {largest_px:g} px of the small picture is allowed."
        )
    return passing(CheckName.FRAMING, f"The chamber is {measured}.")


def tile_shifts(luma: Luma, reference: Luma) -> list[TileShift]:
    """The shift of every tile that has something in it in the reference; without any response where the picture has nothing."""
    found = []
    for ours, theirs in TILES.pairs(_edges(luma), _edges(reference)):
        if np.count_nonzero(theirs) < FEWEST_EDGES * theirs.size:
            continue
        if np.count_nonzero(ours) < FEWEST_EDGES * ours.size:
            found.append(TileShift(0.0, 0.0, response=0.0))
            continue
        window = cv2.createHanningWindow((ours.shape[1], ours.shape[0]), cv2.CV_32F)
        (right_px, down_px), response = cv2.phaseCorrelate(np.ascontiguousarray(theirs), np.ascontiguousarray(ours), window)
        found.append(TileShift(right_px, down_px, max(0.0, response)))
    return found


def _edges(luma: Luma) -> NDArray[np.float32]:
    """How steep the picture is, pixel by pixel; 0 wherever that may be noise."""
    smooth = cv2.GaussianBlur(luma.astype(np.float32), (0, 0), EDGE_BLUR_PX)
    steepness = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    edges: NDArray[np.float32] = np.maximum(0.0, steepness - FAINTEST_EDGE)
    return edges


def chamber_shift(tiles: Sequence[TileShift]) -> Shift | None:
    """The shift that most of the response stands for; None when too few tiles show anything."""
    showing = [tile for tile in tiles if tile.response > 0]
    if len(showing) < max(FEWEST_TILES, LEAST_AGREEMENT * len(tiles)):
        return None
    total = sum(tile.response for tile in showing)
    parties = ([other for other in showing if _agree(tile, other)] for tile in showing)
    largest = max(parties, key=lambda party: sum(tile.response for tile in party))
    return Shift(
        right_px=median(tile.right_px for tile in largest),
        down_px=median(tile.down_px for tile in largest),
        agreement=sum(tile.response for tile in largest) / total,
    )


def _agree(one: TileShift, other: TileShift) -> bool:
    return math.hypot(one.right_px - other.right_px, one.down_px - other.down_px) <= AGREE_PX


def _direction(shift: Shift) -> str:
    across = f"{abs(shift.right_px):.1f} {'right' if shift.right_px >= 0 else 'left'}"
    return f"{across}, {abs(shift.down_px):.1f} {'down' if shift.down_px >= 0 else 'up'}"
