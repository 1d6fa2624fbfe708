"""Which frames a sampling rate takes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.scoring.sampling import sample

MINUTE_AT_30 = np.arange(1800) / 30


def times_with(*holes: tuple[int, int]):
    """A minute at 30 frames/s without the frames of these half-open ranges."""
    lost = {index for start, end in holes for index in range(start, end)}
    return np.array([index / 30 for index in range(1800) if index not in lost])


def test_one_frame_a_second_is_the_frame_at_each_whole_second():
    assert sample(MINUTE_AT_30, 1.0).tolist() == list(range(0, 1800, 30))


def test_an_instant_without_a_frame_takes_the_next_one_after_it():
    times = times_with((60, 63))
    assert times[sample(times, 1.0)][:4] == pytest.approx([0.0, 1.0, 2.1, 3.0])


def test_a_gap_gives_no_frame_instead_of_the_same_one_twice():
    times = times_with((45, 165))  # from 1.5 s to 5.5 s
    assert times[sample(times, 1.0)][:5] == pytest.approx([0.0, 1.0, 5.5, 6.0, 7.0])


def test_the_lowest_rate_gives_the_first_frame():
    assert sample(MINUTE_AT_30, 0.001).tolist() == [0]


@pytest.mark.parametrize("rate", [30.0, 29.97, 60.0, 1000.0])
def test_a_rate_at_or_above_the_videos_own_takes_every_frame(rate):
    assert len(sample(np.arange(1800) * 0.033333, rate)) == 1800


def test_a_camera_that_is_a_little_fast_gives_the_first_frame_to_reach_each_second():
    times = np.arange(300) * 0.033333  # frame 30 at 0.99999 s: the rig puts the second's key frame at frame 31
    assert sample(times, 1.0)[:3].tolist() == [0, 31, 61]


def test_an_empty_video_has_no_samples_and_a_single_frame_is_one():
    assert sample(np.array([]), 1.0).tolist() == []
    assert sample(np.array([0.0]), 1.0).tolist() == [0]


@given(st.lists(st.integers(1_000, 3_000_000), min_size=1, max_size=200), st.floats(0.001, 1000))
def test_whatever_the_gaps_no_frame_is_taken_twice_and_each_interval_gives_its_first(steps_us, rate):
    times = np.concatenate([[0], np.cumsum(steps_us)]) / 1e6
    rows = sample(times, rate)
    assert rows[0] == 0
    assert (np.diff(rows) > 0).all()
    assert len(rows) <= times[-1] * rate + 2 or len(rows) == len(times)
    if len(rows) < len(times):
        intervals = np.floor((times + 0.5e-6) * rate)
        assert len(set(intervals.tolist())) == len(rows)
        assert all((intervals[:row] < intervals[row]).all() for row in rows)
