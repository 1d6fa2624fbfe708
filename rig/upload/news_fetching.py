"""Asks the hub for news, cheaply: the roster every five minutes, and each session's result ever less often until it is final."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rig.outbox.journal import Journal
from rig.upload.news import SessionResult, read_result, result_of, result_path, roster_path
from rig.upload.pace import back_off_s, news_after_s
from shared.client import Hub, HubRefused
from shared.clock import NANOSECONDS, Clock
from shared.documents import Document
from shared.faults import NOT_FOUND, GrimaceError

log = logging.getLogger(__name__)

LOOK_FOR_NEWS_EVERY_S = 2.0
ROSTER_EVERY_S = 300.0
LONGEST_PAUSE_S = 60.0
SESSIONS_FOLLOWED = 30
"""The newest that the hub has: results of older ones are looked up at the hub."""


@dataclass
class Question:
    """A session whose result is not final: since when it is asked for, and when next."""

    since_ns: int
    due_ns: int


@dataclass
class NewsFetcher:
    """What the news thread works with. `connect` makes a connection with the present token; `fetch` is called again and again."""

    data_folder: Path
    journal_path: Path
    connect: Callable[[], Hub]
    clock: Clock
    _questions: dict[str, Question] = field(default_factory=dict)
    _answered: set[str] = field(default_factory=set)
    _roster_due_ns: int = 0
    _failures: int = 0
    _quiet_until_ns: int = 0

    def fetch(self) -> None:
        """Ask for what is due. Raises GrimaceError when the hub cannot be asked, and is quiet for a while then; OSError."""
        now_ns = self.clock.monotonic_ns()
        self._find_questions(now_ns)
        due = [session_id for session_id, question in self._questions.items() if question.due_ns <= now_ns]
        if now_ns < self._quiet_until_ns or (not due and now_ns < self._roster_due_ns):
            return
        try:
            self._ask(due, now_ns)
        except GrimaceError:
            pause_s = back_off_s(self._failures, LONGEST_PAUSE_S, random.random())
            self._failures, self._quiet_until_ns = self._failures + 1, now_ns + round(pause_s * NANOSECONDS)
            raise
        self._failures = 0

    def _find_questions(self, now_ns: int) -> None:
        with Journal(self.journal_path, is_proven=True) as journal:
            on_hub = journal.newest_on_hub(SESSIONS_FOLLOWED)
        for session_id in on_hub:
            if session_id in self._answered or session_id in self._questions:
                continue
            known = read_result(self.data_folder, session_id)
            if known is not None and known.is_final:
                self._answered.add(session_id)
            else:
                self._questions[session_id] = Question(now_ns, now_ns)
        still_asked = [session_id for session_id in on_hub if session_id not in self._answered]
        self._questions = {session_id: self._questions[session_id] for session_id in still_asked}

    def _ask(self, due: list[str], now_ns: int) -> None:
        hub = self.connect()
        try:
            if now_ns >= self._roster_due_ns:
                self._fetch_roster(hub)
                self._roster_due_ns = now_ns + round(ROSTER_EVERY_S * NANOSECONDS)
            for session_id in due:
                self._fetch_result(hub, session_id)
                question = self._questions[session_id]
                waited_s = (now_ns - question.since_ns) / NANOSECONDS
                question.due_ns = now_ns + round(news_after_s(waited_s) * NANOSECONDS)
        finally:
            hub.close()

    def _fetch_roster(self, hub: Hub) -> None:
        try:
            roster = hub.roster()
        except HubRefused as error:
            if error.fault is not NOT_FOUND:
                raise
            return  # an older hub, which has none
        self._keep(roster, roster_path(self.data_folder))

    def _fetch_result(self, hub: Hub, session_id: str) -> None:
        try:
            view = hub.session(session_id)
        except HubRefused as error:
            if error.fault is not NOT_FOUND:
                raise
            return  # deleted there; perhaps restored from a backup later
        result = result_of(view, self.clock.now())
        if result is None:
            return
        if not _same(result, read_result(self.data_folder, session_id)):
            self._keep(result, result_path(self.data_folder, session_id))
            log.info("result", extra={"session": session_id, "state": result.state})
        if result.is_final:
            self._answered.add(session_id)

    def _keep(self, news: Document, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        news.write(path)


def _same(result: SessionResult, known: SessionResult | None) -> bool:
    return known is not None and result.model_copy(update={"told_at": known.told_at}) == known
