"""Analyses as people see them: queued, found, cancelled, tried again. What workers do is in `claims`."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.analyses.states import move
from hub.permissions import Actor
from hub.sessions.service import analyses_visible_to
from hub.tables import Analysis, RecordingSession
from shared.api import AnalysisState, SessionState
from shared.faults import NOT_FOUND, NOT_VALID, GrimaceError


def queue(session: Session, row: RecordingSession, build: str, rate: float, priority: int, now: datetime) -> Analysis:
    """Queue the analysis of a stored session by a build at a sampling rate (frames/s), and answer its row.

    The same again answers the row that there is, whatever became of it: the work is never done twice. Ring `Hub.queued` after
    the transaction. Raises E_NOT_VALID when the session is not stored.
    """
    if row.state is not SessionState.STORED:
        raise GrimaceError(NOT_VALID, f"session {row.uid} is {row.state}: only a stored session can be analysed")
    known = find_same(session, row, build, rate)
    if known is not None:
        return known
    queued = Analysis(
        uid=str(uuid4()),
        lab_id=row.lab_id,
        session_id=row.id,
        build=build,
        rate=rate,
        priority=priority,
        state=AnalysisState.QUEUED,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(queued)
    except IntegrityError:  # somebody queued the same at the same moment
        known = find_same(session, row, build, rate)
        if known is None:
            raise
        return known
    return queued


def find_same(session: Session, row: RecordingSession, build: str, rate: float) -> Analysis | None:
    """The session's analysis by this build at this rate, if there is one."""
    return session.scalar(select(Analysis).where(Analysis.session_id == row.id, Analysis.build == build, Analysis.rate == rate))


def find(session: Session, actor: Actor, uid: str) -> Analysis:
    """The analysis of that id; one of another lab is not found."""
    found = session.scalar(analyses_visible_to(actor).where(Analysis.uid == uid))
    if found is None:
        raise GrimaceError(NOT_FOUND, f"analysis {uid}")
    return found


def page(session: Session, actor: Actor, before_id: int | None, limit: int) -> list[Analysis]:
    """The newest analyses, or those older than the row `before_id`."""
    query = analyses_visible_to(actor).order_by(Analysis.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(Analysis.id < before_id)
    return list(session.scalars(query))


def cancel(session: Session, row: Analysis, now: datetime) -> None:
    """End an analysis: a queued one at once, a running one when its worker reports next; an ended one stays as it is."""
    if row.state is AnalysisState.QUEUED and move(session, row, AnalysisState.CANCELLED, ended_at=now):
        return
    if row.state is AnalysisState.RUNNING:  # as well when a worker took it a moment ago
        row.cancel_requested = True


def retry(session: Session, row: Analysis) -> None:
    """Queue a failed or cancelled analysis anew, with all its attempts; any other stays as it is."""
    if row.state not in {AnalysisState.FAILED, AnalysisState.CANCELLED}:
        return
    move(
        session,
        row,
        AnalysisState.QUEUED,
        attempt=0,
        fence=None,
        lease_until=None,
        cancel_requested=False,
        rung_at=None,
        frames_done=0,
        frames_planned=0,
        worker=None,
        fault_code=None,
        fault_detail="",
        started_at=None,
        ended_at=None,
    )
