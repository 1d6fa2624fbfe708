"""What the checks of a session add up to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.face_check import CHECKED_FAUS, LONGEST_SHARE_S, Coverage, SufficiencyGoal
from shared.grimace import Fau

ALL = frozenset(CHECKED_FAUS)
NO_NOSE = ALL - {Fau.NOSE}
GOAL = SufficiencyGoal(frames=3, within_s=10)


def coverage_of(checks: list[tuple[float, frozenset[Fau]]]) -> Coverage:
    so_far = Coverage()
    for since_start_s, visible in checks:
        so_far = so_far.with_check(since_start_s, visible, GOAL)
    return so_far


def test_a_check_that_shows_all_units_speaks_for_the_time_since_the_one_before():
    seen = coverage_of([(1, ALL), (2, ALL), (3, NO_NOSE), (4, ALL)])
    assert seen.scorable_s == 3
    assert seen.share == 0.75
    assert seen.checks_of_fau[Fau.NOSE] == 3
    assert seen.checks_of_fau[Fau.EARS] == 4


def test_checks_that_were_skipped_prove_nothing():
    assert coverage_of([(1, ALL), (9, ALL)]).scorable_s == 1 + LONGEST_SHARE_S


def test_the_goal_is_reached_by_what_was_seen_in_its_time():
    assert coverage_of([(1, ALL), (2, ALL), (3, ALL)]).goal_reached_at_s == 3
    late = coverage_of([(9, ALL), (11, ALL), (13, ALL)])
    assert late.goal_reached_at_s is None
    assert late.scorable_s > late.scorable_s_in_time


def test_a_check_that_arrives_late_or_twice_changes_nothing():
    once = coverage_of([(1, ALL), (2, ALL)])
    assert once.with_check(2, ALL, GOAL) == once
    assert once.with_check(1.5, NO_NOSE, GOAL) == once


def test_a_goal_that_needs_more_time_than_it_has_is_refused():
    with pytest.raises(ValidationError, match="that takes 750 s"):
        SufficiencyGoal(frames=75, within_s=600, sampling_rate_hz=0.1)


@given(st.lists(st.tuples(st.floats(0.01, 1000), st.booleans()), max_size=30))
def test_nothing_more_is_scorable_than_time_has_passed(checks):
    seen = coverage_of([(at_s, ALL if shows_all else NO_NOSE) for at_s, shows_all in sorted(checks)])
    assert seen.scorable_s <= seen.last_check_s + 1e-9
    assert seen.scorable_s_in_time <= seen.scorable_s
    assert seen.checks_all_faus <= seen.checks
