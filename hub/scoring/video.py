"""A video file as the list of its packets: what can be known without decoding a picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias, TypeVar

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from shared.faults import VIDEO_EMPTY, VIDEO_UNREADABLE, GrimaceError

MICROSECONDS = 1_000_000

Ticks = TypeVar("Ticks", int, NDArray[np.int64])

VideoPacket: TypeAlias = "Packet[VideoStream]"


@dataclass(frozen=True)
class PacketTable:
    """The packets of a video stream in decode order, which is their order in the file; times in microseconds."""

    pts_us: NDArray[np.int64]
    seek_us: NDArray[np.int64]
    """The time under which the container's index knows the packet: its decode time where it has one."""
    key: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.pts_us)

    def decodable(self) -> NDArray[np.bool_]:
        """Which packets can be decoded at all: those that neither come before the first key frame nor are shown before it."""
        if not self.key.any():
            return np.zeros(len(self), np.bool_)
        first_key = int(np.argmax(self.key))
        after: NDArray[np.bool_] = (np.arange(len(self)) >= first_key) & (self.pts_us >= self.pts_us[first_key])
        return after


@dataclass(frozen=True)
class Demuxed:
    """What a read through the file found. `truncated`: the file announces more than it holds, or its last packet is torn."""

    packets: PacketTable
    truncated: bool


@contextmanager
def open_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a file and its first video stream; raises GrimaceError with E_VIDEO_EMPTY or E_VIDEO_UNREADABLE, and OSError."""
    if path.stat().st_size == 0:
        raise GrimaceError(VIDEO_EMPTY, path.name)
    try:
        container = av.open(str(path))
    except (av.error.FFmpegError, ValueError) as error:
        raise GrimaceError(VIDEO_UNREADABLE, f"{path.name}: {error}") from error
    with container:
        if not container.streams.video:
            raise GrimaceError(VIDEO_UNREADABLE, f"{path.name}: no video stream")
        yield container, container.streams.video[0]


class PacketReader:
    """The packets of a stream up to where the file can be read; afterwards `torn` says whether that was before its end."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self.torn = False
        self._packets = container.demux(stream)

    def __iter__(self) -> Iterator[VideoPacket]:
        while True:
            try:
                packet = next(self._packets, None)
            except av.error.FFmpegError:
                self.torn = True
                return
            if packet is None:
                return
            if packet.size:  # the last one is empty: FFmpeg's sign to drain the decoder
                yield packet


def shown_at(packet: VideoPacket) -> int | None:
    """When the packet's picture is shown, in ticks; its decode time where the container keeps no other (AVI)."""
    return packet.dts if packet.pts is None else packet.pts


def in_us(ticks: Ticks, time_base: Fraction) -> Ticks:
    """Times of a stream in whole microseconds, rounded half up; the same for one as for many."""
    return (ticks * (time_base.numerator * MICROSECONDS) + time_base.denominator // 2) // time_base.denominator


def demux(path: Path) -> Demuxed:
    """Read every packet of a video without decoding it; raises GrimaceError with E_VIDEO_EMPTY or E_VIDEO_UNREADABLE.

    Packets that an edit list hides, and a torn last one, are left out.
    """
    rows: list[tuple[int, int, bool]] = []
    last_is_torn = False
    read = 0
    with open_video(path) as (container, stream):
        packets = PacketReader(container, stream)
        for packet in packets:
            read += 1
            shown = shown_at(packet)
            if shown is None:
                raise GrimaceError(VIDEO_UNREADABLE, f"{path.name}: its pictures carry no times")
            last_is_torn = packet.is_corrupt
            if not packet.is_discard:
                rows.append((shown, shown if packet.dts is None else packet.dts, packet.is_keyframe))
        truncated = packets.torn or last_is_torn or read < stream.frames
        time_base = stream.time_base or Fraction(1, MICROSECONDS)
    columns = np.array(rows[:-1] if last_is_torn else rows, np.int64).reshape(-1, 3)
    return Demuxed(PacketTable(in_us(columns[:, 0], time_base), in_us(columns[:, 1], time_base), columns[:, 2] != 0), truncated)
