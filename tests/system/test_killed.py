"""Signal 9 at ten random moments of each process's work: nothing is lost or done twice, and the ledger tells the rest."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest

from shared.ledger import FrameRow, read_rows
from shared.manifest import FRAMES_NAME, GapCause, SealState
from tests.processes import Process, until
from tests.system.site import Recorded, Site

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

KILLS = 10
LOST_AT_MOST_NS = 1_000_000_000


@pytest.fixture
def dice(request):
    """Random moments; the seed is printed with a failure."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


@pytest.fixture
def site(tmp_path):
    running = Site(tmp_path)
    yield running
    running.close()


def wait(seconds: float) -> None:
    """Let the work go on until the random moment has come: there is no event to wait for, that is the point."""
    time.sleep(seconds)


def test_a_camera_killed_ten_times_loses_at_most_a_second_each_time_and_says_so(site, dice):
    site.worker.start()
    site.rig.start()
    site.wait_until_ready()
    recording = site.begin_recording(seconds=300)
    killed_at_ns = []
    for part in range(1, KILLS + 1):
        until(lambda part=part: _records(site, part), within_s=60, every_s=0.2)
        wait(dice.uniform(0, 1.5))
        camera = site.rig_process("camera")
        killed_at_ns.append(time.monotonic_ns())
        camera.kill()
    until(lambda: _records(site, KILLS + 1), within_s=60, every_s=0.2)
    site.rig_command("stop")
    recording.communicate(timeout=60)

    (one,) = site.recorded()
    assert one.manifest.state is SealState.RECOVERED
    assert len(one.manifest.parts) == KILLS + 1
    _assert_small_known_losses(one, killed_at_ns)
    site.assert_nothing_lost_nothing_doubled(sessions=1)


def _records(site: Site, part: int) -> bool:
    state = site.status()
    recording = state and state["recording"]
    return bool(recording) and recording["part"] >= part and recording["part_frames_written"] > 0


def _assert_small_known_losses(one: Recorded, killed_at_ns: list[int]) -> None:
    """Each part ends less than a second before its kill, and the manifest accounts for every frame in between."""
    counts = one.manifest.counts
    restarts = [gap for gap in one.manifest.gaps if gap.cause is GapCause.RESTART]
    assert len(restarts) == KILLS
    assert counts.expected == counts.written + counts.dropped
    assert counts.dropped == sum(gap.frames_missing for gap in one.manifest.gaps)
    rows = {row.frame_index: row for row in read_rows(one.folder / FRAMES_NAME, FrameRow)}
    for gap, killed_ns in zip(restarts, killed_at_ns, strict=True):
        last_ns = rows[gap.after_frame_index].sensor_ns
        assert killed_ns - last_ns <= LOST_AT_MOST_NS
    ends = [rows[gap.after_frame_index].sensor_ns for gap in restarts]
    assert all(before < after for before, after in pairwise(ends))


def test_an_uploader_killed_ten_times_uploads_every_session_once(tmp_path, dice):
    site = Site(tmp_path, bitrate_bps=8_000_000)
    try:
        site.worker.start()
        site.rig.start()
        site.wait_until_ready()
        for _ in range(3):
            site.record(4)
        kills = 0
        while kills < KILLS:
            uploader = site.rig_process("uploader")
            wait(dice.uniform(0.5, 2.0))  # it takes half a second to start
            uploader.kill()
            uploader.wait(10)
            kills += 1
            if all(site.is_confirmed(one) for one in site.recorded()):
                site.record(4)  # all its work was done: give it more, so that it is killed in the middle of it
        site.assert_nothing_lost_nothing_doubled(sessions=len(site.recorded()))
    finally:
        site.close()


def test_a_hub_killed_ten_times_keeps_what_it_has_confirmed(site, dice):
    site.worker.start()
    site.rig.start()
    site.wait_until_ready()
    for _ in range(KILLS):
        recording = site.begin_recording(seconds=2)
        wait(dice.uniform(0, 4))
        confirmed = [one for one in site.recorded() if site.is_confirmed(one)]
        site.hub.kill()
        recording.communicate(timeout=60)
        site.hub.start()
        for one in confirmed:
            assert site.client.session(one.manifest.session_id).receipt is not None
    site.assert_nothing_lost_nothing_doubled(sessions=KILLS)


def test_a_worker_killed_ten_times_scores_every_session_once(tmp_path, dice):
    site = Site(tmp_path, rate=30)
    try:
        site.rig.start()
        site.wait_until_ready()
        ids = [site.record(3) for _ in range(3)]
        for _ in range(KILLS):
            site.worker.start()
            until(lambda: _is_scoring(site, site.worker, ids), within_s=60, every_s=0.1)
            wait(dice.uniform(0, 0.6))
            site.worker.kill()
            if all(site.is_scored(session_id) for session_id in ids):
                ids.append(site.record(3))
        site.worker.start()
        site.assert_nothing_lost_nothing_doubled(sessions=len(ids))
    finally:
        site.close()


def _is_scoring(site: Site, worker: Process, ids: list[str]) -> bool:
    """Whether the worker has an analysis in hand."""
    assert worker.running, worker.log.read_text()[-2000:]
    views = [site.view(session_id) for session_id in ids]
    return any(one.state == "running" for view in views if view for one in view.analyses)
