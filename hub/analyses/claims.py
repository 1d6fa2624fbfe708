"""What a worker does with an analysis: claim, report, deliver its table, complete, fail or give it back.

A claim hands out a fence, an id that only its holder knows; every later word must carry it. Who lost the lease holds an old fence
and changes nothing. Functions answer the fault that ends the work instead of raising it: the change they made must be committed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hub.analyses.states import move
from hub.storage import Storage
from hub.tables import Analysis, SessionFile
from shared.api import (
    AnalysisState,
    ClaimedAnalysis,
    ClaimRequest,
    Completion,
    Failure,
    FileState,
    ProgressReport,
    ScoreSummary,
    SessionAnnouncement,
)
from shared.durable import sync_directory
from shared.faults import ANALYSIS_CANCELLED, FAULTS, LEASE_LOST, NOT_FOUND, NOT_VALID, SCORING_FAILED, Fault, GrimaceError
from shared.manifest import FileRecord

DETAIL_LENGTH = 1000
"""What the column `fault_detail` holds."""


def claim(session: Session, request: ClaimRequest, lease_s: float, now: datetime) -> ClaimedAnalysis | None:
    """Take the named analysis, or the most urgent one (then the oldest); None when it is not, or nothing is, queued."""
    while (row := session.scalar(_queued(request.analysis_id))) is not None:
        taken = move(
            session,
            row,
            AnalysisState.RUNNING,
            fence=str(uuid4()),
            attempt=row.attempt + 1,
            lease_until=now + timedelta(seconds=lease_s),
            worker=request.worker,
            frames_done=0,
            frames_planned=0,
            started_at=now,
        )
        if taken:
            return _as_claimed(row, lease_s)
    return None


def _queued(uid: str | None) -> Select[Analysis]:
    queued = select(Analysis).where(Analysis.state == AnalysisState.QUEUED)
    if uid is not None:
        return queued.where(Analysis.uid == uid)
    return queued.order_by(Analysis.priority.desc(), Analysis.id).limit(1)


def _as_claimed(row: Analysis, lease_s: float) -> ClaimedAnalysis:
    assert row.fence is not None, "the claim has just set it"
    verified = (file for file in row.session.files if file.state is FileState.VERIFIED)
    return ClaimedAnalysis(
        analysis_id=row.uid,
        session_id=row.session.uid,
        fence=row.fence,
        lease_s=lease_s,
        attempt=row.attempt,
        build=row.build,
        rate=row.rate,
        subject_type=SessionAnnouncement.model_validate(row.session.announcement).study.subject_type,
        files=tuple(FileRecord(name=file.name, size_bytes=file.size_bytes, sha256=file.sha256) for file in verified),
    )


def held(session: Session, uid: str, fence: str) -> Analysis:
    """The analysis that was claimed with this fence, locked until the transaction ends; raises E_NOT_FOUND, E_LEASE_LOST."""
    row = session.scalar(select(Analysis).where(Analysis.uid == uid).with_for_update(of=Analysis))
    if row is None:
        raise GrimaceError(NOT_FOUND, f"analysis {uid}")
    if row.fence != fence:
        raise GrimaceError(LEASE_LOST, f"analysis {uid}")
    return row


def file_of(session: Session, row: Analysis, name: str, storage: Storage) -> Path:
    """Where a verified file of the analysis' session lies; raises E_NOT_FOUND."""
    wanted = (SessionFile.session_id == row.session_id, SessionFile.name == name, SessionFile.state == FileState.VERIFIED)
    found = session.scalar(select(SessionFile).where(*wanted))
    if found is None:
        raise GrimaceError(NOT_FOUND, f"file {name}")
    return storage.session_file(row.session.lab.uid, row.session.uid, found.name)


def ends(session: Session, row: Analysis, now: datetime) -> Fault | None:
    """Why the holder of `row` must stop, if it must. A cancellation that was asked for takes place here."""
    if row.state is AnalysisState.RUNNING and row.cancel_requested:
        move(session, row, AnalysisState.CANCELLED, lease_until=None, ended_at=now)
    if row.state is AnalysisState.CANCELLED:
        return ANALYSIS_CANCELLED
    return None if row.state is AnalysisState.RUNNING else LEASE_LOST


def progress(session: Session, uid: str, fence: str, report: ProgressReport, lease_s: float, now: datetime) -> Fault | None:
    """Note how far the worker is and renew its lease; answers why it must stop, if it must."""
    row = held(session, uid, fence)
    if (end := ends(session, row, now)) is not None:
        return end
    row.frames_done, row.frames_planned = report.frames_done, report.frames_planned
    row.lease_until = now + timedelta(seconds=lease_s)
    return None


def complete(
    session: Session, storage: Storage, uid: str, fence: str, completion: Completion, delivered: Path | None, now: datetime
) -> Fault | None:
    """Put the delivered table in its place and call the analysis done; the same again changes nothing.

    `delivered` is the table that has the completion's hash. Raises E_NOT_VALID when there is none, or the summary speaks of
    another analysis.
    """
    row = held(session, uid, fence)
    summary = completion.summary.model_copy(update={"session_id": row.session.uid, "analysis_id": row.uid})
    content = summary.model_dump(mode="json")
    if row.state is AnalysisState.DONE and (row.table_sha256, row.summary) == (completion.table_sha256, content):
        return None
    if (end := ends(session, row, now)) is not None:
        return end
    _check_summary(row, summary)
    if delivered is None:
        raise GrimaceError(NOT_VALID, f"no table with SHA-256 {completion.table_sha256[:12]}… was delivered")
    move(
        session,
        row,
        AnalysisState.DONE,
        table_sha256=completion.table_sha256,
        summary=content,
        frames_done=summary.frames_analysed,
        frames_planned=summary.frames_analysed,
        lease_until=None,
        fault_code=None,
        fault_detail="",
        ended_at=now,
    )
    delivered.replace(storage.result_table(row.uid))  # a commit that fails after this is repaired by completing again
    for abandoned in storage.received_tables(row.uid):
        abandoned.unlink()
    sync_directory(storage.results)
    return None


def _check_summary(row: Analysis, summary: ScoreSummary) -> None:
    if (summary.build, summary.rate) != (row.build, row.rate):
        raise GrimaceError(NOT_VALID, f"the summary is of {summary.build} at {summary.rate}/s, not {row.build} at {row.rate}/s")


def fail(session: Session, uid: str, fence: str, failure: Failure, attempts: int, now: datetime) -> Fault | None:
    """Note why the attempt failed: the analysis is queued again, or failed when that would not help or it was tried enough."""
    row = held(session, uid, fence)
    if row.state is AnalysisState.FAILED:
        return None
    if (end := ends(session, row, now)) is not None:
        return end
    end_attempt(session, row, failure, attempts, now)
    return None


def end_attempt(session: Session, row: Analysis, failure: Failure, attempts: int, now: datetime) -> None:
    """End a running attempt without a result: queued again with the reason, or failed."""
    known = failure.code in FAULTS
    reason = {
        "fault_code": failure.code if known else SCORING_FAILED.code,
        "fault_detail": (failure.detail if known else f"{failure.code}: {failure.detail}")[:DETAIL_LENGTH],
    }
    if failure.final or row.attempt >= attempts:
        move(session, row, AnalysisState.FAILED, lease_until=None, ended_at=now, **reason)
    else:
        move(session, row, AnalysisState.QUEUED, fence=None, lease_until=None, rung_at=None, **reason)


def give_back(session: Session, uid: str, fence: str, now: datetime) -> Fault | None:
    """Queue the analysis again as if this attempt had not been: its worker shuts down."""
    row = held(session, uid, fence)
    if (end := ends(session, row, now)) is not None:
        return end
    move(session, row, AnalysisState.QUEUED, fence=None, lease_until=None, rung_at=None, worker=None, attempt=row.attempt - 1)
    return None
