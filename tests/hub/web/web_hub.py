"""A hub whose sessions can be scored by the test, and the browsers that look at it."""

from __future__ import annotations

from dataclasses import dataclass

import requests

from hub.accounts import service, tokens
from hub.analyses.states import move
from hub.results.summary import summarise
from hub.results.table import Provenance, ScoredFrame, table_of, write_table
from hub.tables import Role, TokenKind
from shared.api import AnalysisState
from shared.grimace import Fau
from tests.hub.analyses.analysis_hub import BUILD, AnalysisHub

FRAMES = 40
"""More than a page of the score table shows."""


class Browser(requests.Session):
    """A session that behaves like a browser on the hub's pages: keeps cookies, and says where its forms come from."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def open(self, path: str, **options: object) -> requests.Response:
        return self.get(self.url + path, timeout=20, **options)

    def submit(self, path: str, origin: str | None = None, **fields: str) -> requests.Response:
        return self.post(self.url + path, data=fields, headers={"Origin": origin or self.url}, allow_redirects=False, timeout=20)


@dataclass
class WebHub:
    """The running hub, and what the tests look for in it."""

    running: AnalysisHub

    @property
    def url(self) -> str:
        return self.running.url

    def browser(self) -> Browser:
        return Browser(self.url)

    def link_for(self, email: str, lab: str = "Lab", role: Role = Role.STANDARD) -> str:
        """The path of a new one-time link."""
        parts = self.running.parts
        with parts.database.writing() as session:
            home = service.find_lab(session, lab)
            person = service.add_user(session, home, email, "Ada", role, self.running.clock.now())
            secret = tokens.issue(session, TokenKind.SIGN_IN, "link", self.running.clock.now(), lab=home, user=person)
        return f"/sign-in/{secret}"

    def signed_in(self, email: str = "ada@example.org", lab: str = "Lab") -> Browser:
        browser = self.browser()
        assert browser.submit(self.link_for(email, lab)).status_code == 303
        return browser

    def set_password(self, email: str, password: str) -> None:
        with self.running.parts.database.writing() as session:
            service.find_user(session, email).password_hash = service.hash_password(password)

    def score(self, session_id: str) -> str:
        """Queue the session's analysis and complete it: every second frame shows everything; its id."""
        uid = self.running.queue(session_id)
        parts = self.running.parts
        table = table_of([_frame(index) for index in range(FRAMES)], Provenance(BUILD, "ab" * 32, True, "c57bl/6", 1.0))
        sha256 = write_table(table, parts.storage.result_table(uid))
        summary = summarise(table, FRAMES / 30, 0, ()).model_dump(mode="json")
        with parts.database.writing() as session:
            row, now = self.running.row(session, uid), self.running.clock.now()
            move(session, row, AnalysisState.RUNNING, started_at=now, attempt=1)
            move(session, row, AnalysisState.DONE, table_sha256=sha256, summary=summary, ended_at=now)
        return uid


def _frame(index: int) -> ScoredFrame:
    seen = (Fau.ORBITAL, Fau.NOSE, Fau.EARS, Fau.WHISKERS) if index % 2 else (Fau.EARS,)
    return ScoredFrame(index, index / 30, 1, index * 33_333, 0.9, dict.fromkeys(seen, (2, 0.75)), ())
