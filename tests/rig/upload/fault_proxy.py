"""A TCP proxy that does to connections what bad networks and bad proxies do."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

BLOCK_BYTES = 16 * 1024


@dataclass(frozen=True)
class Fault:
    """What happens to one connection; the default is nothing."""

    drop_after_bytes: int | None = None
    """Reset once the client has sent so much."""
    drop_on: bytes | None = None
    """Reset when the client sends this text."""
    corrupt_byte: int | None = None
    """Flip a bit of this byte of what the client sends."""
    delay_s: float = 0.0
    """Before each answer."""
    answer: bytes | None = None
    """Read the request and answer this instead of asking the hub, then close."""
    cut_answer_after_bytes: int | None = None
    """Reset once the hub has answered so much."""
    black_hole: bool = False
    """Take everything, forward and answer nothing."""


@dataclass
class FaultProxy:
    """Forwards to `target`. `faults` are taken by one new connection each; `always` applies when there is none left."""

    target: str
    faults: list[Fault] = field(default_factory=list)
    always: Fault = Fault()
    bytes_to_hub: int = 0
    connections: int = 0

    def __enter__(self) -> FaultProxy:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._listening, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(client)
            fault = self.faults.pop(0) if self.faults else self.always
            threading.Thread(target=self._serve, args=(client, fault), daemon=True).start()

    def _serve(self, client: socket.socket, fault: Fault) -> None:
        if fault.answer is not None:
            with contextlib.suppress(OSError):
                client.recv(BLOCK_BYTES)
                client.sendall(fault.answer)
                client.shutdown(socket.SHUT_WR)
            for _ in _blocks(client):  # else the kernel would reset the connection, and the answer with it
                pass
            client.close()
            return
        parts = urlsplit(self.target)
        try:
            hub = socket.create_connection((parts.hostname, parts.port))
        except OSError:
            client.close()
            return
        self._open.append(hub)
        threading.Thread(target=self._answer, args=(hub, client, fault), daemon=True).start()
        self._forward(client, hub, fault)

    def _forward(self, client: socket.socket, hub: socket.socket, fault: Fault) -> None:
        sent = 0
        for block in _blocks(client):
            if fault.drop_on is not None and fault.drop_on in block:
                _reset(client, hub)
                return
            if fault.drop_after_bytes is not None and sent + len(block) > fault.drop_after_bytes:
                self._pass_on(hub, block[: fault.drop_after_bytes - sent])
                time.sleep(0.05)  # what was sent shall arrive before the end does
                _reset(client, hub)
                return
            if fault.corrupt_byte is not None and sent <= fault.corrupt_byte < sent + len(block):
                at = fault.corrupt_byte - sent
                block = block[:at] + bytes([block[at] ^ 1]) + block[at + 1 :]
            sent += len(block)
            if not fault.black_hole and not self._pass_on(hub, block):
                break
        _reset(client, hub)

    def _pass_on(self, hub: socket.socket, block: bytes) -> bool:
        try:
            hub.sendall(block)
        except OSError:
            return False
        self.bytes_to_hub += len(block)
        return True

    def _answer(self, hub: socket.socket, client: socket.socket, fault: Fault) -> None:
        answered = 0
        for block in _blocks(hub):
            time.sleep(fault.delay_s)
            cut = fault.cut_answer_after_bytes
            with contextlib.suppress(OSError):
                client.sendall(block if cut is None else block[: max(0, cut - answered)])
            answered += len(block)
            if cut is not None and answered > cut:
                break
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_WR)


def _blocks(source: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(OSError):
        while block := source.recv(BLOCK_BYTES):
            yield block


def _reset(*sockets: socket.socket) -> None:
    """Close at once and unkindly: the other side gets a reset, not an end."""
    for each in sockets:
        with contextlib.suppress(OSError):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            each.shutdown(socket.SHUT_RDWR)
        each.close()
