"""Removes what nobody will resume: uploads that expired, and incoming files that belong to none."""

from __future__ import annotations

import logging

from sqlalchemy import delete, select, update

from hub.context import Hub
from hub.tables import RecordingSession, SessionFile, Upload
from shared.api import FileState, SessionState

log = logging.getLogger(__name__)

COLLECT_EVERY_S = 600.0
CLOSED = (SessionState.STORED, SessionState.REFUSED)


def collect(hub: Hub) -> None:
    """One round. A file that has arrived whole is never removed, however long the rest of its session takes."""
    lying = [path.name for path in hub.storage.incoming.iterdir()]  # before the rows: a row is always older than its file
    now = hub.clock.now()
    with hub.database.writing() as session:
        unfinished = (
            select(SessionFile.id)
            .join(Upload, Upload.file_id == SessionFile.id)
            .where(Upload.expires_at <= now, SessionFile.state == FileState.UPLOADING)
        )
        abandoned = list(session.scalars(unfinished))
        session.execute(update(SessionFile).where(SessionFile.id.in_(abandoned)).values(state=FileState.EXPECTED))
        closed = select(SessionFile.id).join(SessionFile.session).where(RecordingSession.state.in_(CLOSED)).scalar_subquery()
        session.execute(delete(Upload).where(Upload.file_id.in_(abandoned)))
        session.execute(delete(Upload).where(Upload.expires_at <= now, Upload.file_id.in_(closed)))
        known = set(session.scalars(select(Upload.uid)))
    orphans = [name for name in lying if name not in known]
    for name in orphans:
        hub.storage.incoming_file(name).unlink(missing_ok=True)
    if abandoned or orphans:
        log.info("collected uploads", extra={"expired": len(abandoned), "files_removed": len(orphans)})
