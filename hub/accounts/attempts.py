"""How often somebody may try a secret: failures are counted per account and address, and too many close that pair for a while."""

from __future__ import annotations

import threading
from collections import deque

from shared.clock import NANOSECONDS, Clock

ALLOWED_FAILURES = 5
WITHIN_S = 15 * 60.0
MOST_REMEMBERED = 10_000
"""Pairs that are kept in mind; beyond that the oldest are forgotten, so that a flood cannot fill the memory."""


class FailedAttempts:
    """Counts the failures of the last `within_s`. In this process only: several hub processes allow several times as many."""

    def __init__(self, clock: Clock, within_s: float = WITHIN_S) -> None:
        self._clock = clock
        self._within_ns = round(within_s * NANOSECONDS)
        self._failures: dict[tuple[str, str], deque[int]] = {}
        self._lock = threading.Lock()

    def too_many(self, account: str, address: str) -> bool:
        """Whether this pair has used up its attempts."""
        with self._lock:
            failures = self._failures.get((account, address), deque())
            oldest_ns = self._clock.monotonic_ns() - self._within_ns
            return sum(at_ns > oldest_ns for at_ns in failures) >= ALLOWED_FAILURES

    def record(self, account: str, address: str) -> None:
        """Count a failure."""
        with self._lock:
            failures = self._failures.pop((account, address), deque(maxlen=ALLOWED_FAILURES))
            failures.append(self._clock.monotonic_ns())
            self._failures[account, address] = failures
            while len(self._failures) > MOST_REMEMBERED:
                del self._failures[next(iter(self._failures))]

    def forget(self, account: str, address: str) -> None:
        """Clear the pair after a success."""
        with self._lock:
            self._failures.pop((account, address), None)
