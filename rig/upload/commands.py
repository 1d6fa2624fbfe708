"""`grimace-rig queue` and `grimace-rig retry`: the outbox in plain words, and another try for what stopped."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import NonNegativeFloat, NonNegativeInt
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rig.outbox.enlist import examine_session
from rig.outbox.journal import JOURNAL_NAME, Journal, LinkFault, OutboxSession
from rig.outbox.states import STOPPED, WAITING, State
from rig.settings import HubSettings, RigSettings
from rig.upload.activity import UploadActivity, read_activity
from rig.upload.lock import uploader_runs
from shared.clock import Clock
from shared.documents import Document, SessionId, UtcTime
from shared.faults import DISK_FAILED, FAULTS, NOT_ENROLLED, NOT_FOUND, UPLOAD_FAILED, UPLOAD_NOT_NEEDED, Fault, GrimaceError

WORDS: Mapping[State, str] = {
    State.QUEUED: "waiting to be sent",
    State.ANNOUNCING: "about to be sent",
    State.UPLOADING: "being sent",
    State.AWAITING_RECEIPT: "sent; the hub is checking it",
    State.CONFIRMED: "safe on the hub",
    State.QUARANTINED: "kept back: not what was sealed",
    State.REFUSED: "refused by the hub; kept here",
    State.DELETED: "safe on the hub; deleted here",
}


class Trouble(Document):
    """What went wrong, and what to do about it."""

    code: str
    text: str
    detail: str
    remedy: str


class QueuedSession(Document):
    """A session that is not on the hub yet."""

    session_id: SessionId
    state: State
    recorded_at: UtcTime
    since: UtcTime
    size_bytes: int
    sent_bytes: int
    attempts: int
    next_try_at: UtcTime | None
    trouble: Trouble | None


class QueueReport(Document):
    """What `grimace-rig queue` shows."""

    hub_url: str | None
    uploader_runs: bool
    hub_trouble: Trouble | None
    hub_trouble_since: UtcTime | None
    waiting: tuple[QueuedSession, ...]
    stopped: tuple[QueuedSession, ...]
    on_hub: int
    deleted_here: int
    active_session: SessionId | None = None
    """What is being sent at this moment."""
    rate_bytes_per_s: NonNegativeFloat | None = None
    """Of the last seconds; None while nothing is being sent."""
    eta_s: NonNegativeFloat | None = None
    """Until everything that waits is sent, at this rate; None while that cannot be told."""
    cap_bytes_per_s: NonNegativeInt | None = None
    """The cap in force now; None without one."""
    paused_because: Literal["recording"] | None = None
    """Why nothing is sent though there is something to send."""
    last_confirmed_at: UtcTime | None = None
    """When the hub gave its last receipt."""


def report_queue(settings: RigSettings) -> QueueReport:
    """How things stand, from the journal and the running uploader; raises GrimaceError: E_OUTBOX, or E_DISK."""
    try:
        outbox = _look_into_outbox(settings.data_folder)
    except sqlite3.Error as error:
        raise GrimaceError(DISK_FAILED, f"{JOURNAL_NAME}: {error}") from error
    waiting, runs = outbox.in_states(WAITING), uploader_runs(settings.data_folder)
    activity = read_activity(settings.data_folder) if runs else UploadActivity()
    link, deleted = outbox.link, outbox.counts.get(State.DELETED, 0)
    return QueueReport(
        hub_url=settings.hub.url if settings.hub else None,
        uploader_runs=runs,
        hub_trouble=_trouble(link.code, link.detail) if link else _not_enrolled(settings.hub),
        hub_trouble_since=link.since if link else None,
        waiting=waiting,
        stopped=outbox.in_states(STOPPED),
        on_hub=deleted + outbox.counts.get(State.CONFIRMED, 0),
        deleted_here=deleted,
        active_session=activity.active_session,
        rate_bytes_per_s=activity.rate_bytes_per_s,
        eta_s=_unsent_bytes(waiting) / activity.rate_bytes_per_s if activity.rate_bytes_per_s else None,
        cap_bytes_per_s=activity.cap_bytes_per_s,
        paused_because=activity.paused_because if waiting else None,
        last_confirmed_at=outbox.last_receipt_at,
    )


def _not_enrolled(hub: HubSettings | None) -> Trouble | None:
    """Told before there is anything to send: then it would be too late to be told on a Friday evening."""
    if hub is None or hub.token_file.exists():
        return None
    return _trouble(NOT_ENROLLED.code, f"{hub.token_file} is not there")


@dataclass(frozen=True)
class OutboxView:
    """What the journal says of the whole outbox; `sessions` are those that wait or are stopped."""

    sessions: Sequence[OutboxSession] = ()
    counts: Mapping[State, int] = field(default_factory=dict)
    link: LinkFault | None = None
    last_receipt_at: datetime | None = None

    def in_states(self, states: Collection[State]) -> tuple[QueuedSession, ...]:
        return tuple(_queued(session) for session in self.sessions if session.state in states)


def _look_into_outbox(data_folder: Path) -> OutboxView:
    """A journal that is not there yet is not made: whoever only looks may be another user than the rig's."""
    path = data_folder / JOURNAL_NAME
    if not path.exists():
        return OutboxView()
    with Journal(path, is_proven=True) as journal:
        sessions = journal.sessions(WAITING | STOPPED)
        return OutboxView(sessions, journal.counts(), journal.hub_fault(), journal.last_receipt_at())


def _unsent_bytes(waiting: Sequence[QueuedSession]) -> int:
    return sum(session.size_bytes - session.sent_bytes for session in waiting)


def show_queue(settings: RigSettings, clock: Clock, console: Console, as_json: bool = False) -> None:
    """Print the queue for people, or as one JSON document."""
    report = report_queue(settings)
    if as_json:
        console.out(report.model_dump_json(), highlight=False)
        return
    now = clock.now()
    for line in _headlines(report, now):
        console.print(line, markup=False, highlight=False)
    if report.waiting or report.stopped:
        console.print(_table(report, now))


def retry_session(settings: RigSettings, session: str, clock: Clock) -> OutboxSession:
    """Have a session tried again at once; one that was stopped is looked at anew. `session` may be the beginning of its id.

    Raises GrimaceError: E_NOT_FOUND when no or more than one session begins so, E_UPLOADED when the hub has it, E_DISK when its
    files cannot be read.
    """
    path = settings.data_folder / JOURNAL_NAME
    if not path.exists():
        raise GrimaceError(NOT_FOUND, f"nothing was put into the outbox of {settings.data_folder} yet")
    with Journal(path) as journal:
        matching = [known for known in journal.session_ids() if known.startswith(session)]
        if len(matching) != 1:
            raise GrimaceError(NOT_FOUND, f"{len(matching)} sessions of the outbox begin with {session}")
        found = journal.session(matching[0])
        if found.state in STOPPED:
            journal.enlist_again(_examine_again(settings.sessions_folder / found.session_id, clock.now()))
        elif found.state in WAITING:
            journal.hasten(found.session_id)
        else:
            raise GrimaceError(UPLOAD_NOT_NEEDED, found.session_id)
        return journal.session(found.session_id)


def _examine_again(folder: Path, now: datetime) -> OutboxSession:
    try:
        return examine_session(folder, now)
    except OSError as error:
        raise GrimaceError(DISK_FAILED, str(error)) from error


def _queued(session: OutboxSession) -> QueuedSession:
    return QueuedSession(
        session_id=session.session_id,
        state=session.state,
        recorded_at=session.recorded_at,
        since=session.enlisted_at if session.state in WAITING else session.state_since,
        size_bytes=session.size_bytes,
        sent_bytes=session.sent_bytes,
        attempts=session.attempts,
        next_try_at=session.next_try_at,
        trouble=_trouble(session.fault_code, session.fault_detail) if session.fault_code else None,
    )


def _trouble(code: str, detail: str) -> Trouble:
    fault: Fault = FAULTS.get(code, UPLOAD_FAILED)
    return Trouble(code=code, text=fault.text, detail=detail, remedy=fault.remedy)


def _headlines(report: QueueReport, now: datetime) -> list[str]:
    lines = []
    if report.hub_url is None:
        lines.append("No hub is set: sessions are recorded and kept here. Add [hub] to the settings to upload them.")
    elif not report.uploader_runs:
        lines.append("The uploader is not running: nothing is being sent. Start it with `grimace-rig run`.")
    if report.hub_trouble is not None and report.hub_trouble_since is not None:
        trouble = report.hub_trouble
        lines.append(f"{trouble.text}, for {duration(now - report.hub_trouble_since)} now: {trouble.detail}\n→ {trouble.remedy}")
    if report.waiting:
        oldest = min(session.since for session in report.waiting)
        unsent = _unsent_bytes(report.waiting)
        lines.append(f"{len(report.waiting)} waiting, {unsent / 1e6:.1f} MB to send; the oldest for {duration(now - oldest)}")
        lines += _pace_lines(report)
    else:
        lines.append("Nothing waits to be sent.")
    if report.stopped:
        lines.append(f"{len(report.stopped)} stopped: somebody has to look at them")
    lines.append(f"{report.on_hub} safe on the hub, {report.deleted_here} of them deleted here")
    return lines


def _pace_lines(report: QueueReport) -> list[str]:
    if report.paused_because is not None:
        return ["Nothing is sent while a recording runs; it goes on by itself afterwards."]
    if report.rate_bytes_per_s is None:
        return []
    cap = f" (no more than {report.cap_bytes_per_s / 1e3:.0f} kB/s)" if report.cap_bytes_per_s is not None else ""
    left = f"; everything is sent in {duration(timedelta(seconds=report.eta_s))}" if report.eta_s is not None else ""
    return [f"{report.rate_bytes_per_s / 1e3:.0f} kB/s are being sent{cap}{left}"]


def _table(report: QueueReport, now: datetime) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("session", "recorded (UTC)", "MB", "where it stands", "for", "what is wrong, and what to do"):
        table.add_column(heading, overflow="fold")
    for session in (*report.stopped, *report.waiting):
        table.add_row(
            session.session_id,
            f"{session.recorded_at:%Y-%m-%d %H:%M}",
            f"{session.size_bytes / 1e6:.1f}",
            _stands(session),
            duration(now - session.since),
            escape(_wrong(session, now)),
        )
    return table


def _stands(session: QueuedSession) -> str:
    if session.state is not State.UPLOADING or not session.size_bytes:
        return WORDS[session.state]
    return f"{WORDS[session.state]}, {100 * session.sent_bytes // session.size_bytes} %"


def _wrong(session: QueuedSession, now: datetime) -> str:
    if session.trouble is None:
        return ""
    detail = f": {session.trouble.detail}" if session.trouble.detail else ""
    again = f" Next try in {duration(session.next_try_at - now)}." if session.next_try_at else ""
    return f"{session.trouble.text}{detail}\n→ {session.trouble.remedy}{again}"


def duration(span: timedelta) -> str:
    """A duration as one says it: the largest unit that fits."""
    seconds = max(0, round(span.total_seconds()))
    for unit, length_s in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length_s:
            return f"{seconds // length_s} {unit}"
    return f"{seconds} s"
