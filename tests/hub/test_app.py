"""What holds for the application as a whole, whatever is asked of it."""

import asyncio
import os

import pytest
import requests

from hub.app import BODY_LIMIT_BYTES
from shared.api import API_PREFIX, FENCE_HEADER
from tests.hub.analyses.analysis_hub import AnalysisHub

SESSION = "00000000-0000-4000-8000-000000000000"
TOO_LONG = b"x" * (BODY_LIMIT_BYTES + 1)


@pytest.fixture
def hub(tmp_path):
    with AnalysisHub(tmp_path) as running:
        running.add_lab()
        yield running


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", f"{API_PREFIX}/sessions/{SESSION}"),
        ("POST", f"{API_PREFIX}/rig/heartbeat"),
        ("POST", f"{API_PREFIX}/worker/claim"),
        ("POST", "/sign-in"),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_without_end_is_not_read_into_memory_from_somebody_unknown(hub, method, path, chunked):
    headers = {"Content-Type": "application/x-www-form-urlencoded" if path == "/sign-in" else "application/json"}
    body = iter([TOO_LONG, TOO_LONG]) if chunked else TOO_LONG
    assert requests.request(method, hub.url + path, data=body, headers=headers, timeout=20).status_code == 413


@pytest.mark.parametrize("path", ["/sessions", "/analyses"])
def test_a_page_that_no_list_has_is_not_valid(hub, path):
    headers = {"Authorization": f"Bearer {hub.add_person()}"}
    for cursor in (-1, 2**63):
        answer = requests.get(f"{hub.url}{API_PREFIX}{path}", params={"cursor": cursor}, headers=headers, timeout=20)
        assert answer.status_code == 422


@pytest.mark.parametrize(("size_bytes", "year"), [(2**63, 2026), (1, 9999)])
def test_numbers_and_dates_beyond_those_that_a_database_keeps_are_not_valid(hub, size_bytes, year):
    headers = {"Authorization": f"Bearer {hub.add_rig()}"}
    file = {"name": "clip.mp4", "size_bytes": size_bytes, "sha256": "0" * 64}
    announcement = {"study": {}, "recorded_at": f"{year}-12-31T23:59:59-12:00", "files": [file]}
    answer = requests.put(f"{hub.url}{API_PREFIX}/sessions/{SESSION}", json=announcement, headers=headers, timeout=20)
    assert answer.status_code == 422


def test_a_workers_table_may_be_long_and_reaches_the_disk_without_holding_up_the_event_loop(hub, monkeypatch):
    hub.queue(hub.store())
    headers = {"Authorization": f"Bearer {hub.add_worker()}"}
    claim = f"{hub.url}{API_PREFIX}/worker/claim"
    claimed = requests.post(claim, json={"worker": "w"}, headers=headers, timeout=20).json()
    synced_in_the_loop = []
    fsync = os.fsync

    def watched_fsync(descriptor: int) -> None:
        synced_in_the_loop.append(asyncio._get_running_loop() is not None)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    address = f"{hub.url}{API_PREFIX}/worker/analyses/{claimed['analysis_id']}/table"
    answer = requests.put(address, data=TOO_LONG, headers={**headers, FENCE_HEADER: claimed["fence"]}, timeout=20)
    assert answer.status_code == 204
    assert synced_in_the_loop == [False, False], "the file and its folder"


@pytest.mark.parametrize("path", ["/sessions/nope", "/sessions/nope/analyses", "/analyses/nope"])
def test_an_address_that_nothing_can_have_is_not_found(hub, path):
    headers = {"Authorization": f"Bearer {hub.add_person()}"}
    answer = requests.get(f"{hub.url}{API_PREFIX}{path}", headers=headers, timeout=20)
    assert (answer.status_code, answer.json()["code"]) == (404, "E_NOT_FOUND")
    if path == "/sessions/nope":
        assert requests.get(hub.url + path, headers=headers, timeout=20).status_code == 404


@pytest.mark.services
def test_a_text_that_postgresql_cannot_keep_is_the_askers_mistake(tmp_path, postgres):
    with AnalysisHub(tmp_path, database_url=postgres.new_database()) as hub:
        hub.add_lab()
        headers = {"Authorization": f"Bearer {hub.add_person()}"}
        answer = requests.get(f"{hub.url}{API_PREFIX}/analyses/a%00b", headers=headers, timeout=20)
        assert (answer.status_code, answer.json()["code"]) == (422, "E_NOT_VALID")
