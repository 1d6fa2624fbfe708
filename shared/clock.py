"""Time, injected: code that waits or stamps takes a `Clock`, so that tests decide what time it is.

Durations and gaps come from the monotonic clock only; the wall clock is for people and may jump.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from shared.kernel_clock import clock_synchronised

NANOSECONDS = 1_000_000_000
NANOSECONDS_PER_US = 1000


class Clock(Protocol):
    """Where a component takes its time from."""

    def monotonic_ns(self) -> int:
        """Nanoseconds that never jump; comparable between the processes of one boot."""

    def now(self) -> datetime:
        """The wall clock, in UTC."""

    def synchronised(self) -> bool | None:
        """Whether a time service keeps the wall clock right; None where the machine cannot tell."""


class SystemClock:
    """The machine's clocks."""

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def synchronised(self) -> bool | None:
        return clock_synchronised()


@dataclass
class ManualClock:
    """A clock that moves only when told to; both its times move together."""

    wall: datetime = field(default_factory=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    elapsed_ns: int = 0
    is_synchronised: bool | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def monotonic_ns(self) -> int:
        return self.elapsed_ns

    def now(self) -> datetime:
        return self.wall

    def synchronised(self) -> bool | None:
        return self.is_synchronised

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        with self._lock:
            self.elapsed_ns += round(seconds * NANOSECONDS)
            self.wall += timedelta(seconds=seconds)


def boot_id() -> str:
    """The kernel's identifier of this boot: monotonic times of different boots must not be compared."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
