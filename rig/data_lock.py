"""One process at a time writes sessions into a data folder."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rig.disk import fault_of
from shared.faults import DISK_STALLED, RIG_ALREADY_RUNS, SETTINGS_INVALID, GrimaceError

LOCK_NAME = "camera.lock"


@contextmanager
def data_lock(data_folder: Path) -> Iterator[None]:
    """Hold the data folder for writing; the kernel lets it go when the process dies.

    Raises GrimaceError: E_RIG_RUNS when another process holds it, E_DISK_FULL, E_DISK_READ_ONLY or E_SETTINGS
    when it cannot be written to at all.
    """
    with _lock_file(data_folder) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise GrimaceError(RIG_ALREADY_RUNS, str(data_folder)) from error
        yield


def _lock_file(data_folder: Path) -> TextIO:
    try:
        data_folder.mkdir(parents=True, exist_ok=True)
        return (data_folder / LOCK_NAME).open("w")
    except OSError as error:
        fault = fault_of(error)
        raise GrimaceError(SETTINGS_INVALID if fault is DISK_STALLED else fault, f"data_folder: {error}") from error
