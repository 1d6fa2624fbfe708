"""Pose: where the mouse stands, how it holds its head, and what its face shows; and the individual it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from models.synthetic.streams import stream
from shared.grimace import Fau, subject_type

SUBJECT = subject_type("c57bl/6")


@dataclass(frozen=True)
class Expression:
    """The action units as continuous strengths on the grimace scale, 0 to 2."""

    orbital: float = 0.0
    nose: float = 0.0
    ears: float = 0.0
    whiskers: float = 0.0

    @property
    def scores(self) -> Mapping[Fau, int]:
        """The nearest score on the black mouse's scale for each unit."""
        strengths = {Fau.ORBITAL: self.orbital, Fau.NOSE: self.nose, Fau.EARS: self.ears, Fau.WHISKERS: self.whiskers}
        return {fau: min(SUBJECT.allowed[fau], key=lambda score: abs(score - strengths[fau])) for fau in strengths}


@dataclass(frozen=True)
class Pose:
    """How the mouse is placed; all zero is looking at the camera from the middle of the floor."""

    body_turn_deg: float = 0.0
    head_yaw_deg: float = 0.0
    head_pitch_deg: float = -6.0
    head_roll_deg: float = 0.0
    sideways_cm: float = 0.0
    hunch: float = 0.3  # 0 stretched to 1 hunched
    grooming: float = 0.0  # 0 paws on the floor to 1 paws on the nose
    expression: Expression = field(default_factory=Expression)


@dataclass(frozen=True)
class Individual:
    """What does not change about one mouse."""

    seed: int
    """Of the streams for its fur, whiskers and ears."""
    coat: tuple[float, float, float] = (0.0195, 0.0178, 0.0168)
    head_width: float = 1.0
    head_length: float = 1.03
    fatness: float = 0.93
    light_whiskers: float = 0.4
    """Share of the whiskers that are white instead of black."""


def random_individual(seed: int) -> Individual:
    """A black mouse; the ranges are those of the trial that made the sample clips."""
    rng = stream(seed, "individual")
    shade, tint = rng.uniform(0.7, 1.5), rng.normal(1, 0.04, 3)
    return Individual(
        seed=seed,
        coat=tuple((np.array(Individual(0).coat) * shade * tint).tolist()),
        head_width=float(rng.uniform(0.95, 1.05)),
        head_length=float(rng.uniform(0.97, 1.08)),
        fatness=float(rng.uniform(0.86, 1.08)),
        light_whiskers=float(rng.uniform(0.0, 0.8)),
    )


def random_expression(seed: int, spread: float = 0.12) -> Expression:
    """Every unit at a score of the scale, chosen evenly, with a spread around it that stays well inside the score."""
    rng = stream(seed, "expression")
    strengths = {fau: rng.choice(sorted(SUBJECT.allowed[fau])) + rng.normal(0, spread) for fau in SUBJECT.faus}
    return Expression(**{fau.value: float(np.clip(strength, 0, 2)) for fau, strength in strengths.items()})


def random_pose(seed: int) -> Pose:
    """Facing the camera mostly, turned to the side or away sometimes, grooming now and then."""
    rng = stream(seed, "pose")
    view = rng.choice(["front", "side", "away"], p=[0.78, 0.15, 0.07])
    turn = {"front": np.clip(rng.normal(0, 22), -55, 55), "side": rng.uniform(55, 125), "away": rng.uniform(125, 180)}[view]
    return Pose(
        body_turn_deg=float(turn * rng.choice([-1, 1])),
        head_yaw_deg=float(rng.uniform(-22, 22)),
        head_pitch_deg=float(rng.uniform(-22, 2)),
        head_roll_deg=float(rng.normal(0, 3.5)),
        sideways_cm=float(rng.uniform(-0.6, 0.6)),
        hunch=float(rng.uniform(0, 1)),
        grooming=float(rng.random() < 0.06),
        expression=random_expression(seed),
    )
