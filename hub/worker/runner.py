"""Doing analyses: claim, fetch, score, deliver, complete, and what becomes of it when one of these fails."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hub.worker.inference import InferenceProcess
from hub.worker.lease_keeper import LeaseKeeper
from hub.worker.messages import Job
from hub.worker.port import Check, HubPort, Interrupted
from shared.api import ClaimedAnalysis, ClaimRequest, Completion, Failure
from shared.faults import ANALYSIS_CANCELLED, HUB_UNREACHABLE, LEASE_LOST, SCORING_FAILED, GrimaceError

log = logging.getLogger(__name__)

FOLDER_PREFIX = "analysis-"
TABLE_NAME = "scores.parquet"
NOT_OURS_ANY_MORE = frozenset({ANALYSIS_CANCELLED, LEASE_LOST})


@dataclass(frozen=True)
class WorkerSettings:
    """How a worker works: its name in the hub, where it keeps files, where builds lie (None: those that came along)."""

    name: str
    work_folder: Path
    builds_folder: Path | None = None
    threads: int = 1
    """Inference threads."""


class Runner:
    """Does one analysis after the other. Used by one thread; `stopping` makes it give back what it has in hand."""

    def __init__(self, port: HubPort, inference: InferenceProcess, settings: WorkerSettings, stopping: threading.Event) -> None:
        self._port = port
        self._inference = inference
        self._settings = settings
        self._stopping = stopping
        self._out_of_reach = False

    def work_until_none(self) -> None:
        """Claim and do analyses until nothing is queued, the hub does not answer, or the worker stops."""
        while not self._stopping.is_set():
            claimed = self._claim()
            if claimed is None:
                return
            self._do(claimed)

    def _claim(self) -> ClaimedAnalysis | None:
        try:
            claimed = self._port.claim(ClaimRequest(worker=self._settings.name))
        except GrimaceError as error:
            if not self._out_of_reach:
                log.warning("no analysis can be claimed: %s", error)
            self._out_of_reach = True
            return None
        self._out_of_reach = False
        return claimed

    def _do(self, claimed: ClaimedAnalysis) -> None:
        about = {"analysis": claimed.analysis_id, "session": claimed.session_id, "attempt": claimed.attempt}
        log.info("analysis started", extra=about)
        try:
            self._score_or_give_back(claimed)
        except GrimaceError as error:
            log.warning("analysis not completed: %s", error, extra=about)
            if error.fault not in NOT_OURS_ANY_MORE and error.fault is not HUB_UNREACHABLE:
                self._fail(claimed, Failure(code=error.fault.code, detail=error.detail))
        except OSError as error:
            log.exception("analysis not completed", extra=about)
            self._fail(claimed, Failure(code=SCORING_FAILED.code, detail=f"on the worker: {error}"))
        else:
            log.info("analysis ended here", extra=about)

    def _score_or_give_back(self, claimed: ClaimedAnalysis) -> None:
        folder = TemporaryDirectory(prefix=FOLDER_PREFIX, dir=self._settings.work_folder)
        with folder as name, LeaseKeeper(self._port, claimed) as keeper:

            def check() -> None:
                if keeper.ending is not None or self._stopping.is_set():
                    raise Interrupted

            try:
                self._score(claimed, Path(name), keeper, check)
            except Interrupted:
                if keeper.ending is not None:
                    raise GrimaceError(keeper.ending, f"analysis {claimed.analysis_id}") from None
                self._port.give_back(claimed)

    def _score(self, claimed: ClaimedAnalysis, folder: Path, keeper: LeaseKeeper, check: Check) -> None:
        recording = self._port.fetch(claimed, folder, check)
        table = folder / TABLE_NAME
        job = Job(
            recording=recording,
            table=table,
            build=claimed.build,
            builds_folder=self._settings.builds_folder,
            rate=claimed.rate,
            subject_type=claimed.subject_type,
            threads=self._settings.threads,
        )
        outcome = self._inference.analyse(job, keeper.note, check)
        if isinstance(outcome, Failure):
            self._fail(claimed, outcome)
            return
        self._port.put_table(claimed, table)
        self._port.complete(claimed, Completion(table_sha256=outcome.table_sha256, summary=outcome.summary))

    def _fail(self, claimed: ClaimedAnalysis, failure: Failure) -> None:
        """Tell the hub; when even that fails, the lease runs out and says it."""
        try:
            self._port.fail(claimed, failure)
        except GrimaceError as error:
            log.warning("the hub was not told of the failure: %s", error, extra={"failure": failure.code})
