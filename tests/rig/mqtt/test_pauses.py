"""Rigs come back to a restarted broker one after the other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rig.mqtt.link import pause_s


def test_the_first_try_again_is_within_two_seconds():
    assert (pause_s(1, 0.0), pause_s(1, 1.0)) == (1, 2)


def test_the_limit_doubles_up_to_a_minute():
    assert [pause_s(failures, 1.0) for failures in (1, 2, 3, 4, 5, 6, 7, 1000)] == [2, 4, 8, 16, 32, 60, 60, 60]


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_a_pause_is_between_a_second_and_a_minute(failures: int, chance: float):
    assert 1 <= pause_s(failures, chance) <= 60
