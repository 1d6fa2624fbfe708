"""What is decoded for the wanted frames, and that it is no more."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hub.scoring.decode_plan import Run, plan_runs
from hub.scoring.video import PacketTable


def packets(times: list[int], keys: set[int]) -> PacketTable:
    """Packets in decode order with these times; `keys` are the places of key frames."""
    pts = np.array(times, np.int64)
    return PacketTable(pts, np.arange(len(times)), np.isin(np.arange(len(times)), list(keys)))


SECONDS = packets(list(range(90)), {0, 30, 60})


def test_wanted_key_frames_are_decoded_alone():
    assert plan_runs(SECONDS, np.array([0, 30, 60])) == [Run(0, 0, (0,)), Run(30, 30, (30,)), Run(60, 60, (60,))]


def test_two_frames_of_one_group_are_decoded_in_one_go():
    assert plan_runs(SECONDS, np.array([35, 50])) == [Run(30, 50, (35, 50))]


def test_frames_that_follow_each_other_are_decoded_without_a_seek():
    assert plan_runs(SECONDS, np.arange(90)) == [Run(0, 89, tuple(range(90)))]


def test_a_b_frame_needs_the_frame_it_leans_on_that_is_stored_before_it():
    # shown 0 1 2 3 4, stored I0 P4 B2 B1 B3
    assert plan_runs(packets([0, 4, 2, 1, 3], {0}), np.array([1, 2])) == [Run(0, 3, (3, 2))]


def test_a_frame_shown_before_its_key_frame_is_decoded_from_the_group_before():
    # shown 0 1 2 3 4 5, stored I0 P2 B1 | I5 B3 B4: an open group
    assert plan_runs(packets([0, 2, 1, 5, 3, 4], {0, 3}), np.array([3, 5])) == [Run(0, 4, (4, 3))]


@given(st.sets(st.integers(0, 299), min_size=1), st.sets(st.integers(1, 299)))
def test_no_packet_is_decoded_twice_and_every_run_begins_with_a_key_frame(wanted, more_keys):
    table = packets(list(range(300)), {0} | more_keys)
    runs = plan_runs(table, np.array(sorted(wanted)))
    assert [place for run in runs for place in run.wanted] == sorted(wanted)
    assert all(table.key[run.first] for run in runs)
    assert all(before.last < after.first for before, after in pairwise(runs))
