"""Plans: how each action unit's scorer of the bundled build is laid out and trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.synthetic.pose import SUBJECT
from shared.grimace import Fau


@dataclass(frozen=True)
class BoxError:
    """How the detector's boxes differ from the true ones: (mean, standard deviation) of each.

    Shifts are shares of the true box's size, positive to the right and down; sizes are natural logarithms of ratios.
    """

    shift_x: tuple[float, float]
    shift_y: tuple[float, float]
    log_width: tuple[float, float]
    log_height: tuple[float, float]


@dataclass(frozen=True)
class ScorerPlan:
    """Input size (multiples of 16) near the shape of the unit's boxes, margin around them, and the scores to tell apart."""

    width_px: int
    height_px: int
    margin: float
    scores: tuple[int, ...]
    box_error: BoxError


@dataclass(frozen=True)
class TrainingPlan:
    """How much is painted and how long is trained."""

    stills: int = 640
    held_out_stills: int = 100
    steps: int = 800
    batch: int = 32
    first_seed: int = 0
    first_held_out_seed: int = 1_000_000
    learning_rate: float = 2e-3


def _plan(fau: Fau, width_px: int, height_px: int, margin: float, box_error: BoxError) -> ScorerPlan:
    return ScorerPlan(width_px, height_px, margin, tuple(sorted(SUBJECT.allowed[fau])), box_error)


SCORER_PLANS: Mapping[Fau, ScorerPlan] = {
    Fau.ORBITAL: _plan(Fau.ORBITAL, 96, 48, 0.12, BoxError((0.0, 0.07), (-0.03, 0.08), (0.22, 0.20), (0.0, 0.16))),
    Fau.NOSE: _plan(Fau.NOSE, 48, 64, 0.25, BoxError((0.0, 0.12), (0.05, 0.08), (-0.20, 0.17), (-0.11, 0.15))),
    Fau.EARS: _plan(Fau.EARS, 112, 64, 0.06, BoxError((0.0, 0.04), (-0.02, 0.05), (0.08, 0.10), (0.03, 0.12))),
    Fau.WHISKERS: _plan(Fau.WHISKERS, 112, 48, 0.04, BoxError((0.0, 0.07), (0.0, 0.11), (0.10, 0.12), (0.15, 0.22))),
}
"""The boxes are the bundled detector's: one around both eyes, one around both ears; the errors were measured on 45 mice."""
