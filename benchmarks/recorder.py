"""What recording costs the processor: a real camera process, in real time, at full size, sealing included."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil

from benchmarks.measurement import Measurement
from benchmarks.videos import second_aligned

RECORDED_S = 20
BUSY_CORE = 1.0
"""Decoding the replayed film and encoding in software, which a rig's hardware does itself, may fill one core, no more."""
READY_WITHIN_S = 30


def measure(workdir: Path) -> list[Measurement]:
    """Record a replayed 1080p30 film and divide the process's CPU time by the seconds recorded."""
    folder = workdir / "recorder"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    settings = folder / "rig.toml"
    source = second_aligned(workdir).absolute()
    settings.write_text(f'rig_id = "rig-1"\ndata_folder = "data"\n[camera]\nsource = "{source}"\n', encoding="utf-8")
    camera = subprocess.Popen(_command("camera", settings), stderr=subprocess.DEVNULL)
    try:
        _wait_until_ready(settings)
        before_s = _cpu_s(camera.pid)
        done = subprocess.run(
            [*_command("record", settings), "--seconds", str(RECORDED_S), "--json"], stdout=subprocess.PIPE, check=True
        )
        spent_s = _cpu_s(camera.pid) - before_s
    finally:
        camera.terminate()
        camera.wait()
    counts = json.loads(done.stdout)["counts"]
    assert counts["dropped"] == 0, f"{counts['dropped']} frames were dropped: the machine is too busy to measure on"
    shutil.rmtree(folder)
    return [Measurement("recorder_cpu_s_per_s", spent_s / RECORDED_S, BUSY_CORE, "CPU s/s", "at most")]


def _command(verb: str, settings: Path) -> list[str]:
    return [sys.executable, "-m", "rig.cli", verb, "--config", str(settings)]


def _wait_until_ready(settings: Path) -> None:
    deadline_s = time.monotonic() + READY_WITHIN_S
    while subprocess.run(_command("status", settings), capture_output=True, check=False).returncode:
        assert time.monotonic() < deadline_s, "the camera process does not answer"


def _cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system
