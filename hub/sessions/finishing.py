"""From received to stored: files are read back and hashed, moved into the session's folder, and looked through.

Every step can be killed and repeated. The order is what makes it safe: a file is VERIFIED before it is moved, moved before the
session is judged, and the judgement, the receipt and the first analysis are one transaction.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session, selectinload

from hub.analyses import service as analyses
from hub.analyses.builds import choose_build
from hub.context import Hub
from hub.sessions.inspection import Findings, inspect
from hub.tables import RecordingSession, SessionFile, Upload
from shared.api import FileState, SessionState
from shared.durable import sync_directory
from shared.faults import FILE_HASH, GrimaceError
from shared.manifest import FileRecord

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
"""For sessions whose bell was rung in another process, or in one that was killed."""
AUTOMATIC_PRIORITY = 5
DETAIL_LIMIT = 1000


def finish_received(hub: Hub) -> None:
    """One round of the finishing loop: bring every received session to STORED or REFUSED, or back to OPEN.

    One process does it at a time: the others find the lock taken, which the kernel releases when its holder dies.
    """
    with _only_one_process(hub.storage.data_folder / "finishing.lock") as mine:
        if not mine:
            return
        for session_id in _received_sessions(hub):
            try:
                _finish(hub, session_id)
            except Exception:  # whatever is wrong with one session must not hold up the others
                log.exception("a session cannot be finished; it is tried again", extra={"session_row": session_id})


@contextmanager
def _only_one_process(lock: Path) -> Iterator[bool]:
    with lock.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _received_sessions(hub: Hub) -> list[int]:
    """Move complete sessions from OPEN to RECEIVED, and list all that are there."""
    missing = exists().where(
        SessionFile.session_id == RecordingSession.id, SessionFile.state.in_((FileState.EXPECTED, FileState.UPLOADING))
    )
    complete = update(RecordingSession).where(RecordingSession.state == SessionState.OPEN, ~missing)
    received = select(RecordingSession.id).where(RecordingSession.state == SessionState.RECEIVED).order_by(RecordingSession.id)
    with hub.database.writing() as session:
        session.execute(complete.values(state=SessionState.RECEIVED))
        return list(session.scalars(received))


def _finish(hub: Hub, session_id: int) -> None:
    row = _load(hub, session_id)
    wrong = [file for file in row.files if not _verify(hub, row, file)]
    if wrong:
        _ask_again(hub, row, wrong)
        return
    folder = _move_into_folder(hub, row)
    files = [FileRecord(name=file.name, size_bytes=file.size_bytes, sha256=file.sha256) for file in row.files]
    try:
        judgement: Findings | GrimaceError = inspect(folder, row.uid, files)
    except GrimaceError as error:
        judgement = error
    _conclude(hub, session_id, judgement)


def _load(hub: Hub, session_id: int) -> RecordingSession:
    loads = selectinload(RecordingSession.files).selectinload(SessionFile.upload), selectinload(RecordingSession.lab)
    with hub.database.reading() as session:
        return session.scalars(select(RecordingSession).where(RecordingSession.id == session_id).options(*loads)).one()


def _verify(hub: Hub, row: RecordingSession, file: SessionFile) -> bool:
    """Whether the file's bytes, read back from the disk, have the announced hash; notes it when they do."""
    if file.upload is None:
        return False
    incoming = hub.storage.incoming_file(file.upload.uid)
    if file.state is FileState.VERIFIED:
        return incoming.exists() or hub.storage.session_file(row.lab.uid, row.uid, file.name).exists()
    if not _has_hash(incoming, file.sha256):
        return False
    with hub.database.writing() as session:
        found = {"state": FileState.VERIFIED, "verified_at": hub.clock.now()}
        session.execute(update(SessionFile).where(SessionFile.id == file.id).values(found))
    return True


def _has_hash(path: Path, sha256: str) -> bool:
    """Hash what the disk holds, not what memory still holds of it: the system is told to forget its copy first."""
    try:
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False


def _ask_again(hub: Hub, row: RecordingSession, wrong: list[SessionFile]) -> None:
    """Discard what has another hash than announced, so that its sender finds the file missing and sends it anew."""
    names = ", ".join(file.name for file in wrong)
    log.warning("a received file has the wrong hash", extra={"session": row.uid, "files": names})
    ids = [file.id for file in wrong]
    with hub.database.writing() as session:
        session.execute(delete(Upload).where(Upload.file_id.in_(ids)))
        session.execute(update(SessionFile).where(SessionFile.id.in_(ids)).values(state=FileState.EXPECTED))
        told = {"state": SessionState.OPEN, "fault_code": FILE_HASH.code, "fault_detail": names[:DETAIL_LIMIT]}
        session.execute(update(RecordingSession).where(RecordingSession.id == row.id).values(told))
    for file in wrong:
        if file.upload is not None:
            hub.storage.incoming_file(file.upload.uid).unlink(missing_ok=True)


def _move_into_folder(hub: Hub, row: RecordingSession) -> Path:
    """Rename every file into the session's folder, and make that durable; what was moved before stays."""
    folder = hub.storage.session_folder(row.lab.uid, row.uid)
    folder.mkdir(parents=True, exist_ok=True)
    for file in row.files:
        assert file.upload is not None, "the row of an upload is kept until its session is concluded"
        incoming = hub.storage.incoming_file(file.upload.uid)
        if incoming.exists():
            incoming.replace(folder / file.name)
    for changed in (folder, folder.parent, folder.parent.parent, hub.storage.incoming):
        sync_directory(changed)
    return folder


def _conclude(hub: Hub, session_id: int, judgement: Findings | GrimaceError) -> None:
    """Write receipt, judgement and first analysis at once, unless another process did."""
    now = hub.clock.now()
    with hub.database.writing() as session:
        query = select(RecordingSession).where(RecordingSession.id == session_id).with_for_update()
        row = session.scalars(query).one()
        if row.state is not SessionState.RECEIVED:
            return
        row.receipt_number, row.stored_at = str(uuid4()), now
        if isinstance(judgement, GrimaceError):
            row.state = SessionState.REFUSED
            row.fault_code, row.fault_detail = judgement.fault.code, judgement.detail[:DETAIL_LIMIT]
        else:
            row.state, row.fault_code, row.fault_detail = SessionState.STORED, None, ""
            row.manifest = judgement.manifest.model_dump(mode="json") if judgement.manifest else None
            row.duration_s = judgement.duration_s
            row.warnings = [entry.model_dump(mode="json") for entry in judgement.warnings]
            _queue_first_analysis(hub, session, row, now)
        log.info("session concluded", extra={"session": row.uid, "state": row.state, "fault": row.fault_code})
    hub.queued.ring()


def _queue_first_analysis(hub: Hub, session: Session, row: RecordingSession, now: datetime) -> None:
    """The analysis that every stored session gets by itself; without a build it waits for a person to ask."""
    rate = hub.settings.analyse_at_rate
    if not rate:
        return
    try:
        build = choose_build(hub.settings)
    except GrimaceError as error:
        log.warning("no automatic analysis", extra={"session": row.uid, "reason": str(error)})
        return
    session.flush()
    analyses.queue(session, row, build, rate, AUTOMATIC_PRIORITY, now)
