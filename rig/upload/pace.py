"""When to try again: pure arithmetic."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST_PAUSE_S = 1.0
SHORTEST_POLL_S = 0.5
LONGEST_POLL_S = 30.0
POLL_SHARE = 0.1
SHORTEST_NEWS_S = 2.0
LONGEST_NEWS_S = 3600.0


def back_off_s(attempts: int, cap_s: float, jitter: float) -> float:
    """The pause after so many failures in a row: doubling up to the cap, of which `jitter` (0 to 1) takes away up to half.

    The jitter keeps a lab's rigs from returning all at once when their hub does.
    """
    whole_s = min(cap_s, FIRST_PAUSE_S * 2.0 ** min(attempts, 30))
    return whole_s * (1 - jitter / 2)


def is_due(next_try_at: datetime | None, now: datetime, cap_s: float) -> bool:
    """Whether the time has come. A time further away than any pause is the mark of a clock that was set back: due."""
    return next_try_at is None or not now < next_try_at <= now + timedelta(seconds=max(cap_s, LONGEST_POLL_S))


def poll_after_s(waited_s: float) -> float:
    """How long to leave the hub at its work: often at first, then in proportion to the time it has taken so far."""
    return min(LONGEST_POLL_S, max(SHORTEST_POLL_S, POLL_SHARE * waited_s))


def news_after_s(waited_s: float) -> float:
    """When to ask again what became of a session: a result that took an hour may be minutes late, and a hub that analyses nothing
    is hardly asked at all."""
    return min(LONGEST_NEWS_S, max(SHORTEST_NEWS_S, POLL_SHARE * waited_s))
