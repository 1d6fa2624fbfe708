"""When the next check is due: on a steady grid, skipped and never made up for when the machine has other things to do.

Frames come first. A check that is slow tells of a loaded machine, and so does a frame that was lost: both thin the checks out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.clock import NANOSECONDS

REST_AFTER_LOSS_S = 3.0
"""How long the camera is left alone after it lost frames."""


@dataclass
class Pace:
    """Checks at `rate_hz` at most. Times are nanoseconds of one monotonic clock."""

    rate_hz: float
    origin_ns: int
    _due_ns: int = field(init=False)

    def __post_init__(self) -> None:
        self._due_ns = self.origin_ns

    def is_due(self, now_ns: int) -> bool:
        return now_ns >= self._due_ns

    def checked(self, began_ns: int, ended_ns: int) -> None:
        """A check was made: the next one comes at the next point of the grid, and not before a rest as long as the check took.

        So checks never take more than half of the time, however slow the machine is at the moment.
        """
        self._due_ns = max(self._next_point_ns(began_ns), self._point_at_or_after_ns(2 * ended_ns - began_ns))

    def frames_lost(self, now_ns: int) -> None:
        """Frames were lost: give the camera the whole machine for a while."""
        self._due_ns = max(self._due_ns, self._point_at_or_after_ns(now_ns + round(REST_AFTER_LOSS_S * NANOSECONDS)))

    @property
    def _period_ns(self) -> int:
        return round(NANOSECONDS / self.rate_hz)

    def _next_point_ns(self, after_ns: int) -> int:
        return self.origin_ns + ((after_ns - self.origin_ns) // self._period_ns + 1) * self._period_ns

    def _point_at_or_after_ns(self, at_ns: int) -> int:
        return self._next_point_ns(at_ns - 1)
