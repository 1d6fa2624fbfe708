"""When silence is a fault, and whose."""

import pytest

from rig.camera.states import TRANSITIONS, Phase, next_phase
from rig.camera.watchdog import Heartbeats, Watchdog, silence
from rig.supervisor import LONGEST_PAUSE_S, pause_s
from shared.clock import ManualClock
from tests.processes import until

SECOND = 1_000_000_000
NOW = 100 * SECOND


def ago(seconds: float) -> int:
    return NOW - round(seconds * SECOND)


@pytest.mark.parametrize(
    ("beats", "code"),
    [
        (Heartbeats(ago(0.1)), None),
        (Heartbeats(ago(2.9)), None),
        (Heartbeats(ago(3.1)), "E_CAM_STALLED"),
        (Heartbeats(ago(0.1), packet_ns=ago(2.0), sync_ns=ago(9)), None),
        (Heartbeats(ago(0.1), packet_ns=ago(2.2), sync_ns=ago(9)), "E_ENC_STALLED"),
        (Heartbeats(ago(0.1), packet_ns=ago(0.1), sync_ns=ago(10.1)), "E_DISK_STALLED"),
        (Heartbeats(ago(4.0), packet_ns=ago(4.0), sync_ns=ago(4.5)), "E_CAM_STALLED"),
    ],
)
def test_the_first_stage_that_fell_silent_is_named(beats, code):
    found = silence(beats, NOW)
    assert (found[0].code if found else None) == code


def test_the_watchdog_calls_once():
    clock, calls = ManualClock(), []
    watchdog = Watchdog(lambda: Heartbeats(0), lambda fault, detail: calls.append((fault.code, detail)), clock)
    watchdog.start()
    clock.advance(3.5)
    until(lambda: calls)
    watchdog.stop()
    assert calls == [("E_CAM_STALLED", "no frame for 3.5 s")]


def test_every_phase_is_left_and_reached():
    assert {phase for phase, _ in TRANSITIONS} == set(Phase)
    assert set(TRANSITIONS.values()) == set(Phase)


def test_an_undeclared_transition_is_a_mistake_in_the_program():
    with pytest.raises(KeyError):
        next_phase(Phase.IDLE, next(occurrence for phase, occurrence in TRANSITIONS if phase is Phase.SEALING))


def test_a_process_that_keeps_dying_is_restarted_ever_more_slowly():
    assert [pause_s(deaths) for deaths in (1, 2, 3, 7, 50)] == [0.25, 0.5, 1.0, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
