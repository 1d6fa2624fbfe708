"""Files that grow by whole lines while a session is open: the ledgers and the events."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from rig.recording.events import Event
from rig.recording.reserve import SpaceReserve, write_all
from shared.ledger import LedgerError, RowKind, check_line, header

MOST_TORN_BYTES = 64 * 1024
"""More than a crash can tear: lines are made durable with every fragment of the video, those of half a second at a time."""


class Journal:
    """Appends lines. Each is in the kernel's hands at once (it survives the process) and on the disk after `sync`."""

    def __init__(self, path: Path, reserve: SpaceReserve, first_line: str | None = None) -> None:
        path.touch(mode=0o640)
        self._file = path.open("r+b", buffering=0)
        self._reserve = reserve
        self._size_bytes = path.stat().st_size
        self.found_full = False
        if self._size_bytes == 0 and first_line is not None:
            self.append(first_line)

    def append(self, line: str) -> None:
        """Raises OSError."""
        data = line.encode() + b"\n"
        self.found_full |= write_all(self._file.fileno(), data, self._size_bytes, self._reserve)
        self._size_bytes += len(data)

    def sync(self) -> None:
        """Raises OSError."""
        os.fdatasync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


def cut_torn_ledger(path: Path, kind: RowKind) -> None:
    """Cut a ledger that a crash has torn before its first line that is not whole. Safe to repeat.

    When no line is whole, its header is written anew. Raises LedgerError, and cuts nothing, when so much follows the first
    line that is not whole that no crash can have torn it.
    """

    def is_whole(line: str, number: int) -> bool:
        if number == 1:
            return line == header(kind)
        try:
            check_line(line, kind)
        except ValueError:
            return False
        return True

    if _cut_before_first_bad_line(path, is_whole) == 0:
        with path.open("ab") as file:
            file.write(header(kind).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def cut_torn_events(path: Path) -> None:
    """The same for the events."""

    def is_whole(line: str, _number: int) -> bool:
        try:
            Event.model_validate_json(line)
        except ValidationError:
            return False
        return True

    _cut_before_first_bad_line(path, is_whole)


def _cut_before_first_bad_line(path: Path, is_whole: Callable[[str, int], bool]) -> int:
    """Returns the bytes that stay."""
    size_bytes, whole_bytes = path.stat().st_size, 0
    with path.open("r+b") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n") or not is_whole(line[:-1].decode("utf-8", "replace"), number):
                break
            whole_bytes += len(line)
        if size_bytes - whole_bytes > MOST_TORN_BYTES:
            raise LedgerError(f"{path.name} is damaged at byte {whole_bytes}, long before its end; nothing of it was cut")
        file.truncate(whole_bytes)
        os.fsync(file.fileno())
    return whole_bytes
