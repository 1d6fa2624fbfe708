"""Two ways to run the whole of it with real processes: everything in one, and hub, workers, broker and database apart."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import requests
from sqlalchemy import select

from hub.accounts import service, tokens
from hub.database import Database
from hub.storage import Storage
from hub.tables import Analysis, Role, TokenKind
from shared.api import API_PREFIX, AnalysisRequest, AnalysisView
from shared.client import Hub
from tests.hub.analyses.analysis_hub import BUILD
from tests.hub.stored_sessions import store_session
from tests.processes import Process, RunningHub, until
from tests.sealed_sessions import RECORDED_AT

FAST = {"lease_s": 3, "reconcile_s": 0.3, "ring_again_s": 1, "analyse_at_rate": 0}
"""What takes a minute in a laboratory takes seconds here."""


class RunningWorker(Process):
    """`grimace-hub worker` for a running hub."""

    def __init__(self, hub: RunningHub, name: str, token: str, broker: str | None = None) -> None:
        folder = hub.folder / name
        folder.mkdir()
        (folder / "token").write_text(token)
        where = ("--token-file", str(folder / "token"), "--work-folder", str(folder / "work"))
        broker_option = ("--broker", broker) if broker else ()
        super().__init__(
            ("grimace-hub", "worker", "--hub", hub.url, "--name", name, *where, *broker_option), folder / "worker.log"
        )
        self.name = name


class Stack:
    """A running hub with one lab, and those who score for it."""

    def __init__(self, hub: RunningHub, worker_names: tuple[str, ...] = (), broker: str | None = None) -> None:
        self.hub = hub
        self.database = Database(hub.environment.get("GRIMACE_HUB_DATABASE_URL") or f"sqlite:///{hub.folder / 'hub/hub.sqlite'}")
        self.storage = Storage(hub.folder / "hub")
        with self.database.writing() as session:
            lab = service.create_lab(session, "Lab", RECORDED_AT)
            person = service.add_user(session, lab, "ada@example.org", "", Role.STANDARD, RECORDED_AT)
            self._token = tokens.issue(session, TokenKind.API, "test", RECORDED_AT, lab=lab, user=person)
            issued = {name: tokens.issue(session, TokenKind.WORKER, name, RECORDED_AT) for name in worker_names}
        self.workers = tuple(RunningWorker(hub, name, token, broker) for name, token in issued.items())

    @property
    def scorers(self) -> tuple[Process, ...]:
        """The processes that score."""
        return self.workers or (self.hub,)

    def start_scoring(self) -> None:
        for worker in self.workers:
            worker.start()

    def stop(self) -> None:
        for process in (*self.workers, self.hub):
            process.stop()
        self.database.close()

    def store(self, **asked: object) -> str:
        """A new stored session's id."""
        return store_session(self.database, self.storage, self.hub.folder / "recorded", **asked)  # type: ignore[arg-type]

    def ask(self, session_uid: str, rate: float = 1.0, priority: int = 5, build: str = BUILD) -> str:
        """The id of an analysis that is asked for over the API."""
        wanted = AnalysisRequest(build=build, rate=rate, priority=priority)
        return Hub(self.hub.url, self._token).start_analysis(session_uid, wanted).analysis_id

    def post(self, uid: str, verb: str) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        requests.post(f"{self.hub.url}{API_PREFIX}/analyses/{uid}/{verb}", headers=headers, timeout=10).raise_for_status()

    def see(self, uid: str) -> AnalysisView:
        return Hub(self.hub.url, self._token).analysis(uid)

    def once(self, uid: str, *states: str, within_s: float = 60.0) -> AnalysisView:
        """The analysis as soon as it is in one of the states."""

        def look() -> AnalysisView | None:
            seen = self.see(uid)
            return seen if seen.state in states else None

        return until(look, within_s)

    def once_in_the_middle(self, uid: str) -> AnalysisView:
        """The analysis as soon as some of its frames, but not all, are scored."""

        def look() -> AnalysisView | None:
            seen = self.see(uid)
            assert seen.state in {"queued", "running"}, seen
            return seen if seen.frames_done else None

        return until(look)

    def rows(self) -> list[Analysis]:
        with self.database.reading() as session:
            return list(session.scalars(select(Analysis)))

    def scorer_of(self, seen: AnalysisView) -> Process:
        """The process that holds the analysis."""
        return next((worker for worker in self.workers if worker.name == seen.worker), self.hub)

    def children_of(self, process: Process) -> list[int]:
        """The inference children of a process."""
        assert process.popen is not None
        return [int(pid) for pid in Path(f"/proc/{process.popen.pid}/task").glob("*/children") for pid in pid.read_text().split()]

    def kill_child_of(self, process: Process) -> None:
        (child,) = self.children_of(process)
        os.kill(child, signal.SIGKILL)
