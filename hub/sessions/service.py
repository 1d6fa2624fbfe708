"""Sessions: announcing them and finding them, always within one lab."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from hub.permissions import Actor, Who
from hub.tables import Analysis, RecordingSession, SessionFile
from shared.api import FileState, SessionAnnouncement, SessionState
from shared.faults import NOT_FOUND, NOT_VALID, SESSION_CONFLICT, GrimaceError
from shared.hashing import sha256_of_bytes
from shared.manifest import MANIFEST_NAME


def visible_to(actor: Actor) -> Select[RecordingSession]:
    """The sessions that the actor may know of: its lab's; for a rig, those that it recorded itself."""
    query = select(RecordingSession).where(RecordingSession.lab_id == actor.lab_id)
    if actor.who is Who.RIG:
        query = query.where(RecordingSession.rig_id == actor.rig_id)
    return query


def find(session: Session, actor: Actor, session_uid: str) -> RecordingSession:
    """The session of that id; one of another lab is not found."""
    query = visible_to(actor).where(RecordingSession.uid == session_uid)
    found = session.scalar(query.options(selectinload(RecordingSession.files).selectinload(SessionFile.upload)))
    if found is None:
        raise GrimaceError(NOT_FOUND, f"session {session_uid}")
    return found


def page(session: Session, actor: Actor, before_id: int | None, limit: int) -> list[RecordingSession]:
    """The newest sessions, or those older than the row `before_id`."""
    query = visible_to(actor).order_by(RecordingSession.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(RecordingSession.id < before_id)
    loads = selectinload(RecordingSession.files).selectinload(SessionFile.upload), selectinload(RecordingSession.analyses)
    return list(session.scalars(query.options(*loads)))


def announce(session: Session, actor: Actor, session_uid: str, announcement: SessionAnnouncement, now: datetime) -> bool:
    """Note that a session will be uploaded; True when it is new. The same announcement again changes nothing.

    Raises E_SESSION_CONFLICT when the session was announced with other content, E_NOT_VALID for an announcement that cannot be.
    """
    _check(announcement)
    fingerprint = sha256_of_bytes(announcement.model_dump_json().encode())
    if _is_announced(session, actor, session_uid, fingerprint):
        return False
    assert actor.lab_id is not None, "the permission table lets only a lab's actors announce"
    row = RecordingSession(
        uid=session_uid,
        lab_id=actor.lab_id,
        rig_id=actor.rig_id,
        state=SessionState.OPEN,
        announcement=announcement.model_dump(mode="json"),
        announcement_sha256=fingerprint,
        warnings=[],
        recorded_at=announcement.recorded_at,
        announced_at=now,
    )
    row.files = [
        SessionFile(name=file.name, size_bytes=file.size_bytes, sha256=file.sha256, state=FileState.EXPECTED)
        for file in announcement.files
    ]
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # somebody announced it at the same moment
        if not _is_announced(session, actor, session_uid, fingerprint):
            raise
        return False
    return True


def _is_announced(session: Session, actor: Actor, session_uid: str, fingerprint: str) -> bool:
    """Whether the lab has this very session already; raises E_SESSION_CONFLICT when it has another one of that id."""
    known = session.scalar(
        select(RecordingSession).where(RecordingSession.lab_id == actor.lab_id, RecordingSession.uid == session_uid)
    )
    if known is not None and (known.announcement_sha256 != fingerprint or known.rig_id != actor.rig_id):
        raise GrimaceError(SESSION_CONFLICT, session_uid)
    return known is not None


def _check(announcement: SessionAnnouncement) -> None:
    names = [file.name for file in announcement.files]
    if len(set(names)) != len(names):
        raise GrimaceError(NOT_VALID, "files: a name appears twice")
    videos = [name for name in names if name.lower().endswith(".mp4")]
    if not videos:
        raise GrimaceError(NOT_VALID, "files: no .mp4 video is among them")
    if MANIFEST_NAME not in names and len(videos) != 1:
        raise GrimaceError(NOT_VALID, f"files: without a {MANIFEST_NAME} exactly one video is expected")


def analyses_visible_to(actor: Actor) -> Select[Analysis]:
    """The analyses of the sessions that the actor may know of."""
    query = select(Analysis).where(Analysis.lab_id == actor.lab_id)
    if actor.who is Who.RIG:
        query = query.join(Analysis.session).where(RecordingSession.rig_id == actor.rig_id)
    return query.options(selectinload(Analysis.session))
