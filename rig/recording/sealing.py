"""Sealing: balance the ledgers against the finished videos, hash every file, and write the manifest last.

Every step may be interrupted and done again; a folder counts as sealed only when `session.json` is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import av

from rig.camera.backend import MICROSECONDS
from rig.recording.events import clock_pairs, fault_records, read_events
from rig.recording.face_checks import coverage_of
from rig.recording.open_session import OPEN_SESSION_NAME, OpenPart, OpenSession, SessionFolder
from shared.clock import NANOSECONDS_PER_US
from shared.durable import sync_directory
from shared.face_check import Coverage, FauRow
from shared.faults import FRAMES_DROPPED, SESSION_EMPTY, SESSION_TORN, GrimaceError
from shared.hashing import sha256_of_file
from shared.ledger import REPORTED_LOSS, FrameRow, PacketRow, Reconciled, read_rows, reconcile
from shared.manifest import (
    EVENTS_NAME,
    FAU_NAME,
    FRAMES_NAME,
    PACKETS_NAME,
    FaultRecord,
    FileRecord,
    Part,
    SealState,
    SessionManifest,
    video_name,
)


def seal(folder: SessionFolder) -> SessionManifest:
    """Seal a session all of whose parts are closed or recovered.

    Raises GrimaceError(E_SESSION_EMPTY) when no frame is in any video, LedgerError when ledger and video contradict each other,
    OSError when the disk is full; the session stays open then.
    """
    session = folder.load()
    packets = {part.number: list(packets_in(folder, part)) for part in session.parts}
    parts = [part for part in session.parts if packets[part.number]]
    if not parts:
        raise GrimaceError(SESSION_EMPTY, folder.session_id)
    balance = _balance(folder, session, parts, [packet for part in parts for packet in packets[part.number]])
    names = [*(video_name(part.number) for part in parts), FRAMES_NAME, PACKETS_NAME, FAU_NAME, EVENTS_NAME]
    for name in names:
        folder.finish(name)
    sync_directory(folder.path)
    manifest = _manifest(folder, session, parts, balance, [_file_record(folder.finished(name)) for name in names])
    manifest.write(folder.manifest)
    finish_sealed(folder)
    return manifest


def finish_sealed(folder: SessionFolder) -> None:
    """Remove what a sealed session does not need any more: videos without a frame, and last the open-session document.

    Nothing else: the uploader may have put its receipt beside the files already.
    """
    sealed = {record.name for record in SessionManifest.read(folder.manifest).files}
    empty_videos = [path for path in folder.path.glob("part-*.mp4*") if path.name not in sealed]
    for path in (*empty_videos, folder.over_mark, folder.working(OPEN_SESSION_NAME), folder.open_document):
        path.unlink(missing_ok=True)
    sync_directory(folder.path)


def packets_in(folder: SessionFolder, part: OpenPart) -> Iterator[PacketRow]:
    """The packets that a reader finds in a part's video; none when there is no video or no frame in it."""
    path = folder.video(part.number)
    if path is None or path.stat().st_size == 0:
        return
    with av.open(str(path)) as container:
        for packet in container.demux(container.streams.video[0]):
            if packet.size and packet.pts is not None and packet.time_base is not None:
                pts_us = round(packet.pts * packet.time_base * MICROSECONDS)
                yield PacketRow(part.number, pts_us, packet.size, int(packet.is_keyframe))


def _balance(folder: SessionFolder, session: OpenSession, parts: Sequence[OpenPart], packets: list[PacketRow]) -> Reconciled:
    ledger = folder.present(FRAMES_NAME)
    frames = list(read_rows(ledger, FrameRow)) if ledger else []
    origins = {part.number: part.first_sensor_ns for part in parts}
    return reconcile(frames, packets, origins, round(1e9 / session.camera.frame_rate))


def _manifest(
    folder: SessionFolder, session: OpenSession, parts: Sequence[OpenPart], balance: Reconciled, files: list[FileRecord]
) -> SessionManifest:
    events = list(read_events(folder.finished(EVENTS_NAME)))
    first, last = balance.written[0], balance.written[-1]
    ended_at = session.started_at + timedelta(
        microseconds=(last.sensor_ns - first.sensor_ns) // NANOSECONDS_PER_US + last.frame_duration_us
    )
    recovered = any(part.recovered for part in session.parts)
    return SessionManifest(
        session_id=session.session_id,
        state=SealState.RECOVERED if recovered else SealState.SEALED,
        rig_id=session.rig_id,
        software_version=session.software_version,
        started_at=session.started_at,
        ended_at=ended_at,
        planned_s=session.planned_s,
        study=session.study,
        camera=session.camera,
        builds=session.builds,
        preflight=session.preflight,
        goal=session.goal,
        coverage=_coverage(folder, session),
        clock_pairs=tuple(clock_pairs(events)),
        parts=tuple(_part(part, balance) for part in parts),
        counts=balance.counts,
        gaps=balance.gaps,
        files=tuple(files),
        faults=(*fault_records(events), *_findings(balance, recovered, ended_at)),
    )


def _coverage(folder: SessionFolder, session: OpenSession) -> Coverage | None:
    """From the lines that are kept, not from what was counted along the way; None when the face check saw nothing."""
    coverage = coverage_of(read_rows(folder.finished(FAU_NAME), FauRow), session.first_sensor_ns or 0, session.goal)
    return coverage if coverage.checks else None


def _part(part: OpenPart, balance: Reconciled) -> Part:
    return Part(
        number=part.number,
        file=video_name(part.number),
        first_sensor_ns=part.first_sensor_ns,
        frames_written=sum(row.part == part.number for row in balance.written),
        recovered=part.recovered,
    )


def _findings(balance: Reconciled, recovered: bool, at: datetime) -> Iterator[FaultRecord]:
    """The faults that only the finished session shows."""
    if recovered:
        yield FaultRecord(code=SESSION_TORN.code, at=at)
    counts = balance.counts
    if counts.dropped > REPORTED_LOSS * counts.expected:
        yield FaultRecord(code=FRAMES_DROPPED.code, at=at, detail=f"{counts.dropped} of {counts.expected}")


def _file_record(path: Path) -> FileRecord:
    return FileRecord(name=path.name, size_bytes=path.stat().st_size, sha256=sha256_of_file(path))
