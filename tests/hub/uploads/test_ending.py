"""Uploads that are given up: terminated, expired, collected."""

import pytest

from hub.tables import Upload
from hub.uploads.collecting import collect
from tests.hub.uploads.tus import random_bytes
from tests.processes import until

CLIP = random_bytes(50_000)
FORTNIGHT_S = 14 * 24 * 3600.0


def files_in(hub) -> list[str]:
    return [path.name for path in hub.parts.storage.incoming.iterdir()]


def test_a_terminated_upload_is_gone_and_its_file_can_be_sent_anew(hub, rig):
    session = rig.announce({"clip.mp4": CLIP})
    upload = rig.create(session, "clip.mp4", len(CLIP)).headers["Location"]
    rig.patch(upload, 0, CLIP[:100])
    assert rig.request("DELETE", upload).status_code == 204
    assert files_in(hub) == []
    assert rig.request("HEAD", upload).status_code == 404
    assert rig.patch(upload, 100, CLIP[100:]).status_code == 404
    assert rig.request("DELETE", upload).status_code == 404
    assert rig.session(session)["files"][0]["state"] == "expected"
    again = rig.create(session, "clip.mp4", len(CLIP))
    assert again.headers["Location"] != upload
    assert rig.patch(again.headers["Location"], 0, CLIP).status_code == 204


def test_a_file_that_has_arrived_is_not_given_up(rig):
    session = rig.announce({"clip.mp4": CLIP, "frames.csv": b"later"})
    upload = rig.create(session, "clip.mp4", len(CLIP)).headers["Location"]
    rig.patch(upload, 0, CLIP)
    assert rig.request("DELETE", upload).status_code == 403
    assert rig.session(session)["files"][0]["state"] == "received"


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_an_expired_upload_is_gone(hub, rig, method):
    upload = rig.new_upload(CLIP)
    rig.patch(upload, 0, CLIP[:100])
    hub.clock.advance(FORTNIGHT_S)
    told = {"Upload-Offset": "100", "Content-Type": "application/offset+octet-stream"}
    assert rig.request(method, upload, told).status_code == 410


def test_every_piece_that_arrives_puts_the_expiry_off(hub, rig):
    upload = rig.new_upload(CLIP)
    for start in range(0, 5000, 1000):
        hub.clock.advance(FORTNIGHT_S - 60)
        assert rig.patch(upload, start, CLIP[start : start + 1000]).status_code == 204


def test_an_expired_upload_is_replaced_by_a_new_one(hub, rig):
    session = rig.announce({"clip.mp4": CLIP})
    old = rig.create(session, "clip.mp4", len(CLIP)).headers["Location"]
    rig.patch(old, 0, CLIP[:100])
    hub.clock.advance(FORTNIGHT_S)
    new = rig.create(session, "clip.mp4", len(CLIP))
    assert new.headers["Location"] != old
    assert new.headers["Upload-Offset"] == "0"
    assert rig.patch(new.headers["Location"], 0, CLIP).status_code == 204


def test_the_collector_removes_what_expired_and_what_belongs_to_nothing(hub, rig):
    session = rig.announce({"clip.mp4": CLIP})
    old = rig.create(session, "clip.mp4", len(CLIP)).headers["Location"]
    rig.patch(old, 0, CLIP[:100])
    hub.clock.advance(FORTNIGHT_S)
    fresh = rig.new_upload(CLIP)
    rig.patch(fresh, 0, CLIP[:100])
    hub.parts.storage.incoming_file("left-behind").write_bytes(b"x")
    collect(hub.parts)
    assert files_in(hub) == [fresh.rsplit("/", 1)[-1]]
    assert rig.request("HEAD", old).status_code == 404  # collected: the hub does not know that it ever was
    assert rig.session(session)["files"][0]["state"] == "expected"
    assert rig.offset(fresh) == 100


def test_the_collector_never_touches_a_file_that_has_arrived(hub, rig):
    """However long the rest of its session takes."""
    session = rig.announce({"clip.mp4": CLIP, "frames.csv": b"later"})
    upload = rig.create(session, "clip.mp4", len(CLIP)).headers["Location"]
    rig.patch(upload, 0, CLIP)
    hub.clock.advance(10 * FORTNIGHT_S)
    collect(hub.parts)
    assert hub.parts.storage.incoming_file(upload.rsplit("/", 1)[-1]).read_bytes() == CLIP
    assert rig.offset(upload) == len(CLIP)
    last = rig.create(session, "frames.csv", 5).headers["Location"]
    assert rig.patch(last, 0, b"later").status_code == 204
    assert until(lambda: rig.session(session)["receipt"])


def test_a_concluded_session_gives_its_uploads_rows_back(hub, rig):
    session = rig.announce({"clip.mp4": CLIP})
    upload = rig.create(session, "clip.mp4", len(CLIP)).headers["Location"]
    rig.patch(upload, 0, CLIP)
    until(lambda: rig.session(session)["receipt"])
    collect(hub.parts)
    assert rig.offset(upload) == len(CLIP)  # not yet: a client may still ask whether it is done
    hub.clock.advance(FORTNIGHT_S)
    collect(hub.parts)
    with hub.parts.database.reading() as rows:
        assert rows.query(Upload).count() == 0
    again = rig.create(session, "clip.mp4", len(CLIP))
    assert (again.status_code, again.headers["Upload-Offset"]) == (201, str(len(CLIP)))
