"""The watchdog: a camera driver may hang without a word, so silence itself is the fault.

Limits are those of the recorder notes' section 6 as shown by field reports of stalls: frames after 3 s, encoder 2 s behind the
frames, disk after 10 s.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from shared.clock import NANOSECONDS, Clock
from shared.faults import CAMERA_STALLED, DISK_STALLED, ENCODER_STALLED, Fault

FRAME_LIMIT_S = 3.0
ENCODER_LAG_LIMIT_S = 2.0
DISK_LIMIT_S = 10.0
CHECK_EVERY_S = 0.25


@dataclass(frozen=True)
class Heartbeats:
    """When each stage last moved (monotonic ns). `packet_ns` and `sync_ns` are None while nothing is recorded."""

    frame_ns: int
    packet_ns: int | None = None
    sync_ns: int | None = None


def silence(beats: Heartbeats, now_ns: int) -> tuple[Fault, str] | None:
    """The stage that has been silent for too long, and for how long; None when all move."""
    frame_age_s = (now_ns - beats.frame_ns) / NANOSECONDS
    if frame_age_s > FRAME_LIMIT_S:
        return CAMERA_STALLED, f"no frame for {frame_age_s:.1f} s"
    if beats.packet_ns is not None:
        packet_age_s = (now_ns - beats.packet_ns) / NANOSECONDS
        if packet_age_s > frame_age_s + ENCODER_LAG_LIMIT_S:
            return ENCODER_STALLED, f"frames arrive, but no packet for {packet_age_s:.1f} s"
    if beats.sync_ns is not None:
        sync_age_s = (now_ns - beats.sync_ns) / NANOSECONDS
        if sync_age_s > DISK_LIMIT_S:
            return DISK_STALLED, f"nothing reached the disk for {sync_age_s:.1f} s"
    return None


class Watchdog:
    """Checks the heartbeats in a thread of its own and, once, calls `on_silence`, which is expected to end the process."""

    def __init__(self, beats: Callable[[], Heartbeats], on_silence: Callable[[Fault, str], None], clock: Clock) -> None:
        self._beats = beats
        self._on_silence = on_silence
        self._clock = clock
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.wait(CHECK_EVERY_S):
            found = silence(self._beats(), self._clock.monotonic_ns())
            if found is not None:
                self._on_silence(*found)
                return
