"""The life of an analysis."""

import itertools

import pytest

from hub.analyses.states import TRANSITIONS, TransitionForbidden, move
from shared.api import AnalysisState


def test_every_state_says_what_may_follow():
    assert set(TRANSITIONS) == set(AnalysisState)


def test_what_is_done_stays_done():
    assert not TRANSITIONS[AnalysisState.DONE]


def test_only_a_queued_analysis_can_be_claimed():
    assert [state for state, following in TRANSITIONS.items() if AnalysisState.RUNNING in following] == [AnalysisState.QUEUED]


def test_every_state_can_be_reached_from_the_queue():
    reached, growing = {AnalysisState.QUEUED}, True
    while growing:
        following = set().union(*(TRANSITIONS[state] for state in reached))
        growing = not following <= reached
        reached |= following
    assert reached == set(AnalysisState)


@pytest.fixture
def analysis(hub):
    """A queued analysis' id."""
    return hub.queue(hub.store())


def test_only_declared_changes_are_made(hub, analysis):
    for state, to in itertools.product(AnalysisState, AnalysisState):
        with hub.parts.database.writing() as session:
            row = hub.row(session, analysis)
            row.state = state
            session.flush()
            if to in TRANSITIONS[state]:
                assert move(session, row, to)
                assert row.state is to
            else:
                with pytest.raises(TransitionForbidden, match=f"from {state} to {to}"):
                    move(session, row, to)


def test_a_change_that_somebody_else_forestalled_is_not_made(hub, analysis):
    with hub.parts.database.reading() as stale:
        row = hub.row(stale, analysis)
        with hub.parts.database.writing() as session:
            assert move(session, hub.row(session, analysis), AnalysisState.CANCELLED)
    with hub.parts.database.writing() as session:
        session.add(row)
        assert not move(session, row, AnalysisState.RUNNING, fence="late")
        assert row.state is AnalysisState.CANCELLED
