"""One process at a time writes sessions into a data folder."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.faults import RECORDING_BUSY, GrimaceError

LOCK_NAME = "camera.lock"


@contextmanager
def data_lock(data_folder: Path) -> Iterator[None]:
    """Hold the data folder for writing; the kernel lets it go when the process dies. Raises GrimaceError(E_REC_BUSY)."""
    data_folder.mkdir(parents=True, exist_ok=True)
    with (data_folder / LOCK_NAME).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise GrimaceError(RECORDING_BUSY, f"another camera process holds {data_folder}") from error
        yield
