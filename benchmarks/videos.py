"""The videos that are measured on, made once from the sample clip and kept under the work folder."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.video.frame import PictureType, VideoFrame

SAMPLE_CLIP = Path(__file__).parents[1] / "tests" / "media" / "chamber-short.mp4"
FRAME_RATE = 30
SECONDS_IN_CLIP = 12


def second_aligned(workdir: Path) -> Path:
    """A minute of 1080p30 with a key frame on every second, as rigs record it: the sample clip five times, not encoded again."""
    path = workdir / "second-aligned.mp4"
    if not path.exists():
        unfinished = path.with_suffix(".unfinished.mp4")
        with av.open(str(unfinished), "w") as target:
            _repeat_packets(target, times=5)
        unfinished.rename(path)
    return path


def _repeat_packets(target: OutputContainer, times: int) -> None:
    stream = None
    for turn in range(times):
        with av.open(str(SAMPLE_CLIP)) as source:
            stream = stream or target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.pts is None or packet.dts is None:
                    continue
                offset = round(turn * SECONDS_IN_CLIP / packet.time_base)
                packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                packet.stream = stream
                target.mux(packet)


def long_groups(workdir: Path) -> Path:
    """24 seconds of 1080p30 with a key frame every 250 frames and 3 B-frames in a row, as x264 encodes by itself."""
    path = workdir / "gop-250.mp4"
    if not path.exists():
        unfinished = path.with_suffix(".unfinished.mp4")
        with av.open(str(unfinished), "w") as target:
            options = {"preset": "veryfast", "g": "250", "keyint_min": "250", "sc_threshold": "0", "bf": "3", "b_strategy": "0"}
            stream = target.add_stream("libx264", rate=FRAME_RATE, options=options)
            stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 1920, 1080, "yuv420p", 5_000_000
            for number, frame in enumerate(_decoded(times=2)):
                frame.pts, frame.time_base = number, Fraction(1, FRAME_RATE)
                frame.pict_type = PictureType.NONE
                target.mux(stream.encode(frame))
            target.mux(stream.encode(None))
        unfinished.rename(path)
    return path


def _decoded(times: int) -> Iterator[VideoFrame]:
    for _ in range(times):
        with av.open(str(SAMPLE_CLIP)) as source:
            yield from source.decode(video=0)
