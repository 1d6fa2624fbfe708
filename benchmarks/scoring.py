"""How fast a recording is scored on this machine's processor, from the file to the table."""

from __future__ import annotations

import os
import time
from pathlib import Path

from benchmarks.measurement import Measurement
from benchmarks.videos import second_aligned
from hub.scoring.analysis import analyse_session
from shared.builds import open_build

BUILD = "synthetic-2026.11"
PAINFACE_FRAMES_PER_MINUTE = 300
"""What the PainFace preprint states for its node with two RTX 3090."""


def measure(workdir: Path) -> list[Measurement]:
    """A minute of video at one frame a second, loading the networks included."""
    video, build = second_aligned(workdir), open_build(BUILD)
    began_s = time.perf_counter()
    scored = analyse_session(video, build, 1.0, "c57bl/6", _ignore, threads=os.cpu_count() or 1)
    minutes = (time.perf_counter() - began_s) / 60
    return [Measurement("frames_per_minute_cpu", len(scored.table) / minutes, PAINFACE_FRAMES_PER_MINUTE, "frames/min")]


def _ignore(done: int, planned: int) -> None:
    """Nobody watches."""
