"""Both clocks are read together, so that a wall clock that was set during a recording is told and changes nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rig.camera.backend import FrameInfo
from rig.recording.events import Event, clock_event
from rig.recording.sealing import seal
from rig.recording.tally import Tally
from shared.clock import ManualClock
from shared.kernel_clock import clock_synchronised
from tests.rig.bench import Bench, tiny_camera


class SetAtEachHundredthFrame:
    """Hears the frames of a recording, and sets the wall clock an hour forward now and then."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._frames = 0

    def __call__(self, _frame: FrameInfo) -> None:
        self._frames += 1
        if self._frames > 500 and self._frames % 100 == 0:
            self._clock.advance(11)
            self._clock.wall += timedelta(hours=1)


def reading(clock: ManualClock, boot: str = "b") -> Event:
    return clock_event(clock, boot)


def tally_after(first: Event) -> Tally:
    return Tally().with_event(first)


@pytest.mark.parametrize(("stepped_s", "told_s"), [(0.0, 0.0), (0.4, 0.0), (0.6, 0.6), (-3600.0, -3600.0)])
def test_a_wall_clock_that_left_the_monotonic_one_behind_has_jumped(stepped_s, told_s):
    clock = ManualClock()
    before = tally_after(reading(clock))
    clock.advance(10)
    clock.wall += timedelta(seconds=stepped_s)
    assert before.clock_jump_s(reading(clock)) == pytest.approx(told_s)


def test_clocks_of_two_boots_are_not_compared():
    clock = ManualClock()
    before = tally_after(reading(clock, "first"))
    clock.wall += timedelta(days=1)
    assert before.clock_jump_s(reading(clock, "second")) == 0.0


def test_a_clock_set_during_a_recording_is_told_once(tmp_path):
    clock = ManualClock(elapsed_ns=10**12)
    bench = Bench(tmp_path, clock)
    manifest = seal(bench.record(tiny_camera(), seconds=60, check=SetAtEachHundredthFrame(clock)))
    assert [fault.code for fault in manifest.faults] == ["W_CLOCK_JUMPED"]
    assert len(manifest.clock_pairs) > 3
    assert (manifest.ended_at - manifest.started_at).total_seconds() == pytest.approx(60, abs=1e-5)


@pytest.mark.parametrize("known", [True, False, None])
def test_the_manifest_says_whether_the_clock_was_right(tmp_path, known):
    bench = Bench(tmp_path, ManualClock(is_synchronised=known))
    manifest = seal(bench.record(tiny_camera(), seconds=1))
    assert {pair.synchronised for pair in manifest.clock_pairs} == {known}
    assert len(manifest.clock_pairs) >= 2


def test_the_kernel_can_be_asked():
    assert clock_synchronised() in {True, False, None}
