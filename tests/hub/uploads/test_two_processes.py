"""Two hubs on one data folder and one database: what one process decides holds for the other."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.hub.live_hub import LiveHub
from tests.hub.uploads.tus import Tus, random_bytes, sha256
from tests.processes import until

CLIP = random_bytes(3_000_000)
FIRST = 1_000_000


@pytest.fixture(params=["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.services)])
def rigs(request, tmp_path) -> Iterator[tuple[Tus, Tus]]:
    """The same rig, talking to the one hub and to the other."""
    url = request.getfixturevalue("postgres").new_database() if request.param == "PostgreSQL" else ""
    with LiveHub(tmp_path, database_url=url, upload_stall_s=1.0) as one, LiveHub(tmp_path, database_url=url) as other:
        one.add_lab()
        token = one.add_rig()
        yield Tus(one.url, token), Tus(other.url, token)


def test_an_upload_begun_at_one_goes_on_at_the_other(rigs):
    one, other = rigs
    session = one.announce({"clip.mp4": CLIP, "frames.csv": b"later"})
    upload = one.create(session, "clip.mp4", len(CLIP)).headers["Location"]
    assert one.patch(upload, 0, CLIP[:FIRST]).status_code == 204
    assert other.offset(upload) == FIRST
    assert other.patch(upload, FIRST, CLIP[FIRST:]).status_code == 204
    assert one.offset(upload) == len(CLIP)


def test_a_session_announced_to_both_at_once_is_one_session(rigs):
    for _ in range(5):
        session_id = str(uuid.uuid4())
        with ThreadPoolExecutor(8) as callers:
            told = [callers.submit(rigs[turn % 2].announce, {"clip.mp4": CLIP}, session_id) for turn in range(8)]
        assert {answer.result() for answer in told} == {session_id}


def test_two_writers_in_two_processes_are_kept_apart(rigs, tmp_path):
    """Across processes nobody is pre-empted: the second is sent away until the first ends, here by its silence."""
    one, other = rigs
    session = one.announce({"clip.mp4": CLIP, "frames.csv": b"later"})
    upload = one.create(session, "clip.mp4", len(CLIP)).headers["Location"]
    waiting = tmp_path / "hub" / "incoming" / upload.rsplit("/", 1)[-1]
    with one.half_patch(upload, 0, CLIP[:FIRST], announced=len(CLIP)):
        until(waiting.exists)
        assert other.patch(upload, 0, CLIP).status_code == 423
        offset = until(lambda: other.offset(upload))
    assert other.patch(upload, offset, CLIP[offset:]).status_code == 204
    assert sha256(waiting.read_bytes()) == sha256(CLIP)


def test_creating_the_same_upload_everywhere_at_once_makes_one(rigs):
    session = rigs[0].announce({"clip.mp4": CLIP})
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda number: rigs[number % 2].create(session, "clip.mp4", len(CLIP)), range(16)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.headers["Location"] for answer in answers}) == 1


@pytest.mark.parametrize("_round", range(3))
def test_a_session_is_finished_once_although_both_look_for_it(rigs, _round):
    """Its last two files arrive at the same moment, one at each process."""
    files = {"clip.mp4": CLIP, "frames.csv": b"later"}
    session = rigs[0].announce(files)
    uploads = {name: rigs[0].create(session, name, len(content)).headers["Location"] for name, content in files.items()}
    with ThreadPoolExecutor(2) as clients:
        sent = list(clients.map(lambda rig, name: rig.patch(uploads[name], 0, files[name]), rigs, files))
    assert [answer.status_code for answer in sent] == [204, 204]
    receipts = [until(lambda rig=rig: rig.session(session)["receipt"]) for rig in rigs]
    assert receipts[0] == receipts[1]
