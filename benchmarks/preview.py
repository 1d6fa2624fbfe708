"""What the touchscreen's preview costs: a real agent's CPU time with a page that looks at the picture, less that without one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import requests

from benchmarks.measurement import Measurement

WATCHED_S = 10
BUDGET = 0.04
"""Of one core. A Raspberry Pi 4 needs about four times a desktop's time: a sixth of one of its four cores."""
READY_WITHIN_S = 30
SETTINGS = """\
rig_id = "rig-1"
data_folder = "data"
[camera]
source = "sample"
[face_check]
enabled = false
[screen]
port = 0
"""


def measure(workdir: Path) -> list[Measurement]:
    """Look at the picture as a page does, one after the other, and divide the agent's CPU time by the seconds."""
    folder = workdir / "preview"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    settings = folder / "rig.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    camera = subprocess.Popen(_command("camera", settings), stderr=subprocess.DEVNULL)
    agent = subprocess.Popen(_command("agent", settings), stderr=subprocess.DEVNULL)
    try:
        url = _address(folder / "data" / "screen.url")
        _look(url, 2.0)
        time.sleep(4.0)  # nobody looks any more
        alone_s = _spent_s(agent.pid, lambda: time.sleep(WATCHED_S))
        watched_s = _spent_s(agent.pid, lambda: _look(url, WATCHED_S))
    finally:
        for process in (agent, camera):
            process.terminate()
            process.wait()
    shutil.rmtree(folder)
    return [Measurement("preview_cpu_s_per_s", (watched_s - alone_s) / WATCHED_S, BUDGET, "CPU s/s", "at most")]


def _look(url: str, seconds: float) -> None:
    """Fetch picture after picture; each must be another one."""
    ends = time.monotonic() + seconds
    after = "-1"
    with requests.Session() as session:
        while time.monotonic() < ends:
            answer = session.get(f"{url}/preview.jpg", params={"after": after}, timeout=5)
            after = answer.headers.get("X-Sensor-Us", after)


def _spent_s(pid: int, work: Callable[[], None]) -> float:
    before_s = _cpu_s(pid)
    work()
    return _cpu_s(pid) - before_s


def _cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def _command(verb: str, settings: Path) -> list[str]:
    return [sys.executable, "-m", "rig.cli", verb, "--config", str(settings)]


def _address(path: Path) -> str:
    deadline = time.monotonic() + READY_WITHIN_S
    while not path.exists():
        assert time.monotonic() < deadline, "the agent does not serve its screen"
        time.sleep(0.1)
    return path.read_text(encoding="utf-8").strip()
