"""When the next check is due: a steady grid, never a queue, and a machine that is left alone when it needs to be."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from rig.face.pace import REST_AFTER_LOSS_S, Pace

MS = 1_000_000
S = 1000 * MS


def dues(pace: Pace, until_ns: int, took_ns: int, every_ns: int = 200 * MS) -> list[int]:
    """When checks begin, with a small frame every so often and checks that take so long."""
    began, now_ns = [], pace.origin_ns
    while now_ns < until_ns:
        if pace.is_due(now_ns):
            began.append(now_ns)
            pace.checked(now_ns, now_ns + took_ns)
            now_ns += took_ns // every_ns * every_ns  # frames that came meanwhile are gone
        now_ns += every_ns
    return began


def test_quick_checks_come_once_a_second_on_the_second():
    assert dues(Pace(1.0, 5 * S), 10 * S, took_ns=60 * MS) == [5 * S, 6 * S, 7 * S, 8 * S, 9 * S]


def test_frames_that_come_late_do_not_move_the_grid():
    pace = Pace(1.0, 0)
    pace.checked(350 * MS, 400 * MS)
    assert not pace.is_due(999 * MS)
    assert pace.is_due(1000 * MS)


def test_a_check_that_took_longer_than_half_a_second_is_followed_by_a_rest_as_long():
    assert dues(Pace(1.0, 0), 10 * S, took_ns=1200 * MS) == [0, 3 * S, 6 * S, 9 * S]


def test_missed_checks_are_not_made_up_for():
    pace = Pace(1.0, 0)
    pace.checked(30 * S, 30 * S + 60 * MS)
    assert not pace.is_due(30 * S + 60 * MS)
    assert pace.is_due(31 * S)


def test_lost_frames_give_the_camera_a_rest():
    pace = Pace(1.0, 0)
    pace.checked(0, 60 * MS)
    pace.frames_lost(60 * MS)
    assert not pace.is_due(round(REST_AFTER_LOSS_S * S))
    assert pace.is_due(round((REST_AFTER_LOSS_S + 1) * S))


@settings(deadline=None)  # a loaded machine is slow, not wrong
@given(took_ms=st.integers(1, 20_000), rate_hz=st.sampled_from([0.2, 0.5, 1.0, 2.0]))
def test_checks_never_take_more_than_half_of_the_time(took_ms, rate_hz):
    began = dues(Pace(rate_hz, 0), 200 * S, took_ms * MS)
    assert all(later - earlier >= 2 * took_ms * MS for earlier, later in pairwise(began))


@settings(deadline=None)  # a loaded machine is slow, not wrong
@given(took_ms=st.integers(1, 20_000), rate_hz=st.sampled_from([0.2, 0.5, 1.0, 2.0]))
def test_no_two_checks_begin_in_the_same_period(took_ms, rate_hz):
    periods = [int(at_ns * rate_hz) // S for at_ns in dues(Pace(rate_hz, 0), 200 * S, took_ms * MS)]
    assert len(set(periods)) == len(periods)


@settings(deadline=None)  # a loaded machine is slow, not wrong
@given(took_ms=st.integers(1, 400))
def test_checks_begin_on_the_grid_however_long_they_take(took_ms):
    assert all(began % S == 0 for began in dues(Pace(1.0, 0), 60 * S, took_ms * MS))
