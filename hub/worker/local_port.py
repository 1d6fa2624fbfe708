"""The hub of the same process, for its embedded worker: the services are called directly and files are read in place."""

from __future__ import annotations

import shutil
from pathlib import Path

from hub.analyses import claims
from hub.analyses.completion import complete
from hub.context import Hub
from hub.worker.port import Check
from shared.api import ClaimedAnalysis, ClaimRequest, Completion, Failure, ProgressReport
from shared.durable import replacing
from shared.faults import Fault, GrimaceError


class LocalPort:
    """A HubPort within the hub's own process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def claim(self, request: ClaimRequest) -> ClaimedAnalysis | None:
        with self._hub.database.writing() as session:
            return claims.claim(session, request, self._hub.settings.lease_s, self._hub.clock.now())

    def progress(self, claimed: ClaimedAnalysis, report: ProgressReport) -> None:
        with self._hub.database.writing() as session:
            now, lease_s = self._hub.clock.now(), self._hub.settings.lease_s
            ending = claims.progress(session, claimed.analysis_id, claimed.fence, report, lease_s, now)
        _raise(ending, claimed)

    def fetch(self, claimed: ClaimedAnalysis, folder: Path, check: Check) -> Path:  # noqa: ARG002 - nothing needs copying here
        """The session's own folder: its files were hashed when they were verified, and never change."""
        with self._hub.database.reading() as session:
            row = claims.held(session, claimed.analysis_id, claimed.fence)
            return self._hub.storage.session_folder(row.session.lab.uid, row.session.uid)

    def put_table(self, claimed: ClaimedAnalysis, table: Path) -> None:
        with self._hub.database.reading() as session:
            row = claims.held(session, claimed.analysis_id, claimed.fence)
            place = self._hub.storage.received_table(row.uid, claimed.fence)
        with table.open("rb") as source, replacing(place) as copy:
            shutil.copyfileobj(source, copy)

    def complete(self, claimed: ClaimedAnalysis, completion: Completion) -> None:
        _raise(complete(self._hub, claimed.analysis_id, claimed.fence, completion), claimed)

    def fail(self, claimed: ClaimedAnalysis, failure: Failure) -> None:
        with self._hub.database.writing() as session:
            now, attempts = self._hub.clock.now(), self._hub.settings.attempts
            ending = claims.fail(session, claimed.analysis_id, claimed.fence, failure, attempts, now)
        self._hub.queued.ring()
        _raise(ending, claimed)

    def give_back(self, claimed: ClaimedAnalysis) -> None:
        with self._hub.database.writing() as session:
            ending = claims.give_back(session, claimed.analysis_id, claimed.fence, self._hub.clock.now())
        self._hub.queued.ring()
        _raise(ending, claimed)


def _raise(ending: Fault | None, claimed: ClaimedAnalysis) -> None:
    if ending is not None:
        raise GrimaceError(ending, f"analysis {claimed.analysis_id}")
