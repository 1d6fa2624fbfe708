"""What a worker needs of the hub, whether it is on another machine (`http_port`) or in this process (`local_port`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from shared.api import ClaimedAnalysis, ClaimRequest, Completion, Failure, ProgressReport


class Interrupted(Exception):
    """The analysis must not go on here: it was cancelled or given to another worker, or this worker shuts down."""


Check = Callable[[], None]
"""Called now and then by what takes long; raises Interrupted."""


class HubPort(Protocol):
    """The hub as a worker sees it. Safe to use from several threads.

    Everything about a claimed analysis raises GrimaceError: E_CANCELLED or E_LEASE_LOST when the work must stop, others when the
    hub refuses (or, over HTTP, cannot be reached for long).
    """

    def claim(self, request: ClaimRequest) -> ClaimedAnalysis | None:
        """Take an analysis, or None when nothing is queued."""

    def progress(self, claimed: ClaimedAnalysis, report: ProgressReport) -> None:
        """Report and renew the lease. Tries once."""

    def fetch(self, claimed: ClaimedAnalysis, folder: Path, check: Check) -> Path:
        """The folder that holds the session's files, checked against their hashes; `folder` may be used for them."""

    def put_table(self, claimed: ClaimedAnalysis, table: Path) -> None:
        """Deliver the Parquet file."""

    def complete(self, claimed: ClaimedAnalysis, completion: Completion) -> None:
        """The delivered table is the result."""

    def fail(self, claimed: ClaimedAnalysis, failure: Failure) -> None:
        """This attempt failed."""

    def give_back(self, claimed: ClaimedAnalysis) -> None:
        """Somebody else shall do it; the attempt does not count."""
