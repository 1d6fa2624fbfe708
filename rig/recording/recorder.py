"""Records one part of a session: takes frames and packets from the camera, keeps ledger and video in step on the disk.

The camera's thread only puts things into a queue. The writer's thread takes them out and holds to one order: a frame's ledger
line is durable before the fragment with its packet is written, so that no video is ever found that the ledger does not explain.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace

import av.error

from rig.camera.backend import MICROSECONDS, EncodedPacket, FrameInfo
from rig.disk import fault_of
from rig.recording.events import Event
from rig.recording.intake import Intake
from rig.recording.open_session import OpenSession, SessionFolder
from rig.recording.part_files import PartFiles
from rig.recording.reserve import SpaceReserve
from rig.recording.tally import Tally
from shared.clock import Clock
from shared.face_check import FaceObservation
from shared.faults import DISK_FULL, ENCODER_STALLED, Fault, GrimaceError

log = logging.getLogger(__name__)

QUEUE_S = 10
"""A disk may be busy for this long before packets are lost (an SD card's fsync takes seconds)."""

POLL_S = 0.2


@dataclass(frozen=True)
class Progress:
    """What of the part was observed on the disk, and when the disk last took a fragment (monotonic ns)."""

    part: int
    tally: Tally
    """Of the whole session."""
    frames_captured: int = 0
    frames_durable: int = 0
    bytes_written: int = 0
    elapsed_us: int = 0
    """Sensor time from the session's first frame to the last one in the ledger."""
    last_sync_ns: int = 0


class Recorder:
    """A `PacketSink` that hears of every frame, too, for one part of `session`, from `start` to `close`.

    `ended` is set when the planned end is reached, or the goal of a session that is to end there, or when the disk
    takes nothing more; `failure` then says what is wrong.
    """

    def __init__(self, folder: SessionFolder, session: OpenSession, part: int, reserve: SpaceReserve, clock: Clock) -> None:
        self.session = session
        self.ended = threading.Event()
        self.failure: GrimaceError | None = None
        self._clock = clock
        self._end_us: int | None = None if session.first_sensor_ns is None else session.planned_end_ns // 1000
        self._end_lock = threading.Lock()
        self._is_over = False
        self._has_begun = False
        self._last_frame_us = 0
        self._intake = Intake(packet_limit=round(QUEUE_S * session.camera.frame_rate))
        self._files = PartFiles(folder, session, part, reserve, clock)
        self.last_packet_ns = clock.monotonic_ns()
        """When the encoder last delivered something."""
        self.earlier_frames = self._files.tally.packets
        """Frames in the videos of the parts before this one."""
        self._progress = Progress(part, self._files.tally, last_sync_ns=clock.monotonic_ns())
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._write_until_closed, name=f"writer-{part}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def progress(self) -> Progress:
        return self._progress

    # Called by the camera's thread: no I/O, no waiting.

    def on_frame(self, frame: FrameInfo) -> None:
        with self._end_lock:
            if self._is_over or self._is_beyond_the_end(frame.sensor_us):
                self._is_over = True
                self.ended.set()
                return
            self._last_frame_us = frame.sensor_us
        self._intake.put(frame)

    def on_packet(self, packet: EncodedPacket) -> None:
        self.last_packet_ns = self._clock.monotonic_ns()
        self._has_begun |= packet.key_frame
        if not self._has_begun:
            return
        with self._end_lock:
            if self._end_us is None:
                self._end_us = packet.sensor_us + round(self.session.planned_s * MICROSECONDS)
        if not self._is_beyond_the_end(packet.sensor_us):
            self._intake.put(packet)

    def wait_for_room(self, timeout_s: float) -> bool:
        return self._intake.wait_for_room(timeout_s)

    def _is_beyond_the_end(self, sensor_us: int) -> bool:
        return self._end_us is not None and sensor_us >= self._end_us

    # Called by the process's thread.

    def end_now(self) -> None:
        """From any thread: let the last frame taken be the recording's last; its packet may still be on the way."""
        with self._end_lock:
            self._is_over = True
            self._end_us = self._last_frame_us + 1
            self.ended.set()

    def note(self, event: Event) -> None:
        """Put an event into the session's `events.jsonl`."""
        self._intake.put(event)

    def note_check(self, seen: FaceObservation) -> None:
        """Put what the face check saw of a frame of this part into the session's `fau.csv`."""
        self._intake.put(seen)

    def close(self, timeout_s: float) -> bool:
        """Write what is in the queue and close the part's files; False when that takes too long (the disk hangs)."""
        self._intake.end()
        return self._closed.wait(timeout_s)

    # The writer's thread.

    def _write_until_closed(self) -> None:
        try:
            self._write_all_items()
            self._files.close()
            self._observe()
        except OSError as error:
            self._fail(fault_of(error), str(error))
        except av.error.FFmpegError as error:
            self._fail(ENCODER_STALLED, f"the video file refuses a packet: {error}")
        except Exception as error:  # a writer that dies without a word would leave a recording that nobody writes
            log.exception("the writer of part %d", self._progress.part)
            self._fail(ENCODER_STALLED, f"it cannot be written: {type(error).__name__}: {error}")
        finally:
            self.session = self._files.session
            self._closed.set()

    def _fail(self, fault: Fault, detail: str) -> None:
        log.error("%s (%s): %s", fault.text, fault.code, detail)
        self.failure = GrimaceError(fault, detail)
        self._intake.end()
        self._files.abandon(fault, detail)
        self.ended.set()

    def _write_all_items(self) -> None:
        while not self._intake.exhausted:
            item = self._intake.take(POLL_S)
            if isinstance(item, FrameInfo):
                self._files.add_frame(item)
            elif isinstance(item, EncodedPacket):
                self._files.add_packet(item)
            elif isinstance(item, FaceObservation):
                self._files.add_check(item)
            elif item is not None:
                self._files.add_event(item)
            self._note_lost_packets()
            self._observe()
            if self._files.found_full and self.failure is None:
                self._end_for_full_disk()
            if self.session.end_at_goal and self._files.tally.coverage.goal_reached_at_s is not None and not self._is_over:
                self.end_now()
        self._note_lost_packets()

    def _note_lost_packets(self) -> None:
        if lost := self._intake.take_lost_count():
            self._files.add_lost_packets(lost)

    def _end_for_full_disk(self) -> None:
        """The reserve lets everything in the queue be written and the part be closed in order; then the session is over."""
        self.failure = GrimaceError(DISK_FULL, str(self._progress.bytes_written) + " bytes of this part are safe")
        self._files.add_fault(DISK_FULL, self.failure.detail)
        self.end_now()

    def _observe(self) -> None:
        files, before = self._files, self._progress
        synced = files.durable_frames > before.frames_durable
        self._progress = replace(
            before,
            tally=files.tally,
            frames_captured=files.frames_captured,
            frames_durable=files.durable_frames,
            bytes_written=files.video_bytes,
            elapsed_us=files.elapsed_us,
            last_sync_ns=self._clock.monotonic_ns() if synced else before.last_sync_ns,
        )
