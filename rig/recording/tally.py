"""What a session holds so far, in all its parts: grows with every line, and is read again from its files when it goes on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from rig.recording.events import Event, EventKind, read_events
from rig.recording.face_checks import coverage_of, coverage_with
from rig.recording.open_session import OpenSession, SessionFolder
from shared.clock import NANOSECONDS_PER_US
from shared.face_check import Coverage, FauRow, SufficiencyGoal
from shared.faults import Fault
from shared.ledger import GAP_FRAMES, FrameRow, PacketRow, Row, read_rows
from shared.manifest import EVENTS_NAME, FAU_NAME, FRAMES_NAME, PACKETS_NAME, FaultRecord

CLOCK_JUMP_S = 0.5
"""A time service that steps the clock corrects at least a tenth of a second; slewing changes it by 5 ms in 10 s at most."""


@dataclass(frozen=True)
class Tally:
    """See the module. Frames missing are those seen missing between packets; the manifest has the reconciled number."""

    frames: int = 0
    """Lines in the ledger; the next frame's index."""
    packets: int = 0
    """Frames in the videos."""
    frames_missing: int = 0
    longest_gap_us: int = 0
    last_packet_us: int | None = None
    """Sensor time."""
    coverage: Coverage = field(default_factory=Coverage)
    last_check_ns: int = -1
    """Sensor time of the newest checked frame."""
    markers: int = 0
    faults: tuple[FaultRecord, ...] = ()
    clocks: Event | None = None
    """The newest reading of both clocks."""

    def with_packet(self, sensor_us: int, frame_us: int) -> Tally:
        if self.last_packet_us is None or (span_us := sensor_us - self.last_packet_us) <= GAP_FRAMES * frame_us:
            return replace(self, packets=self.packets + 1, last_packet_us=sensor_us)
        return replace(
            self,
            packets=self.packets + 1,
            last_packet_us=sensor_us,
            frames_missing=self.frames_missing + round(span_us / frame_us) - 1,
            longest_gap_us=max(self.longest_gap_us, span_us),
        )

    def with_check(self, row: FauRow, first_sensor_ns: int, goal: SufficiencyGoal) -> Tally:
        coverage = coverage_with(self.coverage, row, first_sensor_ns, goal)
        return replace(self, coverage=coverage, last_check_ns=row.sensor_ns)

    def with_event(self, event: Event) -> Tally:
        if event.kind is EventKind.MARKER:
            return replace(self, markers=self.markers + 1)
        if event.kind is EventKind.FAULT:
            return replace(self, faults=(*self.faults, event.fault_record))
        if event.kind is EventKind.CLOCK:
            return replace(self, clocks=event)
        return self

    def has_met(self, fault: Fault) -> bool:
        return any(record.code == fault.code for record in self.faults)

    def clock_jump_s(self, clocks: Event) -> float:
        """By how much the wall clock moved against the monotonic one since the last reading; 0 for what slewing may do."""
        if self.clocks is None or self.clocks.boot_id != clocks.boot_id:
            return 0.0
        wall_s = (clocks.at - self.clocks.at).total_seconds()
        jump_s = wall_s - (clocks.monotonic_ns - self.clocks.monotonic_ns) / 1e9
        return jump_s if abs(jump_s) > CLOCK_JUMP_S else 0.0


def read_tally(folder: SessionFolder, session: OpenSession) -> Tally:
    """The tally of a session whose files are open or not begun yet. Raises OSError and LedgerError."""
    tally = Tally(frames=max((row.frame_index + 1 for row in _rows(folder.working(FRAMES_NAME), FrameRow)), default=0))
    frame_us = round(1e6 / session.camera.frame_rate)
    first_us = {part.number: part.first_sensor_ns // NANOSECONDS_PER_US for part in session.parts}
    for packet in _rows(folder.working(PACKETS_NAME), PacketRow):
        if packet.part in first_us:
            tally = tally.with_packet(first_us[packet.part] + packet.pts_us, frame_us)
    if checks := _rows(folder.working(FAU_NAME), FauRow):
        coverage = coverage_of(checks, session.first_sensor_ns or 0, session.goal)
        tally = replace(tally, coverage=coverage, last_check_ns=checks[-1].sensor_ns)
    if folder.working(EVENTS_NAME).exists():
        for event in read_events(folder.working(EVENTS_NAME)):
            tally = tally.with_event(event)
    return tally


def _rows(path: Path, kind: type[Row]) -> list[Row]:
    return list(read_rows(path, kind)) if path.exists() and path.stat().st_size > 0 else []
