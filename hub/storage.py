"""Where the hub's files lie under its data folder. Names are our own ids and checked file names, never a request's path."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Storage:
    """The layout of the data folder; all of it on one file system, so that a finished upload is moved by renaming."""

    data_folder: Path

    @property
    def incoming(self) -> Path:
        """Uploads that are not verified yet."""
        return self.data_folder / "incoming"

    @property
    def results(self) -> Path:
        return self.data_folder / "results"

    @property
    def work(self) -> Path:
        """What the embedded worker has in hand."""
        return self.data_folder / "work"

    def prepare(self) -> None:
        """Create the folders."""
        for folder in (self.incoming, self.results, self.work, self.data_folder / "sessions"):
            folder.mkdir(parents=True, exist_ok=True)

    def incoming_file(self, upload_uid: str) -> Path:
        return self.incoming / upload_uid

    def session_folder(self, lab_uid: str, session_uid: str) -> Path:
        return self.data_folder / "sessions" / lab_uid / session_uid

    def session_file(self, lab_uid: str, session_uid: str, name: str) -> Path:
        return self.session_folder(lab_uid, session_uid) / name

    def result_table(self, analysis_uid: str) -> Path:
        """The Parquet table of a finished analysis."""
        return self.results / f"{analysis_uid}.parquet"

    def received_table(self, analysis_uid: str, fence: str) -> Path:
        """A table that a worker has put but not completed; per fence, so that two workers never share a file."""
        return self.results / f"{analysis_uid}.{fence}.received"

    def received_tables(self, analysis_uid: str) -> list[Path]:
        """All tables that were put for an analysis; those of workers that vanished before they completed lie there for good."""
        return list(self.results.glob(f"{analysis_uid}.*.received"))

    def free_bytes(self) -> int:
        """What is free for us on the data folder's disk."""
        return shutil.disk_usage(self.data_folder).free
