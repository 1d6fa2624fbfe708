"""The troubles of a rig's life, a test each: no sealed session is lost, at most a second of the running one, and all goes up."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.ledger import FrameRow, read_rows
from shared.manifest import FRAMES_NAME, GapCause, SealState
from tests.processes import until
from tests.system.site import Recorded, Site
from tests.system.wall_clock import WallClock

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

POWER_CUTS = 5
LOST_AT_MOST_NS = 1_000_000_000
HOUR_S = 3600
DAY_S = 24 * HOUR_S


class Disk:
    """A small ext4 file system of its own for the rig's data, which can meet an error as a real one does."""

    def __init__(self, image: Path, mount_point: Path, size_mb: int) -> None:
        self._image = image
        self.mount_point = mount_point
        mount_point.mkdir()
        with image.open("wb") as file:
            file.truncate(size_mb * 2**20)
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
        self.mount()

    def mount(self) -> None:
        done = subprocess.run(["mount", "-o", "loop,errors=remount-ro", self._image, self.mount_point], capture_output=True)
        if done.returncode:
            pytest.skip(f"a file system cannot be mounted here: {done.stderr.decode()}")

    def fail(self) -> None:
        """Make it read-only under the feet of whoever writes, as the kernel does after an error."""
        subprocess.run(["mount", "-o", "remount,abort", self.mount_point], check=True)

    def repair(self) -> None:
        """What a restart of the rig does: unmount, check, mount."""
        subprocess.run(["umount", self.mount_point], check=True)
        subprocess.run(["e2fsck", "-f", "-y", self._image], capture_output=True, check=False)
        self.mount()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """What the rig's data folder is on."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    small = Disk(tmp_path / "disk.img", tmp_path / "rig", size_mb=160)
    yield small
    subprocess.run(["umount", small.mount_point], check=True)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    running = Site(tmp_path)
    running.worker.start()
    yield running
    running.close()


@pytest.fixture
def site_on_disk(disk: Disk, site: Site) -> Site:
    """The same, its rig's data on the small disk, which is unmounted after the site has ended."""
    return site


def records(site: Site, part: int = 1, frames: int = 1) -> bool:
    """Whether so many frames of this part, or a later one, are on the disk."""
    state = site.status()
    recording = state and state["recording"]
    if not recording or recording["part"] < part:
        return False
    return recording["part"] > part or recording["part_frames_written"] >= frames


def codes(one: Recorded) -> set[str]:
    return {fault.code for fault in one.manifest.faults}


def last_frame_before_gap_ns(one: Recorded) -> list[int]:
    """For each restart of the camera process, the sensor time of the last frame that was saved."""
    rows = {row.frame_index: row for row in read_rows(one.folder / FRAMES_NAME, FrameRow)}
    return [rows[gap.after_frame_index].sensor_ns for gap in one.manifest.gaps if gap.cause is GapCause.RESTART]


def test_a_disk_that_runs_full_ends_the_recording_in_order_and_the_rig_goes_on_when_there_is_room(disk, site_on_disk):
    site, filler = site_on_disk, disk.mount_point / "filler"
    site.rig.start()
    site.wait_until_ready()
    site.record(3)
    recording = site.begin_recording(seconds=120)
    until(lambda: records(site, frames=60), within_s=60, every_s=0.2)
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(2**16))
    recording.communicate(timeout=60)

    ended = max(site.recorded(), key=lambda one: one.manifest.started_at)
    assert "E_DISK_FULL" in codes(ended)
    assert ended.manifest.state is SealState.SEALED
    assert ended.manifest.counts.written >= 60
    assert {gap.cause for gap in ended.manifest.gaps} <= {GapCause.CAMERA}  # a busy machine's replay may skip; the disk cost none
    filler.unlink()
    site.record(3)
    site.assert_nothing_lost_nothing_doubled(sessions=3)


def test_a_disk_that_turns_read_only_costs_a_second_at_most_and_is_named(disk, site_on_disk):
    site = site_on_disk
    site.rig.start()
    site.wait_until_ready()
    site.record(3)
    recording = site.begin_recording(seconds=120)
    until(lambda: records(site, frames=60), within_s=60, every_s=0.2)
    failed_ns = time.monotonic_ns()
    disk.fail()
    until(lambda: "E_DISK_READ_ONLY" in site.rig.log.read_text(), within_s=20, every_s=0.2)
    site.kill_rig()
    recording.communicate(timeout=10)
    disk.repair()
    site.rig.start()
    until(lambda: records(site, part=2, frames=30), within_s=60, every_s=0.2)
    site.rig_command("stop")
    until(lambda: len(site.recorded()) == 2, within_s=60, every_s=0.2)

    torn = max(site.recorded(), key=lambda one: one.manifest.started_at)
    rows = [row for row in read_rows(torn.folder / FRAMES_NAME, FrameRow) if row.part == 1]
    saved = torn.manifest.parts[0].frames_written
    assert failed_ns - rows[saved - 1].sensor_ns <= LOST_AT_MOST_NS
    site.assert_nothing_lost_nothing_doubled(sessions=2)


def test_an_unplugged_camera_costs_a_gap_and_the_session_goes_on_when_it_is_back(tmp_path):
    if importlib.util.find_spec("picamera2") is None:
        pytest.skip("picamera2 is not installed: `make picamera` installs it")
    site = Site(tmp_path, backend="sim")
    try:
        site.worker.start()
        site.rig.start()
        site.wait_until_ready()
        recording = site.begin_recording(seconds=120)
        until(lambda: records(site, frames=60), within_s=60, every_s=0.2)
        site.rig_command("simulate-fault", "timeout")
        until(lambda: records(site, part=2, frames=30), within_s=30, every_s=0.2)
        site.rig_command("stop")
        recording.communicate(timeout=60)

        (one,) = site.recorded()
        assert "E_CAM_STALLED" in codes(one)
        assert [part.number for part in one.manifest.parts] == [1, 2]
        assert [gap.cause for gap in one.manifest.gaps] == [GapCause.RESTART]
        site.assert_nothing_lost_nothing_doubled(sessions=1)
    finally:
        site.close()


def test_a_clock_that_jumps_changes_no_time_of_the_video_and_is_told(tmp_path):
    clock = WallClock(tmp_path)
    site = Site(tmp_path, rig_environment=clock.environment)
    try:
        site.worker.start()
        site.rig.start()
        site.wait_until_ready()
        recording = site.begin_recording(seconds=25)
        until(lambda: records(site, frames=30), within_s=60, every_s=0.2)
        clock.set(HOUR_S)
        until(lambda: records(site, frames=360), within_s=60, every_s=0.2)
        clock.set(-2 * HOUR_S)
        recording.communicate(timeout=90)

        (one,) = site.recorded()
        assert "W_CLOCK_JUMPED" in codes(one)
        assert len(one.manifest.parts) == 1
        assert one.manifest.counts.expected == 750
        assert (one.manifest.ended_at - one.manifest.started_at).total_seconds() == pytest.approx(25, abs=0.2)
        site.assert_nothing_lost_nothing_doubled(sessions=1)
    finally:
        site.close()


def test_a_hub_that_was_away_for_a_day_gets_everything_the_oldest_first(tmp_path):
    clock = WallClock(tmp_path)
    site = Site(tmp_path, rig_environment=clock.environment)
    try:
        site.rig.start()
        site.wait_until_ready()
        site.hub.kill()
        for _ in range(3):
            site.record(3)
            clock.set(clock.offset_s + DAY_S // 3)
        assert not any(site.is_confirmed(one) for one in site.recorded())
        site.hub.start()
        site.worker.start()
        site.assert_nothing_lost_nothing_doubled(sessions=3)

        by_receipt = sorted(site.recorded(), key=lambda one: (one.folder / "receipt.json").stat().st_mtime_ns)
        assert by_receipt == sorted(by_receipt, key=lambda one: one.manifest.started_at)
    finally:
        site.close()


def test_power_cuts_at_random_moments_cost_a_second_each_at_most(site):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    site.rig.start()
    site.wait_until_ready()
    recording = site.begin_recording(seconds=300)
    cut_at_ns = []
    for part in range(1, POWER_CUTS + 1):
        until(lambda part=part: records(site, part), within_s=60, every_s=0.2)
        time.sleep(dice.uniform(0, 1.5))  # a random moment is the point
        cut_at_ns.append(time.monotonic_ns())
        site.kill_rig()
        site.rig.start()
    until(lambda: records(site, POWER_CUTS + 1, frames=30), within_s=60, every_s=0.2)
    site.rig_command("stop")
    until(site.recorded, within_s=60, every_s=0.2)
    recording.communicate(timeout=60)

    (one,) = site.recorded()
    assert one.manifest.state is SealState.RECOVERED
    assert one.manifest.counts.expected == one.manifest.counts.written + one.manifest.counts.dropped
    saved_until_ns = last_frame_before_gap_ns(one)
    assert len(saved_until_ns) == POWER_CUTS
    for cut_ns, saved_ns in zip(cut_at_ns, saved_until_ns, strict=True):
        assert cut_ns - saved_ns <= LOST_AT_MOST_NS
    site.assert_nothing_lost_nothing_doubled(sessions=1)
