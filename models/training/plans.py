"""Plans: how each action unit's scorer of the bundled build is laid out and trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.synthetic.pose import SUBJECT
from shared.grimace import Fau


@dataclass(frozen=True)
class ScorerPlan:
    """Input size (multiples of 16) near the shape of the unit's boxes, margin around them, and the scores to tell apart."""

    width_px: int
    height_px: int
    margin: float
    scores: tuple[int, ...]


@dataclass(frozen=True)
class TrainingPlan:
    """How much is painted and how long is trained."""

    stills: int = 640
    held_out_stills: int = 100
    steps: int = 700
    batch: int = 32
    first_seed: int = 0
    first_held_out_seed: int = 1_000_000
    learning_rate: float = 2e-3


def _plan(fau: Fau, width_px: int, height_px: int, margin: float) -> ScorerPlan:
    return ScorerPlan(width_px, height_px, margin, tuple(sorted(SUBJECT.allowed[fau])))


SCORER_PLANS: Mapping[Fau, ScorerPlan] = {
    Fau.ORBITAL: _plan(Fau.ORBITAL, 96, 48, 0.12),
    Fau.NOSE: _plan(Fau.NOSE, 48, 64, 0.25),
    Fau.EARS: _plan(Fau.EARS, 112, 64, 0.06),
    Fau.WHISKERS: _plan(Fau.WHISKERS, 112, 48, 0.04),
}
"""The boxes are those of the bundled detector: one around both eyes, one around both ears."""
