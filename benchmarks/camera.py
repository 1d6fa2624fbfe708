"""What picamera2 costs over a bare camera: the same film through picamera2 and the simulated IMX477, against its replay."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measurement import Measurement
from benchmarks.recorder import cpu_s_per_s
from benchmarks.videos import second_aligned

TIMES_THE_REPLAY = 1.5
"""Both decode the film and encode it; picamera2's threads, its small stream and the copies into its buffers come on top."""


def measure(workdir: Path) -> list[Measurement]:
    """Record the same 1080p30 film with both cameras, one after the other."""
    source = f'source = "{second_aligned(workdir).absolute()}"'
    replay = cpu_s_per_s(workdir / "camera-replay", [source])
    simulated = cpu_s_per_s(workdir / "camera-sim", ['backend = "sim"', source])
    return [Measurement("camera_sim_over_replay", simulated / replay, TIMES_THE_REPLAY, "times", "at most")]
