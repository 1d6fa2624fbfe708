"""The session that is being recorded or sealed, and what is told of it: all of it observed on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rig.control import RecordingState
from rig.recording.open_session import SessionFolder
from rig.recording.recorder import Recorder
from shared.clock import NANOSECONDS, Clock


@dataclass(frozen=True)
class Running:
    """A session and the recorder of its newest part."""

    folder: SessionFolder
    recorder: Recorder
    part: int

    def state(self, clock: Clock) -> RecordingState:
        session, progress = self.recorder.session, self.recorder.progress
        tally = progress.tally
        part_bytes = _size_bytes(self.folder.video(self.part))
        earlier_bytes = sum(_size_bytes(self.folder.video(part)) for part in range(1, self.part))
        return RecordingState(
            session_id=self.folder.session_id,
            folder=self.folder.path,
            planned_s=session.planned_s,
            elapsed_s=progress.elapsed_us / 1e6,
            part=self.part,
            part_frames_captured=progress.frames_captured,
            part_frames_written=progress.frames_durable,
            part_bytes=part_bytes,
            last_write_age_s=(clock.monotonic_ns() - progress.last_sync_ns) / NANOSECONDS,
            frames_written=self.recorder.earlier_frames + progress.frames_durable,
            bytes_written=earlier_bytes + part_bytes,
            frames_dropped=tally.frames_missing,
            longest_gap_ms=tally.longest_gap_us / 1e3,
            goal=session.goal,
            end_at_goal=session.end_at_goal,
            coverage=tally.coverage,
            study=session.study,
            markers=tally.markers,
        )


def _size_bytes(video: Path | None) -> int:
    """0 for a video that is not there: not begun yet, or just given another name by the sealing in the background."""
    try:
        return video.stat().st_size if video is not None else 0
    except OSError:
        return 0
