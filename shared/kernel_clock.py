"""Whether something sets the system clock right: what the kernel knows of it, whichever time service runs.

`adjtimex(2)` without a change in mind only asks, and needs no rights. A clock chip alone does not count: nobody compares it.
"""

from __future__ import annotations

import ctypes
import functools

NO_TIME_SOURCE_US = 16_000_000
"""The largest error the kernel admits to, and what it says when nobody has set the clock for long (systemd's `ntp_synced`)."""

_ROOM_BYTES = 256
"""More than any architecture's `struct timex` has behind the fields named here."""


class _Timex(ctypes.Structure):
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("rest", ctypes.c_byte * _ROOM_BYTES),
    )


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def clock_synchronised() -> bool | None:
    """Whether the system clock follows a time service; None where the kernel cannot be asked."""
    answer = _Timex()
    try:
        failed = _libc().adjtimex(ctypes.byref(answer)) < 0
    except (AttributeError, OSError):  # no such function on this system
        return None
    return None if failed else bool(answer.maxerror < NO_TIME_SOURCE_US)
