"""A real hub, killed, told to stop, short of memory or disk, while uploads run."""

from __future__ import annotations

import os
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.hub.uploads.tus import Tus, random_bytes, sha256, status_of
from tests.processes import RunningHub, until

pytestmark = pytest.mark.system

MEBIBYTE = 1024 * 1024
CHECKPOINT_BYTES = 4 * MEBIBYTE
CLIP = random_bytes(24 * MEBIBYTE)
MEMORY_LIMIT_BYTES = 60 * MEBIBYTE


@pytest.fixture
def hub(tmp_path) -> Iterator[RunningHub]:
    running = RunningHub(tmp_path, upload_checkpoint_bytes=CHECKPOINT_BYTES, embedded_worker=False)
    running.start()
    running.add_lab()
    yield running
    running.stop()


def stored(hub: RunningHub, upload: str) -> Path:
    return hub.folder / "hub" / "incoming" / upload.rsplit("/", 1)[-1]


def throttled(content: bytes, seconds: float) -> Iterator[bytes]:
    """The content in pieces, over about that time."""
    pieces = [content[start : start + 256 * 1024] for start in range(0, len(content), 256 * 1024)]
    for piece in pieces:
        time.sleep(seconds / len(pieces))
        yield piece


def test_a_hub_that_is_killed_again_and_again_ends_up_with_the_same_bytes(hub):
    """Kill -9 at a random moment of each PATCH; the rest is sent from where the restarted hub says."""
    rig = Tus(hub.url, hub.add_rig())
    session = rig.announce({"clip.mp4": CLIP, "frames.csv": b"later"})
    upload = rig.create(session, "clip.mp4", len(CLIP)).headers["Location"]
    moments = random.Random(7)
    lost = []
    for _round in range(3):
        offset = rig.offset(upload)
        assert stored(hub, upload).read_bytes()[:offset] == CLIP[:offset] if offset else True
        threading.Timer(moments.uniform(0.4, 1.2), hub.kill).start()
        with pytest.raises(requests.RequestException):
            rig.patch(upload, offset, throttled(CLIP[offset:], seconds=3))
        until(lambda: not hub.running)
        reached = stored(hub, upload).stat().st_size if stored(hub, upload).exists() else 0
        hub.start()
        lost.append(reached - rig.offset(upload))
    assert all(0 <= bytes_lost <= CHECKPOINT_BYTES + 2 * MEBIBYTE for bytes_lost in lost), lost
    offset = rig.offset(upload)
    assert offset > 0
    assert rig.patch(upload, offset, CLIP[offset:]).status_code == 204
    assert sha256(stored(hub, upload).read_bytes()) == sha256(CLIP)


def test_bytes_behind_the_trusted_offset_are_written_anew(hub):
    """What a power failure may leave there: a longer file, full of something else."""
    rig = Tus(hub.url, hub.add_rig())
    session = rig.announce({"clip.mp4": CLIP, "frames.csv": b"later"})
    upload = rig.create(session, "clip.mp4", len(CLIP)).headers["Location"]
    rig.patch(upload, 0, CLIP[:1000])
    hub.kill()
    with stored(hub, upload).open("ab") as file:
        file.write(bytes(len(CLIP)))
    hub.start()
    assert rig.offset(upload) == 1000
    assert rig.patch(upload, 1000, CLIP[1000:]).status_code == 204
    assert sha256(stored(hub, upload).read_bytes()) == sha256(CLIP)


def test_a_hub_that_is_asked_to_stop_does_not_wait_for_open_uploads(hub):
    rig = Tus(hub.url, hub.add_rig())
    upload = rig.new_upload(CLIP)
    with rig.half_patch(upload, 0, CLIP[:3_000_000], announced=len(CLIP)) as connection:
        until(lambda: stored(hub, upload).exists() and stored(hub, upload).stat().st_size >= 2 * MEBIBYTE)
        began = time.monotonic()
        hub.terminate()
        assert time.monotonic() - began < 4
        assert status_of(connection) == 503
    hub.start()
    offset = rig.offset(upload)
    assert 2 * MEBIBYTE <= offset <= 3_000_000
    assert stored(hub, upload).read_bytes() == CLIP[:offset]


def test_a_large_upload_needs_little_memory(hub):
    rig = Tus(hub.url, hub.add_rig())
    size = 300 * MEBIBYTE
    session = rig.announce_listed({"clip.mp4": (size, sha256(b"")), "frames.csv": (5, sha256(b"later"))})
    upload = rig.create(session, "clip.mp4", size).headers["Location"]
    assert hub.popen is not None
    process = psutil.Process(hub.popen.pid)
    before = peak = process.memory_info().rss
    block = random_bytes(MEBIBYTE)

    def body() -> Iterator[bytes]:
        nonlocal peak
        for _ in range(300):
            peak = max(peak, process.memory_info().rss)
            yield block

    assert rig.patch(upload, 0, body()).status_code == 204
    assert peak - before < MEMORY_LIMIT_BYTES, f"{(peak - before) / MEBIBYTE:.0f} MiB"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small file system")
@pytest.mark.parametrize("reserve_bytes", [0, 8 * MEBIBYTE])
def test_a_full_disk_stops_uploads_and_they_go_on_when_there_is_room(tmp_path, reserve_bytes):
    """A real small disk. Without a reserve the disk itself says no, and the database, which lies on it, must live on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(disk)], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"needs the right to mount a file system: {mounted.stderr.strip()}")
    hub = RunningHub(disk, upload_checkpoint_bytes=CHECKPOINT_BYTES, free_bytes_reserve=reserve_bytes, embedded_worker=False)
    try:
        hub.start()
        hub.add_lab()
        rig = Tus(hub.url, hub.add_rig())
        session = rig.announce({"clip.mp4": CLIP[: 20 * MEBIBYTE], "frames.csv": b"later"})
        upload = rig.create(session, "clip.mp4", 20 * MEBIBYTE).headers["Location"]
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(20 * MEBIBYTE))
        answer = rig.patch(upload, 0, CLIP[: 20 * MEBIBYTE])
        assert (answer.status_code, answer.json()["code"]) == (507, "E_HUB_DISK_FULL")
        offset = rig.offset(upload)
        assert stored(hub, upload).read_bytes()[:offset] == CLIP[:offset]
        ballast.unlink()
        assert rig.patch(upload, offset, CLIP[offset : 20 * MEBIBYTE]).status_code == 204
        assert sha256(stored(hub, upload).read_bytes()) == sha256(CLIP[: 20 * MEBIBYTE])
    finally:
        hub.stop()
        subprocess.run(["umount", "-l", str(disk)], check=False)
