"""What resumable, durable uploads cost: throughput beside a bare endpoint on the same disk, and the hub's memory."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.measurement import Measurement
from shared.hashing import sha256_of_file
from tests.hub.uploads.tus import OFFSET_STREAM, Tus, random_bytes, sha256
from tests.processes import RunningHub, until, unused_port

MEGABYTE = 1_000_000
ROUNDS = 5
ROUND_BYTES = 300 * MEGABYTE
LARGE_BYTES = 2000 * MEGABYTE
BLOCK = random_bytes(MEGABYTE)
CLIP = Path("tests/media/chamber-short.mp4")


def measure(workdir: Path) -> list[Measurement]:
    """Both measurements write to `workdir`, and leave nothing there."""
    return [
        Measurement("tus_ratio_vs_raw", throughput_ratio(workdir), 0.7, "x"),
        Measurement("hub_peak_mb", hub_peak_mb(workdir), 200, "MB", "at most"),
    ]


def throughput_ratio(workdir: Path) -> float:
    """Seconds of the bare endpoint over those of a tus PATCH, both synced to disk: the median of some rounds, taken in turn."""
    with running_hub(workdir / "tus") as hub, running_bare_endpoint(workdir) as bare_port:
        rig = Tus(hub.url, hub.add_rig())
        ratios = []
        for _ in range(ROUNDS):
            bare_s = seconds_to_send(bare_port, "PUT", "/", {}, ROUND_BYTES)
            upload = new_upload(rig)
            headers = {**rig.headers, "Upload-Offset": "0", "Content-Type": OFFSET_STREAM}
            ratios.append(bare_s / seconds_to_send(hub.port, "PATCH", upload, headers, ROUND_BYTES))
        return median(ratios)


def new_upload(rig: Tus) -> str:
    """Of a session that never becomes whole: the hub would begin to hash it."""
    session = rig.announce_listed({"large.mp4": (ROUND_BYTES, sha256(b"")), "missing": (1, sha256(b""))})
    return rig.create(session, "large.mp4", ROUND_BYTES).headers["Location"]


def hub_peak_mb(workdir: Path) -> float:
    """The most memory that the hub's process had while it took 2 GB, read them back, and stored the session."""
    large = workdir / "large.bin"
    with large.open("wb") as file:
        for _ in range(LARGE_BYTES // MEGABYTE):
            file.write(BLOCK)
    try:
        with running_hub(workdir / "peak") as hub:
            rig = Tus(hub.url, hub.add_rig())
            files = {path.name: (path.stat().st_size, sha256_of_file(path)) for path in (large, CLIP)}
            session = rig.announce_listed(files)
            for path in (large, CLIP):
                upload = rig.create(session, path.name, path.stat().st_size).headers["Location"]
                with path.open("rb") as body:
                    assert rig.patch(upload, 0, body).status_code == 204
            until(lambda: rig.session(session)["receipt"], within_s=300)
            return peak_bytes(hub) / MEGABYTE
    finally:
        large.unlink()


def peak_bytes(hub: RunningHub) -> int:
    """The kernel's high-water mark of the process's resident memory."""
    assert hub.popen is not None
    status = Path(f"/proc/{hub.popen.pid}/status").read_text(encoding="ascii")
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def seconds_to_send(port: int, method: str, path: str, headers: dict[str, str], size_bytes: int) -> float:
    """From the first byte of the request to its answer."""
    os.sync()  # nobody pays for what was written before
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    body = (BLOCK for _ in range(size_bytes // MEGABYTE))
    began = time.perf_counter()
    connection.request(method, path, body, {**headers, "Content-Length": str(size_bytes)})
    status = connection.getresponse().status
    elapsed_s = time.perf_counter() - began
    connection.close()
    assert status == 204, status
    return elapsed_s


@contextmanager
def running_hub(folder: Path) -> Iterator[RunningHub]:
    hub = RunningHub(folder.resolve(), embedded_worker=False)
    try:
        hub.start()
        hub.add_lab()
        yield hub
    finally:
        hub.stop()
        shutil.rmtree(folder)


@contextmanager
def running_bare_endpoint(workdir: Path) -> Iterator[int]:
    port, folder = unused_port(), workdir / "bare"
    folder.mkdir()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.bare_endpoint", str(port), str(folder)])
    try:
        until(lambda: listens(port))
        yield port
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
