"""The board: what is shown, and how others hear of a change."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from rig.agent.board import Board
from rig.agent.facts import with_camera
from rig.agent.showing import Identity
from shared.clock import NANOSECONDS, ManualClock
from tests.rig.agent.observations import START_NS, camera, facts, health


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(elapsed_ns=START_NS)


@pytest.fixture
def board(clock: ManualClock) -> Board:
    return Board(facts(), Identity("rig-1", "boot"), clock)


def test_the_number_grows_with_a_change_and_only_then(board, clock):
    before = board.snapshot()
    board.update(lambda known: replace(known, health=health()))
    after_change = board.snapshot()
    clock.advance(1)
    board.update(lambda known: known)
    assert after_change.seq == before.seq + 1
    assert board.snapshot() == after_change


def test_a_change_wakes_whoever_waits_for_it(board):
    seq = board.snapshot().seq
    woken = []
    waiting = threading.Thread(target=lambda: woken.append(board.wait_for_change(seq, 30)))
    waiting.start()
    board.update(lambda known: with_camera(known, camera(), START_NS))
    waiting.join(30)
    assert woken[0].phase == "idle"


def test_who_waits_in_vain_is_told_what_there_is(board):
    assert board.wait_for_change(board.snapshot().seq, 0.01) == board.snapshot()


def test_a_change_that_is_refused_changes_nothing(board):
    before = board.snapshot()

    def refuse(_):
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - any refusal
        board.update(refuse)
    assert board.snapshot() == before


def test_numbers_go_on_growing_when_the_agent_is_restarted(board, clock):
    for load in range(20):
        board.update(lambda known, load=load: replace(known, health=health(load_1m=load)))
    clock.elapsed_ns += 2 * NANOSECONDS
    assert Board(facts(), Identity("rig-1", "boot"), clock).snapshot().seq > board.snapshot().seq
