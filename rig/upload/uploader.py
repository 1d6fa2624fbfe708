"""Works through the outbox: every due session one after the other, the oldest first, and none in the way of another."""

from __future__ import annotations

import logging
import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from pathlib import Path

from rig.disk import is_full
from rig.outbox.enlist import enlist_new_sessions
from rig.outbox.integrity import SealCheck
from rig.outbox.journal import Journal, OutboxSession
from rig.outbox.retention import RetentionRule, Shelf, to_delete
from rig.outbox.states import WAITING, State
from rig.recording.reserve import SpaceReserve
from rig.settings import RigSettings
from rig.upload.delivery import Delivery, SessionRefused
from rig.upload.pace import back_off_s, is_due
from rig.upload.traffic import Traffic, UploadPaused
from shared import faults
from shared.client import Hub, HubRefused, HubUnreachable
from shared.clock import NANOSECONDS, Clock
from shared.faults import GrimaceError

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
RETENTION_EVERY_S = 60.0
RESERVE_NAME = "uploader-reserve"
RESERVE_BYTES = 2 * 2**20
"""Many times what the journal and a receipt take."""

FINAL = frozenset(
    {(faults.SESSION_CONFLICT.code, 409), (faults.UPLOAD_TOO_LARGE.code, 413), (faults.NOT_VALID.code, 422)},
)
"""Refusals, with their HTTP status, that the same request would meet again."""

HUB_WIDE = (faults.TOKEN_REFUSED, faults.NOT_ALLOWED)


class Verdict(Enum):
    """What a failed step means for the session."""

    TRY_LATER = auto()
    QUARANTINE = auto()  # what lies here is not what was sealed
    REFUSED = auto()  # sent again, it would be refused again
    HUB_AWAY = auto()  # says nothing about the session: no session can be uploaded now


def judge(error: GrimaceError) -> Verdict:
    """What follows from a failure."""
    if isinstance(error, HubUnreachable) or error.fault in HUB_WIDE:
        return Verdict.HUB_AWAY
    if error.fault is faults.FILE_CHANGED:
        return Verdict.QUARANTINE
    refused = isinstance(error, HubRefused) and (error.fault.code, error.status) in FINAL
    if refused or isinstance(error, SessionRefused) or error.fault is faults.RECEIPT_MISMATCH:
        return Verdict.REFUSED
    return Verdict.TRY_LATER


@dataclass
class Link:
    """Whether the hub can be used, and since when to leave it alone. Lives as long as the process."""

    hub: Hub | None = None
    failures: int = 0
    due_ns: int = 0


@dataclass
class Uploader:
    """One rig's uploader. `connect` makes a connection with the present token, or raises GrimaceError(E_TOKEN_REFUSED)."""

    settings: RigSettings
    journal: Journal
    connect: Callable[[], Hub]
    traffic: Traffic
    clock: Clock
    pause: Callable[[float], None] = time.sleep
    _link: Link = field(default_factory=Link)
    _tidy_due_ns: int = 0

    def __post_init__(self) -> None:
        self._seals = SealCheck(self.traffic.check)
        self._reserve = reserve_of(self.settings.data_folder)

    def run(self) -> None:
        """Work for ever."""
        while True:
            self.run_once()
            self.pause(LOOK_EVERY_S)

    def run_once(self) -> None:
        """Look at everything once. Raises only what concerns the whole outbox: sqlite3.Error, and OSError of its folder.

        On a disk without a free byte not even the journal can be written: the space set aside pays for what may be deleted.
        """
        try:
            self._look()
        except (sqlite3.Error, OSError) as error:
            if not is_out_of_space(self.settings.data_folder) or not self._reserve.release():
                raise
            log.warning("the disk is full (%s): the space set aside is used to delete what may be deleted", error)
            self.tidy()

    def _look(self) -> None:
        if self.clock.monotonic_ns() >= self._tidy_due_ns:
            self._tidy_due_ns = self.clock.monotonic_ns() + round(RETENTION_EVERY_S * NANOSECONDS)
            self.tidy()
        for session in enlist_new_sessions(self.settings.sessions_folder, self.journal, self.clock.now()):
            log.info(
                "session enlisted", extra={"session": session.session_id, "state": session.state, "fault": session.fault_code}
            )
        if self.settings.hub is not None and self.clock.monotonic_ns() >= self._link.due_ns:
            self._work_through()

    def tidy(self) -> None:
        """Delete what may be deleted, and set space aside for doing so when the disk is full."""
        shelf = shelf_of(self.settings.data_folder, self.settings.sessions_folder)
        rule = RetentionRule(timedelta(days=self.settings.retention.keep_days), self.settings.retention.min_free_bytes)
        shelf.finish_deletions(self.journal)
        free_bytes = shutil.disk_usage(self.settings.data_folder).free
        now = self.clock.now()
        for session in to_delete(self.journal.sessions({State.CONFIRMED}), rule, now, free_bytes):
            shelf.delete(session, self.journal, now)
            log.info("session deleted here; the hub has it", extra={"session": session.session_id})
        self._set_space_aside()

    def _set_space_aside(self) -> None:
        if is_out_of_space(self.settings.data_folder):
            return
        try:
            self._reserve.fill()
        except GrimaceError as error:  # a recording was faster
            log.warning("no space can be set aside: %s", error)

    def _work_through(self) -> None:
        now, cap_s = self.clock.now(), self.settings.upload.retry_cap_s
        for session in self.journal.sessions(WAITING):
            if is_due(session.next_try_at, now, cap_s) and not self._attempt(session):
                return

    def _attempt(self, session: OutboxSession) -> bool:
        """Take a session as far as it goes; False when the hub cannot be used at all at the moment."""
        try:
            self._delivery().carry_on(session.session_id)
        except UploadPaused:
            return True  # nothing failed; what needs no traffic is still looked at
        except GrimaceError as error:
            return self._settle(session, error)
        except sqlite3.Error:
            raise
        except OSError as error:
            fault = faults.DISK_FULL if is_full(error) else faults.DISK_FAILED
            return self._settle(session, GrimaceError(fault, str(error)))
        except Exception as error:  # a mistake of ours with one session must not hold up the others
            log.exception("not foreseen", extra={"session": session.session_id})
            return self._settle(session, GrimaceError(faults.UPLOAD_FAILED, repr(error)))
        self._link_works()
        return True

    def _delivery(self) -> Delivery:
        if self._link.hub is None:
            self._link.hub = self.connect()
        return Delivery(
            self.journal,
            self._link.hub,
            self._seals,
            self.traffic,
            self.settings.sessions_folder,
            self.settings.upload.chunk_bytes,
            self.clock,
            self.pause,
        )

    def _settle(self, session: OutboxSession, error: GrimaceError) -> bool:
        """Write down what follows from a failed attempt; False when the hub cannot be used at all."""
        verdict = judge(error)
        if error.fault.code != session.fault_code:
            log.warning(str(error), extra={"session": session.session_id, "verdict": verdict.name.lower()})
        if isinstance(error, HubRefused) and verdict is not Verdict.HUB_AWAY:
            self._link_works()
        now = self.clock.now()
        match verdict:
            case Verdict.QUARANTINE:
                self.journal.move(session.session_id, State.QUARANTINED, now, fault=error)
            case Verdict.REFUSED:
                self.journal.move(session.session_id, State.REFUSED, now, fault=error)
            case Verdict.TRY_LATER:
                self._defer(session, error)
            case Verdict.HUB_AWAY:
                self._link_fails(error)
                if isinstance(error, HubUnreachable):  # perhaps only this session's bytes do not get through: another is next
                    self._defer(session, error)
                return False
        return True

    def _defer(self, session: OutboxSession, error: GrimaceError) -> None:
        pause_s = back_off_s(session.attempts, self.settings.upload.retry_cap_s, random.random())
        self.journal.defer(session.session_id, self.clock.now() + timedelta(seconds=pause_s), error)

    def _link_works(self) -> None:
        self._link.failures, self._link.due_ns = 0, 0
        if self.journal.hub_fault() is not None:
            log.info("the hub answers again")
            self.journal.note_hub_fault(None, self.clock.now())

    def _link_fails(self, error: GrimaceError) -> None:
        """Leave the hub alone for a while; a refused token for the longest time, and it is read anew then."""
        cap_s = self.settings.upload.retry_cap_s
        unreachable = isinstance(error, HubUnreachable)
        pause_s = back_off_s(self._link.failures, cap_s, random.random()) if unreachable else cap_s
        hub = self._link.hub if unreachable else None
        if hub is None and self._link.hub is not None:
            self._link.hub.close()
        self._link = Link(hub, self._link.failures + 1, self.clock.monotonic_ns() + round(pause_s * NANOSECONDS))
        self.journal.note_hub_fault(error, self.clock.now())


def reserve_of(data_folder: Path) -> SpaceReserve:
    """Space for the journal, set aside for the moment when there is none."""
    return SpaceReserve(data_folder / RESERVE_NAME, RESERVE_BYTES)


def is_out_of_space(data_folder: Path) -> bool:
    """Whether so little is free that the journal could fail to be written."""
    return shutil.disk_usage(data_folder).free < RESERVE_BYTES


def shelf_of(data_folder: Path, sessions_folder: Path) -> Shelf:
    """Where a deletion passes through on this rig."""
    return Shelf(sessions_folder, data_folder / "receipts", data_folder / "trash")
