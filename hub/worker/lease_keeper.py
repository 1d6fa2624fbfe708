"""Keeps the lease of the analysis in hand: a thread that reports the newest progress, and learns when the work must stop."""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Self

from hub.worker.port import HubPort
from shared.api import ClaimedAnalysis, ProgressReport
from shared.faults import HUB_FAILED, HUB_UNREACHABLE, Fault, GrimaceError

log = logging.getLogger(__name__)

REPORT_EVERY_S = 1.0
REPORTS_PER_LEASE = 4
"""At least: so that two of them may get lost."""
MAY_PASS = frozenset({HUB_UNREACHABLE, HUB_FAILED})
"""The hub was not reached, or failed itself (its database was busy): the lease runs on, and the next report may renew it."""


class LeaseKeeper:
    """Reports from entering to leaving its block, whatever the work does meanwhile."""

    def __init__(self, port: HubPort, claimed: ClaimedAnalysis) -> None:
        self._port = port
        self._claimed = claimed
        self._progress = ProgressReport(frames_done=0, frames_planned=0)
        self._every_s = min(REPORT_EVERY_S, claimed.lease_s / REPORTS_PER_LEASE)
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease of {claimed.analysis_id}", daemon=True)
        self.ending: Fault | None = None
        """Why the work must stop, once it must."""

    def note(self, done: int, planned: int) -> None:
        """Remember the progress for the next report."""
        self._progress = ProgressReport(frames_done=done, frames_planned=planned)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._left.set()
        self._thread.join()

    def _keep(self) -> None:
        out_of_reach = False
        while not self._left.wait(self._every_s) and self.ending is None:
            try:
                self._port.progress(self._claimed, self._progress)
                out_of_reach = False
            except GrimaceError as error:
                if error.fault not in MAY_PASS:
                    self.ending = error.fault
                elif not out_of_reach:
                    log.warning("the hub cannot be told of the progress: %s", error)
                    out_of_reach = True
            except Exception:
                log.exception("the lease could not be renewed; the next report tries again")
