"""What the Pi's processor tells of itself: its temperature, and whether it was slowed down or short of power."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

THROTTLED_NODE = Path("sys/devices/platform/soc/soc:firmware/get_throttled")
"""The firmware's flags in hexadecimal, as `vcgencmd get_throttled` prints them."""

THERMAL_ZONES = Path("sys/class/thermal")

FLAG_WORDS: Mapping[int, str] = {
    0: "under-voltage",
    1: "clock capped",
    2: "throttled",
    3: "soft temperature limit",
}
"""Bits that hold now; the same 16 places higher held at some time since the boot (Raspberry Pi documentation, `vcgencmd`)."""

SINCE_BOOT_SHIFT = 16


@dataclass(frozen=True)
class ProcessorReading:
    """`temperature_c` is None, and the flags are None, where the machine does not tell."""

    temperature_c: float | None
    throttled_now: tuple[str, ...] | None
    throttled_since_boot: tuple[str, ...] | None


def read_processor(root: Path = Path("/")) -> ProcessorReading:
    """Read them under `root`, the file system's root except in tests."""
    flags = _throttled_flags(root / THROTTLED_NODE)
    return ProcessorReading(
        temperature_c=_hottest_c(root / THERMAL_ZONES),
        throttled_now=None if flags is None else flag_words(flags),
        throttled_since_boot=None if flags is None else flag_words(flags >> SINCE_BOOT_SHIFT),
    )


def flag_words(flags: int) -> tuple[str, ...]:
    """The lower four flags in words."""
    return tuple(word for bit, word in FLAG_WORDS.items() if flags >> bit & 1)


def _hottest_c(zones: Path) -> float | None:
    return max(filter(None, (_millidegrees(path) for path in zones.glob("thermal_zone*/temp"))), default=None)


def _millidegrees(path: Path) -> float | None:
    """A zone whose sensor is off answers with an error, or with nothing."""
    try:
        return int(path.read_text(encoding="ascii")) / 1000
    except (OSError, ValueError):
        return None


def _throttled_flags(node: Path) -> int | None:
    try:
        return int(node.read_text(encoding="ascii"), 16)
    except (OSError, ValueError):
        return None
