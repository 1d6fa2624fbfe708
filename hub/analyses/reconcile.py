"""Reconciling: what a vanished worker held is queued again, and queued analyses are rung for until somebody takes them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from hub.analyses.claims import end_attempt, ends
from hub.analyses.doorbell import Doorbell
from hub.context import Hub
from hub.tables import Analysis
from shared.api import AnalysisState, Failure
from shared.faults import WORKER_CRASHED


def end_expired(session: Session, attempts: int, now: datetime) -> None:
    """End the attempts whose worker has not reported within its lease."""
    expired = (Analysis.state == AnalysisState.RUNNING, Analysis.lease_until < now)
    for row in session.scalars(select(Analysis).where(*expired).with_for_update(of=Analysis)).all():
        if ends(session, row, now) is None:
            reason = Failure(code=WORKER_CRASHED.code, detail=f"{row.worker} stopped reporting in attempt {row.attempt}")
            end_attempt(session, row, reason, attempts, now)


def waiting_for_a_ring(session: Session, ring_again_s: float, now: datetime) -> list[str]:
    """The queued analyses that were not rung for lately, the most urgent first."""
    long_ago = now - timedelta(seconds=ring_again_s)
    unrung = or_(Analysis.rung_at.is_(None), Analysis.rung_at < long_ago)
    queued = select(Analysis.uid).where(Analysis.state == AnalysisState.QUEUED, unrung)
    return list(session.scalars(queued.order_by(Analysis.priority.desc(), Analysis.id)))


def note_rung(session: Session, uids: list[str], now: datetime) -> None:
    """Remember when workers were called for these."""
    session.execute(update(Analysis).where(Analysis.uid.in_(uids)).values(rung_at=now))


def forget_rings(session: Session) -> None:
    """Nobody has heard of any queued analysis: the broker lived in a process that is gone."""
    session.execute(update(Analysis).where(Analysis.state == AnalysisState.QUEUED).values(rung_at=None))


def reconcile(hub: Hub, doorbell: Doorbell) -> None:
    """One round. One ring calls all workers, and each takes until nothing is left: it counts for all that are queued."""
    now = hub.clock.now()
    with hub.database.writing() as session:
        end_expired(session, hub.settings.attempts, now)
        waiting = waiting_for_a_ring(session, hub.settings.ring_again_s, now)
    if waiting and doorbell.ring(waiting[0]):
        with hub.database.writing() as session:
            note_rung(session, waiting, now)
