"""The files of one part while it is recorded: video, ledgers and events, and the order in which they become durable."""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from dataclasses import replace

from rig.camera.backend import MICROSECONDS, EncodedPacket, FrameInfo
from rig.recording.events import Event, EventKind, clock_event, fault_event
from rig.recording.face_checks import RecentFrames, row_of
from rig.recording.journal import Journal
from rig.recording.open_session import OpenPart, OpenSession, SessionFolder
from rig.recording.reserve import SpaceReserve
from rig.recording.tally import read_tally
from rig.recording.video_file import VideoFile
from shared.clock import NANOSECONDS, NANOSECONDS_PER_US, Clock
from shared.durable import sync_directory
from shared.face_check import FaceObservation, FauRow
from shared.faults import CLOCK_JUMPED, FRAMES_DROPPED, Fault
from shared.ledger import GAP_FRAMES, FrameRow, PacketRow, header, line
from shared.manifest import EVENTS_NAME, FAU_NAME, FRAMES_NAME, PACKETS_NAME, video_name

log = logging.getLogger(__name__)

CLOCK_EVERY_S = 10
"""How often both clocks are read together; once more when the part is closed."""

MAX_WAITING_FRAMES = 30
"""Frames kept while the first packet is awaited; older ones are from before the encoder began."""


class PartFiles:
    """Everything that one part writes. Not thread-safe: it belongs to the writer's thread. Its methods raise OSError.

    The video begins with the first packet; frames before that one do not belong to the recording.
    """

    def __init__(self, folder: SessionFolder, session: OpenSession, part: int, reserve: SpaceReserve, clock: Clock) -> None:
        self.session = session
        self._folder = folder
        self._part = part
        self._reserve = reserve
        self._clock = clock
        self._frame_us = round(MICROSECONDS / session.camera.frame_rate)
        self._waiting_frames: deque[FrameInfo] = deque(maxlen=MAX_WAITING_FRAMES)
        self.tally = read_tally(folder, session)
        """Of the whole session."""
        self._first_of_part = self.tally.frames
        self._recent_frames = RecentFrames()
        self._waiting_checks: list[FauRow] = []
        self._frames = Journal(folder.working(FRAMES_NAME), reserve, header(FrameRow))
        self._packets = Journal(folder.working(PACKETS_NAME), reserve, header(PacketRow))
        self._checks = Journal(folder.working(FAU_NAME), reserve, header(FauRow))
        self._events = Journal(folder.working(EVENTS_NAME), reserve)
        self._journals = (self._frames, self._packets, self._checks, self._events)
        self._video: VideoFile | None = None
        self._first_us = 0
        self._last_row_us: int | None = None
        self._last_pts_us = -1
        self._next_clock_ns = 0

    @property
    def durable_frames(self) -> int:
        return self._video.durable_frames if self._video else 0

    @property
    def video_bytes(self) -> int:
        return self._video.size_bytes if self._video else 0

    @property
    def frames_captured(self) -> int:
        return self.tally.frames - self._first_of_part

    @property
    def elapsed_us(self) -> int:
        if self._last_row_us is None or self.session.first_sensor_ns is None:
            return 0
        return self._last_row_us - self.session.first_sensor_ns // NANOSECONDS_PER_US + self._frame_us

    @property
    def found_full(self) -> bool:
        """The disk ran full, and the reserve was spent on going on."""
        return any(journal.found_full for journal in self._journals) or (self._video is not None and self._video.found_full)

    def add_frame(self, frame: FrameInfo) -> None:
        if self._video is None:
            self._waiting_frames.append(frame)
            return
        if self._last_row_us is not None and frame.sensor_us - self._last_row_us > GAP_FRAMES * self._frame_us:
            self._note_gap(frame.sensor_us - self._last_row_us)
        row = FrameRow(
            frame_index=self.tally.frames,
            part=self._part,
            sensor_ns=frame.sensor_us * NANOSECONDS_PER_US,
            exposure_us=frame.exposure_us,
            analogue_gain=frame.analogue_gain,
            digital_gain=frame.digital_gain,
            frame_duration_us=frame.frame_duration_us,
            lux=frame.lux,
            focus=frame.focus,
            sensor_temperature_c=frame.sensor_temperature_c,
        )
        self._frames.append(line(row))
        self._recent_frames.add(frame.sensor_us, row.frame_index)
        self.tally = replace(self.tally, frames=row.frame_index + 1)
        self._last_row_us = frame.sensor_us

    def _note_gap(self, span_us: int) -> None:
        missing = round(span_us / self._frame_us) - 1
        self.add_event(self._event(EventKind.GAP, frame_index=self.tally.frames - 1, frames_missing=missing))

    def add_packet(self, packet: EncodedPacket) -> None:
        video = self._video or self._begin_video(packet)
        pts_us = packet.sensor_us - self._first_us
        if pts_us <= self._last_pts_us:
            log.warning("a packet at %d us is not later than the one before: left out", pts_us)
            return
        if video.begins_fragment(pts_us, packet.key_frame):
            self._sync_journals()
        self._packets.append(line(PacketRow(self._part, pts_us, len(packet.data), int(packet.key_frame))))
        video.write(packet.data, pts_us, self._frame_us, packet.key_frame)
        self._last_pts_us = pts_us
        self.tally = self.tally.with_packet(packet.sensor_us, self._frame_us)

    def _begin_video(self, packet: EncodedPacket) -> VideoFile:
        """The part exists in the session's document before its first byte exists in a file."""
        self._first_us = packet.sensor_us
        self._save(OpenPart(number=self._part, first_sensor_ns=packet.sensor_us * NANOSECONDS_PER_US))
        self._video = VideoFile(self._folder.working(video_name(self._part)), self._reserve, packet.data)
        sync_directory(self._folder.path)
        self.add_event(self._event(EventKind.PART))
        for frame in self._waiting_frames:
            if frame.sensor_us >= packet.sensor_us:
                self.add_frame(frame)
        self._waiting_frames.clear()
        return self._video

    def add_check(self, seen: FaceObservation) -> None:
        """Take note of a check; one of a frame outside this part, or not newer than the last, is left out.

        Its line is written when that of its frame is durable: no check is ever found whose frame the ledger does not know.
        """
        index = self._recent_frames.index_at(seen.sensor_ns // NANOSECONDS_PER_US)
        newest_ns = self._waiting_checks[-1].sensor_ns if self._waiting_checks else self.tally.last_check_ns
        if index is None or seen.sensor_ns <= newest_ns:
            return
        camera = self.session.camera
        self._waiting_checks.append(row_of(seen, index, self._part, camera.width_px, camera.height_px))
        if seen.build not in self.session.builds:
            self.session = self.session.with_build(seen.build)
            self._folder.save(self.session)

    def _write_waiting_checks(self) -> None:
        for row in self._waiting_checks:
            self._checks.append(line(row))
            self.tally = self.tally.with_check(row, self.session.first_sensor_ns or 0, self.session.goal)
        self._waiting_checks.clear()

    def add_event(self, event: Event) -> None:
        self._events.append(event.line)
        self.tally = self.tally.with_event(event)

    def add_fault(self, fault: Fault, detail: str) -> None:
        self.add_event(fault_event(self._clock, fault, detail))

    def add_lost_packets(self, count: int) -> None:
        self.add_fault(FRAMES_DROPPED, f"{count} encoded frames were lost before they could be written")

    def _event(self, kind: EventKind, frame_index: int | None = None, frames_missing: int | None = None) -> Event:
        return Event(
            kind=kind,
            at=self._clock.now(),
            monotonic_ns=self._clock.monotonic_ns(),
            part=self._part,
            frame_index=frame_index,
            frames_missing=frames_missing,
        )

    def _sync_journals(self) -> None:
        now_ns = self._clock.monotonic_ns()
        if now_ns >= self._next_clock_ns:
            self._next_clock_ns = now_ns + CLOCK_EVERY_S * NANOSECONDS
            self._read_clocks()
        self._frames.sync()
        self._packets.sync()
        self._write_waiting_checks()
        self._checks.sync()
        self._events.sync()

    def _read_clocks(self) -> None:
        clocks = clock_event(self._clock, self.session.boot_id)
        jump_s = self.tally.clock_jump_s(clocks)
        self.add_event(clocks)
        if jump_s and not self.tally.has_met(CLOCK_JUMPED):
            self.add_fault(CLOCK_JUMPED, f"by {jump_s:+.1f} s")

    def close(self) -> None:
        """Close everything in order; the part is whole then."""
        self._next_clock_ns = 0
        self._sync_journals()
        if self._video is not None:
            self._video.close()
            self._save(OpenPart(number=self._part, first_sensor_ns=self._first_us * NANOSECONDS_PER_US, closed=True))
            self._folder.finish(video_name(self._part))
            sync_directory(self._folder.path)
        self._close_journals()

    def abandon(self, fault: Fault, detail: str) -> None:
        """Let go of files that cannot be closed in order; never raises. Salvage cuts the video after its last whole fragment."""
        with contextlib.suppress(OSError):  # the same disk fault again: it has been reported by the caller
            self.add_fault(fault, detail)
        if self._video is not None:
            self._video.abandon()
        self._close_journals()

    def _close_journals(self) -> None:
        for journal in self._journals:
            journal.close()

    def _save(self, part: OpenPart) -> None:
        self.session = self.session.with_part(part)
        self._folder.save(self.session)
