"""What may be deleted on the rig: only a session whose receipt proves that the hub holds every file with the same hash."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rig.outbox.journal import Journal, OutboxSession
from rig.outbox.states import State
from shared.api import Receipt
from shared.durable import sync_directory
from shared.faults import RECEIPT_MISMATCH, GrimaceError
from shared.manifest import FileRecord

RECEIPT_NAME = "receipt.json"
"""In the session folder, beside the files that it proves."""


@dataclass(frozen=True)
class RetentionRule:
    """Confirmed sessions stay `keep` long; with less than `min_free_bytes` free the oldest go before their time."""

    keep: timedelta
    min_free_bytes: int


def check_receipt(receipt: Receipt, session_id: str, files: Iterable[FileRecord]) -> None:
    """Raise GrimaceError(E_RECEIPT) unless the receipt is for this session and names exactly these files with their hashes."""
    if receipt.session_id != session_id:
        raise GrimaceError(RECEIPT_MISMATCH, f"receipt {receipt.number} is for session {receipt.session_id}")
    ours, theirs = {file.name: file for file in files}, {file.name: file for file in receipt.files}
    different = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    if different:
        raise GrimaceError(RECEIPT_MISMATCH, f"receipt {receipt.number} differs in {', '.join(different)}")


def is_proven(session: OutboxSession) -> bool:
    """Whether the hub's receipt covers everything that would be deleted."""
    if session.state is not State.CONFIRMED or session.receipt is None:
        return False
    try:
        check_receipt(session.receipt, session.session_id, (file.record for file in session.files))
    except GrimaceError:
        return False
    return True


def to_delete(sessions: Sequence[OutboxSession], rule: RetentionRule, now: datetime, free_bytes: int) -> list[OutboxSession]:
    """Which sessions may go now: those of age, and under pressure the oldest proven ones until enough is free."""
    chosen = []
    for session in sorted(filter(is_proven, sessions), key=lambda session: session.recorded_at):
        if free_bytes < rule.min_free_bytes or _age(session, now) >= rule.keep:
            chosen.append(session)
            free_bytes += session.size_bytes
    return chosen


def _age(session: OutboxSession, now: datetime) -> timedelta:
    """How long the session has been safe on the hub. The later of both clocks counts: a rig may start with a wrong one."""
    stored_at = session.receipt.stored_at if session.receipt else now
    return now - max(stored_at, session.state_since)


@dataclass(frozen=True)
class Shelf:
    """The folders that a deletion passes through; all on one file system."""

    sessions_folder: Path
    receipts_folder: Path
    """Receipts of deleted sessions: the rig's proof that they went to the hub."""
    trash_folder: Path

    def delete(self, session: OutboxSession, journal: Journal, now: datetime) -> None:
        """Delete a session so that a crash at any point leaves it whole or is made up for by `finish_deletions`.

        The folder leaves in one rename: a half-empty session folder would look like a torn recording to be salvaged.
        """
        assert session.receipt is not None, "only proven sessions are deleted"
        self.receipts_folder.mkdir(parents=True, exist_ok=True)
        session.receipt.write(self.receipts_folder / f"{session.session_id}.json")
        journal.move(session.session_id, State.DELETED, now)
        self._discard(session.session_id)
        self._empty_trash()

    def finish_deletions(self, journal: Journal) -> None:
        """Remove what a crash left of sessions that the journal calls deleted."""
        for session_id in journal.session_ids({State.DELETED}):
            self._discard(session_id)
        self._empty_trash()

    def _discard(self, session_id: str) -> None:
        folder = self.sessions_folder / session_id
        if folder.exists():
            self.trash_folder.mkdir(parents=True, exist_ok=True)
            folder.rename(self.trash_folder / session_id)
            sync_directory(self.sessions_folder)

    def _empty_trash(self) -> None:
        if self.trash_folder.exists():
            shutil.rmtree(self.trash_folder)
