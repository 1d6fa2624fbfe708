"""Advice to the person at the chamber: why the face cannot be scored at the moment, worked out from the latest checks.

What a check shows must last before it becomes advice, and must be gone for a while before the advice goes: a mouse moves all the
time, and a screen that flickers is not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rig.agent.snapshot import Advice, AdviceKind
from rig.luma import BLACK
from shared.detections import Part
from shared.face_check import CHECKED_FAUS, FaceObservation
from shared.grimace import Fau


@dataclass(frozen=True, slots=True)
class AdviceLimits:
    """When a check's measures are bad, and for how long they must be so.

    The three about the picture are far beyond what painted mice in good light show, and where the detector begins to fail
    (`docs/face-check-accuracy.md`, "Light and focus").
    """

    told_after_s: float = 10.0
    gone_after_s: float = 3.0
    silent_after_s: float = 5.0
    """Without a check for so long, nothing is known."""
    darkest_face: float = 30.0
    """Mean luma of the face region, of which black is 16; a black mouse's face in good light is far from it."""
    over_exposed_share: float = 0.25
    """Of the face region."""
    least_relative_sharpness: float = 0.001
    """Sharpness over the squared light above black: the same for a dark and a bright picture of one scene."""
    most_pieces: int = 2
    """More at a time is not read."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that can be wrong: what the advice will be about."""

    kind: AdviceKind
    fau: Fau | None = None


TROUBLES = (
    Trouble(AdviceKind.TOO_DARK),
    Trouble(AdviceKind.TOO_BRIGHT),
    Trouble(AdviceKind.FACING_AWAY),
    Trouble(AdviceKind.NO_FACE),
    Trouble(AdviceKind.BLURRED),
    *(Trouble(AdviceKind.FAU_HIDDEN, fau) for fau in CHECKED_FAUS),
)
"""The most useful to know first: what a person can mend, and what explains those after it."""


@dataclass(frozen=True, slots=True)
class Spell:
    """For how long a trouble has lasted, on the clock of the checks."""

    since_s: float
    confirmed_s: float
    """When a check last showed it."""
    told: bool = False


class AdviceKeeper:
    """Follows the checks of one rig. The times given to it are seconds of one monotonic clock."""

    def __init__(self, now_s: float, limits: AdviceLimits = AdviceLimits()) -> None:
        self._limits = limits
        self._checked_s = now_s
        self._newest_sensor_ns: int | None = None
        self._spells: Mapping[Trouble, Spell] = {}

    def observe(self, at_s: float, observation: FaceObservation) -> None:
        """Take note of a check, told at `at_s`; one that is told again changes nothing."""
        if observation.sensor_ns == self._newest_sensor_ns:
            return
        self._newest_sensor_ns = observation.sensor_ns
        self._checked_s = at_s
        self._spells = spells_after(self._spells, at_s, observation, self._limits)

    def advice(self, now_s: float) -> tuple[Advice, ...]:
        """What to tell now, the most useful first; empty when the face can be scored."""
        silent_s = now_s - self._checked_s
        if silent_s > self._limits.silent_after_s:
            return (Advice(kind=AdviceKind.NO_CHECK, for_s=silent_s),)
        return most_useful(self._spells, now_s, self._limits)


def most_useful(spells: Mapping[Trouble, Spell], now_s: float, limits: AdviceLimits) -> tuple[Advice, ...]:
    """The first few of the troubles that have lasted; of hidden units, the longest hidden first."""
    told = [(trouble, spells[trouble]) for trouble in TROUBLES if trouble in spells and spells[trouble].told]
    away = any(trouble.kind is AdviceKind.FACING_AWAY for trouble, _ in told)
    useful = [found for found in told if not (away and found[0].kind is AdviceKind.NO_FACE)]
    useful.sort(key=lambda found: found[1].since_s if found[0].kind is AdviceKind.FAU_HIDDEN else float("-inf"))
    return tuple(
        Advice(kind=trouble.kind, fau=trouble.fau, for_s=max(0.0, now_s - spell.since_s))
        for trouble, spell in useful[: limits.most_pieces]
    )


def spells_after(
    spells: Mapping[Trouble, Spell], at_s: float, observation: FaceObservation, limits: AdviceLimits
) -> Mapping[Trouble, Spell]:
    """The spells that go on or begin with this check."""
    shown = {trouble: shows(trouble, observation, limits) for trouble in TROUBLES}
    followed = {trouble: _followed(spells.get(trouble), at_s, shown[trouble], limits) for trouble in TROUBLES}
    return {trouble: spell for trouble, spell in followed.items() if spell is not None}


def _followed(spell: Spell | None, at_s: float, shown: bool | None, limits: AdviceLimits) -> Spell | None:
    if shown:
        if spell is None or at_s - spell.confirmed_s > limits.silent_after_s:
            return Spell(at_s, at_s)  # nobody looked in between
        return replace(spell, confirmed_s=at_s, told=spell.told or at_s - spell.since_s >= limits.told_after_s)
    if spell is None or at_s - spell.confirmed_s >= limits.gone_after_s:
        return None
    return spell if spell.told or shown is None else None


def shows(trouble: Trouble, observation: FaceObservation, limits: AdviceLimits) -> bool | None:
    """Whether the check shows this trouble; None when it can tell neither way."""
    parts = {seen.part for seen in observation.parts}
    face_seen = Part.FACE in parts
    match trouble.kind:
        case AdviceKind.NO_FACE:
            return False if face_seen else (None if Part.BODY in parts else True)
        case AdviceKind.FACING_AWAY:
            return False if face_seen else (True if Part.BODY in parts else None)
        case AdviceKind.FAU_HIDDEN:
            return trouble.fau not in observation.visible if face_seen else None
        case AdviceKind.TOO_DARK:
            return None if observation.light is None else observation.light < limits.darkest_face
        case AdviceKind.TOO_BRIGHT:
            return None if observation.over_exposed is None else observation.over_exposed > limits.over_exposed_share
        case AdviceKind.BLURRED:
            return _is_blurred(observation, limits)
        case AdviceKind.NO_CHECK:
            return None  # a check cannot show that there is none


def _is_blurred(observation: FaceObservation, limits: AdviceLimits) -> bool | None:
    if observation.sharpness is None or observation.light is None or observation.light < limits.darkest_face:
        return None  # in the dark nothing is sharp
    return observation.sharpness / (observation.light - BLACK) ** 2 < limits.least_relative_sharpness
