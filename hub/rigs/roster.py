"""Whom a lab films, as its rigs may know it: from what its sessions say, and never with a group."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.tables import RecordingSession
from shared.api import Roster, RosterAnimal, RosterStudy
from shared.manifest import StudyMetadata

SESSIONS_LOOKED_AT = 2000
"""The newest: months of a busy lab, read in some 20 ms."""


def filmed_lately(session: Session, lab_id: int) -> list[StudyMetadata]:
    """What was said about the lab's sessions, the newest first."""
    newest = select(RecordingSession.announcement["study"]).where(RecordingSession.lab_id == lab_id)
    rows = session.scalars(newest.order_by(RecordingSession.id.desc()).limit(SESSIONS_LOOKED_AT))
    return [StudyMetadata.model_validate(row) for row in rows]


def roster_of(filmed: Iterable[StudyMetadata], made_at: datetime) -> Roster:
    """The studies that `filmed` (newest first) names, the one filmed last first; phases in the order of their first use."""
    by_study: dict[str, list[StudyMetadata]] = {}
    for about in filmed:
        if about.study:
            by_study.setdefault(about.study, []).append(about)
    return Roster(made_at=made_at, studies=tuple(_study(name, sessions) for name, sessions in by_study.items()))


def _study(name: str, newest_first: list[StudyMetadata]) -> RosterStudy:
    phases = dict.fromkeys(about.phase for about in reversed(newest_first) if about.phase)
    animals = {about.animal: about for about in reversed(newest_first) if about.animal}
    return RosterStudy(
        name=name,
        subject_type=newest_first[0].subject_type,
        phases=tuple(phases),
        animals=tuple(RosterAnimal(code=code, sex=about.sex, strain=about.strain) for code, about in sorted(animals.items())),
    )
