"""Is a file still what was sealed? Re-read and hashed before it is sent: a damaged disk must not become a damaged result."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rig.outbox.journal import OutboxFile
from shared.faults import FILE_CHANGED, GrimaceError

BLOCK_BYTES = 2**20

Signature = tuple[int, int, int, int]
"""What the file system changes with the content: inode, size, time of modification, time of change."""


@dataclass
class SealCheck:
    """Hashes each file once per process, and again whenever its directory entry shows that it was touched.

    Without this memory a rig that cannot reach its hub would read all its recordings again at every attempt. `go_on` is called
    before each block and may raise, to give the reading up: a recording that begins needs the disk.
    """

    go_on: Callable[[], None] = lambda: None
    _proven: dict[Path, Signature] = field(default_factory=dict)

    def check(self, folder: Path, file: OutboxFile) -> None:
        """Raise GrimaceError(E_FILE_CHANGED) unless the file has the content that was sealed; OSError when it cannot be read."""
        path = folder / file.name
        try:
            before = _signature(path)
            if self._proven.get(path) == before:
                return
            found = self._sha256(path)
        except FileNotFoundError:
            raise GrimaceError(FILE_CHANGED, f"{file.name} is missing") from None
        if found != file.sha256:
            raise GrimaceError(FILE_CHANGED, f"{file.name}: {_how_it_changed(path, file)}")
        self._proven[path] = before

    def _sha256(self, path: Path) -> str:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            self.go_on()
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
                self.go_on()
        return digest.hexdigest()

    def doubt(self, folder: Path) -> None:
        """Forget what is known of the folder's files: somebody received something else than was read here."""
        self._proven = {path: signature for path, signature in self._proven.items() if path.parent != folder}


def _signature(path: Path) -> Signature:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _how_it_changed(path: Path, file: OutboxFile) -> str:
    status = path.stat()
    if status.st_mtime_ns == file.mtime_ns:
        return "not written to since the outbox took it in: it was changed before, or the disk is failing"
    written = datetime.fromtimestamp(status.st_mtime_ns / 1e9, UTC)
    return f"it was written to at {written:%Y-%m-%d %H:%M:%S} UTC, after the outbox took it in"
