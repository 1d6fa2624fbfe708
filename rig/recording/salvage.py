"""Salvage: what a crash or a power cut left open is repaired and sealed, or made ready to be gone on with.

Killed at any moment, it is simply run again: every repair finds its own work done.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import av

from rig.camera.backend import MICROSECONDS
from rig.recording.boxes import cut_to_whole_fragments
from rig.recording.events import Event, read_events
from rig.recording.journal import cut_torn_events, cut_torn_ledger
from rig.recording.open_session import OpenPart, OpenSession, SessionFolder
from rig.recording.sealing import finish_sealed, seal
from shared.clock import NANOSECONDS_PER_US
from shared.durable import sync_directory
from shared.face_check import FauRow
from shared.faults import SESSION_EMPTY, GrimaceError
from shared.ledger import FrameRow, PacketRow, RowKind, read_rows
from shared.manifest import EVENTS_NAME, FAU_NAME, FRAMES_NAME, PACKETS_NAME, SessionManifest, video_name

log = logging.getLogger(__name__)

EMPTY_SESSIONS_NAME = "sessions-empty"

LEDGERS: Mapping[str, RowKind] = {FRAMES_NAME: FrameRow, PACKETS_NAME: PacketRow, FAU_NAME: FauRow}


@dataclass
class Salvaged:
    """What became of the torn sessions."""

    sealed: list[SessionManifest] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    continues: SessionFolder | None = None
    """Its planned end is still ahead: repaired, and to be gone on with as its next part."""
    failed: dict[str, str] = field(default_factory=dict)
    """Session ids that could not be repaired now, and why; their files stay as they are."""


@dataclass(frozen=True)
class Resumption:
    """Decides whether a torn session goes on. Times of another boot say nothing, so those never do."""

    boot_id: str
    now_ns: int
    camera_filmed_on: bool
    """A camera films while nobody records; a simulated one that runs as fast as possible stands still at its last frame."""

    def applies_to(self, session: OpenSession, last_sensor_ns: int | None) -> bool:
        if session.boot_id != self.boot_id:
            return False
        reached_ns = self.now_ns if self.camera_filmed_on or last_sensor_ns is None else last_sensor_ns
        frame_ns = round(1e9 / session.camera.frame_rate)
        return reached_ns + frame_ns < session.planned_end_ns


def salvage(sessions: Path, resumption: Resumption | None = None) -> Salvaged:
    """Repair and seal every session under `sessions` that is not sealed; at most one that `resumption` allows is kept open."""
    result = Salvaged()
    for folder in _folders(sessions):
        try:
            _salvage_one(folder, resumption, result)
        except Exception as error:  # whatever a failing disk gives back for one session must not keep the rig from recording
            log.exception("session %s cannot be repaired now; its files stay as they are", folder.session_id)
            result.failed[folder.session_id] = str(error) or type(error).__name__
    return result


def _folders(sessions: Path) -> Iterator[SessionFolder]:
    if sessions.is_dir():
        yield from (SessionFolder(path) for path in sorted(sessions.iterdir()) if path.is_dir())


def _salvage_one(folder: SessionFolder, resumption: Resumption | None, result: Salvaged) -> None:
    if folder.is_sealed:
        if folder.open_document.exists():
            finish_sealed(folder)
        return
    if not folder.open_document.exists():
        _remove_stillborn(folder)
        return
    session = repair(folder)
    last_ns = last_sensor_ns(folder)
    if resumption is not None and result.continues is None and not folder.is_over and resumption.applies_to(session, last_ns):
        result.continues = folder
        return
    folder.mark_as_over()
    try:
        result.sealed.append(seal(folder))
    except GrimaceError as error:
        log.warning("%s", error)
        set_aside(folder)
        result.empty.append(folder.session_id)


def note_afterwards(folder: SessionFolder, event: Event) -> None:
    """Put the event that broke a session off into its events, unless it got there in time. Raises OSError."""
    if not folder.open_document.exists() or (path := _torn_journal(folder, EVENTS_NAME)) is None:
        return
    cut_torn_events(path)
    if any(noted.code == event.code for noted in read_events(path)):
        return
    with path.open("ab") as file:
        file.write(event.line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _remove_stillborn(folder: SessionFolder) -> None:
    """A folder that was made, but whose document was not yet: nothing was recorded into it."""
    for path in folder.path.glob("recording.json.*"):
        path.unlink()
    if any(folder.path.iterdir()):
        log.error("%s holds files but no recording.json: it is left as it is", folder.path)
        return
    folder.path.rmdir()


def set_aside(folder: SessionFolder) -> Path:
    """Move a session without a single frame out of the way, durably; returns where it is now."""
    aside = aside_of(folder.path)
    aside.parent.mkdir(exist_ok=True)
    folder.path.rename(aside)
    sync_directory(aside.parent)
    sync_directory(folder.path.parent)
    log.warning("%s: %s", SESSION_EMPTY.code, folder.session_id)
    return aside


def aside_of(folder: Path) -> Path:
    """Where a session's folder is put when it is empty."""
    return folder.parent.with_name(EMPTY_SESSIONS_NAME) / folder.name


def repair(folder: SessionFolder) -> OpenSession:
    """Make every file of a torn session whole again; returns the session as it is now. Safe to repeat.

    A part without a frame keeps its number, which the ledgers' lines of it carry; only its video goes.
    """
    session = folder.load()
    _repair_journals(folder)
    for part in session.parts:
        if part.closed or part.recovered:
            folder.finish(video_name(part.number))
            continue
        if _repair_video(folder, part):
            folder.finish(video_name(part.number))
        session = session.with_part(part.model_copy(update={"recovered": True}))
    sync_directory(folder.path)
    folder.save(session)
    return session


def _repair_journals(folder: SessionFolder) -> None:
    """Journals already under their final names were closed whole; a session that was being sealed has some of each."""
    for name, kind in LEDGERS.items():
        if (path := _torn_journal(folder, name)) is not None:
            cut_torn_ledger(path, kind)
    if (path := _torn_journal(folder, EVENTS_NAME)) is not None:
        cut_torn_events(path)


def _torn_journal(folder: SessionFolder, name: str) -> Path | None:
    """The file while it may be torn, made if it is not there; None when it was closed."""
    if folder.finished(name).exists():
        return None
    folder.working(name).touch()
    return folder.working(name)


def _repair_video(folder: SessionFolder, part: OpenPart) -> bool:
    """Cut a torn video after its last whole fragment that the ledger explains; False when no frame is left."""
    path = folder.video(part.number)
    if path is None:
        return False
    whole_bytes = cut_to_whole_fragments(path)
    if whole_bytes:
        unexplained = _first_byte_later_than(path, _last_ledger_us(folder, part))
        whole_bytes = cut_to_whole_fragments(path, before_byte=unexplained)
    if whole_bytes == 0:
        path.unlink()
    return whole_bytes > 0


def _first_byte_later_than(path: Path, last_known_us: int) -> int | None:
    """Where the video goes on after the ledger's last line.

    A power cut may keep blocks of a fragment that was never synced and lose the ledger's lines for it, which were to follow.
    """
    with av.open(str(path)) as container:
        for packet in container.demux(container.streams.video[0]):
            if packet.pts is None or packet.time_base is None:
                continue
            if packet.pts * packet.time_base * MICROSECONDS > last_known_us:
                return packet.pos
    return None


def _last_ledger_us(folder: SessionFolder, part: OpenPart) -> int:
    times_us = [
        (row.sensor_ns - part.first_sensor_ns) // NANOSECONDS_PER_US for row in _ledger_rows(folder) if row.part == part.number
    ]
    return max(times_us, default=-1)


def last_sensor_ns(folder: SessionFolder) -> int | None:
    """The last frame in the session's ledger."""
    return max((row.sensor_ns for row in _ledger_rows(folder)), default=None)


def _ledger_rows(folder: SessionFolder) -> Iterator[FrameRow]:
    path = folder.present(FRAMES_NAME)
    if path is not None and path.stat().st_size > 0:
        yield from read_rows(path, FrameRow)
