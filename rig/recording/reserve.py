"""Space set aside on the disk, so that a recording that fills it can still be closed and sealed."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from rig.disk import is_full
from shared.faults import DISK_FULL, GrimaceError

log = logging.getLogger(__name__)

RESERVE_NAME = "disk-reserve"
RESERVE_BYTES = 16 * 2**20
"""Pays for the last fragment (half a second at 25 Mb/s: 1.6 MB), a 30-minute video's index (1 MB), ledgers and manifest."""

SPACE_FACTOR = 1.3
"""Free space asked for before a recording, over what its bitrate promises (recorder notes, section 4)."""


def space_needed_bytes(planned_s: float, bitrate_bps: int) -> int:
    """Free space that a recording of that length needs before it may begin."""
    return round(planned_s * bitrate_bps / 8 * SPACE_FACTOR) + RESERVE_BYTES


class SpaceReserve:
    """A file that only takes up space; giving it up makes room at the moment when there is none."""

    def __init__(self, path: Path, size_bytes: int = RESERVE_BYTES) -> None:
        self._path = path
        self._size_bytes = size_bytes

    @classmethod
    def of(cls, data_folder: Path) -> SpaceReserve:
        """The one of a rig. A killed process leaves it filled: whoever repairs its work gives it up first."""
        return cls(data_folder / RESERVE_NAME)

    def fill(self) -> None:
        """Set the space aside; raises GrimaceError(E_DISK_FULL) when there is not enough, OSError for any other reason."""
        try:
            self._allocate()
        except OSError as error:
            if not is_full(error):
                raise
            self.release()
            raise GrimaceError(DISK_FULL, f"{self._size_bytes} bytes cannot be set aside in {self._path.parent}") from error

    def _allocate(self) -> None:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._size_bytes)
        finally:
            os.close(descriptor)

    def release(self) -> bool:
        """Give the space up; False when that was done before."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True


def write_all(descriptor: int, data: bytes | memoryview, offset: int, reserve: SpaceReserve) -> bool:
    """Write everything at the offset; on a full disk give up the reserve and go on.

    Returns whether the disk was found full. Raises OSError when even the reserve did not do.
    """
    found_full = False
    rest = memoryview(data)
    while rest:
        try:
            count = os.pwrite(descriptor, rest, offset)
        except OSError as error:
            if not is_full(error) or not reserve.release():
                raise
            log.warning("the disk is full: the space set aside is used to close the recording")
            found_full = True
            continue
        rest = rest[count:]
        offset += count
    return found_full
