"""What the screen answers, and to whom."""

from __future__ import annotations

import threading
import time

import pytest

from rig.agent.states import AgentPhase
from rig.preflight.report import CheckName
from rig.screen.live import NEWS_WITHIN_S
from shared.faults import NOT_VALID, PIN_NEEDED, PREFLIGHT_MISSING, RECORDING_BUSY, SCAN_UNREADABLE
from tests.rig.screen.desk_in_memory import recording_of
from tests.rig.screen.rig_states import PLAN, SOME_CHECKS

FORM = {"study": "Laparotomy 2026", "animal": "A-17", "phase": "post 1 h", "operator": "Kim", "duration_min": 20}
PICTURE = {"exposure_us": 20000, "analogue_gain": 2.0}
PAGES = ("/", "/new", "/uploads", "/settings/pin", "/healthz", "/state", "/shown")
LOCKED = ("/settings/", "/settings/exposure", "/settings/network", "/settings/reference.png")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_forbids_what_is_not_our_own(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", PAGES[:4])
def test_pages_obey_their_own_policy(client, path):
    page = client.get(path).text
    assert " style=" not in page
    assert " onclick" not in page
    assert "<style" not in page
    assert "//" not in page.replace("http://www.w3.org/2000/svg", "").replace("http://hub.lab:8000", "")


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "192.168.1.7:8080", "[::1]:8080"])
def test_the_rig_answers_under_its_addresses(client, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8080", ""])
def test_a_foreign_name_that_points_here_is_refused(client, host):
    assert client.get("/state", headers={"Host": host}).status_code in {400, 421}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Grimace-Screen": "1", "Sec-Fetch-Site": "cross-site"},
        {"X-Grimace-Screen": "1", "Sec-Fetch-Site": "same-site"},
        {"X-Grimace-Screen": "1", "Origin": "http://evil.example"},
        {"X-Grimace-Screen": "1", "Origin": "null"},
    ],
)
def test_a_foreign_page_cannot_stop_a_recording(client, rig, headers):
    assert client.post("/actions/stop", json={}, headers=headers).status_code == 403
    assert rig.desk.asked == []


def test_our_own_page_can(post, rig):
    assert post("/actions/stop", Origin="http://localhost", **{"Sec-Fetch-Site": "same-origin"}).status_code == 204
    assert rig.desk.asked == [("stop", "screen")]


def test_a_filled_form_becomes_a_plan_with_what_the_hub_knows_of_the_animal(post, rig):
    rig.hub_told_the_roster()
    assert post("/actions/plan", FORM).status_code == 204
    (_, plan) = rig.desk.asked[0]
    assert (plan.study.animal, plan.study.sex, plan.study.strain, plan.duration_s) == ("A-17", "female", "C57BL/6J", 1200.0)


def test_the_next_form_begins_with_what_was_chosen(post, client):
    post("/actions/plan", FORM)
    assert '"operator": "Kim"' in client.get("/new").text


@pytest.mark.parametrize("wrong", [{"animal": ""}, {"duration_min": 0}, {"subject_type": "hamster"}, {"group": "drug"}])
def test_a_form_that_cannot_be_recorded_names_the_field(post, rig, wrong):
    answer = post("/actions/plan", FORM | wrong)
    assert (answer.status_code, answer.json["code"]) == (409, NOT_VALID.code)
    assert next(iter(wrong)) in answer.json["detail"]
    assert rig.desk.asked == []


def test_what_cannot_be_done_is_told_with_its_remedy(post):
    answer = post("/actions/start")
    assert answer.status_code == 409
    assert (answer.json["code"], answer.json["remedy"]) == (PREFLIGHT_MISSING.code, PREFLIGHT_MISSING.remedy)


def test_a_waiver_carries_its_reason(post, rig):
    rig.desk.becomes(phase=AgentPhase.PREFLIGHT, preflight=SOME_CHECKS)
    assert post("/actions/waive", {"check": "focus", "reason": "I looked"}).status_code == 204
    assert rig.desk.asked == [("waive", (CheckName.FOCUS, "I looked"))]


def test_a_scanned_code_fills_fields(post):
    assert post("/actions/scan", {"code": "A-17"}).json == {"animal": "A-17"}
    assert post("/actions/scan", {"code": "grimace:9;"}).json["code"] == SCAN_UNREADABLE.code


def test_news_come_as_soon_as_there_are_some(client, rig):
    threading.Timer(0.1, lambda: rig.desk.becomes(phase=AgentPhase.FAULT)).start()
    began = time.monotonic()
    answer = client.get("/shown?after_seq=1")
    assert answer.json["stage"] == "fault"
    assert time.monotonic() - began < NEWS_WITHIN_S


def test_the_state_is_the_rigs_own_document(client, rig):
    assert client.get("/state").json["seq"] == rig.desk.snapshot().seq


def test_without_a_camera_there_is_no_picture(client):
    assert client.get("/preview.jpg").status_code == 204


@pytest.mark.parametrize("path", LOCKED)
def test_the_settings_ask_for_the_pin(client, path):
    assert client.get(path).headers["Location"].endswith("/settings/pin")


@pytest.mark.parametrize("what", ["picture", "reference", "enrol"])
def test_nothing_is_set_without_the_pin(post, what):
    assert post(f"/actions/settings/{what}", PICTURE).json["code"] == PIN_NEEDED.code


@pytest.mark.parametrize("phase", [AgentPhase.RECORDING, AgentPhase.FAULT])
def test_the_picture_of_a_recording_stays_as_it_is_also_while_its_camera_is_being_restarted(post, rig, phase):
    rig.desk.becomes(phase=phase, recording=recording_of(PLAN))
    post("/actions/settings/choose-pin", {"pin": "2468"})
    assert post("/actions/settings/picture", PICTURE).json["code"] == RECORDING_BUSY.code


def test_the_pin_opens_every_page_of_the_settings(post, client):
    assert post("/actions/settings/choose-pin", {"pin": "2468"}).status_code == 204
    for name in ("", "exposure", "focus", "reference", "network", "enrolment", "about"):
        assert client.get(f"/settings/{name}").status_code == 200
    post("/actions/settings/lock")
    assert client.get("/settings/").status_code == 302
