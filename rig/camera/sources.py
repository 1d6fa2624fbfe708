"""What the replay camera films: a video file, played in a loop, or the generated pattern."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import av
import av.error
from av.video.frame import VideoFrame

from rig.camera.pattern import Pattern
from rig.settings import PATTERN_SOURCE
from shared.faults import CAMERA_SOURCE, GrimaceError

PIXEL_FORMAT = "yuv420p"

SEEK_BEYOND_FRAMES = 90
"""A wanted frame further ahead than this is sought in the file; up to there decoding straight on is quicker."""


class Scene(Protocol):
    """Something to film: any frame of it, by number."""

    def frame(self, number: int) -> VideoFrame:
        """The picture of that number, in the camera's size and pixel format; cheap when numbers come in order."""

    def close(self) -> None: ...


def open_scene(source: str, width_px: int, height_px: int, frame_rate: float) -> Scene:
    """The scene that the settings name; raises GrimaceError(E_CAM_SOURCE) when the file cannot be played."""
    if source == PATTERN_SOURCE:
        return PatternScene(width_px, height_px)
    return FileScene(Path(source), width_px, height_px, frame_rate)


class PatternScene:
    """The generated pattern: picture n carries the number n."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._pattern = Pattern(width_px, height_px)

    def frame(self, number: int) -> VideoFrame:
        return VideoFrame.from_ndarray(self._pattern.paint(number), format=PIXEL_FORMAT)

    def close(self) -> None:
        """Nothing is held open."""


class FileScene:
    """A video file in a loop: one of its frames for every frame of the camera.

    Decoded on one thread and only scaled when its size differs: a busy machine must keep up with 1080p30.
    """

    def __init__(self, path: Path, width_px: int, height_px: int, frame_rate: float) -> None:
        self._path = path
        self._size = (width_px, height_px)
        try:
            self._container = av.open(str(path))
            self._stream = self._container.streams.video[0]
        except (OSError, IndexError, av.error.FFmpegError) as error:
            raise GrimaceError(CAMERA_SOURCE, f"{path}: {error}") from error
        self._stream.thread_type = "NONE"
        self._stream.codec_context.thread_count = 1
        self._rate = float(self._stream.average_rate or frame_rate)
        self._length = self._stream.frames or self._count_frames()
        self._next = 0
        self._decoded = self._decode_from(0)

    def _count_frames(self) -> int:
        count = sum(1 for packet in self._container.demux(self._stream) if packet.size)
        if count == 0:
            raise GrimaceError(CAMERA_SOURCE, f"{self._path}: no video frame in it")
        return count

    def frame(self, number: int) -> VideoFrame:
        wanted = number % self._length
        if not self._next <= wanted <= self._next + SEEK_BEYOND_FRAMES:
            self._decoded = self._decode_from(wanted)
        while True:
            frame = next(self._decoded, None)
            if frame is None:
                return self._after_early_end(number)
            self._next += 1
            if self._next > wanted:
                return self._fitted(frame)

    def _after_early_end(self, number: int) -> VideoFrame:
        """The file holds fewer frames than its header says: take its true length from now on."""
        if self._next == 0:
            raise GrimaceError(CAMERA_SOURCE, f"{self._path}: no frame of it can be decoded")
        self._length = self._next
        self._decoded = self._decode_from(0)
        return self.frame(number)

    def _decode_from(self, number: int) -> Iterator[VideoFrame]:
        """Frames from the wanted one on: from the key frame before it, without those in between."""
        time_base = self._stream.time_base
        assert time_base is not None, "FFmpeg gives every video stream a time base"
        start = self._stream.start_time or 0
        wanted_s = number / self._rate
        self._container.seek(start + round(wanted_s / time_base), stream=self._stream, backward=True)
        self._next = number
        half_a_frame_s = 0.5 / self._rate
        for frame in self._container.decode(self._stream):
            if frame.pts is None or (frame.pts - start) * time_base >= wanted_s - half_a_frame_s:
                yield frame

    def _fitted(self, frame: VideoFrame) -> VideoFrame:
        if (frame.width, frame.height) == self._size and frame.format.name == PIXEL_FORMAT:
            return frame
        return frame.reformat(*self._size, format=PIXEL_FORMAT)

    def close(self) -> None:
        self._container.close()
