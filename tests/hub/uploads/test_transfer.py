"""PATCH and HEAD: bytes are stored at their place or not at all, and the offset never says more than the disk holds."""

import socket
import threading

import pytest

from hub.uploads import service
from shared.faults import HUB_DISK_FULL, GrimaceError
from tests.hub.live_hub import LiveHub
from tests.hub.uploads.conftest import CHECKPOINT_BYTES
from tests.hub.uploads.tus import OFFSET_STREAM, Tus, checksum, random_bytes, sha256, status_of
from tests.processes import until

CLIP = random_bytes(100_000)
LONG_CLIP = random_bytes(3 * CHECKPOINT_BYTES + 12_345, seed=2)


def test_bytes_arrive_in_pieces_and_the_offset_follows(rig, on_disk):
    upload = rig.new_upload(CLIP)
    for start in range(0, len(CLIP) - 40_000, 30_000):
        answer = rig.patch(upload, start, CLIP[start : start + 30_000])
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(start + 30_000))
        assert "Upload-Expires" in answer.headers
    assert rig.offset(upload) == 60_000
    assert on_disk(upload) == CLIP[:60_000]


def test_the_last_byte_makes_the_file_received_and_the_offset_stays_known(hub, rig):
    session = rig.announce({"clip.mp4": LONG_CLIP, "frames.csv": b"later"})
    upload = rig.create(session, "clip.mp4", len(LONG_CLIP)).headers["Location"]
    answer = rig.patch(upload, 0, LONG_CLIP)
    assert answer.headers["Upload-Offset"] == str(len(LONG_CLIP))
    assert rig.session(session)["files"][0]["state"] == "received"
    assert rig.offset(upload) == len(LONG_CLIP)
    assert rig.patch(upload, len(LONG_CLIP), b"").status_code == 204  # a client that lost the answer asks again
    assert sha256(hub.parts.storage.incoming_file(upload.rsplit("/", 1)[-1]).read_bytes()) == sha256(LONG_CLIP)


def test_a_body_of_unknown_length_is_taken(rig, on_disk):
    upload = rig.new_upload(CLIP)
    assert rig.patch(upload, 0, iter([CLIP[:10], CLIP[10:500]])).headers["Upload-Offset"] == "500"
    assert on_disk(upload) == CLIP[:500]


@pytest.mark.parametrize(
    ("offset", "change", "status"),
    [
        (0, {}, 409),
        (999, {}, 409),
        (1001, {}, 409),
        (len(CLIP), {}, 409),
        (1000, {"Upload-Offset": "many"}, 422),
        (1000, {"Content-Type": "application/octet-stream"}, 415),
        (1000, {"Tus-Resumable": "0.2.2"}, 412),
        (1000, {"Upload-Checksum": "crc32 AAAA"}, 422),
        (1000, {"Authorization": ""}, 401),
        (1000, {"Authorization": "Bearer grimace_rig_made_up"}, 401),
    ],
)
def test_a_refused_request_stores_no_byte(rig, on_disk, offset, change, status):
    upload = rig.new_upload(CLIP)
    rig.patch(upload, 0, CLIP[:1000])
    answer = rig.patch(upload, offset, b"wrong" * 100, change)
    assert answer.status_code == status
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert rig.offset(upload) == 1000
    assert on_disk(upload) == CLIP[:1000]


def test_a_large_refused_body_is_not_read_to_its_end(rig):
    upload = rig.new_upload(LONG_CLIP)
    sent = 0

    def body():
        nonlocal sent
        for start in range(4000):
            sent = start
            yield bytes(1024 * 1024)

    answer = rig.patch(upload, 5, body())
    assert (answer.status_code, answer.headers["Connection"]) == (409, "close")
    assert sent < 100


def test_who_asks_is_checked_before_the_first_byte(rig):
    """The hub answers although the body never comes."""
    upload = rig.new_upload(CLIP)
    stranger = Tus(rig.url, "grimace_rig_made_up")
    with stranger.half_patch(upload, 0, b"", announced=1000) as connection:
        assert status_of(connection) == 401
    with rig.half_patch(upload, 7, b"", announced=1000) as connection:
        assert status_of(connection) == 409
    with rig.half_patch(upload, 0, b"", announced=len(CLIP) + 1) as connection:
        assert status_of(connection) == 413


def test_another_lab_and_another_rig_do_not_see_the_upload(hub, rig, on_disk):
    upload = rig.new_upload(CLIP)
    hub.add_lab("Other lab")
    for stranger in (Tus(hub.url, hub.add_rig("rig-2")), Tus(hub.url, hub.add_rig("rig-1", "Other lab"))):
        assert stranger.patch(upload, 0, b"wrong").status_code == 404
        assert stranger.request("HEAD", upload).status_code == 404
        assert stranger.request("DELETE", upload).status_code == 404
    assert rig.offset(upload) == 0
    assert on_disk(upload) == b""


def test_a_stranger_cannot_end_the_connection_of_the_owner(hub, rig):
    upload = rig.new_upload(CLIP)
    stranger = Tus(hub.url, hub.add_rig("rig-2"))
    with rig.half_patch(upload, 0, CLIP[:100], announced=len(CLIP)) as connection:
        assert stranger.request("HEAD", upload).status_code == 404
        connection.sendall(CLIP[100:])
        assert status_of(connection) == 204


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_body_with_the_right_checksum_is_kept(rig, on_disk, algorithm):
    upload = rig.new_upload(CLIP)
    answer = rig.patch(upload, 0, CLIP[:700], {"Upload-Checksum": checksum(CLIP[:700], algorithm)})
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "700")
    assert on_disk(upload) == CLIP[:700]


def test_a_body_with_the_wrong_checksum_is_taken_back_whole(rig, on_disk):
    upload = rig.new_upload(LONG_CLIP)
    rig.patch(upload, 0, LONG_CLIP[:1000])
    damaged = bytearray(LONG_CLIP[1000:])
    damaged[-1] ^= 1
    answer = rig.patch(upload, 1000, bytes(damaged), {"Upload-Checksum": checksum(LONG_CLIP[1000:])})
    assert (answer.status_code, answer.json()["code"]) == (460, "E_UPLOAD_CHECKSUM")
    assert rig.offset(upload) == 1000
    assert on_disk(upload) == LONG_CLIP[:1000]
    assert rig.patch(upload, 1000, LONG_CLIP[1000:], {"Upload-Checksum": checksum(LONG_CLIP[1000:])}).status_code == 204


def test_a_cut_body_with_a_checksum_is_taken_back_since_nobody_can_check_it(rig, on_disk):
    upload = rig.new_upload(LONG_CLIP)
    told = f"{upload} HTTP/1.1\r\nUpload-Checksum: {checksum(LONG_CLIP)}\r\nX-Rest: "  # half_patch goes on with " HTTP/1.1"
    with rig.half_patch(told, 0, LONG_CLIP[: CHECKPOINT_BYTES * 2], announced=len(LONG_CLIP)):
        until(lambda: len(on_disk(upload)) >= CHECKPOINT_BYTES)
    assert rig.offset(upload) == 0
    assert on_disk(upload) == b""


def test_more_bytes_than_declared_are_refused_unread(rig, on_disk):
    upload = rig.new_upload(CLIP)
    answer = rig.patch(upload, 0, CLIP + b"!")
    assert (answer.status_code, answer.json()["code"]) == (413, "E_UPLOAD_TOO_LARGE")
    assert on_disk(upload) == b""


def test_a_body_of_unknown_length_that_is_too_long_is_taken_back_whole(rig, on_disk):
    upload = rig.new_upload(LONG_CLIP)
    rig.patch(upload, 0, LONG_CLIP[:1000])
    blocks = [LONG_CLIP[start : start + 65536] for start in range(1000, len(LONG_CLIP), 65536)]
    answer = rig.patch(upload, 1000, iter([*blocks, b"!"]))
    assert (answer.status_code, answer.json()["code"]) == (413, "E_UPLOAD_TOO_LARGE")
    assert rig.offset(upload) == 1000
    assert on_disk(upload) == LONG_CLIP[:1000]


def test_a_hub_that_dies_while_it_takes_a_body_back_promises_no_byte_that_it_does_not_have(rig, on_disk, monkeypatch):
    upload = rig.new_upload(LONG_CLIP)
    blocks = [LONG_CLIP[start : start + 65536] for start in range(0, len(LONG_CLIP), 65536)]
    move_offset = service.move_offset

    def die_before_going_back(session, row, offset_bytes, expires_at):
        if offset_bytes < row.offset_bytes:
            raise OSError("the power is gone")
        move_offset(session, row, offset_bytes, expires_at)

    monkeypatch.setattr(service, "move_offset", die_before_going_back)
    assert rig.patch(upload, 0, iter([*blocks, b"!"])).status_code == 500
    assert CHECKPOINT_BYTES <= rig.offset(upload) <= len(on_disk(upload))


def test_what_arrived_before_the_client_went_away_is_kept(rig, on_disk):
    upload = rig.new_upload(LONG_CLIP)
    half = CHECKPOINT_BYTES + 54_321
    with rig.half_patch(upload, 0, LONG_CLIP[:half], announced=len(LONG_CLIP)):
        until(lambda: len(on_disk(upload)) >= CHECKPOINT_BYTES)
    offset = rig.offset(upload)
    assert CHECKPOINT_BYTES <= offset <= half
    assert on_disk(upload) == LONG_CLIP[:offset]
    assert rig.patch(upload, offset, LONG_CLIP[offset:]).status_code == 204
    assert on_disk(upload) in {LONG_CLIP, b""}  # b"": moved into its session's folder already


def test_a_silent_connection_is_closed_and_what_it_brought_is_kept(rig, on_disk):
    upload = rig.new_upload(CLIP)
    with rig.half_patch(upload, 0, CLIP[:3000], announced=len(CLIP)) as connection:
        assert status_of(connection) == 503
        until(lambda: connection.recv(4096) == b"")
    assert rig.offset(upload) == 3000
    assert on_disk(upload) == CLIP[:3000]


def test_a_slow_connection_is_not_a_silent_one(rig):
    """Each byte in time: the limit is on silence, not on the whole."""
    upload = rig.new_upload(CLIP)
    pause = threading.Event()
    with rig.half_patch(upload, 0, CLIP[:1], announced=5) as connection:
        for byte in range(1, 5):
            pause.wait(0.4)  # the hub closes after 1 s of silence
            connection.sendall(CLIP[byte : byte + 1])
        assert status_of(connection) == 204
    assert rig.offset(upload) == 5


def test_a_disk_that_runs_full_keeps_what_arrived_and_takes_the_rest_later(tmp_path, monkeypatch):
    with LiveHub(tmp_path, upload_checkpoint_bytes=CHECKPOINT_BYTES) as hub:
        hub.add_lab()
        rig = Tus(hub.url, hub.add_rig())
        upload = rig.new_upload(LONG_CLIP)

        def full_after_a_while(hub_parts, more_bytes):
            if path.exists() and path.stat().st_size + more_bytes > room:
                raise GrimaceError(HUB_DISK_FULL, "the test's disk")

        path = hub.parts.storage.incoming_file(upload.rsplit("/", 1)[-1])
        room = CHECKPOINT_BYTES * 2
        with monkeypatch.context() as full:
            full.setattr("hub.uploads.reception.check_space", full_after_a_while)
            answer = rig.patch(upload, 0, LONG_CLIP)
            assert (answer.status_code, answer.json()["code"]) == (507, "E_HUB_DISK_FULL")
            offset = rig.offset(upload)
            assert CHECKPOINT_BYTES <= offset <= room
            assert path.read_bytes() == LONG_CLIP[:offset]
        assert rig.patch(upload, offset, LONG_CLIP[offset:]).status_code == 204


def test_a_connection_that_is_reset_does_no_harm(rig):
    upload = rig.new_upload(CLIP)
    connection = rig.half_patch(upload, 0, CLIP[:10], announced=len(CLIP))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()
    offset = rig.offset(upload)
    assert offset in {0, 10}
    assert rig.patch(upload, offset, CLIP[offset:], {"Content-Type": OFFSET_STREAM}).status_code == 204
