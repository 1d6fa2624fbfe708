"""What the rig hears from the hub: whom to film, and what was found; kept for when the hub is away."""

from __future__ import annotations

import contextlib
import uuid
from datetime import timedelta

import pytest

from rig.outbox.journal import JOURNAL_NAME
from rig.outbox.states import State
from rig.upload.news import SessionResult, read_result, read_roster, result_of, result_path
from rig.upload.news_fetching import ROSTER_EVERY_S, SESSIONS_FOLLOWED, NewsFetcher
from rig.upload.pace import news_after_s
from rig.upload.process import connect_to_hub
from shared.api import AnalysisRequest, AnalysisState, AnalysisView, ScoreSummary, SessionState, SessionView, Warn
from shared.client import Hub, HubUnreachable
from shared.faults import SCORES_PLACEHOLDER, VIDEO_SHORT, GrimaceError
from shared.manifest import StudyMetadata
from tests.processes import unused_port
from tests.sealed_sessions import RECORDED_AT

SESSION_ID = "0198c1de-0000-7000-8000-000000000001"
LATER = RECORDED_AT + timedelta(hours=1)
SUMMARY = ScoreSummary(
    subject_type="c57bl/6",
    build="synthetic-2026.11",
    build_sha256="0" * 64,
    placeholder=True,
    rate=1,
    frames_analysed=600,
    frames_with_face=500,
    frames_all_faus=431,
    coverage=0.7,
    mean_mgs=2.5,
    mean_mgs_averaged=0.6,
    mean_by_fau={},
    first_10_min_frames_analysed=600,
    first_10_min_frames_all_faus=431,
    first_10_min_mean_mgs=2.5,
    sufficient=True,
    duration_s=600,
    warnings=(Warn.of(SCORES_PLACEHOLDER),),
)


def analysis(state: AnalysisState, minutes: int = 0, build: str = "b-1", **more: object) -> AnalysisView:
    created_at = RECORDED_AT + timedelta(minutes=minutes)
    about = {"session_id": SESSION_ID, "build": build, "rate": 1, "priority": 5, "attempt": 1}
    return AnalysisView(analysis_id=str(uuid.uuid4()), state=state, created_at=created_at, **about, **more)


def seen(*analyses: AnalysisView) -> SessionView:
    return SessionView(
        session_id=SESSION_ID,
        state=SessionState.STORED,
        study=StudyMetadata(),
        rig_id="rig-1",
        recorded_at=RECORDED_AT,
        announced_at=RECORDED_AT,
        files=(),
        warnings=(Warn.of(VIDEO_SHORT),),
        analyses=analyses,
    )


def test_a_done_analysis_is_told_in_one_document_with_all_that_warns():
    result = result_of(seen(analysis(AnalysisState.DONE, summary=SUMMARY)), LATER)
    assert result == SessionResult(
        session_id=SESSION_ID,
        state=AnalysisState.DONE,
        build="b-1",
        told_at=LATER,
        mean_mgs=2.5,
        frames_analysed=600,
        frames_all_faus=431,
        placeholder=True,
        warnings=(Warn.of(VIDEO_SHORT), Warn.of(SCORES_PLACEHOLDER)),
    )
    assert result.is_final


def test_without_an_analysis_there_is_no_result():
    assert result_of(seen(), LATER) is None


def test_the_newest_done_analysis_counts_and_else_the_newest():
    old_done = analysis(AnalysisState.DONE, 0, "b-1", summary=SUMMARY)
    done = analysis(AnalysisState.DONE, 5, "b-2", summary=SUMMARY)
    running = analysis(AnalysisState.RUNNING, 9, "b-3")
    assert result_of(seen(old_done, done, running), LATER).build == "b-2"
    assert result_of(seen(analysis(AnalysisState.FAILED), running), LATER).state is AnalysisState.RUNNING


@pytest.mark.parametrize(("waited_s", "after_s"), [(0, 2), (20, 2), (600, 60), (86400, 3600)])
def test_a_result_is_asked_for_ever_less_often(waited_s, after_s):
    assert news_after_s(waited_s) == after_s


@pytest.fixture
def fetcher(rig) -> NewsFetcher:
    data_folder = rig.settings.data_folder
    return NewsFetcher(data_folder, data_folder / JOURNAL_NAME, lambda: connect_to_hub(rig.settings.hub), rig.clock)


def test_the_roster_is_fetched_every_five_minutes_and_kept_when_the_hub_is_away(rig, fetcher):
    assert read_roster(rig.settings.data_folder) is None
    fetcher.fetch()
    kept = read_roster(rig.settings.data_folder)
    rig.until_state(rig.seal(animal="m-roster"), State.CONFIRMED)
    fetcher.fetch()
    assert read_roster(rig.settings.data_folder) == kept
    rig.clock.advance(ROSTER_EVERY_S)
    fetcher.fetch()
    roster = read_roster(rig.settings.data_folder)
    assert "m-roster" in [animal.code for study in roster.studies for animal in study.animals]
    rig.clock.advance(ROSTER_EVERY_S)
    fetcher.connect = lambda: Hub(f"http://127.0.0.1:{unused_port()}", "token")
    with pytest.raises(GrimaceError):
        fetcher.fetch()
    assert read_roster(rig.settings.data_folder) == roster


def test_a_result_is_followed_until_it_is_final_and_then_left_alone(rig, known_rig, fetcher):
    folder = rig.seal()
    rig.until_state(folder, State.CONFIRMED)
    fetcher.fetch()
    assert read_result(rig.settings.data_folder, folder.name) is None  # this hub analyses nothing by itself
    supervisor = Hub(known_rig.url, known_rig.hub.add_person())
    analysis_id = supervisor.start_analysis(folder.name, AnalysisRequest()).analysis_id
    rig.clock.advance(60)
    fetcher.fetch()
    assert read_result(rig.settings.data_folder, folder.name).state is AnalysisState.QUEUED
    supervisor.request("POST", f"/api/v1/analyses/{analysis_id}/cancel")
    rig.clock.advance(60)
    fetcher.fetch()
    final = read_result(rig.settings.data_folder, folder.name)
    assert final.state is AnalysisState.CANCELLED
    fetcher.connect = lambda: pytest.fail("there is nothing left to ask")
    rig.clock.advance(100)
    fetcher.fetch()
    again = NewsFetcher(rig.settings.data_folder, fetcher.journal_path, fetcher.connect, rig.clock)
    again._roster_due_ns = rig.clock.monotonic_ns() + 1
    again.fetch()  # as after a restart


def test_a_hub_that_is_away_is_left_alone_for_a_while(rig):
    asked = []

    def connect() -> Hub:
        asked.append(1)
        return Hub(f"http://127.0.0.1:{unused_port()}", "token")

    data_folder = rig.settings.data_folder
    fetcher = NewsFetcher(data_folder, data_folder / JOURNAL_NAME, connect, rig.clock)
    for _ in range(600):
        with contextlib.suppress(HubUnreachable):
            fetcher.fetch()
        rig.clock.advance(1)
    assert 10 <= len(asked) <= 25


def test_only_the_newest_sessions_are_followed(rig):
    assert rig.journal.newest_on_hub(SESSIONS_FOLLOWED) == []
    old, new = rig.seal(age_h=2), rig.seal(age_h=1)
    rig.until(lambda: len(rig.journal.session_ids({State.CONFIRMED})) == 2)
    assert set(rig.journal.newest_on_hub(SESSIONS_FOLLOWED)) == {old.name, new.name}
    assert len(rig.journal.newest_on_hub(1)) == 1


def test_a_damaged_result_counts_as_not_there(tmp_path):
    path = result_path(tmp_path, SESSION_ID)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{")
    assert read_result(tmp_path, SESSION_ID) is None
