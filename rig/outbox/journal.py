"""The outbox's journal: one SQLite file that says where each sealed session stands on its way to the hub.

Every change is one transaction that is on the disk when the call returns, so the uploader can be killed between any two
instructions and goes on where it was. The uploader writes; others may read at the same time. Nothing here is needed to
understand the recordings: a lost journal is built anew from the session folders, and the hub answers what it already has.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from rig.outbox.states import State, check_transition
from shared.api import Receipt
from shared.faults import OUTBOX_UNREADABLE, GrimaceError
from shared.manifest import FileRecord

JOURNAL_NAME = "outbox.sqlite"
SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 10.0

_SCHEMA = f"""
CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    state_since TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    enlisted_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_at TEXT,
    fault_code TEXT,
    fault_detail TEXT NOT NULL DEFAULT '',
    receipt TEXT
) STRICT;
CREATE INDEX sessions_by_state ON sessions (state, session_id);
CREATE TABLE files (
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    upload TEXT,
    sent_bytes INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (session_id, name)
) STRICT;
CREATE TABLE hub_link (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    fault_code TEXT NOT NULL,
    fault_detail TEXT NOT NULL,
    since TEXT NOT NULL
) STRICT;
PRAGMA user_version = {SCHEMA_VERSION};
"""


@dataclass(frozen=True)
class OutboxFile:
    """A file of a sealed session. `upload` is the path of its tus upload on the hub; `sent` once the hub has every byte."""

    name: str
    size_bytes: int
    mtime_ns: int
    sha256: str
    upload: str | None = None
    sent_bytes: int = 0
    sent: bool = False

    @property
    def record(self) -> FileRecord:
        return FileRecord(name=self.name, size_bytes=self.size_bytes, sha256=self.sha256)


@dataclass(frozen=True)
class OutboxSession:
    """A session as the journal has it. `fault_code` is of the last attempt, or why the session is stopped."""

    session_id: str
    state: State
    state_since: datetime
    recorded_at: datetime
    enlisted_at: datetime
    files: tuple[OutboxFile, ...]
    attempts: int = 0
    next_try_at: datetime | None = None
    fault_code: str | None = None
    fault_detail: str = ""
    receipt: Receipt | None = None

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def sent_bytes(self) -> int:
        return sum(file.sent_bytes for file in self.files)


@dataclass(frozen=True)
class LinkFault:
    """Why nothing at all can be uploaded at the moment."""

    code: str
    detail: str
    since: datetime


class Journal:
    """The open journal; used by one thread. Closes with the `with` block.

    Opening raises GrimaceError(E_OUTBOX) when the file is damaged or was written by a newer version. Whoever opens it again and
    again beside the uploader leaves the search for damage, which reads all of it, to the uploader: `is_proven`.
    """

    def __init__(self, path: Path, *, is_proven: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        try:
            self._prepare(path, is_proven)
        except BaseException:
            self._db.close()
            raise

    def _prepare(self, path: Path, is_proven: bool) -> None:
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            version = self._create_if_new()
            damage = "ok" if is_proven else self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            raise GrimaceError(OUTBOX_UNREADABLE, f"{path}: {error}") from error
        if damage != "ok":
            raise GrimaceError(OUTBOX_UNREADABLE, f"{path}: {damage}")
        if version != SCHEMA_VERSION:
            raise GrimaceError(OUTBOX_UNREADABLE, f"{path}: schema {version}; this version reads {SCHEMA_VERSION}")

    def _create_if_new(self) -> int:
        with self._writing():
            version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
            if version:
                return version
            for statement in filter(str.strip, _SCHEMA.split(";")):
                self._db.execute(statement)
            return SCHEMA_VERSION

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Reading

    def session_ids(self, states: Collection[State] = tuple(State)) -> set[str]:
        """The ids of the sessions in any of the states; by default of every session that was ever enlisted."""
        query = "SELECT session_id FROM sessions WHERE state IN (SELECT value FROM json_each(?))"
        return {row["session_id"] for row in self._db.execute(query, (json.dumps(list(states)),))}

    def sessions(self, states: Collection[State] = tuple(State)) -> list[OutboxSession]:
        """The sessions in any of the states, the oldest recording first."""
        self._db.execute("BEGIN")
        try:
            return [self._session(row) for row in self._rows(states)]
        finally:
            self._db.execute("COMMIT")

    def session(self, session_id: str) -> OutboxSession:
        """One session; raises KeyError for one that was never enlisted."""
        self._db.execute("BEGIN")
        try:
            return self._session(self._row(session_id))
        finally:
            self._db.execute("COMMIT")

    def newest_on_hub(self, most: int) -> list[str]:
        """The ids of the sessions that were enlisted last, of those that the hub has."""
        query = "SELECT session_id FROM sessions WHERE receipt IS NOT NULL ORDER BY rowid DESC LIMIT ?"
        return [row["session_id"] for row in self._db.execute(query, (most,))]

    def counts(self) -> dict[State, int]:
        """How many sessions are in each state."""
        rows = self._db.execute("SELECT state, count(*) AS sessions FROM sessions GROUP BY state")
        return {State(row["state"]): row["sessions"] for row in rows}

    def last_receipt_at(self) -> datetime | None:
        """When the hub gave its last receipt, by the hub's clock. Only the newest sessions are looked at: they are sent last."""
        (told,) = self._db.execute(
            "SELECT max(json_extract(receipt, '$.stored_at'))"
            " FROM (SELECT receipt FROM sessions WHERE receipt IS NOT NULL ORDER BY rowid DESC LIMIT 100)"
        ).fetchone()
        return datetime.fromisoformat(told) if told else None

    def hub_fault(self) -> LinkFault | None:
        """Why nothing can be uploaded at the moment; None while the hub answers."""
        row = self._db.execute("SELECT * FROM hub_link").fetchone()
        return LinkFault(row["fault_code"], row["fault_detail"], datetime.fromisoformat(row["since"])) if row else None

    def _rows(self, states: Collection[State]) -> list[sqlite3.Row]:
        query = "SELECT * FROM sessions WHERE state IN (SELECT value FROM json_each(?)) ORDER BY recorded_at, session_id"
        return self._db.execute(query, (json.dumps(list(states)),)).fetchall()

    def _row(self, session_id: str) -> sqlite3.Row:
        row: sqlite3.Row | None = self._db.execute("SELECT * FROM sessions WHERE session_id = ?", (session_id,)).fetchone()
        if row is None:
            raise KeyError(session_id)
        return row

    def _session(self, row: sqlite3.Row) -> OutboxSession:
        files = self._db.execute("SELECT * FROM files WHERE session_id = ? ORDER BY position", (row["session_id"],))
        return _session_of(row, files.fetchall())

    # Writing

    def enlist(self, session: OutboxSession) -> bool:
        """Take a session in, as it is given; False when it was enlisted before, which changes nothing."""
        with self._writing():
            if self._db.execute("SELECT 1 FROM sessions WHERE session_id = ?", (session.session_id,)).fetchone():
                return False
            self._insert(session)
            return True

    def examined(self, session: OutboxSession) -> None:
        """Put what was found in a waiting session's folder in the place of what could not be read before."""
        with self._writing():
            self._db.execute("DELETE FROM sessions WHERE session_id = ? AND state = ?", (session.session_id, State.QUEUED))
            self._insert(session)

    def enlist_again(self, session: OutboxSession) -> None:
        """Replace a stopped session by what was found in its folder now. Raises NoSuchTransition for one that is not stopped."""
        with self._writing():
            check_transition(State(self._row(session.session_id)["state"]), State.QUEUED)
            self._db.execute("DELETE FROM sessions WHERE session_id = ?", (session.session_id,))
            self._insert(session)

    def move(self, session_id: str, to: State, now: datetime, *, fault: GrimaceError | None = None) -> None:
        """Change a session's state; raises NoSuchTransition. `fault` says why it stops; without one the last fault is over."""
        with self._writing():
            self._move(session_id, to, now, fault)

    def confirm(self, session_id: str, receipt: Receipt, now: datetime) -> None:
        """Keep the hub's receipt."""
        with self._writing():
            self._move(session_id, State.CONFIRMED, now, None)
            self._db.execute(
                "UPDATE sessions SET receipt = ?, attempts = 0 WHERE session_id = ?", (receipt.model_dump_json(), session_id)
            )

    def defer(self, session_id: str, until: datetime, fault: GrimaceError) -> None:
        """Note a failed attempt, and when the next one is due."""
        self._update(
            "UPDATE sessions SET attempts = attempts + 1, next_try_at = ?, fault_code = ?, fault_detail = ? WHERE session_id = ?",
            (until.isoformat(), fault.fault.code, fault.detail, session_id),
        )

    def look_again(self, session_id: str, at: datetime) -> None:
        """Leave the session alone until then: nothing failed, the hub is at work."""
        self._update("UPDATE sessions SET next_try_at = ? WHERE session_id = ?", (at.isoformat(), session_id))

    def hasten(self, session_id: str) -> None:
        """Make the next attempt due now, as if none had failed."""
        self._update("UPDATE sessions SET next_try_at = NULL, attempts = 0 WHERE session_id = ?", (session_id,))

    def note_upload(self, session_id: str, name: str, upload: str | None, sent_bytes: int) -> None:
        """Remember the path of a file's upload, and how much of it the hub has."""
        self._update(
            "UPDATE files SET upload = ?, sent_bytes = ?, sent = 0 WHERE session_id = ? AND name = ?",
            (upload, sent_bytes, session_id, name),
        )

    def note_sent(self, session_id: str, name: str) -> None:
        """Note that the hub has every byte of a file."""
        self._update(
            "UPDATE files SET sent = 1, sent_bytes = size_bytes, upload = NULL WHERE session_id = ? AND name = ?",
            (session_id, name),
        )

    def note_hub_fault(self, fault: GrimaceError | None, now: datetime) -> None:
        """Note why nothing can be uploaded, or that the hub answers again; the time of the first of equal faults stays."""
        with self._writing():
            if fault is None:
                self._db.execute("DELETE FROM hub_link")
                return
            self._db.execute(
                "INSERT INTO hub_link VALUES (1, ?1, ?2, ?3) ON CONFLICT DO UPDATE SET fault_detail = ?2,"
                " since = iif(fault_code = ?1, since, ?3), fault_code = ?1",
                (fault.fault.code, fault.detail, now.isoformat()),
            )

    def _update(self, statement: str, values: tuple[object, ...]) -> None:
        with self._writing():
            if self._db.execute(statement, values).rowcount != 1:
                raise KeyError(values)

    def _move(self, session_id: str, to: State, now: datetime, fault: GrimaceError | None) -> None:
        check_transition(State(self._row(session_id)["state"]), to)
        code, detail = (fault.fault.code, fault.detail) if fault else (None, "")
        self._db.execute(
            "UPDATE sessions SET state = ?, state_since = ?, next_try_at = NULL, fault_code = ?, fault_detail = ?"
            " WHERE session_id = ?",
            (to, now.isoformat(), code, detail, session_id),
        )

    def _insert(self, session: OutboxSession) -> None:
        self._db.execute(
            "INSERT INTO sessions (session_id, state, state_since, recorded_at, enlisted_at, fault_code, fault_detail)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                session.session_id,
                session.state,
                session.state_since.isoformat(),
                session.recorded_at.isoformat(),
                session.enlisted_at.isoformat(),
                session.fault_code,
                session.fault_detail,
            ),
        )
        self._db.executemany(
            "INSERT INTO files (session_id, position, name, size_bytes, mtime_ns, sha256) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (session.session_id, position, file.name, file.size_bytes, file.mtime_ns, file.sha256)
                for position, file in enumerate(session.files)
            ],
        )


def set_aside(path: Path) -> Path:
    """Move a journal that cannot be read out of the way, so that a new one can be built; the old one's new path."""
    aside = path.with_name(f"{path.name}.unreadable")
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(aside.with_name(aside.name + suffix))
    return aside


def _session_of(row: sqlite3.Row, files: list[sqlite3.Row]) -> OutboxSession:
    values: dict[str, Any] = dict(row)
    for column in ("state_since", "recorded_at", "enlisted_at", "next_try_at"):
        values[column] = datetime.fromisoformat(values[column]) if values[column] else None
    values["state"] = State(values["state"])
    values["receipt"] = Receipt.model_validate_json(values["receipt"]) if values["receipt"] else None
    return OutboxSession(**values, files=tuple(map(_file_of, files)))


def _file_of(row: sqlite3.Row) -> OutboxFile:
    values: dict[str, Any] = {key: row[key] for key in row.keys() if key not in {"session_id", "position"}}  # noqa: SIM118 - a Row iterates over its values
    return OutboxFile(**{**values, "sent": bool(values["sent"])})
