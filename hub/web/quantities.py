"""Quantities as a person reads them: sizes, durations, moments, shares, scores. Missing ones are a dash."""

from __future__ import annotations

from datetime import datetime

from shared.grimace import NOT_DETECTED

MISSING = "–"
SIZE_STEP = 1000
SIZE_UNITS = ("B", "kB", "MB", "GB", "TB")
MINUTE_S = 60
HOUR_S = 3600


def size(count_bytes: int) -> str:
    """Bytes in decimal units, as disks are sold: `7.5 MB`."""
    value = float(count_bytes)
    for unit in SIZE_UNITS[:-1]:
        if value < SIZE_STEP:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= SIZE_STEP
    return f"{value:.1f} {SIZE_UNITS[-1]}"


def duration(seconds: float | None) -> str:
    """`8.4 s`, `12 min 03 s`, `1 h 05 min`."""
    if seconds is None:
        return MISSING
    if seconds < MINUTE_S:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < HOUR_S:
        return f"{whole // MINUTE_S} min {whole % MINUTE_S:02} s"
    return f"{whole // HOUR_S} h {whole % HOUR_S // MINUTE_S:02} min"


def clock_time(seconds: float) -> str:
    """A time within a recording: `04:07.0`."""
    tenths = round(seconds * 10)
    return f"{tenths // 600:02}:{tenths % 600 // 10:02}.{tenths % 10}"


def moment(at: datetime | None) -> str:
    """A moment, in the zone in which the hub keeps them all: `2026-11-22 15:04 UTC`."""
    return MISSING if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def percent(share: float | None) -> str:
    """`58 %`"""
    return MISSING if share is None else f"{100 * share:.0f} %"


def decimal(value: float | None, digits: int = 2) -> str:
    return MISSING if value is None else f"{value:.{digits}f}"


def rate(frames_per_s: float) -> str:
    """`1 frame/s`, `0.1 frames/s`"""
    return f"{frames_per_s:g} {'frame' if frames_per_s == 1 else 'frames'}/s"


def score(value: int | None) -> str:
    """An action unit's score; a unit that was not detected has none."""
    return MISSING if value is None or value == NOT_DETECTED else str(value)


def counted(number: int, singular: str, plural: str = "") -> str:
    """`1 frame`, `20 frames`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}".replace(",", "\u202f")
