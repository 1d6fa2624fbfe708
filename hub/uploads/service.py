"""Uploads as rows: created for an announced file, moved on, finished, given up. The row's offset is what was synced to disk."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, contains_eager

from hub.permissions import Actor
from hub.sessions.service import visible_to
from hub.settings import HubSettings
from hub.tables import RecordingSession, SessionFile, Upload
from hub.uploads.protocol import Target
from shared.api import FileState
from shared.faults import NOT_ALLOWED, NOT_FOUND, NOT_VALID, UPLOAD_CONFLICT, UPLOAD_GONE, UPLOAD_TOO_LARGE, GrimaceError

ARRIVED = frozenset({FileState.RECEIVED, FileState.VERIFIED})


def create(
    session: Session, actor: Actor, target: Target, size_bytes: int, header: str, settings: HubSettings, now: datetime
) -> Upload:
    """The upload of an announced file: a new one, or the one that there is, so that a client that lost the answer finds it.

    For a file that has arrived already it is a finished one: its offset equals its size, and the client has nothing to send.
    Raises E_NOT_FOUND when the actor knows no such file, E_NOT_VALID when size or hash are not those announced, and
    E_UPLOAD_TOO_LARGE.
    """
    file = _announced_file(session, actor, target)
    if size_bytes > settings.upload_limit_bytes:
        raise GrimaceError(UPLOAD_TOO_LARGE, f"{size_bytes} bytes, the hub takes {settings.upload_limit_bytes}")
    if size_bytes != file.size_bytes:
        raise GrimaceError(NOT_VALID, f"Upload-Length: {size_bytes}, but {file.name} was announced with {file.size_bytes} bytes")
    if target.sha256 not in {None, file.sha256}:
        raise GrimaceError(NOT_VALID, f"Upload-Metadata: sha256 is not the one announced for {file.name}")
    arrived = file.state in ARRIVED
    known = file.upload
    if known is not None and (arrived or known.expires_at > now):
        return known
    if known is not None:
        session.delete(known)
        session.flush()
    created = Upload(
        uid=str(uuid4()),
        lab_id=file.lab_id,
        file_id=file.id,
        size_bytes=size_bytes,
        offset_bytes=size_bytes if arrived else 0,
        metadata_header=header,
        created_at=now,
        expires_at=now + timedelta(seconds=settings.upload_expires_s),
    )
    session.add(created)
    if not arrived:
        file.state = FileState.UPLOADING
    session.flush()
    return created


def _announced_file(session: Session, actor: Actor, target: Target) -> SessionFile:
    """The file, locked until the transaction ends: two requests must not both make its upload."""
    owned = visible_to(actor).where(RecordingSession.uid == target.session_uid).with_only_columns(RecordingSession.id)
    query = select(SessionFile).where(SessionFile.session_id.in_(owned), SessionFile.name == target.file_name)
    file = session.scalar(query.with_for_update())
    if file is None:
        raise GrimaceError(NOT_FOUND, f"no announced file {target.file_name} in a session {target.session_uid}")
    return file


def find(session: Session, actor: Actor, upload_uid: str, now: datetime) -> Upload:
    """The upload; raises E_NOT_FOUND when there is none that the actor may know of, E_UPLOAD_GONE when it has expired."""
    query = select(Upload).join(Upload.file).join(SessionFile.session).options(contains_eager(Upload.file))
    visible = visible_to(actor).with_only_columns(RecordingSession.id)
    found = session.scalar(query.where(Upload.uid == upload_uid, RecordingSession.id.in_(visible)))
    if found is None:
        raise GrimaceError(NOT_FOUND, f"upload {upload_uid}; it may have been terminated, or expired long ago")
    if found.expires_at <= now and found.file.state not in ARRIVED:
        raise GrimaceError(UPLOAD_GONE, f"it expired at {found.expires_at:%Y-%m-%d %H:%M} UTC")
    return found


def move_offset(session: Session, upload: Upload, offset_bytes: int, expires_at: datetime) -> None:
    """Note that the bytes up to `offset_bytes` are synced, or no longer wanted when it is less than before.

    Raises E_UPLOAD_CONFLICT when somebody else moved the upload or gave it up meanwhile.
    """
    as_known = (Upload.id == upload.id, Upload.offset_bytes == upload.offset_bytes)
    moved = session.execute(update(Upload).where(*as_known).values(offset_bytes=offset_bytes, expires_at=expires_at))
    if moved.rowcount != 1:  # type: ignore[attr-defined]  # a CursorResult, typed as Result
        raise GrimaceError(UPLOAD_CONFLICT, "it was changed by another request")


def mark_received(session: Session, upload: Upload) -> None:
    """Note that every byte of the upload's file is here; the second time changes nothing."""
    still_open = (SessionFile.id == upload.file_id, SessionFile.state == FileState.UPLOADING)
    session.execute(update(SessionFile).where(*still_open).values(state=FileState.RECEIVED))


def give_up(session: Session, upload: Upload) -> None:
    """Forget an unfinished upload; its file can be uploaded anew. Raises E_NOT_ALLOWED for a file that has arrived whole."""
    if upload.file.state in ARRIVED:
        raise GrimaceError(NOT_ALLOWED, f"{upload.file.name} has arrived whole and is kept")
    upload.file.state = FileState.EXPECTED
    session.execute(delete(Upload).where(Upload.id == upload.id))
