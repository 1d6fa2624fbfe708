"""A tus client in single steps, so that a test decides what goes wrong between them."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import socket
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import requests

from shared.api import API_PREFIX, TUS_PATH, TUS_VERSION

OFFSET_STREAM = "application/offset+octet-stream"


def random_bytes(count: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(count)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def metadata(**pairs: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def checksum(content: bytes, algorithm: str = "sha1") -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, content).digest()).decode()}"


@dataclass(frozen=True)
class Tus:
    """One token's view of a hub."""

    url: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Tus-Resumable": TUS_VERSION, "Authorization": f"Bearer {self.token}"}

    def request(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> requests.Response:
        return requests.request(method, self.url + path, headers={**self.headers, **(headers or {})}, timeout=60, **more)

    def announce(self, files: dict[str, bytes], session_id: str | None = None) -> str:
        """Announce a session with these files; its id."""
        listed = {name: (len(content), sha256(content)) for name, content in files.items()}
        return self.announce_listed(listed, session_id)

    def announce_listed(self, files: dict[str, tuple[int, str]], session_id: str | None = None) -> str:
        session_id = session_id or str(uuid.uuid4())
        records = [{"name": name, "size_bytes": size, "sha256": digest} for name, (size, digest) in files.items()]
        body = {"study": {}, "recorded_at": "2026-03-01T09:00:00Z", "files": records}
        assert self.request("PUT", f"{API_PREFIX}/sessions/{session_id}", json=body).status_code in {200, 201}
        return session_id

    def session(self, session_id: str) -> dict[str, Any]:
        return json.loads(self.request("GET", f"{API_PREFIX}/sessions/{session_id}").content)

    def create(
        self, session_id: str, name: str, size: int, headers: dict[str, str] | None = None, **more: Any
    ) -> requests.Response:
        told = {"Upload-Length": str(size), "Upload-Metadata": metadata(session=session_id, filename=name)}
        return self.request("POST", TUS_PATH, {**told, **(headers or {})}, **more)

    def new_upload(self, content: bytes, name: str = "clip.mp4") -> str:
        """Announce one file and create its upload; the upload's path."""
        answer = self.create(self.announce({name: content}), name, len(content))
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"]

    def patch(
        self, upload: str, offset: int, content: bytes | Iterable[bytes], headers: dict[str, str] | None = None
    ) -> requests.Response:
        told = {"Upload-Offset": str(offset), "Content-Type": OFFSET_STREAM}
        return self.request("PATCH", upload, {**told, **(headers or {})}, data=content)

    def offset(self, upload: str) -> int:
        answer = self.request("HEAD", upload)
        assert answer.status_code == 200, answer.status_code
        return int(answer.headers["Upload-Offset"])

    def half_patch(self, upload: str, offset: int, content: bytes, announced: int) -> socket.socket:
        """A PATCH that announces more bytes than it sends, and then keeps silent; the caller closes the socket."""
        host, port = self.url.removeprefix("http://").split(":")
        connection = socket.create_connection((host, int(port)), timeout=30)
        told = {**self.headers, "Host": host, "Upload-Offset": str(offset), "Content-Type": OFFSET_STREAM}
        lines = [f"PATCH {upload} HTTP/1.1", *(f"{key}: {value}" for key, value in told.items()), f"Content-Length: {announced}"]
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + content)
        return connection


def status_of(connection: socket.socket) -> int:
    """The status of the answer that comes on the connection; 0 when it is closed without one."""
    received = b""
    try:
        while b"\r\n" not in received:
            more = connection.recv(4096)
            if not more:
                break
            received += more
    except ConnectionError:
        return 0
    return int(received.split()[1]) if received else 0
