"""How fast the upload goes, from what the outbox tells again and again."""

from __future__ import annotations

from collections import deque

from shared.clock import NANOSECONDS

BITS = 8
OVER_S = 30.0
"""The rate is the mean over about so long: the outbox counts a chunk of some megabytes when the hub has all of it."""


class UploadRate:
    """The mean rate of the session that is being sent."""

    def __init__(self) -> None:
        self._session_id: str | None = None
        self._seen: deque[tuple[int, int]] = deque()

    def observe(self, at_ns: int, session_id: str | None, sent_bytes: int) -> None:
        """Take note of what is sent so far of this session, at a monotonic time; None when nothing is being sent."""
        if session_id != self._session_id:
            self._session_id = session_id
            self._seen.clear()
        self._seen.append((at_ns, sent_bytes))
        while len(self._seen) > 2 and at_ns - self._seen[1][0] >= OVER_S * NANOSECONDS:
            self._seen.popleft()

    @property
    def bps(self) -> float:
        """In bits/s; 0 before two looks at the same session."""
        if self._session_id is None or len(self._seen) < 2:
            return 0.0
        (first_ns, first_bytes), (last_ns, last_bytes) = self._seen[0], self._seen[-1]
        if last_ns <= first_ns:
            return 0.0
        return max(0.0, BITS * (last_bytes - first_bytes) * NANOSECONDS / (last_ns - first_ns))
