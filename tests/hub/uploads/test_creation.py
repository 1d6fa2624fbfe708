"""POST and OPTIONS: an upload is created for an announced file, once."""

import pytest
import requests

from shared.api import TUS_PATH
from tests.hub.live_hub import LiveHub
from tests.hub.uploads.tus import OFFSET_STREAM, Tus, checksum, metadata, random_bytes, sha256
from tests.processes import until

CLIP = random_bytes(100_000)


def test_the_server_says_what_it_offers_without_a_token(hub):
    answer = requests.options(hub.url + TUS_PATH, timeout=10)
    assert answer.status_code == 204
    assert answer.headers["Tus-Resumable"] == answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,creation-with-upload,checksum,expiration,termination"
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
    assert int(answer.headers["Tus-Max-Size"]) == hub.parts.settings.upload_limit_bytes


def test_a_new_upload_stands_at_zero_under_a_relative_address(rig):
    answer = rig.create(rig.announce({"clip.mp4": CLIP}), "clip.mp4", len(CLIP))
    assert answer.status_code == 201
    assert answer.headers["Location"].startswith(TUS_PATH + "/")
    assert answer.headers["Upload-Offset"] == "0"
    assert answer.headers["Upload-Expires"] == "Thu, 15 Jan 2026 00:00:00 GMT"  # 14 days after the test's clock


def test_the_metadata_are_given_back(rig):
    session = rig.announce({"clip.mp4": CLIP})
    told = metadata(session=session, filename="clip.mp4", sha256=sha256(CLIP), note="käfig 7")
    upload = rig.create(session, "clip.mp4", len(CLIP), {"Upload-Metadata": told}).headers["Location"]
    answer = rig.request("HEAD", upload)
    assert answer.headers["Upload-Metadata"] == told
    assert answer.headers["Upload-Length"] == str(len(CLIP))
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_client_that_lost_the_answer_finds_the_upload_that_there_is(rig):
    session = rig.announce({"clip.mp4": CLIP})
    first = rig.create(session, "clip.mp4", len(CLIP))
    rig.patch(first.headers["Location"], 0, CLIP[:1000])
    again = rig.create(session, "clip.mp4", len(CLIP))
    assert again.status_code == 201
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Upload-Offset"] == "1000"


def test_a_file_that_has_arrived_answers_a_finished_upload(rig):
    session = rig.announce({"clip.mp4": CLIP, "frames.csv": b"later"})
    first = rig.create(session, "clip.mp4", len(CLIP)).headers["Location"]
    rig.patch(first, 0, CLIP)
    again = rig.create(session, "clip.mp4", len(CLIP))
    assert again.status_code == 201
    assert again.headers["Upload-Offset"] == str(len(CLIP))
    assert rig.offset(again.headers["Location"]) == len(CLIP)


def test_the_first_bytes_may_come_along(rig, on_disk):
    session = rig.announce({"clip.mp4": CLIP})
    answer = rig.create(session, "clip.mp4", len(CLIP), {"Content-Type": OFFSET_STREAM}, data=CLIP[:5000])
    assert answer.status_code == 201
    assert answer.headers["Upload-Offset"] == "5000"
    assert on_disk(answer.headers["Location"]) == CLIP[:5000]


def test_bytes_that_come_along_with_a_repeated_creation_are_left_unread(rig, on_disk):
    session = rig.announce({"clip.mp4": CLIP})
    rig.create(session, "clip.mp4", len(CLIP), {"Content-Type": OFFSET_STREAM}, data=CLIP[:5000])
    again = rig.create(session, "clip.mp4", len(CLIP), {"Content-Type": OFFSET_STREAM}, data=CLIP[:9000])
    assert (again.status_code, again.headers["Upload-Offset"]) == (201, "5000")
    assert on_disk(again.headers["Location"]) == CLIP[:5000]


def test_a_wrong_checksum_at_creation_leaves_an_empty_upload(rig):
    session = rig.announce({"clip.mp4": CLIP})
    told = {"Content-Type": OFFSET_STREAM, "Upload-Checksum": checksum(b"other")}
    assert rig.create(session, "clip.mp4", len(CLIP), told, data=CLIP).status_code == 460
    assert rig.create(session, "clip.mp4", len(CLIP)).headers["Upload-Offset"] == "0"


def test_an_empty_file_is_complete_when_it_is_created(rig):
    session = rig.announce({"clip.mp4": CLIP, "events.jsonl": b""})
    answer = rig.create(session, "events.jsonl", 0)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "0")
    states = {file["name"]: file["state"] for file in rig.session(session)["files"]}
    assert states == {"clip.mp4": "expected", "events.jsonl": "received"}
    assert rig.create(session, "events.jsonl", 0).status_code == 201  # the second time changes nothing


def test_the_session_shows_where_an_upload_goes_on(rig):
    session = rig.announce({"clip.mp4": CLIP, "frames.csv": b"later"})
    upload = rig.create(session, "clip.mp4", len(CLIP)).headers["Location"]
    rig.patch(upload, 0, CLIP[:700])
    clip, other = rig.session(session)["files"]
    assert (clip["state"], clip["offset_bytes"], clip["upload"]) == ("uploading", 700, upload)
    assert (other["state"], other["offset_bytes"], other["upload"]) == ("expected", 0, None)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Upload-Length": str(len(CLIP) - 1)}, 422),
        ({"Upload-Length": str(len(CLIP) + 1)}, 422),
        ({"Upload-Length": "-1"}, 422),
        ({"Upload-Length": str(10**14)}, 413),
        ({"Upload-Metadata": ""}, 422),
        ({"Upload-Metadata": "session !!!"}, 422),
        ({"Tus-Resumable": "0.2.2"}, 412),
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer grimace_rig_made_up"}, 401),
    ],
)
def test_a_creation_that_cannot_be_is_refused_before_anything_is_kept(hub, rig, change, status):
    session = rig.announce({"clip.mp4": CLIP})
    answer = rig.create(session, "clip.mp4", len(CLIP), {"Content-Type": OFFSET_STREAM, **change}, data=CLIP)
    assert answer.status_code == status
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not list(hub.parts.storage.incoming.iterdir())
    assert rig.session(session)["files"][0]["state"] == "expected"


def test_the_hash_in_the_metadata_must_be_the_one_announced(rig):
    session = rig.announce({"clip.mp4": CLIP})
    told = {"Upload-Metadata": metadata(session=session, filename="clip.mp4", sha256=sha256(b"other"))}
    assert rig.create(session, "clip.mp4", len(CLIP), told).status_code == 422


def test_a_length_that_is_to_follow_later_is_not_offered(rig):
    session = rig.announce({"clip.mp4": CLIP})
    told = {"Upload-Metadata": metadata(session=session, filename="clip.mp4"), "Upload-Defer-Length": "1"}
    assert rig.request("POST", TUS_PATH, told).status_code == 422


def test_files_that_nobody_announced_are_not_found(rig):
    session = rig.announce({"clip.mp4": CLIP})
    assert rig.create(session, "other.mp4", 5).status_code == 404
    assert rig.create("0a1b2c3d-0000-4000-8000-000000000001", "clip.mp4", len(CLIP)).status_code == 404
    assert rig.create("../../etc", "passwd", 5).status_code == 404


def test_another_lab_and_another_rig_do_not_see_the_session(hub, rig):
    session = rig.announce({"clip.mp4": CLIP})
    hub.add_lab("Other lab")
    for stranger in (Tus(hub.url, hub.add_rig("rig-2")), Tus(hub.url, hub.add_rig("rig-1", "Other lab"))):
        assert stranger.create(session, "clip.mp4", len(CLIP)).status_code == 404
    colleague = Tus(hub.url, hub.add_person())
    assert colleague.create(session, "clip.mp4", len(CLIP)).status_code == 201


def test_a_worker_may_not_upload(hub, rig):
    session = rig.announce({"clip.mp4": CLIP})
    worker = Tus(hub.url, hub.add_worker())
    assert worker.create(session, "clip.mp4", len(CLIP)).status_code == 403


def test_an_upload_that_would_eat_into_the_reserve_is_not_begun(tmp_path):
    with LiveHub(tmp_path, free_bytes_reserve=10**15) as full:
        full.add_lab()
        rig = Tus(full.url, full.add_rig())
        session = rig.announce({"clip.mp4": CLIP})
        answer = rig.create(session, "clip.mp4", len(CLIP))
        assert (answer.status_code, answer.json()["code"]) == (507, "E_HUB_DISK_FULL")
        assert rig.session(session)["files"][0]["state"] == "expected"


def test_a_client_without_patch_may_name_the_method_in_a_header(rig, on_disk):
    upload = rig.new_upload(CLIP)
    told = {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0", "Content-Type": OFFSET_STREAM}
    answer = rig.request("POST", upload, told, data=CLIP[:10])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "10")
    assert on_disk(upload) == CLIP[:10]


def test_all_files_of_a_session_received_bring_it_to_an_end(rig):
    session = rig.announce({"clip.mp4": CLIP})  # random bytes: no video
    upload = rig.create(session, "clip.mp4", len(CLIP)).headers["Location"]
    assert rig.patch(upload, 0, CLIP).status_code == 204
    ended = until(lambda: (view := rig.session(session))["state"] == "refused" and view)
    assert ended["fault"]["code"] == "E_VIDEO_UNREADABLE"
    assert ended["receipt"]["files"] == [{"name": "clip.mp4", "size_bytes": len(CLIP), "sha256": sha256(CLIP)}]
