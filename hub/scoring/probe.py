"""What a video is worth to the scorers: its facts, what to warn of, and why it cannot be scored at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from hub.scoring.video import MICROSECONDS, Demuxed, PacketReader, demux, open_video
from shared.api import Warn
from shared.faults import (
    VIDEO_FRAME_RATE,
    VIDEO_NO_FRAMES,
    VIDEO_NO_KEY_FRAME,
    VIDEO_SHORT,
    VIDEO_SIZE,
    VIDEO_TRUNCATED,
    Fault,
    GrimaceError,
)

# The standard recording: PainFace's "Imaging setups", 1920x1080 at 30 frames/s.
STANDARD_WIDTH_PX = 1920
STANDARD_HEIGHT_PX = 1080
STANDARD_FRAME_RATE = 30.0
FRAME_RATE_TOLERANCE = 1.0
SHORTEST_S = 60.0


@dataclass(frozen=True)
class VideoFacts:
    """What the file says of itself and what its packets show. Sizes are those of the upright picture."""

    width_px: int
    height_px: int
    frame_rate: float
    """From the median distance of two frames: a gap does not lower it. 0 for a single frame."""
    duration_s: float
    frames: int
    frames_before_key: int
    codec: str
    container: str
    truncated: bool


@dataclass(frozen=True)
class VideoReport:
    """The outcome for a video that can be scored."""

    facts: VideoFacts
    warnings: tuple[Warn, ...]


def warning_of(fault: Fault, detail: str = "") -> Warn:
    """A fault as it stands beside a result."""
    return Warn(code=fault.code, text=fault.text, remedy=fault.remedy, detail=detail)


def inspect_video(path: Path) -> VideoReport:
    """Read through a video and judge it.

    Raises GrimaceError with E_VIDEO_EMPTY, E_VIDEO_UNREADABLE or E_VIDEO_NO_FRAMES when there is nothing to score, and OSError.
    """
    facts = probe_video(path)
    return VideoReport(facts, judge_video(facts))


def probe_video(path: Path) -> VideoFacts:
    """The facts of a video: every packet is read, and one picture decoded to know that it can be. Raises as `inspect_video`."""
    found = demux(path)
    with open_video(path) as (container, stream):
        height_px, width_px = _first_picture(path.name, PacketReader(container, stream), stream)
        return VideoFacts(
            width_px=width_px,
            height_px=height_px,
            frame_rate=_frame_rate(found.packets.pts_us),
            duration_s=_duration_s(found.packets.pts_us),
            frames=len(found.packets),
            frames_before_key=_frames_before_key(found),
            codec=stream.codec_context.name,
            container=container.format.name,
            truncated=found.truncated,
        )


def judge_video(facts: VideoFacts) -> tuple[Warn, ...]:
    """What differs from the standard recording, in the order in which the faults are listed."""
    return tuple(_warnings(facts))


def _warnings(facts: VideoFacts) -> Iterator[Warn]:
    if facts.truncated:
        yield warning_of(VIDEO_TRUNCATED, f"{facts.frames} frames, {facts.duration_s:.1f} s are there")
    if facts.frames_before_key:
        yield warning_of(VIDEO_NO_KEY_FRAME, f"{facts.frames_before_key} frames are left out")
    if abs(facts.frame_rate - STANDARD_FRAME_RATE) > FRAME_RATE_TOLERANCE:
        yield warning_of(VIDEO_FRAME_RATE, f"{facts.frame_rate:.2f} frames/s")
    if (facts.width_px, facts.height_px) != (STANDARD_WIDTH_PX, STANDARD_HEIGHT_PX):
        yield warning_of(VIDEO_SIZE, f"{facts.width_px}x{facts.height_px}")
    if facts.duration_s < SHORTEST_S:
        yield warning_of(VIDEO_SHORT, f"{facts.duration_s:.1f} s")


def _first_picture(name: str, packets: PacketReader, stream: VideoStream) -> tuple[int, int]:
    """Height and width of the first picture that can be decoded, turned upright."""
    waiting_for_key = True
    for packet in packets:
        waiting_for_key &= not packet.is_keyframe
        if waiting_for_key:
            continue
        try:
            pictures = stream.codec_context.decode(packet)
        except av.error.FFmpegError:
            continue  # damaged: the next one may be whole
        if pictures:
            return _upright(pictures[0].height, pictures[0].width, pictures[0].rotation)
    try:
        pictures = stream.codec_context.decode(None)
    except av.error.FFmpegError as error:
        raise GrimaceError(VIDEO_NO_FRAMES, f"{name}: {error}") from error
    if not pictures:
        raise GrimaceError(VIDEO_NO_FRAMES, name)
    return _upright(pictures[0].height, pictures[0].width, pictures[0].rotation)


def _upright(height_px: int, width_px: int, rotation_deg: int) -> tuple[int, int]:
    return (width_px, height_px) if round(rotation_deg / 90) % 2 else (height_px, width_px)


def _frame_interval_us(pts_us: NDArray[np.int64]) -> float:
    return float(np.median(np.diff(np.sort(pts_us)))) if len(pts_us) > 1 else 0.0


def _frame_rate(pts_us: NDArray[np.int64]) -> float:
    interval_us = _frame_interval_us(pts_us)
    return MICROSECONDS / interval_us if interval_us > 0 else 0.0


def _duration_s(pts_us: NDArray[np.int64]) -> float:
    """From the first frame's beginning to the last one's end."""
    return (float(np.ptp(pts_us)) + _frame_interval_us(pts_us)) / MICROSECONDS if len(pts_us) else 0.0


def _frames_before_key(found: Demuxed) -> int:
    return int(np.argmax(found.packets.key)) if found.packets.key.any() else len(found.packets)
