"""What recording costs the processor: a real camera process, in real time, at full size, sealing included."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks.measurement import Measurement
from benchmarks.videos import second_aligned

RECORDED_S = 20
BUSY_CORE = 1.0
"""Decoding the replayed film and encoding in software, which a rig's hardware does itself, may fill one core, no more."""
READY_WITHIN_S = 30


def measure(workdir: Path) -> list[Measurement]:
    """Record a replayed 1080p30 film."""
    spent = cpu_s_per_s(workdir / "recorder", [f'source = "{second_aligned(workdir).absolute()}"'])
    return [Measurement("recorder_cpu_s_per_s", spent, BUSY_CORE, "CPU s/s", "at most")]


def cpu_s_per_s(folder: Path, camera: Sequence[str]) -> float:
    """What a camera process with these lines under `[camera]` takes while it records, over the seconds recorded."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    settings = folder / "rig.toml"
    settings.write_text("\n".join(['rig_id = "rig-1"', 'data_folder = "data"', "[camera]", *camera, ""]), encoding="utf-8")
    process = subprocess.Popen(_command("camera", settings), stderr=subprocess.DEVNULL)
    try:
        _wait_until_ready(settings)
        before_s = _cpu_s(process.pid)
        done = subprocess.run(
            [*_command("record", settings), "--seconds", str(RECORDED_S), "--json"], stdout=subprocess.PIPE, check=True
        )
        spent_s = _cpu_s(process.pid) - before_s
    finally:
        process.terminate()
        process.wait()
    counts = json.loads(done.stdout)["counts"]
    assert counts["dropped"] == 0, f"{counts['dropped']} frames were dropped: the machine is too busy to measure on"
    shutil.rmtree(folder)
    return spent_s / RECORDED_S


def _command(verb: str, settings: Path) -> list[str]:
    return [sys.executable, "-m", "rig.cli", verb, "--config", str(settings)]


def _wait_until_ready(settings: Path) -> None:
    deadline_s = time.monotonic() + READY_WITHIN_S
    while subprocess.run(_command("status", settings), capture_output=True, check=False).returncode:
        assert time.monotonic() < deadline_s, "the camera process does not answer"


def _cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system
