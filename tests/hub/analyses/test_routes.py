"""The API around analyses, as people and workers meet it."""

from uuid import uuid4

import pytest
import requests

from shared.api import API_PREFIX, FENCE_HEADER
from tests.hub.analyses.analysis_hub import BUILD


class Caller:
    """Somebody with a token."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url + API_PREFIX
        self._headers = {"Authorization": f"Bearer {token}"}

    def __call__(self, method: str, path: str, **options) -> requests.Response:
        headers = {**self._headers, **options.pop("headers", {})}
        return requests.request(method, self._url + path, headers=headers, timeout=10, **options)


@pytest.fixture
def person(hub):
    return Caller(hub.url, hub.add_person())


@pytest.fixture
def worker(hub):
    return Caller(hub.url, hub.add_worker())


def test_starting_answers_201_and_the_same_again_200(hub, person):
    path = f"/sessions/{hub.store()}/analyses"
    first, second = person("POST", path, json={"rate": 2}), person("POST", path, json={"rate": 2, "build": BUILD})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert (first.json()["build"], first.json()["state"]) == (BUILD, "queued")


def test_a_build_that_is_not_installed_is_named(hub, person):
    answer = person("POST", f"/sessions/{hub.store()}/analyses", json={"build": "painface-1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "E_BUILD_UNKNOWN")
    assert BUILD in answer.json()["detail"]


def test_analyses_are_listed_newest_first_and_by_session(hub, person):
    session_uid, other = hub.store(), hub.store()
    old, new, elsewhere = hub.queue(session_uid), hub.queue(session_uid, rate=2.0), hub.queue(other)
    page = person("GET", "/analyses", params={"limit": 2}).json()
    assert [item["analysis_id"] for item in page["items"]] == [elsewhere, new]
    rest = person("GET", "/analyses", params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert [item["analysis_id"] for item in rest["items"]] == [old]
    of_session = person("GET", f"/sessions/{session_uid}/analyses").json()
    assert [item["analysis_id"] for item in of_session["items"]] == [old, new]


def test_cancel_and_retry_answer_the_new_state(hub, person):
    uid = hub.queue(hub.store())
    assert person("POST", f"/analyses/{uid}/cancel").json()["state"] == "cancelled"
    assert person("POST", f"/analyses/{uid}/retry").json()["state"] == "queued"


def test_another_labs_analysis_does_not_exist(hub):
    uid = hub.queue(hub.store())
    hub.add_lab("Other lab")
    stranger = Caller(hub.url, hub.add_person("eve@example.org", "Other lab"))
    for method, path in (("GET", ""), ("POST", "/cancel"), ("POST", "/retry")):
        assert stranger(method, f"/analyses/{uid}{path}").status_code == 404
    assert stranger("GET", "/analyses").json()["items"] == []


def test_people_may_not_work_and_workers_may_not_look(hub, person, worker):
    assert person("POST", "/worker/claim", json={"worker": "me"}).status_code == 403
    assert worker("GET", "/analyses").status_code == 403


def test_nothing_queued_answers_204(worker):
    assert worker("POST", "/worker/claim", json={"worker": "w"}).status_code == 204


def test_a_worker_reads_the_sessions_files_by_ranges(hub, worker):
    hub.queue(hub.store())
    claimed = worker("POST", "/worker/claim", json={"worker": "w"}).json()
    path, fence = f"/worker/analyses/{claimed['analysis_id']}/files/part-1.mp4", {FENCE_HEADER: claimed["fence"]}
    whole = worker("GET", path, headers=fence)
    part = worker("GET", path, headers={**fence, "Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert worker("GET", path.replace("part-1.mp4", "part-2.mp4"), headers=fence).status_code == 404


def test_without_the_fence_nothing_of_a_claimed_analysis_is_shown_or_changed(hub, worker):
    hub.queue(hub.store())
    claimed = worker("POST", "/worker/claim", json={"worker": "w"}).json()
    path = f"/worker/analyses/{claimed['analysis_id']}"
    forged = {FENCE_HEADER: str(uuid4())}
    report = {"frames_done": 1, "frames_planned": 2}
    for method, verb, body in (
        ("GET", "files/part-1.mp4", {}),
        ("POST", "progress", {"json": report}),
        ("PUT", "table", {"data": b"forged"}),
        ("POST", "fail", {"json": {"code": "E_SCORING"}}),
        ("POST", "give-back", {}),
    ):
        answer = worker(method, f"{path}/{verb}", headers=forged, **body)
        assert (answer.status_code, answer.json()["code"]) == (409, "E_LEASE_LOST"), verb
        assert worker(method, f"{path}/{verb}", **body).status_code == 422, verb
    assert not list(hub.parts.storage.results.iterdir())


def test_progress_is_seen_by_people(hub, worker, person):
    uid = hub.queue(hub.store())
    claimed = worker("POST", "/worker/claim", json={"worker": "gpu-1"}).json()
    fence = {FENCE_HEADER: claimed["fence"]}
    worker("POST", f"/worker/analyses/{uid}/progress", headers=fence, json={"frames_done": 3, "frames_planned": 9})
    seen = person("GET", f"/analyses/{uid}").json()
    assert (seen["state"], seen["worker"], seen["frames_done"], seen["frames_planned"]) == ("running", "gpu-1", 3, 9)
