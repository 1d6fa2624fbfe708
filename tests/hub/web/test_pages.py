"""The pages: what they show, to whom, and under which policy."""

import re

import pytest

from hub.analyses.states import move
from hub.tables import RecordingSession, SessionFile
from shared.api import AnalysisState
from tests.hub.analyses.analysis_hub import BUILD

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def test_the_list_shows_the_labs_sessions_with_state_coverage_and_score(hub, session_id, analysis_id):
    page = hub.signed_in().open("/").text
    assert f'href="/sessions/{session_id}"' in page
    assert "Scored" in page
    assert "50 %" in page
    assert "8.00" in page, "the mean over the frames that show everything"
    assert "placeholder" in page


def test_an_empty_list_teaches_how_to_connect_a_rig(hub):
    page = hub.signed_in().open("/").text
    assert "No sessions yet" in page
    assert 'grimace-hub rig add rig-1 --lab "Lab"' in page
    assert hub.running.parts.settings.url in page


def test_another_labs_session_is_a_page_that_does_not_exist(hub, session_id, analysis_id):
    stranger = hub.signed_in("eve@example.org", "Other lab")
    assert session_id not in stranger.open("/").text
    for path in (f"/sessions/{session_id}", f"/sessions/{UNKNOWN}", f"/live/sessions/{session_id}"):
        answer = stranger.open(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "There is no such page" in answer.text


def test_errors_of_the_api_stay_problem_documents(hub):
    answer = hub.signed_in().open(f"/api/v1/sessions/{UNKNOWN}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_placeholder_builds_statement_stands_at_the_head_of_the_scores(hub, session_id, analysis_id):
    page = hub.signed_in().open(f"/sessions/{session_id}").text
    assert "These scores are placeholders" in page
    assert "never validated on real animals" in page
    assert "PLACEHOLDER</text>" in page, "the plot is watermarked"


def test_a_session_shows_scores_a_plot_the_frame_ledger_and_the_files_with_their_hashes(hub, session_id, analysis_id):
    page = hub.signed_in().open(f"/sessions/{session_id}").text
    with hub.running.parts.database.reading() as session:
        hashes = [file.sha256 for file in session.query(SessionFile)]
    assert all(sha256 in page for sha256 in hashes)
    assert "<svg" in page
    assert "Frame ledger" in page
    assert "too few for a stable mean" in page, "20 frames are fewer than 75"
    first_row = re.search(r"<tbody>\s*<tr class=\"partial\">(.*?)</tr>", page, re.DOTALL)
    assert first_row
    assert re.sub(r"<[^>]+>|\s+", " ", first_row[1]).split() == ["00:00.0", "0", "–", "–", "2", "0.75", "–", "1", "–"]


def test_the_score_table_has_pages(hub, session_id, analysis_id):
    browser = hub.signed_in()
    first = browser.open(f"/sessions/{session_id}").text
    assert "1–30 of 40 frames" in first
    second = browser.open(f"/sessions/{session_id}?analysis={analysis_id}&frames=2").text
    assert "31–40 of 40 frames" in second
    assert 'rel="next"' not in second


def test_an_unfinished_session_updates_itself_with_and_without_scripts(hub, session_id):
    browser = hub.signed_in()
    hub.running.queue(session_id)
    page = browser.open(f"/sessions/{session_id}").text
    assert f'data-live="/live/sessions/{session_id}"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "Waiting for a worker" in browser.open(f"/live/sessions/{session_id}").text


def test_a_settled_session_asks_for_no_news(hub, session_id, analysis_id):
    browser = hub.signed_in()
    for path in (f"/sessions/{session_id}", f"/live/sessions/{session_id}"):
        assert "data-live" not in browser.open(path).text


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing-here", "/static/hub.css", "/api/v1/sessions"])
def test_every_answer_forbids_what_is_not_our_own(hub, path):
    answer = hub.signed_in().open(path)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_pages_obey_their_own_policy(hub, session_id, analysis_id):
    for path in ("/", f"/sessions/{session_id}", "/nothing-here"):
        page = hub.signed_in().open(path).text
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|https?://(?!127\.0\.0\.1)", page)


def test_what_people_write_is_shown_as_text(hub, session_id):
    with hub.running.parts.database.writing() as session:
        row = session.query(RecordingSession).one()
        row.announcement = {**row.announcement, "study": {**row.announcement["study"], "animal": "<script>alert(1)</script>"}}
    page = hub.signed_in().open(f"/sessions/{session_id}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_pages_stay_out_of_caches_and_static_files_in_them(hub):
    browser = hub.signed_in()
    page = browser.open("/")
    assert page.headers["Cache-Control"] == "no-store"
    sheet = re.search(r"/static/hub\.css\?v=\w+", page.text)
    assert sheet
    assert "immutable" in browser.open(sheet[0]).headers["Cache-Control"]


def test_an_analysis_of_another_session_is_not_shown(hub, session_id, analysis_id):
    other = hub.running.store()
    assert hub.signed_in().open(f"/sessions/{other}?analysis={analysis_id}").status_code == 404


def test_a_warning_of_a_newer_worker_is_shown_in_its_own_words(hub, session_id, analysis_id):
    with hub.running.parts.database.writing() as session:
        row = hub.running.row(session, analysis_id)
        warning = {"code": "W_FROM_THE_FUTURE", "text": "The moon was full", "remedy": "Wait."}
        row.summary = {**row.summary, "warnings": [warning]}
    assert "The moon was full" in hub.signed_in().open(f"/sessions/{session_id}").text


def test_a_failed_analysis_says_why_and_what_to_do(hub, session_id):
    uid = hub.running.queue(session_id)
    with hub.running.parts.database.writing() as session:
        row = hub.running.row(session, uid)
        move(session, row, AnalysisState.RUNNING, attempt=3)
        move(session, row, AnalysisState.FAILED, fault_code="E_WORKER_CRASHED", fault_detail="worker gpu-2")
    page = hub.signed_in().open(f"/sessions/{session_id}").text
    assert "Scoring failed" in page
    assert "look at the worker&#39;s log" in page
    assert "E_WORKER_CRASHED: worker gpu-2" in page
    assert BUILD in page
