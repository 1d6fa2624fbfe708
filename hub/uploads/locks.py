"""Who holds an upload. A newcomer does not wait in vain behind a dead connection: it asks the holder to let go.

Over flaky wireless a rig's old connection may stay half open for minutes. The rig comes back with HEAD or PATCH on a new one;
the old one then flushes what it has and ends, and the newcomer goes on from there (tusd's locks work the same way).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import StrEnum

from shared.faults import UPLOAD_BUSY, GrimaceError

RELEASE_WITHIN_S = 15.0
"""A holder that has not let go by then is stuck in the disk; the newcomer is sent away with E_UPLOAD_BUSY."""


class StopReason(StrEnum):
    """Why a holder is asked to let go."""

    PREEMPTED = "another connection took the upload over"
    SHUTDOWN = "the hub is stopping"


class Hold:
    """One request's hold of one upload."""

    def __init__(self) -> None:
        self.stop: StopReason | None = None
        self.released = asyncio.Event()
        self._wait: asyncio.Timeout | None = None

    def ask_to_stop(self, reason: StopReason) -> None:
        """End the holder's wait for bytes, now and from now on."""
        if self.stop is None:
            self.stop = reason
            if self._wait is not None and not self._wait.expired():
                self._wait.reschedule(asyncio.get_running_loop().time())

    @contextmanager
    def ending(self, wait: asyncio.Timeout) -> Iterator[None]:
        """While the block runs, a request to stop makes `wait` time out."""
        self._wait = wait
        try:
            yield
        finally:
            self._wait = None


class UploadLocks:
    """The uploads that this process's requests hold; used from its event loop only.

    Between processes a file lock keeps writers apart (`writer`); there a newcomer waits instead of pre-empting.
    """

    def __init__(self, release_within_s: float = RELEASE_WITHIN_S) -> None:
        self._release_within_s = release_within_s
        self._holds: dict[str, Hold] = {}
        self._stopping = False

    @asynccontextmanager
    async def holding(self, upload_uid: str) -> AsyncIterator[Hold]:
        """Hold the upload while the block runs; raises E_UPLOAD_BUSY when the present holder does not let go."""
        try:
            async with asyncio.timeout(self._release_within_s):
                while (other := self._holds.get(upload_uid)) is not None:
                    other.ask_to_stop(StopReason.PREEMPTED)
                    await other.released.wait()
        except TimeoutError as error:
            raise GrimaceError(UPLOAD_BUSY, f"not released within {self._release_within_s:.0f} s") from error
        hold = self._holds[upload_uid] = Hold()
        if self._stopping:
            hold.ask_to_stop(StopReason.SHUTDOWN)
        try:
            yield hold
        finally:
            del self._holds[upload_uid]
            hold.released.set()

    def stop_all(self) -> None:
        """Ask every holder to let go, also those to come: the process ends."""
        self._stopping = True
        for hold in self._holds.values():
            hold.ask_to_stop(StopReason.SHUTDOWN)
