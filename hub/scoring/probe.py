"""Is a stored recording fit to be scored: the facts of a video, what to warn of, and whether a session's paperwork fits it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from hub.scoring.video import MICROSECONDS, PacketReader, demux, open_video
from shared.api import Warn
from shared.faults import (
    LEDGER_MISMATCH,
    MANIFEST_MISMATCH,
    VIDEO_FRAME_RATE,
    VIDEO_NO_FRAMES,
    VIDEO_NO_KEY_FRAME,
    VIDEO_SHORT,
    VIDEO_SIZE,
    VIDEO_TRUNCATED,
    GrimaceError,
)
from shared.ledger import FrameRow, LedgerError, PacketRow, read_rows, reconcile
from shared.manifest import FRAMES_NAME, PACKETS_NAME, Part, SessionManifest

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
            frames_before_key=int((~found.packets.decodable()).sum()),
            codec=stream.codec_context.name,
            container=container.format.name,
            truncated=found.truncated,
        )


def judge_video(facts: VideoFacts) -> tuple[Warn, ...]:
    """What differs from the standard recording, in the order in which the faults are listed."""
    return tuple(_warnings(facts))


def _warnings(facts: VideoFacts) -> Iterator[Warn]:
    if facts.truncated:
        yield Warn.of(VIDEO_TRUNCATED, f"{facts.frames} frames, {facts.duration_s:.1f} s are there")
    if facts.frames_before_key:
        yield Warn.of(VIDEO_NO_KEY_FRAME, f"{facts.frames_before_key} frames are left out")
    if abs(facts.frame_rate - STANDARD_FRAME_RATE) > FRAME_RATE_TOLERANCE:
        yield Warn.of(VIDEO_FRAME_RATE, f"{facts.frame_rate:.2f} frames/s")
    if (facts.width_px, facts.height_px) != (STANDARD_WIDTH_PX, STANDARD_HEIGHT_PX):
        yield Warn.of(VIDEO_SIZE, f"{facts.width_px}x{facts.height_px}")
    if round(facts.duration_s, 1) < SHORTEST_S:
        yield Warn.of(VIDEO_SHORT, f"{facts.duration_s:.1f} s")


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


def check_ledger(folder: Path, manifest: SessionManifest) -> None:
    """Balance a session folder; raises GrimaceError.

    E_MANIFEST: the manifest contradicts itself or names files that are not there. E_LEDGER: the ledgers cannot be read, or what
    they say was written is not what the videos hold. E_VIDEO_EMPTY, E_VIDEO_UNREADABLE: a part is no video.
    """
    _check_manifest(folder, manifest)
    try:
        frames = list(read_rows(folder / FRAMES_NAME, FrameRow))
        packets = list(read_rows(folder / PACKETS_NAME, PacketRow))
        in_videos = [row for part in manifest.parts for row in _packets_of(folder, part)]
        _check_packets(manifest, packets, in_videos)
        balance = reconcile(
            frames,
            in_videos,
            {part.number: part.first_sensor_ns for part in manifest.parts},
            round(1e9 / manifest.camera.frame_rate),
        )
    except (LedgerError, OSError) as error:
        raise GrimaceError(LEDGER_MISMATCH, str(error)) from error
    for what in ("captured", "written", "dropped", "expected"):
        found, stated = getattr(balance.counts, what), getattr(manifest.counts, what)
        if found != stated:
            raise GrimaceError(LEDGER_MISMATCH, f"the ledger shows {found} frames {what}, the manifest says {stated}")


def _check_manifest(folder: Path, manifest: SessionManifest) -> None:
    listed = {file.name for file in manifest.files}
    needed = {FRAMES_NAME, PACKETS_NAME, *(part.file for part in manifest.parts)}
    missing = sorted(name for name in needed if name not in listed or not (folder / name).is_file())
    if missing:
        raise GrimaceError(MANIFEST_MISMATCH, f"missing: {', '.join(missing)}")
    counts = manifest.counts
    if counts.expected != counts.written + counts.dropped:
        raise GrimaceError(MANIFEST_MISMATCH, f"{counts.written} written and {counts.dropped} dropped are not {counts.expected}")
    if sum(part.frames_written for part in manifest.parts) != counts.written:
        raise GrimaceError(MANIFEST_MISMATCH, f"its parts do not add up to {counts.written} written frames")


def _packets_of(folder: Path, part: Part) -> list[PacketRow]:
    """The packets that a part's video really holds; their sizes are not needed."""
    packets = demux(folder / part.file).packets
    rows = zip(packets.pts_us.tolist(), packets.key.tolist(), strict=True)
    return [PacketRow(part.number, pts_us, 0, int(key)) for pts_us, key in rows]


def _check_packets(manifest: SessionManifest, ledger: list[PacketRow], in_videos: list[PacketRow]) -> None:
    """Every packet that was handed to a part must be in its video, and no other.

    A recovered part lost its end, or the end of its ledger: there the balance with the delivered frames must do.
    """
    for part in manifest.parts:
        found = sorted(row.pts_us for row in in_videos if row.part == part.number)
        if len(found) != part.frames_written:
            raise GrimaceError(LEDGER_MISMATCH, f"{part.file} holds {len(found)} frames, the manifest says {part.frames_written}")
        handed = sorted(row.pts_us for row in ledger if row.part == part.number)
        if found != handed and not part.recovered:
            raise GrimaceError(LEDGER_MISMATCH, f"{part.file} holds other frames than {PACKETS_NAME} lists")
