"""Sessions as they stand in a hub after upload and verification, without the way there."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import select

from hub.database import Database
from hub.storage import Storage
from hub.tables import Lab, RecordingSession, SessionFile
from shared.api import FileState, SessionAnnouncement, SessionState
from shared.hashing import sha256_of_bytes
from shared.manifest import MANIFEST_NAME, SessionManifest
from tests.sealed_sessions import RECORDED_AT, seal_session


def store_session(
    database: Database, storage: Storage, folder: Path, *, lab: str = "Lab", frames: int = 30, subject_type: str = "c57bl/6"
) -> str:
    """Seal a session of noise in `folder` and put it into the hub as stored; its id."""
    sealed = seal_session(folder, frames=frames)
    manifest = SessionManifest.read(sealed / MANIFEST_NAME)
    study = manifest.study.model_copy(update={"subject_type": subject_type})
    announcement = SessionAnnouncement(study=study, recorded_at=RECORDED_AT, files=manifest.files)
    with database.writing() as session:
        home = session.scalars(select(Lab).where(Lab.name == lab)).one()
        shutil.copytree(sealed, storage.session_folder(home.uid, sealed.name))
        row = RecordingSession(
            uid=sealed.name,
            lab_id=home.id,
            state=SessionState.STORED,
            announcement=announcement.model_dump(mode="json"),
            announcement_sha256=sha256_of_bytes(announcement.model_dump_json().encode()),
            manifest=manifest.model_dump(mode="json"),
            warnings=[],
            recorded_at=RECORDED_AT,
            announced_at=RECORDED_AT,
            stored_at=RECORDED_AT,
        )
        names = sorted(path.name for path in sealed.iterdir())
        row.files = [_verified(sealed / name) for name in names]
        session.add(row)
    return sealed.name


def _verified(path: Path) -> SessionFile:
    content = path.read_bytes()
    return SessionFile(
        name=path.name,
        size_bytes=len(content),
        sha256=sha256_of_bytes(content),
        state=FileState.VERIFIED,
        verified_at=RECORDED_AT,
    )
