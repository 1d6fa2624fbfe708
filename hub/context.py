"""What every handler and loop of a hub process works with."""

from __future__ import annotations

from dataclasses import dataclass

from hub.accounts.attempts import FailedAttempts
from hub.bell import Bell
from hub.database import Database
from hub.settings import HubSettings
from hub.storage import Storage
from hub.uploads.locks import UploadLocks
from shared.clock import Clock


@dataclass(frozen=True)
class Hub:
    """The parts of one hub process, wired by `create_app`."""

    settings: HubSettings
    database: Database
    storage: Storage
    clock: Clock
    received: Bell
    """Rung when all files of a session are here; the finishing loop listens."""
    queued: Bell
    """Rung when an analysis was queued; the dispatch loop listens."""
    upload_locks: UploadLocks
    """Which uploads this process's requests hold."""
    wrong_codes: FailedAttempts
    """Enrolment codes that were not right, per address."""
