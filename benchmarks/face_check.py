"""What the face check costs: time for a frame, and memory and processor time of its process beside a filming camera."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import av
import cv2
import numpy as np
import psutil

from benchmarks.measurement import Measurement
from benchmarks.painted_frames import SMALL_SIZE_PX
from rig.camera.backend import SmallFrame
from rig.control import CameraControl, CameraState
from rig.face.examine import Examiner
from shared.builds import open_build
from shared.bundled import sample_clip
from shared.clock import SystemClock
from shared.faults import GrimaceError

BUILD = "synthetic-2026.11"
BUDGET_MS = 1000.0
"""A check a second."""
PI_4_SLOWER = 5.5
"""How much longer a Pi 4's four cores take than one thread of a server's processor: an estimate, not measured."""
HALF_OF_THE_BUDGET_ON_A_PI = 0.5 / PI_4_SLOWER
MEMORY_MB = 250.0
BUSY_CORE = 0.12
FRAMES_TIMED = 40
WATCHED_S = 15.0
READY_WITHIN_S = 30.0
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class ProcessCost:
    """Of the whole face-check process, checking once a second."""

    resident_mb: float
    cpu_s_per_s: float


def measure(workdir: Path) -> list[Measurement]:
    """Time of a check as a share of the second that it has, and what the whole process takes."""
    one_thread, two_threads = (check_time(threads).median_ms / BUDGET_MS for threads in (1, 2))
    cost = process_cost(workdir)
    return [
        Measurement("face_check_share_of_budget_1_thread", one_thread, HALF_OF_THE_BUDGET_ON_A_PI, "s/s", "at most"),
        Measurement("face_check_share_of_budget_2_threads", two_threads, HALF_OF_THE_BUDGET_ON_A_PI, "s/s", "at most"),
        Measurement("face_check_resident_mb", cost.resident_mb, MEMORY_MB, "MB", "at most"),
        Measurement("face_check_cpu_s_per_s", cost.cpu_s_per_s, BUSY_CORE, "CPU s/s", "at most"),
    ]


@dataclass(frozen=True)
class CheckTime:
    """Wall time of a check, colour conversion and measures included. On a busy machine the quickest says what it costs."""

    quickest_ms: float
    median_ms: float


def check_time(threads: int) -> CheckTime:
    """Check one frame again and again."""
    cv2.setNumThreads(1)
    examiner = Examiner(open_build(BUILD), threads, SystemClock())
    frame = _a_small_frame()
    took_ms = [examiner.examine(frame).took_ms for _ in range(FRAMES_TIMED)]
    return CheckTime(min(took_ms), median(took_ms))


def _a_small_frame() -> SmallFrame:
    """The last frame of the sample clip: a face with all its parts."""
    with av.open(str(sample_clip())) as container:
        *_, last = container.decode(video=0)
    small = cv2.resize(last.to_ndarray(format="rgb24"), SMALL_SIZE_PX, interpolation=cv2.INTER_AREA)
    return SmallFrame(0, *SMALL_SIZE_PX, np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2YUV_I420), np.uint8).tobytes())


def process_cost(workdir: Path) -> ProcessCost:
    """Run a camera process that replays the sample clip, and a face check beside it."""
    folder = workdir / "face-check"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    settings = folder / "rig.toml"
    settings.write_text('rig_id = "rig-1"\ndata_folder = "data"\n[camera]\nsource = "sample"\n', encoding="utf-8")
    camera = subprocess.Popen(_command("camera", settings), stderr=subprocess.DEVNULL)
    check = subprocess.Popen(_command("face-check", settings), stderr=subprocess.DEVNULL)
    try:
        _wait_for_a_check(CameraControl(folder / "data"))
        process = psutil.Process(check.pid)
        before_s = _cpu_s(process)
        time.sleep(WATCHED_S)
        return ProcessCost(process.memory_info().rss / MEGABYTE, (_cpu_s(process) - before_s) / WATCHED_S)
    finally:
        for child in (check, camera):
            child.terminate()
            child.wait()


def _command(verb: str, settings: Path) -> list[str]:
    return [sys.executable, "-m", "rig.cli", verb, "--config", str(settings)]


def _wait_for_a_check(control: CameraControl) -> None:
    deadline_s = time.monotonic() + READY_WITHIN_S
    while (state := _state(control)) is None or state.face is None:
        assert time.monotonic() < deadline_s, "the face check tells nothing"
        time.sleep(0.2)


def _state(control: CameraControl) -> CameraState | None:
    try:
        return control.status()
    except GrimaceError:
        return None


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
