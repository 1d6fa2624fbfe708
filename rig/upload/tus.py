"""Sends one file over tus 1.0 (https://tus.io/protocols/resumable-upload), and goes on where the hub says it stopped.

The hub's offset is the only truth: after anything unexpected it is asked for again. Memory does not grow with file or chunk.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import requests
import tenacity

from rig.upload.traffic import BLOCK_BYTES, SMALLEST_CHUNK_BYTES, Traffic
from shared import faults
from shared.api import METADATA_FILE_NAME, METADATA_SESSION, METADATA_SHA256, TUS_PATH, TUS_VERSION
from shared.client import Hub, HubRefused, HubUnreachable
from shared.faults import GrimaceError
from shared.manifest import FileRecord

ATTEMPTS = 5
FIRST_PAUSE_S = 0.5
"""Up to so long before the second attempt at a chunk, doubling after each: hiccups of the network end here, and outages go
back to the outbox, which waits longer and lets other sessions try."""

CONTENT_TYPE = "application/offset+octet-stream"

GONE = frozenset({faults.UPLOAD_GONE.code, faults.NOT_FOUND.code})
PASSING = GONE | {
    faults.HUB_UNREACHABLE.code,
    faults.UPLOAD_CONFLICT.code,
    faults.UPLOAD_BUSY.code,
    faults.UPLOAD_CHECKSUM.code,
    faults.UPLOAD_INTERRUPTED.code,
}
"""Faults that asking for the offset and going on from there can mend."""


@dataclass(frozen=True)
class Outgoing:
    """A file of an announced session."""

    session_id: str
    path: Path
    record: FileRecord


@dataclass(frozen=True)
class FileRange:
    """A piece of a file as a request's body; read when it is sent, as fast as `traffic` lets it, which may raise UploadPaused."""

    path: Path
    offset: int
    length: int
    traffic: Traffic

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks(self.traffic.admit)

    def _blocks(self, admit: Callable[[int], int]) -> Iterator[bytes]:
        """`admit` says how many of the bytes that are left come next."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            left = self.length
            while left:
                block = file.read(admit(left))
                if not block:
                    raise GrimaceError(faults.FILE_CHANGED, f"{self.path.name} became shorter while it was sent")
                left -= len(block)
                yield block

    def sha256(self) -> bytes:
        digest = hashlib.sha256()
        for block in self._blocks(lambda left: min(BLOCK_BYTES, left)):
            digest.update(block)
        return digest.digest()


class TusUpload:
    """One file on its way. `upload` is the path of an upload that was begun before, `note` hears of each path and offset."""

    def __init__(
        self,
        hub: Hub,
        outgoing: Outgoing,
        traffic: Traffic,
        *,
        chunk_bytes: int,
        upload: str | None = None,
        note: Callable[[str, int], None] = lambda _upload, _offset: None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._hub = hub
        self._outgoing = outgoing
        self._traffic = traffic
        self._most_bytes = self._chunk_bytes = chunk_bytes
        self._upload = upload
        self._offset: int | None = None  # not known: to be asked for
        self._note = note
        self._pause = pause

    def send(self) -> None:
        """Return when the hub has every byte.

        Raises HubUnreachable or HubRefused when several attempts in a row brought nothing, or when another attempt would not
        help (the session is unknown, the token or the file is refused, the hub is full); OSError when the file cannot be read;
        UploadPaused when nothing may be sent any more.
        """
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_passes),
            wait=tenacity.wait_random_exponential(multiplier=FIRST_PAUSE_S),
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            sleep=self._pause,
            reraise=True,
        )
        while self._offset != self._outgoing.record.size_bytes:
            attempts(self._bring_a_chunk)

    def _bring_a_chunk(self) -> None:
        if self._offset is None:
            self._find_offset()
        if self._offset is not None and self._offset < self._outgoing.record.size_bytes:
            self._send_chunk(self._offset)

    def _find_offset(self) -> None:
        if self._upload is not None:
            try:
                self._found(self._upload, self._request("HEAD", self._upload))
            except HubRefused as error:
                if error.fault.code not in GONE:
                    raise
            else:
                return
        self._create()

    def _create(self) -> None:
        """Make the upload; the hub answers with the one that there is when a former answer was lost."""
        record = self._outgoing.record
        pairs = {METADATA_SESSION: self._outgoing.session_id, METADATA_FILE_NAME: record.name, METADATA_SHA256: record.sha256}
        metadata = ",".join(f"{key} {_base64(value.encode())}" for key, value in pairs.items())
        try:
            answer = self._request("POST", TUS_PATH, {"Upload-Length": str(record.size_bytes), "Upload-Metadata": metadata})
        except HubRefused as error:
            if error.fault is faults.NOT_FOUND:
                raise SessionUnknown(error.detail) from error
            raise
        location = answer.headers.get("Location", "")
        if TUS_PATH not in location:
            raise HubUnreachable(f"the answer to an upload's creation names no upload: {location!r}")
        self._found(location[location.index(TUS_PATH) :], answer)

    def _send_chunk(self, offset: int) -> None:
        left = self._outgoing.record.size_bytes - offset
        length = min(self._traffic.longest_chunk_bytes(self._chunk_bytes), left)
        chunk = FileRange(self._outgoing.path, offset, length, self._traffic)
        headers = {
            "Content-Type": CONTENT_TYPE,
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {_base64(chunk.sha256())}",
        }
        assert self._upload is not None, "the offset is known, so the upload is"
        self._offset = None
        try:
            answer = self._request("PATCH", self._upload, headers, chunk)
        except GrimaceError:
            self._chunk_bytes = max(SMALLEST_CHUNK_BYTES, self._chunk_bytes // 2)
            raise
        if self._offset_in(answer) <= offset:
            raise HubUnreachable(f"the hub took {len(chunk)} bytes and still is at {offset}")
        self._chunk_bytes = min(self._most_bytes, self._chunk_bytes * 2)
        self._found(self._upload, answer)

    def _found(self, upload: str, answer: requests.Response) -> None:
        self._upload, self._offset = upload, self._offset_in(answer)
        self._note(upload, self._offset)

    def _offset_in(self, answer: requests.Response) -> int:
        header = answer.headers.get("Upload-Offset", "")
        if not header.isdecimal() or int(header) > self._outgoing.record.size_bytes:
            raise HubUnreachable(f"Upload-Offset is {header!r} for {self._outgoing.record.size_bytes} bytes")
        return int(header)

    def _request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: FileRange | None = None
    ) -> requests.Response:
        return self._hub.request(method, path, headers={"Tus-Resumable": TUS_VERSION, **(headers or {})}, body=body)


class SessionUnknown(GrimaceError):
    """The hub knows no such announced file: the session has to be announced again."""

    def __init__(self, detail: str) -> None:
        super().__init__(faults.NOT_FOUND, detail)


def _passes(error: BaseException) -> bool:
    return isinstance(error, HubRefused | HubUnreachable) and error.fault.code in PASSING


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
