"""A recording as it lies in storage, a session folder or a lone video, opened for scoring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from hub.scoring.frame_table import FrameTable, table_of_session, table_of_video
from hub.scoring.probe import VideoFacts, inspect_video, judge_video
from shared.api import Warn
from shared.faults import (
    FRAMES_DROPPED,
    MANIFEST_MISMATCH,
    SESSION_TORN,
    VIDEO_NO_FRAMES,
    VIDEO_UNREADABLE,
    GrimaceError,
)
from shared.manifest import MANIFEST_NAME, SealState, SessionManifest


@dataclass(frozen=True)
class Recording:
    """The frames of a recording and what a reader of its scores must be warned of."""

    frames: FrameTable
    warnings: tuple[Warn, ...]


def open_recording(path: Path) -> Recording:
    """Open a session folder, a folder with one video, or a video.

    Raises GrimaceError with E_MANIFEST, E_LEDGER, E_VIDEO_EMPTY, E_VIDEO_UNREADABLE or E_VIDEO_NO_FRAMES, and OSError.
    """
    if (path / MANIFEST_NAME).is_file():
        recording = _open_session(path)
    else:
        video = path if path.is_file() else _lone_video(path)
        recording = Recording(table_of_video(video), inspect_video(video).warnings)
    if not len(recording.frames):
        raise GrimaceError(VIDEO_NO_FRAMES, path.name)
    return recording


def _open_session(folder: Path) -> Recording:
    try:
        manifest = SessionManifest.read(folder / MANIFEST_NAME)
    except ValidationError as error:
        raise GrimaceError(MANIFEST_MISMATCH, str(error)) from error
    frames = table_of_session(folder, manifest)
    facts = VideoFacts(
        width_px=manifest.camera.width_px,
        height_px=manifest.camera.height_px,
        frame_rate=manifest.camera.frame_rate,
        duration_s=frames.duration_s,
        frames=len(frames),
        frames_before_key=frames.left_out,
        codec="h264",
        container=MANIFEST_NAME,
        truncated=frames.truncated,
    )
    return Recording(frames, (*_session_warnings(manifest), *judge_video(facts)))


def _session_warnings(manifest: SessionManifest) -> Iterator[Warn]:
    if manifest.state is SealState.RECOVERED:
        yield Warn.of(SESSION_TORN)
    if manifest.counts.dropped:
        longest = f"longest gap {manifest.counts.longest_gap_ms:.0f} ms"
        yield Warn.of(FRAMES_DROPPED, f"{manifest.counts.dropped} of {manifest.counts.expected}, {longest}")


def _lone_video(folder: Path) -> Path:
    """The folder's only file, whatever it is called, or its only MP4: a video may be announced with notes beside it."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")]
    videos = files if len(files) == 1 else [path for path in files if path.suffix.lower() == ".mp4"]
    if len(videos) != 1:
        raise GrimaceError(VIDEO_UNREADABLE, f"{folder.name} holds {len(files)} files, neither a session nor one video")
    return videos[0]
