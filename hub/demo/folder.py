"""The demonstration's folder: one demonstration at a time works in it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK_NAME = "demo.lock"


class FolderUnusable(Exception):
    """The folder cannot be written to, or another demonstration works in it."""


@contextmanager
def own_folder(folder: Path) -> Iterator[None]:
    """Make the folder and hold it; the kernel lets it go when the process dies. Raises FolderUnusable.

    A second demonstration would give the first one's rig the address of another hub.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK_NAME).open("w")
    except OSError as error:
        raise FolderUnusable(str(error)) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FolderUnusable(f"another demonstration works in {folder}: end it first, or name another folder") from error
        yield
