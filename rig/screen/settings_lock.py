"""Whether this browser has given the PIN, and not too long ago."""

from __future__ import annotations

from flask import session

from shared.clock import NANOSECONDS, Clock
from shared.faults import PIN_NEEDED, GrimaceError

OPEN_FOR_S = 300.0
"""Without a touch of the settings for so long, they are locked again."""

_KEY = "settings_used_ns"


def open_settings(clock: Clock) -> None:
    session[_KEY] = clock.monotonic_ns()


def lock_settings() -> None:
    session.pop(_KEY, None)


def is_open(clock: Clock) -> bool:
    """Every look keeps them open."""
    used_ns = session.get(_KEY)
    if not isinstance(used_ns, int) or clock.monotonic_ns() - used_ns > OPEN_FOR_S * NANOSECONDS:
        return False
    open_settings(clock)
    return True


def require_open(clock: Clock) -> None:
    """Raises GrimaceError(E_PIN_NEEDED) while the settings are locked."""
    if not is_open(clock):
        raise GrimaceError(PIN_NEEDED)
