"""What happened during a session, one JSON object a line in `events.jsonl`: parts, markers, gaps, faults, clock readings."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from pydantic import NonNegativeInt

from shared.clock import Clock
from shared.documents import Document, UtcTime
from shared.faults import Fault
from shared.manifest import ClockPair, FaultRecord


class EventKind(StrEnum):
    PART = "part"  # a part's video begins
    MARKER = "marker"  # set by a person
    GAP = "gap"  # seen live; the manifest has the reconciled list
    FAULT = "fault"
    CLOCK = "clock"  # the monotonic and the wall clock, read together


class Event(Document):
    """A line of `events.jsonl`. `frame_index` is the last frame that was in the ledger at that time."""

    kind: EventKind
    at: UtcTime
    monotonic_ns: NonNegativeInt
    boot_id: str = ""
    part: int | None = None
    frame_index: int | None = None
    frames_missing: int | None = None
    synchronised: bool | None = None
    """Of a clock reading: whether a time service kept the wall clock right."""
    code: str = ""
    text: str = ""

    @property
    def line(self) -> str:
        return self.model_dump_json(exclude_defaults=True)

    @property
    def fault_record(self) -> FaultRecord:
        return FaultRecord(code=self.code, at=self.at, detail=self.text)


def marker_event(clock: Clock, text: str) -> Event:
    return Event(kind=EventKind.MARKER, at=clock.now(), monotonic_ns=clock.monotonic_ns(), text=text)


def fault_event(clock: Clock, fault: Fault, detail: str) -> Event:
    return Event(kind=EventKind.FAULT, at=clock.now(), monotonic_ns=clock.monotonic_ns(), code=fault.code, text=detail)


def clock_event(clock: Clock, boot_id: str) -> Event:
    return Event(
        kind=EventKind.CLOCK,
        at=clock.now(),
        monotonic_ns=clock.monotonic_ns(),
        boot_id=boot_id,
        synchronised=clock.synchronised(),
    )


def read_events(path: Path) -> Iterator[Event]:
    """The events of a file; raises pydantic's ValidationError for a line that is none."""
    with path.open("rb") as file:
        for line in file:
            yield Event.model_validate_json(line)


def fault_records(events: Iterator[Event] | list[Event]) -> list[FaultRecord]:
    return [event.fault_record for event in events if event.kind is EventKind.FAULT]


def clock_pairs(events: Iterator[Event] | list[Event]) -> list[ClockPair]:
    return [
        ClockPair(boot_id=event.boot_id, monotonic_ns=event.monotonic_ns, utc=event.at, synchronised=event.synchronised)
        for event in events
        if event.kind is EventKind.CLOCK
    ]
