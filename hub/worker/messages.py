"""What crosses the pipe between a worker and its inference child.

Apart from the child, so that the parent (the hub's own process, by default) does not load the inference libraries.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shared.api import ScoreSummary


@dataclass(frozen=True)
class Job:
    """An analysis, as the child needs it."""

    recording: Path
    """The session's folder."""
    table: Path
    """Where the Parquet file shall be written."""
    build: str
    builds_folder: Path | None
    rate: float
    subject_type: str
    threads: int


@dataclass(frozen=True)
class Advanced:
    """How many frames are done, of how many."""

    done: int
    planned: int


@dataclass(frozen=True)
class Finished:
    """The table lies where the job said."""

    table_sha256: str
    summary: ScoreSummary
