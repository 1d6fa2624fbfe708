"""An upload's bytes on disk: written at known offsets, cut back when they turn out wrong, trusted only when synced."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.durable import sync_directory
from shared.faults import UPLOAD_BUSY, GrimaceError


class IncomingFile:
    """The file of one upload, open for one writer.

    Its methods block and are called from threads, one after the other; `close` waits for a call that is still running, so that a
    cancelled request never closes the file under a write.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, made when it is not there; raises E_UPLOAD_BUSY when another process writes it, and OSError."""
        new = not path.exists()
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._turn = threading.Lock()
        self._open = True
        self.end = 0
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if new:
                sync_directory(path.parent)
        except BlockingIOError as error:
            self.close()
            raise GrimaceError(UPLOAD_BUSY, "another process of the hub writes it") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def go_to(self, offset: int) -> None:
        """Go on at `offset`: what lies behind it was never trusted, or turned out wrong, and is cut off."""
        with self._turn:
            os.ftruncate(self._descriptor, offset)
            self.end = offset

    def write(self, block: bytes) -> None:
        """Write at the end; raises OSError, after which `end` counts what was written all the same."""
        rest = memoryview(block)
        with self._turn:
            while rest:
                written = os.pwrite(self._descriptor, rest, self.end)
                self.end += written
                rest = rest[written:]

    def sync(self) -> None:
        """Return when every byte up to `end` is on the disk; raises OSError."""
        with self._turn:
            os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Close the file and let other writers in; bytes that were not synced may be lost. The second time does nothing."""
        with self._turn:
            if self._open:
                self._open = False
                os.close(self._descriptor)
