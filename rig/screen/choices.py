"""What a new recording may be chosen from: the hub's roster, the settings, and what was chosen here before."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import ValidationError

from rig.agent.snapshot import RecordingPlan
from rig.settings import RecordingSettings
from shared.api import Roster, RosterStudy
from shared.documents import Document
from shared.grimace import SUBJECT_TYPES

CHOSEN_NAME = "screen-chosen.json"
REMEMBERED = 8
"""Studies and people remembered: what fits on the screen."""


class Chosen(Document):
    """What was chosen before, the newest first: nobody should have to type the same name twice."""

    studies: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    subject_type: str = "c57bl/6"
    duration_min: float | None = None
    end_at_goal: bool | None = None

    def with_plan(self, plan: RecordingPlan) -> Self:
        return self.model_copy(
            update={
                "studies": _first(plan.study.study, self.studies),
                "phases": _first(plan.study.phase, self.phases),
                "operators": _first(plan.study.operator, self.operators),
                "subject_type": plan.study.subject_type,
                "duration_min": plan.duration_s / 60,
                "end_at_goal": plan.end_at_goal,
            }
        )


class StudyChoice(Document):
    """A study on the screen; one that the hub does not list has no animals to choose from."""

    name: str
    subject_type: str
    phases: tuple[str, ...]
    animals: tuple[str, ...] = ()
    listed: bool = False


class Choices(Document):
    """Everything that the pages of a new recording offer, and what is chosen unless somebody chooses otherwise."""

    studies: tuple[StudyChoice, ...]
    phases: tuple[str, ...]
    durations_min: tuple[float, ...]
    operators: tuple[str, ...]
    subject_types: tuple[str, ...] = tuple(SUBJECT_TYPES)
    study: str = ""
    phase: str = ""
    operator: str = ""
    subject_type: str
    duration_min: float
    end_at_goal: bool


def read_chosen(data_folder: Path) -> Chosen:
    """What was chosen before; nothing when that was never kept or cannot be read: it is only a convenience."""
    try:
        return Chosen.read(data_folder / CHOSEN_NAME)
    except (OSError, ValidationError):
        return Chosen()


def keep_chosen(data_folder: Path, plan: RecordingPlan) -> None:
    """Remember the plan's fields for the next one; raises OSError."""
    read_chosen(data_folder).with_plan(plan).write(data_folder / CHOSEN_NAME)


def offer(recording: RecordingSettings, roster: Roster | None, chosen: Chosen) -> Choices:
    """The hub's studies come first, then those that were typed here."""
    listed = tuple(_listed(study) for study in roster.studies) if roster else ()
    names = {study.name for study in listed}
    typed = tuple(
        StudyChoice(name=name, subject_type=chosen.subject_type, phases=recording.phases)
        for name in chosen.studies
        if name not in names
    )
    return Choices(
        studies=listed + typed,
        phases=recording.phases,
        durations_min=recording.durations_min,
        operators=chosen.operators,
        study=chosen.studies[0] if chosen.studies else "",
        phase=chosen.phases[0] if chosen.phases else recording.phases[0] if recording.phases else "",
        operator=chosen.operators[0] if chosen.operators else "",
        subject_type=chosen.subject_type,
        duration_min=recording.default_duration_min if chosen.duration_min is None else chosen.duration_min,
        end_at_goal=recording.end_at_goal if chosen.end_at_goal is None else chosen.end_at_goal,
    )


def _listed(study: RosterStudy) -> StudyChoice:
    return StudyChoice(
        name=study.name,
        subject_type=study.subject_type,
        phases=study.phases,
        animals=tuple(animal.code for animal in study.animals),
        listed=True,
    )


def _first(value: str, others: tuple[str, ...]) -> tuple[str, ...]:
    return ((value,) if value else ()) + tuple(other for other in others if other != value)[: REMEMBERED - 1]
