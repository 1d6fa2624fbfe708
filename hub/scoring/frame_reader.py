"""Exactly the wanted frames of a session, as upright RGB pictures, decoding only what they need.

Every frame is identified by its own time, never by counting, so neither B-frames nor gaps nor a careless seek can shift it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from hub.scoring.decode_plan import Run, plan_runs
from hub.scoring.frame_table import FrameTable, VideoPart
from hub.scoring.video import MICROSECONDS, PacketReader, PacketTable, VideoPacket, in_us, open_video, shown_at

Picture = NDArray[np.uint8]
"""height x width x 3, RGB, 0 to 255, upright."""

EXACT_SEEKS = frozenset({"mov", "mp4", "matroska"})
"""Containers whose index leads to a key frame exactly; others are read from front to back, which decodes no more."""


@dataclass(frozen=True)
class ReadFrame:
    """A wanted frame: its row in the frame table and its picture, or None where the video is damaged."""

    row: int
    picture: Picture | None


def read_frames(table: FrameTable, rows: NDArray[np.intp]) -> Iterator[ReadFrame]:
    """Decode the frames of these rows (rising), one at a time, in their order; only one picture is held.

    A frame that is damaged, or built on a damaged one, comes without a picture: what a decoder makes up must not be scored.
    Raises GrimaceError with E_VIDEO_EMPTY or E_VIDEO_UNREADABLE, and OSError, when a part cannot be opened.
    """
    for part in table.parts:
        of_part = rows[table.part[rows] == part.number]
        row_at = dict(zip(table.pts_us[of_part].tolist(), of_part.tolist(), strict=True))
        if row_at:
            for pts_us, picture in _read_part(part, table.pts_us[of_part]):
                yield ReadFrame(row_at[pts_us], picture)


def _read_part(part: VideoPart, wanted_us: NDArray[np.int64]) -> Iterator[tuple[int, Picture | None]]:
    with open_video(part.path) as (container, stream):
        playhead = _Playhead(part, container, stream)
        for run in plan_runs(part.packets, wanted_us):
            frames = _decode(playhead, part.packets, run)
            yield from _whole_frames(frames, part.packets, run)


@dataclass(frozen=True)
class _Decoded:
    """A frame out of the decoder, or (without frame) word that the packet at this time did not decode."""

    pts_us: int
    frame: VideoFrame | None


def _decode(playhead: _Playhead, packets: PacketTable, run: Run) -> Iterator[_Decoded]:
    """Decode a run. Frames that nobody wants and nobody leans on are skipped inside the decoder (B-frames: half the work)."""
    wanted_us = {int(packets.pts_us[place]) for place in run.wanted}
    for packet, pts_us in playhead.play(run):
        playhead.codec.skip_frame = "DEFAULT" if pts_us in wanted_us else "NONREF"
        try:
            frames = playhead.codec.decode(packet)
        except av.error.FFmpegError:
            yield _Decoded(pts_us, None)
            continue
        yield from playhead.timed(frames)
    try:
        yield from playhead.timed(playhead.codec.decode(None))
    except av.error.FFmpegError:
        return  # what the decoder still held is damaged, and counts as not read


def _whole_frames(decoded: Iterator[_Decoded], packets: PacketTable, run: Run) -> Iterator[tuple[int, Picture | None]]:
    """The wanted frames of a run in display order; without picture where they, or what they lean on, are damaged."""
    stretch = slice(run.first, run.last + 1)
    place_at = dict(zip(packets.pts_us[stretch].tolist(), range(run.first, run.last + 1), strict=True))
    group_of = np.cumsum(packets.key[stretch])
    damaged_from: dict[int, int] = {}  # group of pictures: its first damaged place
    pending = [int(packets.pts_us[place]) for place in run.wanted]
    for found in decoded:
        place = place_at.get(found.pts_us)
        if place is None:
            continue
        group = int(group_of[place - run.first])
        if found.frame is None or found.frame.is_corrupt:
            damaged_from[group] = min(place, damaged_from.get(group, place))
        while pending and pending[0] < found.pts_us and found.frame is not None:
            yield pending.pop(0), None
        if pending and pending[0] == found.pts_us and found.frame is not None:
            whole = place < damaged_from.get(group, place + 1)
            yield pending.pop(0), _upright(found.frame) if whole else None
    for pts_us in pending:
        yield pts_us, None


def _upright(frame: VideoFrame) -> Picture:
    """The picture as it is meant to be seen: the camera's rotation, kept as metadata, is applied (degrees anticlockwise)."""
    picture = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(picture, round(frame.rotation / 90) % 4))


class _Playhead:
    """An open part and the place in it that is read next."""

    def __init__(self, part: VideoPart, container: InputContainer, stream: VideoStream) -> None:
        self.codec = stream.codec_context
        # One thread: a damaged packet is then reported when it is decoded. Many videos are worked on side by side instead.
        self.codec.thread_type = "NONE"
        self._part = part
        self._container = container
        self._stream = stream
        self._time_base = stream.time_base or Fraction(1, MICROSECONDS)
        self._seeks = not EXACT_SEEKS.isdisjoint(container.format.name.split(","))
        self._packets = iter(PacketReader(container, stream))

    def play(self, run: Run) -> Iterator[tuple[VideoPacket, int]]:
        """The packets of a run with their times, from its key frame on; ends early where the file cannot be read further."""
        self.codec.flush_buffers()
        if self._seeks and run.first:
            self._container.seek(self._ticks(int(self._part.packets.seek_us[run.first])), stream=self._stream)
            self._packets = iter(PacketReader(self._container, self._stream))
        first_us = int(self._part.packets.pts_us[run.first])
        remaining = 0
        for packet in self._packets:
            pts_us = self._time_us(packet)
            if pts_us == first_us and not remaining:
                remaining = run.last - run.first + 1
            if remaining and pts_us is not None and not packet.is_discard:
                yield packet, pts_us
                remaining -= 1
                if not remaining:
                    return

    def timed(self, frames: list[VideoFrame]) -> Iterator[_Decoded]:
        """Frames with their times in the part."""
        return (_Decoded(in_us(frame.pts, self._time_base), frame) for frame in frames if frame.pts is not None)

    def _time_us(self, packet: VideoPacket) -> int | None:
        shown = shown_at(packet)
        packet.pts = shown  # the decoder hands it on to the frame
        return None if shown is None else in_us(shown, self._time_base)

    def _ticks(self, time_us: int) -> int:
        return round(Fraction(time_us, MICROSECONDS) / self._time_base)
