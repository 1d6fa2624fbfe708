"""One uploader at a time works on a data folder, and others can see whether one does."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from shared.faults import OUTBOX_BUSY, GrimaceError

LOCK_NAME = "uploader.lock"
LOOKED_AT_FOR_S = 0.5
"""`uploader_runs` takes the lock for an instant; an uploader that starts just then tries again after this."""


@contextmanager
def only_uploader(data_folder: Path) -> Iterator[None]:
    """Be the uploader; the kernel ends it when the process dies. Raises GrimaceError(E_OUTBOX_BUSY)."""
    data_folder.mkdir(parents=True, exist_ok=True)
    with (data_folder / LOCK_NAME).open("ab") as lock:
        if not _taken(lock):
            time.sleep(LOOKED_AT_FOR_S)
            if not _taken(lock):
                raise GrimaceError(OUTBOX_BUSY, str(data_folder))
        yield


def uploader_runs(data_folder: Path) -> bool:
    """Whether an uploader is at work here."""
    try:
        with (data_folder / LOCK_NAME).open("rb") as lock:
            return not _taken(lock)
    except FileNotFoundError:
        return False


def _taken(lock: BinaryIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
