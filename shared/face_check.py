"""The face check: what the rig saw of the face about once a second, how much of the session can be scored, and when it is enough.

A check is a promise, not a score: it says whether the hub will be able to score the frame, never what the animal feels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from shared.detections import Part
from shared.documents import BuildReference, Document
from shared.grimace import Fau

CHECKED_FAUS = (Fau.ORBITAL, Fau.NOSE, Fau.EARS, Fau.WHISKERS)
"""The units of a black mouse, in PainFace's order; a frame that shows all of them is a 4-FAU frame."""

LONGEST_SHARE_S = 2.0
"""A check speaks for the time since the one before it, at most for this long: a check that was skipped proves nothing."""

Share = Annotated[float, Field(ge=0, le=1)]


class SeenPart(Document):
    """A part of the face in a check's picture: its box in shares of width and height, so that it fits any size of the picture."""

    part: Part
    left: Share
    top: Share
    right: Share
    bottom: Share
    confidence: Share


class FaceObservation(Document):
    """One check of one frame. Without a face, `parts` has the body at most, and the face's measures are None."""

    sensor_ns: NonNegativeInt
    """The frame that was looked at, by its sensor time: joins the ledger."""
    build: BuildReference
    parts: tuple[SeenPart, ...] = ()
    visible: tuple[Fau, ...] = ()
    sharpness: NonNegativeFloat | None = None
    """Variance of the Laplacian over the face region of the small picture (grey levels squared)."""
    light: Annotated[float, Field(ge=0, le=255)] | None = None
    """Mean luma of the face region."""
    over_exposed: Share | None = None
    under_exposed: Share | None = None
    took_ms: NonNegativeFloat = 0.0

    @property
    def shows_all(self) -> bool:
        return set(CHECKED_FAUS) <= set(self.visible)


@dataclass(frozen=True, slots=True)
class FauRow:
    """A line of `fau.csv`: one check, joined to its frame. A unit's number is its best confidence, 0 when it was not visible.

    The face's box is in frame pixels, 0 without a face; `sharpness` and `light` are -1 then.
    """

    frame_index: int
    part: int
    sensor_ns: int
    faus_visible: int
    face: float
    orbital: float
    nose: float
    ears: float
    whiskers: float
    left_px: int
    top_px: int
    right_px: int
    bottom_px: int
    sharpness: float
    light: float


class SufficiencyGoal(Document):
    """So many 4-FAU frames within so long at the planned sampling rate are enough for a stable mean (paper, Figure 6F)."""

    frames: PositiveInt = 75
    within_s: PositiveFloat = 600.0
    sampling_rate_hz: PositiveFloat = 1.0

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if self.scorable_s > self.within_s:
            raise ValueError(
                f"{self.frames} frames cannot be had in {self.within_s:g} s at {self.sampling_rate_hz:g} frames/s: "
                f"that takes {self.scorable_s:g} s"
            )
        return self

    @property
    def scorable_s(self) -> float:
        """The goal in scorable seconds: at this rate each of them yields `sampling_rate_hz` 4-FAU frames."""
        return self.frames / self.sampling_rate_hz


class Coverage(Document):
    """How much of a session can be scored, so far or in all, as the checks saw it."""

    checks: NonNegativeInt = 0
    checks_all_faus: NonNegativeInt = 0
    checks_of_fau: Mapping[Fau, NonNegativeInt] = {}
    scorable_s: NonNegativeFloat = 0.0
    scorable_s_in_time: NonNegativeFloat = 0.0
    """Those of the goal's first minutes."""
    last_check_s: NonNegativeFloat = 0.0
    """Sensor time of the newest check since the session's first frame."""
    goal_reached_at_s: NonNegativeFloat | None = None

    @property
    def share(self) -> float | None:
        """Coverage: the share of checks that show all FAUs; None before the first check."""
        return self.checks_all_faus / self.checks if self.checks else None

    def with_check(self, since_start_s: float, visible: frozenset[Fau], goal: SufficiencyGoal) -> Self:
        """This coverage and one more check; one that is not newer than the last changes nothing."""
        if self.checks and since_start_s <= self.last_check_s:
            return self
        shows_all = set(CHECKED_FAUS) <= visible
        gained_s = min(since_start_s - self.last_check_s, LONGEST_SHARE_S) if shows_all else 0.0
        in_time_s = self.scorable_s_in_time + (gained_s if since_start_s <= goal.within_s else 0.0)
        reached = self.goal_reached_at_s
        if reached is None and in_time_s >= goal.scorable_s:
            reached = since_start_s
        return self.model_copy(
            update={
                "checks": self.checks + 1,
                "checks_all_faus": self.checks_all_faus + shows_all,
                "checks_of_fau": {fau: self.checks_of_fau.get(fau, 0) + (fau in visible) for fau in CHECKED_FAUS},
                "scorable_s": self.scorable_s + gained_s,
                "scorable_s_in_time": in_time_s,
                "last_check_s": since_start_s,
                "goal_reached_at_s": reached,
            }
        )
