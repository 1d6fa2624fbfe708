"""What a recording came to, and how long the rig remembers it."""

from __future__ import annotations

import pytest

from rig.agent.last_recording import MEMORY_NAME, LastRecording
from rig.agent.verdict import is_sufficient, verdict_of
from rig.upload.news import SessionResult, result_path
from shared.api import AnalysisState
from shared.clock import ManualClock
from shared.face_check import Coverage, SufficiencyGoal
from tests.rig.agent.observations import NOW, OTHER_SESSION, SESSION, STUDY, finished

RESULT = SessionResult(
    session_id=SESSION,
    state=AnalysisState.DONE,
    build="b",
    told_at=NOW,
    mean_mgs=2.5,
    frames_analysed=600,
    frames_all_faus=431,
    placeholder=True,
)
GOAL = SufficiencyGoal()


@pytest.fixture
def last(tmp_path) -> LastRecording:
    return LastRecording(tmp_path, ManualClock())


def keep_result(folder, result: SessionResult) -> None:
    path = result_path(folder, result.session_id)
    path.parent.mkdir(parents=True)
    result.write(path)


@pytest.mark.parametrize(
    ("coverage", "sufficient"),
    [
        (None, None),
        (Coverage(), None),
        (Coverage(checks=20, checks_all_faus=20), False),
        (Coverage(checks=100, goal_reached_at_s=80.0), True),
    ],
)
def test_a_recording_is_sufficient_when_its_goal_was_reached_and_unknown_when_nobody_looked(coverage, sufficient):
    assert is_sufficient(coverage, GOAL) is sufficient


def test_the_hubs_score_is_part_of_the_verdict_when_it_is_there():
    assert verdict_of(finished(), STUDY, NOW, None).scored_mean is None
    scored = verdict_of(finished(), STUDY, NOW, RESULT)
    assert (scored.scored_mean, scored.scored_frames, scored.scored_placeholder) == (2.5, 431, True)


def test_a_session_is_news_once(last):
    assert last.learn(finished(), STUDY)
    assert not last.learn(finished(), STUDY)
    assert last.verdict is not None
    assert last.verdict.study == STUDY


def test_a_verdict_survives_a_restart_of_the_agent_until_somebody_has_seen_it(last, tmp_path):
    last.learn(finished(), STUDY)
    restarted = LastRecording(tmp_path, ManualClock())
    assert restarted.verdict == last.verdict
    restarted.dismiss()
    again = LastRecording(tmp_path, ManualClock())
    assert again.verdict is None
    assert not again.learn(finished(), STUDY), "what was dismissed does not come back"


def test_the_next_session_takes_the_place_of_the_one_before(last):
    last.learn(finished(), STUDY)
    assert last.learn(finished(session_id=OTHER_SESSION), STUDY)
    assert last.verdict is not None
    assert last.verdict.session.session_id == OTHER_SESSION


def test_a_session_that_could_not_be_closed_has_a_new_verdict_when_it_is_mended(last):
    last.learn(finished(outcome="unsealed"), STUDY)
    assert last.learn(finished(outcome="recovered"), None)
    assert last.verdict is not None
    assert last.verdict.session.outcome == "recovered"
    assert not last.learn(finished(outcome="recovered"), None)


def test_the_score_is_added_when_the_hub_has_told_it(last, tmp_path):
    last.learn(finished(), STUDY)
    assert not last.look_for_result()
    keep_result(tmp_path, RESULT)
    assert last.look_for_result()
    assert last.verdict is not None
    assert last.verdict.scored_mean == 2.5
    assert not last.look_for_result()


def test_a_memory_that_cannot_be_read_is_forgotten(tmp_path):
    (tmp_path / MEMORY_NAME).write_text("{", encoding="utf-8")
    assert LastRecording(tmp_path, ManualClock()).verdict is None
