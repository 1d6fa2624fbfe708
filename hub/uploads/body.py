"""A request's body as blocks for the disk, in bounded memory, with an end that says why it came."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from enum import Enum, auto
from typing import Any

from hub.uploads.locks import Hold

BLOCK_BYTES = 1024 * 1024
"""How much is gathered before the disk is bothered."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
"""ASGI's receive."""


class BodyEnd(Enum):
    """Why no more bytes come."""

    WHOLE = auto()
    DISCONNECTED = auto()
    STALLED = auto()
    STOPPED = auto()  # the hold was asked to let go


class Body:
    """Reads one request's body. Uvicorn itself waits for ever for a silent client, so the wait is limited here."""

    def __init__(self, receive: Receive, hold: Hold, stall_s: float) -> None:
        self.end: BodyEnd | None = None
        self._receive = receive
        self._hold = hold
        self._stall_s = stall_s

    async def next_block(self) -> bytes:
        """About a mebibyte, less at the end; empty when nothing more comes, and `end` says why."""
        gathered = bytearray()
        while self.end is None and len(gathered) < BLOCK_BYTES:
            gathered += await self._next_chunk()
        return bytes(gathered)

    async def _next_chunk(self) -> bytes:
        if self._hold.stop is not None:
            self.end = BodyEnd.STOPPED
            return b""
        try:
            async with asyncio.timeout(self._stall_s) as wait:
                with self._hold.ending(wait):
                    message = await self._receive()
        except TimeoutError:
            self.end = BodyEnd.STALLED if self._hold.stop is None else BodyEnd.STOPPED
            return b""
        if message["type"] == "http.disconnect":
            self.end = BodyEnd.DISCONNECTED
            return b""
        if not message.get("more_body", False):
            self.end = BodyEnd.WHOLE
        return bytes(message.get("body", b""))
