"""How much may be sent now: within the settings' cap, within a lower one while the camera records, or nothing at all then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rig.settings import UploadSettings
from shared.clock import NANOSECONDS, Clock

BLOCK_BYTES = 64 * 1024
"""What is read from the disk and handed to the network at once, without a cap."""

SMALLEST_BLOCK_BYTES = 1024
BLOCK_S = 0.25
"""Under a cap a block is what passes in this time: the stream stays even, and a recording's beginning is noticed soon."""

SMALLEST_CHUNK_BYTES = 64 * 1024
"""A chunk counts as a whole or not at all, so on a bad or slow line it is what gets through in a while; not less than this."""
CHUNK_S = 30.0

MADE_UP_FOR_S = 1.0
"""Time that passed unused and is made up for, so that naps which last too long do not slow the stream down."""


class UploadPaused(Exception):
    """Nothing may be sent now. What was under way is given up; it goes on from the hub's offset later."""


def allowed_bytes_per_s(upload: UploadSettings, recording: bool) -> int | None:
    """The cap in force; None without one, 0 when nothing may be sent."""
    if not recording:
        return upload.cap_bytes_per_s
    caps = (upload.while_recording_bytes_per_s, upload.cap_bytes_per_s)
    return min(cap for cap in caps if cap is not None)


@dataclass
class TokenBucket:
    """Evens a stream out to a rate, which may be another one each time (virtual scheduling, ITU-T I.371)."""

    _free_at_ns: int = 0
    """When everything that was let through so far has passed at its rate."""

    def wait_ns(self, count: int, bytes_per_s: int, now_ns: int) -> int:
        """Let `count` bytes through: how long they have to wait until they have passed."""
        begins_ns = max(self._free_at_ns, now_ns - round(MADE_UP_FOR_S * NANOSECONDS))
        self._free_at_ns = begins_ns + count * NANOSECONDS // bytes_per_s
        return max(0, self._free_at_ns - now_ns)


class Traffic:
    """The gate that every byte to the hub passes. Used by the uploader's thread; its plain values are read by others."""

    def __init__(
        self,
        upload: UploadSettings,
        is_recording: Callable[[], bool],
        clock: Clock,
        pause: Callable[[float], None] = time.sleep,
        went_on: Callable[[], None] = lambda: None,
    ) -> None:
        """`went_on` is called wherever the work goes on, many times a second."""
        self._upload = upload
        self._is_recording = is_recording
        self._clock = clock
        self._pause = pause
        self._went_on = went_on
        self._bucket = TokenBucket()
        self.active_session: str | None = None
        """Whose file is being sent."""
        self.sent_bytes = 0
        """Since the process began."""

    def allowed_bytes_per_s(self) -> int | None:
        """The cap in force now; None without one, 0 when nothing may be sent."""
        return allowed_bytes_per_s(self._upload, self._is_recording())

    def check(self) -> None:
        """Raise UploadPaused when nothing may be sent now."""
        self._went_on()
        if self.allowed_bytes_per_s() == 0:
            raise UploadPaused

    def admit(self, wanted_bytes: int) -> int:
        """How many of the wanted bytes (one at least) may be sent at once; returns when they may. Raises UploadPaused."""
        self.check()
        cap = self.allowed_bytes_per_s()
        if not cap:
            count = min(wanted_bytes, BLOCK_BYTES)
        else:
            count = min(wanted_bytes, BLOCK_BYTES, max(SMALLEST_BLOCK_BYTES, round(cap * BLOCK_S)))
            self._pause(self._bucket.wait_ns(count, cap, self._clock.monotonic_ns()) / NANOSECONDS)
            self.check()
        self.sent_bytes += count
        return count

    def longest_chunk_bytes(self, wished_bytes: int) -> int:
        """How much to send as one chunk: under a cap no more than passes in half a minute."""
        cap = self.allowed_bytes_per_s()
        return wished_bytes if not cap else min(wished_bytes, max(SMALLEST_CHUNK_BYTES, round(cap * CHUNK_S)))

    @contextmanager
    def sending(self, session_id: str) -> Iterator[None]:
        """Tell whose file is being sent."""
        self.active_session = session_id
        try:
            yield
        finally:
            self.active_session = None
