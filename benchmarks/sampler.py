"""The processor time of sampling one frame a second, against the two ways everybody else does it."""

from __future__ import annotations

from pathlib import Path

import av
import cv2

from benchmarks.measurement import Measurement, cpu_seconds
from benchmarks.videos import FRAME_RATE, long_groups, second_aligned
from hub.scoring.frame_reader import read_frames
from hub.scoring.frame_table import table_of_video
from hub.scoring.sampling import sample


def measure(workdir: Path) -> list[Measurement]:
    """All three ways end with the same frames in RGB (OpenCV: BGR), and begin with nothing but the file."""
    aligned, grouped = second_aligned(workdir), long_groups(workdir)
    ours = cpu_seconds(lambda: sample_once_a_second(aligned))
    return [
        Measurement("sampler_cpu_ratio_vs_decode_all", cpu_seconds(lambda: decode_everything(aligned)) / ours, 8, "x"),
        Measurement("sampler_cpu_ratio_vs_seek", cpu_seconds(lambda: seek_every_frame(aligned)) / ours, 8, "x"),
        Measurement(
            "sampler_cpu_ratio_gop250",
            cpu_seconds(lambda: decode_everything(grouped)) / cpu_seconds(lambda: sample_once_a_second(grouped)),
            1,
            "x",
        ),
    ]


def sample_once_a_second(video: Path) -> int:
    """Our way, the list of the file's frames included."""
    table = table_of_video(video)
    return sum(read.picture is not None for read in read_frames(table, sample(table.time_s, 1.0)))


def decode_everything(video: Path) -> int:
    """Decode every frame and convert the wanted ones."""
    with av.open(str(video)) as container:
        frames = enumerate(container.decode(video=0))
        return len([frame.to_ndarray(format="rgb24").shape for number, frame in frames if number % FRAME_RATE == 0])


def seek_every_frame(video: Path) -> int:
    """OpenCV: set the position, read one frame, for each wanted one."""
    capture = cv2.VideoCapture(str(video))
    read = 0
    for number in range(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), FRAME_RATE):
        capture.set(cv2.CAP_PROP_POS_FRAMES, number)
        read += capture.read()[0]
    capture.release()
    return read
