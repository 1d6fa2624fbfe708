"""The video file while it is written: an MP4 in fragments, every one durable when it is complete.

Killed at any moment, the file is readable up to its last fragment. Closed, it is an ordinary seekable MP4 where the linked
FFmpeg can do that (7.1 and newer), else it stays fragmented, which every reader of MP4 since 2012 understands.
"""

from __future__ import annotations

import contextlib
import io
import os
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.container import OutputContainer
from av.video.stream import VideoStream

from rig.camera.backend import MICROSECONDS
from rig.recording.reserve import SpaceReserve, write_all

FRAGMENT_US = 490_000
"""A fragment ends with its group of pictures, or when it is this long: at 30 frames/s, two halves of each second.

FFmpeg writes a fragment when the next one begins. With one a second, a process killed just before that would lose the whole
second and the frames in flight; with two, "at most one second" holds with room for a slow disk.
"""

FRAGMENTS = "frag_keyframe+empty_moov+default_base_moof"
FIRST_LIBAVFORMAT_WITH_HYBRID = (61, 7)
"""FFmpeg 7.1; its release notes name `hybrid_fragmented`."""


def movflags(libavformat_version: tuple[int, ...]) -> str:
    """The MP4 writer's flags: fragments that become an ordinary MP4 on closing where FFmpeg knows how, else plain fragments."""
    hybrid = libavformat_version >= FIRST_LIBAVFORMAT_WITH_HYBRID
    return FRAGMENTS + ("+hybrid_fragmented" if hybrid else "")


class DurableFile:
    """An unbuffered file for the muxer. What it appends is written at once; what it overwrites waits for `sync`.

    The muxer turns fragments into an ordinary MP4 by overwriting eight or sixteen bytes at the front. They follow only when the
    appended index is durable: at every moment the file is either the one or the other.
    """

    def __init__(self, path: Path, reserve: SpaceReserve) -> None:
        self._file = path.open("xb", buffering=0)
        self._reserve = reserve
        self._position = 0
        self._overwrites: list[tuple[int, bytes]] = []
        self._discards = False
        self.size_bytes = 0
        self.found_full = False

    def write(self, data: bytes) -> int:
        if self._discards:
            return len(data)
        if self._position < self.size_bytes:
            self._overwrites.append((self._position, bytes(data)))
        else:
            self.found_full |= write_all(self._file.fileno(), data, self._position, self._reserve)
        self._position += len(data)
        self.size_bytes = max(self.size_bytes, self._position)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size_bytes}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def sync(self) -> None:
        """Make everything durable, overwritten bytes last."""
        os.fdatasync(self._file.fileno())
        if self._overwrites:
            for offset, data in self._overwrites:
                write_all(self._file.fileno(), data, offset, self._reserve)
            self._overwrites.clear()
            os.fdatasync(self._file.fileno())

    def discard(self) -> None:
        """Swallow everything from now on: the muxer is to be closed over a disk that takes nothing more."""
        self._discards = True
        self._overwrites.clear()

    def close(self) -> None:
        self._file.close()


class VideoFile:
    """Muxes packets into a new file at `path`. Times count from the part's first frame, in whole microseconds."""

    def __init__(
        self,
        path: Path,
        reserve: SpaceReserve,
        first_key_frame: bytes,
        libavformat_version: tuple[int, ...] = av.library_versions["libavformat"],
    ) -> None:
        self._file = DurableFile(path, reserve)
        options = {
            "movflags": movflags(libavformat_version),
            "frag_duration": str(FRAGMENT_US),
            "flush_packets": "1",
            "video_track_timescale": str(MICROSECONDS),
        }
        self._container: OutputContainer = av.open(self._file, "w", format="mp4", options=options)
        self._stream = _stream_like(self._container, first_key_frame)
        self._fragment_start_us = 0
        self._frames_muxed = 0
        self.durable_frames = 0
        """How many frames are in fragments that reached the disk."""

    @property
    def size_bytes(self) -> int:
        return self._file.size_bytes

    @property
    def found_full(self) -> bool:
        """The disk ran full; the reserve has been spent."""
        return self._file.found_full

    def begins_fragment(self, pts_us: int, key_frame: bool) -> bool:
        """Whether this packet makes FFmpeg write the fragment before it."""
        return self._frames_muxed > 0 and (key_frame or pts_us - self._fragment_start_us >= FRAGMENT_US)

    def write(self, data: bytes, pts_us: int, duration_us: int, key_frame: bool) -> None:
        """Hand a packet to the muxer; when that completes a fragment, make it durable. Raises OSError."""
        completes = self.begins_fragment(pts_us, key_frame)
        packet = av.Packet(data)
        packet.stream = self._stream
        packet.time_base = Fraction(1, MICROSECONDS)
        packet.pts = packet.dts = pts_us
        packet.duration = duration_us
        packet.is_keyframe = key_frame
        self._container.mux(packet)
        if completes:
            self._file.sync()
            self._fragment_start_us = pts_us
            self.durable_frames = self._frames_muxed
        self._frames_muxed += 1

    def close(self) -> None:
        """Write the last fragment and the index, and make them durable. Raises OSError; `abandon` it then."""
        self._container.close()
        self._file.sync()
        self.durable_frames = self._frames_muxed
        self._file.close()

    def abandon(self) -> None:
        """Let go of a file that cannot be closed any more; what was synced stays. Never raises."""
        self._file.discard()
        with contextlib.suppress(av.error.FFmpegError, OSError):  # the muxer repeats the fault that it has already reported
            self._container.close()
        self._file.close()


def _stream_like(container: OutputContainer, first_key_frame: bytes) -> VideoStream:
    """A stream whose header holds the parameter sets of this very key frame.

    A stream made from width and height alone would get those of an encoder that FFmpeg opens for itself, and players that trust
    the header would show nothing.
    """
    with av.open(io.BytesIO(first_key_frame), format="h264") as probe:
        stream = container.add_stream_from_template(probe.streams.video[0], opaque=True)
    stream.time_base = Fraction(1, MICROSECONDS)
    return stream
