"""A live hub with stored sessions to analyse, and no worker but the test."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.analyses import service
from hub.analyses.reconcile import end_expired
from hub.tables import Analysis, RecordingSession
from tests.hub.live_hub import LiveHub
from tests.hub.stored_sessions import store_session

BUILD = "synthetic-2026.11"
UNDISTURBED_S = 3600.0
"""The hub's own dispatch loop stays out of what a test looks at."""


class AnalysisHub(LiveHub):
    """A LiveHub with one lab, and the analyses' rows at hand."""

    def __init__(self, folder: Path, **settings: object) -> None:
        super().__init__(folder, **{"reconcile_s": UNDISTURBED_S, **settings})
        self.folder = folder

    def store(self, **asked: object) -> str:
        """A new stored session's id."""
        return store_session(self.parts.database, self.parts.storage, self.folder / "recorded", **asked)  # type: ignore[arg-type]

    def queue(self, session_uid: str, *, rate: float = 1.0, priority: int = 5) -> str:
        """The id of the session's analysis."""
        with self.parts.database.writing() as session:
            row = session.scalars(select(RecordingSession).where(RecordingSession.uid == session_uid)).one()
            return service.queue(session, row, BUILD, rate, priority, self.clock.now()).uid

    def row(self, session: Session, uid: str) -> Analysis:
        return session.scalars(select(Analysis).where(Analysis.uid == uid)).one()

    def analysis(self, uid: str) -> Analysis:
        """The row as it stands now."""
        with self.parts.database.reading() as session:
            return self.row(session, uid)

    def cancel(self, uid: str) -> None:
        with self.parts.database.writing() as session:
            service.cancel(session, self.row(session, uid), self.clock.now())

    def retry(self, uid: str) -> None:
        with self.parts.database.writing() as session:
            service.retry(session, self.row(session, uid))

    def let_leases_expire(self) -> None:
        """Let the time of every lease pass, and the hub notice."""
        self.clock.advance(self.parts.settings.lease_s + 1)
        self.notice_expired_leases()

    def notice_expired_leases(self) -> None:
        """What the hub's dispatch loop does every few seconds."""
        with self.parts.database.writing() as session:
            end_expired(session, self.parts.settings.attempts, self.clock.now())
