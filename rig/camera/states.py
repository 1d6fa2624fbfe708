"""The camera process's states, and what leads from one to the next; there are no others."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Phase(StrEnum):
    SALVAGING = "salvaging"  # repairing what a crash left open
    IDLE = "idle"  # filming, nobody records
    OPENING = "opening"  # told to record, but no frame has reached the disk yet
    RECORDING = "recording"  # frames reached the disk
    SEALING = "sealing"  # balancing, hashing, writing the manifest


class Occurrence(StrEnum):
    SALVAGED = "salvaged"
    BEGUN = "begun"  # a part's encoder was started
    FRAMES_ON_DISK = "frames-on-disk"
    OVER = "over"  # planned end, stop command, or full disk
    BROKEN_OFF = "broken-off"  # the disk met an error; salvage goes on with the session, or seals it, when the disk answers again
    SEALED = "sealed"  # or set aside, or left for salvage
    RETRIED = "retried"  # salvage is run again for what could not be repaired before


TRANSITIONS: Mapping[tuple[Phase, Occurrence], Phase] = {
    (Phase.SALVAGING, Occurrence.SALVAGED): Phase.IDLE,
    (Phase.IDLE, Occurrence.BEGUN): Phase.OPENING,
    (Phase.IDLE, Occurrence.RETRIED): Phase.SALVAGING,
    (Phase.OPENING, Occurrence.FRAMES_ON_DISK): Phase.RECORDING,
    (Phase.OPENING, Occurrence.OVER): Phase.SEALING,
    (Phase.RECORDING, Occurrence.OVER): Phase.SEALING,
    (Phase.OPENING, Occurrence.BROKEN_OFF): Phase.IDLE,
    (Phase.RECORDING, Occurrence.BROKEN_OFF): Phase.IDLE,
    (Phase.SEALING, Occurrence.SEALED): Phase.IDLE,
}

RECORDING_PHASES = frozenset({Phase.OPENING, Phase.RECORDING})


def next_phase(phase: Phase, occurrence: Occurrence) -> Phase:
    """The phase that follows; a KeyError is a mistake in the program."""
    return TRANSITIONS[phase, occurrence]
