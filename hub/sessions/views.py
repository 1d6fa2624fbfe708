"""Rows as the API shows them."""

from __future__ import annotations

from hub.tables import Analysis, RecordingSession, SessionFile
from shared.api import (
    TUS_PATH,
    AnalysisView,
    FileState,
    Receipt,
    ScoreSummary,
    SessionAnnouncement,
    SessionView,
    UploadedFile,
    Warn,
)
from shared.faults import FAULTS
from shared.manifest import FileRecord


def file_view(file: SessionFile) -> UploadedFile:
    """A file with the offset from which its upload goes on; a finished one stands at its size."""
    upload = file.upload if file.state is FileState.UPLOADING else None
    arrived = file.size_bytes if file.state in {FileState.RECEIVED, FileState.VERIFIED} else 0
    return UploadedFile(
        name=file.name,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        state=file.state,
        offset_bytes=upload.offset_bytes if upload else arrived,
        upload=f"{TUS_PATH}/{upload.uid}" if upload else None,
    )


def receipt_of(row: RecordingSession) -> Receipt | None:
    """The receipt of a stored (or, with verified hashes, refused) session."""
    if row.receipt_number is None or row.stored_at is None:
        return None
    files = tuple(FileRecord(name=file.name, size_bytes=file.size_bytes, sha256=file.sha256) for file in row.files)
    return Receipt(number=row.receipt_number, session_id=row.uid, stored_at=row.stored_at, files=files)


def session_view(row: RecordingSession) -> SessionView:
    """A session with its files and analyses."""
    announcement = SessionAnnouncement.model_validate(row.announcement)
    return SessionView(
        session_id=row.uid,
        state=row.state,
        study=announcement.study,
        rig_id=row.rig.name if row.rig else None,
        recorded_at=row.recorded_at,
        announced_at=row.announced_at,
        duration_s=row.duration_s,
        files=tuple(map(file_view, row.files)),
        receipt=receipt_of(row),
        fault=Warn.of(FAULTS[row.fault_code], row.fault_detail) if row.fault_code else None,
        warnings=tuple(Warn.model_validate(entry) for entry in row.warnings),
        analyses=tuple(map(analysis_view, row.analyses)),
    )


def analysis_view(row: Analysis) -> AnalysisView:
    """An analysis with its progress, reason of failure, or summary."""
    return AnalysisView(
        analysis_id=row.uid,
        session_id=row.session.uid,
        build=row.build,
        rate=row.rate,
        priority=row.priority,
        state=row.state,
        attempt=row.attempt,
        frames_done=row.frames_done,
        frames_planned=row.frames_planned,
        cancel_requested=row.cancel_requested,
        worker=row.worker,
        fault=Warn.of(FAULTS[row.fault_code], row.fault_detail) if row.fault_code else None,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        summary=ScoreSummary.model_validate(row.summary) if row.summary else None,
    )
