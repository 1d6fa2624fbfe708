"""One request's bytes on their way: from its body to the disk, and the offset that may be trusted to the database."""

from __future__ import annotations

import asyncio
import errno
import hashlib
from datetime import timedelta

from hub.context import Hub
from hub.tables import Upload
from hub.uploads import service
from hub.uploads.body import Body, BodyEnd
from hub.uploads.locks import Hold, StopReason
from hub.uploads.protocol import Checksum
from hub.uploads.writer import IncomingFile
from shared.faults import HUB_DISK_FULL, UPLOAD_BUSY, UPLOAD_CHECKSUM, UPLOAD_INTERRUPTED, UPLOAD_TOO_LARGE, GrimaceError

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


async def receive(hub: Hub, upload: Upload, checksum: Checksum | None, body: Body, hold: Hold) -> int:
    """Bring a body to disk; the offset up to which the upload can be trusted afterwards.

    A client that went away meanwhile is no error. Raises E_UPLOAD_CONFLICT, E_UPLOAD_TOO_LARGE, E_UPLOAD_CHECKSUM,
    E_HUB_DISK_FULL, E_UPLOAD_BUSY (another connection took over) and E_UPLOAD_INTERRUPTED, and OSError.
    """
    reception = await asyncio.to_thread(Reception, hub, upload, checksum)
    try:
        while block := await body.next_block():
            await asyncio.to_thread(reception.take, block)
        assert body.end is not None, "an empty block means that the body has ended"
        await asyncio.to_thread(reception.settle, body.end, hold.stop)
    finally:
        reception.close()
    return upload.offset_bytes


class Reception:
    """Takes the blocks of one request; its methods block and are called from threads, one after the other.

    Without a checksum, what arrived is kept however the request ends. With one, the body counts as a whole or not at all.
    """

    def __init__(self, hub: Hub, upload: Upload, checksum: Checksum | None) -> None:
        """Open the upload's file at its trusted offset, unless somebody moved it since the row was read."""
        self._hub = hub
        self._upload = upload
        self._start = upload.offset_bytes
        self._checksum = checksum
        self._digest = hashlib.new(checksum.algorithm) if checksum else None
        self._check_space(0)
        self._file = IncomingFile(hub.storage.incoming_file(upload.uid))
        try:
            self._trust(self._start)
            self._file.go_to(self._start)
        except BaseException:
            self._file.close()
            raise

    def take(self, block: bytes) -> None:
        """Write a block. When it raises, what may be kept is settled already."""
        if self._file.end + len(block) > self._upload.size_bytes:
            self._take_back()  # whoever sends more than the file has sends another file
            raise GrimaceError(UPLOAD_TOO_LARGE, f"the upload has {self._upload.size_bytes} bytes")
        try:
            self._check_space(len(block))
        except GrimaceError:
            self._keep()
            raise
        try:
            self._file.write(block)
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise
            self._file.go_to(self._upload.offset_bytes)  # makes room for the database, which may lie on the same disk
            raise GrimaceError(HUB_DISK_FULL, str(error.strerror)) from error
        if self._digest is not None:
            self._digest.update(block)
        elif self._upload.offset_bytes + self._hub.settings.upload_checkpoint_bytes <= self._file.end < self._upload.size_bytes:
            self._checkpoint()

    def settle(self, end: BodyEnd, stop: StopReason | None) -> None:
        """Keep what may be kept now that no more bytes come; raises what the client is to be told."""
        if end is BodyEnd.WHOLE:
            self._verify()
        self._keep()
        if end is BodyEnd.STOPPED:
            raise GrimaceError(UPLOAD_BUSY if stop is StopReason.PREEMPTED else UPLOAD_INTERRUPTED, str(stop))
        if end is BodyEnd.STALLED:
            raise GrimaceError(UPLOAD_INTERRUPTED, f"nothing arrived for {self._hub.settings.upload_stall_s:.0f} s")

    def close(self) -> None:
        """Let other writers in."""
        self._file.close()

    def _verify(self) -> None:
        """Compare the whole body with its checksum; from then on it is kept like one that has none."""
        if self._digest is None or self._checksum is None:
            return
        if self._digest.digest() != self._checksum.digest:
            self._take_back()
            raise GrimaceError(UPLOAD_CHECKSUM, f"{self._checksum.algorithm} of {self._file.end - self._start} bytes")
        self._digest = None

    def _keep(self) -> None:
        if self._digest is None:
            self._checkpoint()
        else:
            self._take_back()

    def _checkpoint(self) -> None:
        self._file.sync()
        self._trust(self._file.end)

    def _take_back(self) -> None:
        """Forget what this request brought, also what was synced on the way; the row first, which never promises too much."""
        self._trust(self._start)
        self._file.go_to(self._start)

    def _trust(self, offset_bytes: int) -> None:
        """Make the database's offset what the disk has, and the file received when that is all of it."""
        settings = self._hub.settings
        whole = offset_bytes == self._upload.size_bytes
        with self._hub.database.writing() as session:
            expires_at = self._hub.clock.now() + timedelta(seconds=settings.upload_expires_s)
            service.move_offset(session, self._upload, offset_bytes, expires_at)
            if whole:
                service.mark_received(session, self._upload)
        self._upload.offset_bytes, self._upload.expires_at = offset_bytes, expires_at
        if whole:
            self._hub.received.ring()

    def _check_space(self, more_bytes: int) -> None:
        check_space(self._hub, more_bytes)


def check_space(hub: Hub, more_bytes: int) -> None:
    """Raise E_HUB_DISK_FULL when `more_bytes` more would eat into the reserve."""
    free_bytes = hub.storage.free_bytes()
    if free_bytes - more_bytes < hub.settings.free_bytes_reserve:
        raise GrimaceError(HUB_DISK_FULL, f"{free_bytes} bytes are free, {hub.settings.free_bytes_reserve} are kept in reserve")
