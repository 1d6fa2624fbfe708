"""Finding sealed sessions: a folder with a `session.json` that the journal does not know yet belongs to the outbox.

The folders are the truth, not a message of the recorder: a crash between sealing and telling loses nothing.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from rig.outbox.journal import Journal, OutboxFile, OutboxSession
from rig.outbox.states import State
from rig.selftest.marking import is_self_test
from shared.documents import SessionId
from shared.faults import DISK_FAILED, FILE_CHANGED, MANIFEST_MISMATCH, GrimaceError
from shared.hashing import sha256_of_bytes
from shared.manifest import MANIFEST_NAME, FileRecord, SessionManifest

_session_id: TypeAdapter[str] = TypeAdapter(SessionId)


def enlist_new_sessions(sessions_folder: Path, journal: Journal, now: datetime) -> list[OutboxSession]:
    """Take every sealed session that is not in the journal into it; what was taken in, with those that must not be sent.

    The rig's self-tests are nobody's sessions: they stay here.
    """
    known = journal.session_ids()
    folders = (path.parent for path in sorted(sessions_folder.glob(f"*/{MANIFEST_NAME}")))
    new = (folder for folder in folders if folder.name not in known and _is_session_id(folder.name))
    found = (_found(folder, now) for folder in new if not is_self_test(folder))
    return [session for session in found if journal.enlist(session)]


def _found(folder: Path, now: datetime) -> OutboxSession:
    """The session; without files when the disk fails to tell of them: it is shown then, and examined anew before it is sent."""
    try:
        return examine_session(folder, now)
    except OSError as error:
        fault = GrimaceError(DISK_FAILED, str(error))
        return OutboxSession(folder.name, State.QUEUED, now, now, now, (), fault_code=fault.fault.code, fault_detail=fault.detail)


def examine_session(folder: Path, now: datetime) -> OutboxSession:
    """A sealed session as it lies on the disk: queued, or quarantined when its files cannot be those that were sealed.

    Sizes are compared here and hashes before sending: this runs often and must not read gigabytes. Raises OSError when the disk
    fails to tell, which says nothing about the session.
    """
    recorded_at = now
    files: tuple[OutboxFile, ...] = ()
    fault: GrimaceError | None = None
    try:
        manifest, own = _read_manifest(folder)
        recorded_at = manifest.started_at
        files = (*(_as_sealed(folder, record) for record in manifest.files), own)
    except GrimaceError as error:
        fault = error
    return OutboxSession(
        session_id=folder.name,
        state=State.QUARANTINED if fault else State.QUEUED,
        state_since=now,
        recorded_at=recorded_at,
        enlisted_at=now,
        files=files,
        fault_code=fault.fault.code if fault else None,
        fault_detail=fault.detail if fault else "",
    )


def _read_manifest(folder: Path) -> tuple[SessionManifest, OutboxFile]:
    """The manifest, and itself as a file to be sent."""
    path = folder / MANIFEST_NAME
    content = path.read_bytes()
    try:
        manifest = SessionManifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise GrimaceError(MANIFEST_MISMATCH, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    if manifest.session_id != folder.name:
        raise GrimaceError(MANIFEST_MISMATCH, f"it says it belongs to session {manifest.session_id}")
    names = [record.name for record in manifest.files]
    if len({*names, MANIFEST_NAME}) <= len(names):
        raise GrimaceError(MANIFEST_MISMATCH, "files: a name appears twice")
    return manifest, OutboxFile(MANIFEST_NAME, len(content), path.stat().st_mtime_ns, sha256_of_bytes(content))


def _as_sealed(folder: Path, record: FileRecord) -> OutboxFile:
    try:
        status = (folder / record.name).stat()
    except FileNotFoundError:
        raise GrimaceError(FILE_CHANGED, f"{record.name} is missing") from None
    if status.st_size != record.size_bytes:
        raise GrimaceError(FILE_CHANGED, f"{record.name} has {status.st_size} bytes; {record.size_bytes} were sealed")
    return OutboxFile(record.name, record.size_bytes, status.st_mtime_ns, record.sha256)


def _is_session_id(name: str) -> bool:
    try:
        _session_id.validate_python(name)
    except ValidationError:
        return False
    return True
