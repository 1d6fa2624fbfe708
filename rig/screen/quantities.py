"""Quantities as the screen says them: lengths of time, sizes, shares."""

from __future__ import annotations

from rig.screen.texts import Texts

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400


def timer(seconds: float) -> str:
    """A countdown, read from afar: `29:58`, `1:05:00`."""
    whole = max(0, round(seconds))
    hours, minutes = divmod(whole // MINUTE_S, 60)
    return f"{hours}:{minutes:02}:{whole % MINUTE_S:02}" if hours else f"{minutes:02}:{whole % MINUTE_S:02}"


def span(texts: Texts, seconds: float) -> str:
    """How long something lasts, in the largest unit that fits: `40 s`, `12 min`, `5 h`, `3 days`."""
    for unit, length_s in (("days", DAY_S), ("hours", HOUR_S), ("minutes", MINUTE_S)):
        if seconds >= 2 * length_s:
            return texts(f"unit.{unit}", n=int(seconds // length_s))
    return texts("unit.seconds", n=max(0, round(seconds)))


def size(texts: Texts, count_bytes: float) -> str:
    """Decimal units, as disks are sold: `7.5 MB`, `412 MB`, `1.9 GB`."""
    megabytes = count_bytes / 1e6
    if megabytes >= 1000:
        return texts("unit.gigabytes", n=f"{megabytes / 1000:.1f}")
    return texts("unit.megabytes", n=f"{megabytes:.1f}" if megabytes < 10 else f"{megabytes:.0f}")


def percent(texts: Texts, share: float) -> str:
    """Rounded down: 100 % means all."""
    return texts("unit.percent", n=int(100 * share + 1e-9))
