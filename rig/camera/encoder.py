"""The software encoder of cameras without one: H.264 by libx264, a packet for every frame, key frames on whole seconds."""

from __future__ import annotations

from fractions import Fraction

import av
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from rig.camera.backend import MICROSECONDS, EncodedPacket

PRESET = "ultrafast"
"""1080p30 takes 0.2 of a core; `superfast` takes twice and `veryfast` four times as much, and frames must never wait."""


def longest_group(frame_rate: float) -> int:
    """Frames after which an encoder begins a group by itself: too late to come before the frame that `SecondGrid` takes."""
    return max(2, 2 * round(frame_rate))


class SecondGrid:
    """Which frames become key frames: the first one, and the one nearest to every whole second after it.

    Counting frames instead (the group's length) would let every lost frame shift the grid, and so would waiting for a second to
    be full: a sensor's frames are a little shorter than asked for, because it has whole lines.
    """

    def __init__(self, frame_rate: float) -> None:
        self._half_frame_us = MICROSECONDS / frame_rate / 2
        self._first_us: int | None = None
        self._last_second = -1

    def takes(self, sensor_us: int) -> bool:
        """Whether the frame of this time becomes a key frame; to be asked once for each frame, in order."""
        if self._first_us is None:
            self._first_us = sensor_us
        second = int((sensor_us - self._first_us + self._half_frame_us) // MICROSECONDS)
        is_next = second > self._last_second
        self._last_second = max(second, self._last_second)
        return is_next


class X264Encoder:
    """Zero latency and no B-frames: the packet of a frame comes out before the next frame goes in."""

    def __init__(self, width_px: int, height_px: int, frame_rate: float, bitrate_bps: int) -> None:
        rate = Fraction(frame_rate).limit_denominator(1001)
        self._codec = av.VideoCodecContext.create("libx264", "w")
        self._codec.width, self._codec.height = width_px, height_px
        self._codec.pix_fmt = "yuv420p"
        self._codec.time_base = Fraction(1, MICROSECONDS)
        self._codec.framerate = rate
        self._codec.bit_rate = bitrate_bps
        self._codec.gop_size = longest_group(frame_rate)
        self._codec.max_b_frames = 0
        self._codec.thread_count = 1
        self._codec.options = {
            "preset": PRESET,
            "tune": "zerolatency",
            "forced-idr": "1",
            "x264-params": "repeat-headers=1:scenecut=0:colorprim=bt709:transfer=bt709:colormatrix=bt709",
        }
        self._grid = SecondGrid(frame_rate)
        self._first_us: int | None = None

    def encode(self, frame: VideoFrame, sensor_us: int) -> list[EncodedPacket]:
        """The packets that this frame completes: one, in this mode."""
        if self._first_us is None:
            self._first_us = sensor_us
        frame.pict_type = PictureType.I if self._grid.takes(sensor_us) else PictureType.NONE
        frame.pts = sensor_us - self._first_us
        frame.time_base = Fraction(1, MICROSECONDS)
        return self._taken_out(self._codec.encode(frame))

    def finish(self) -> list[EncodedPacket]:
        """What the encoder still holds; it takes no frame after this."""
        return self._taken_out(self._codec.encode(None)) if self._first_us is not None else []

    def _taken_out(self, packets: list[av.Packet[VideoStream]]) -> list[EncodedPacket]:
        first_us = self._first_us or 0
        return [EncodedPacket(bytes(packet), packet.is_keyframe, first_us + (packet.pts or 0)) for packet in packets]
