"""A session's way from the outbox to a real hub's receipt."""

from __future__ import annotations

import json
import sqlite3

from rig.outbox.journal import JOURNAL_NAME, Journal
from rig.outbox.states import State
from rig.upload.commands import report_queue
from shared.api import Receipt, SessionState
from shared.hashing import sha256_of_file
from shared.manifest import MANIFEST_NAME
from tests.rig.upload.fault_proxy import Fault, FaultProxy
from tests.rig.upload.upload_rig import VIDEO_NEVER_BEGINS, encoded, flip_a_bit, unknown_to_hub


def test_a_session_gets_to_the_hub_and_its_receipt_lies_beside_it(rig, known_rig):
    folder = rig.seal()
    confirmed = rig.until_state(folder, State.CONFIRMED)
    sent = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "receipt.json"}
    assert known_rig.stored(folder.name) == sent
    receipt = Receipt.read(folder / "receipt.json")
    assert confirmed.receipt == receipt
    assert {file.name: file.sha256 for file in receipt.files} == {name: sha256_of_file(folder / name) for name in sent}
    assert rig.hub.session(folder.name).state is SessionState.STORED


def test_a_confirmed_session_is_left_alone(proxied):
    rig, proxy = proxied
    rig.until_state(rig.seal(), State.CONFIRMED)
    connections, sent_bytes = proxy.connections, proxy.bytes_to_hub
    for _ in range(3):
        rig.uploader.run_once()
    assert (proxy.connections, proxy.bytes_to_hub) == (connections, sent_bytes)


def test_small_files_go_first(proxied):
    rig, proxy = proxied
    proxy.always = VIDEO_NEVER_BEGINS
    folder = rig.seal()
    rig.until_fault(folder, "W_HUB_UNREACHABLE")
    assert {file.name: file.sent for file in rig.row(folder).files} == {
        "part-1.mp4": False,
        "frames.csv": True,
        "packets.csv": True,
        "events.jsonl": True,
        "session.json": True,
    }


def test_a_file_that_changed_is_never_sent_nor_anything_of_its_session(rig):
    folder = rig.seal()
    flip_a_bit(folder / "part-1.mp4")
    kept_back = rig.until_state(folder, State.QUARANTINED)
    assert kept_back.fault_code == "E_FILE_CHANGED"
    assert "part-1.mp4" in kept_back.fault_detail
    assert unknown_to_hub(rig, folder)


def test_a_file_that_changes_after_the_announcement_is_not_sent_any_more(proxied, known_rig):
    rig, proxy = proxied
    proxy.always = VIDEO_NEVER_BEGINS
    folder = rig.seal()
    rig.until_fault(folder, "W_HUB_UNREACHABLE")
    flip_a_bit(folder / "part-1.mp4")
    proxy.always = Fault()
    assert rig.until_state(folder, State.QUARANTINED).fault_code == "E_FILE_CHANGED"
    assert known_rig.stored(folder.name) == {}


def test_a_session_that_the_hub_finds_unfit_is_refused_with_the_hubs_reason_and_kept(rig):
    folder = rig.seal()
    manifest = json.loads((folder / MANIFEST_NAME).read_text())
    manifest["counts"] |= {"written": 29, "expected": 29}
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest))
    refused = rig.until_state(folder, State.REFUSED)
    assert refused.fault_code == "E_MANIFEST"
    assert "29" in refused.fault_detail
    rig.clock.advance(365 * 86400)
    rig.uploader.tidy()
    assert (folder / "part-1.mp4").exists()


def test_a_session_that_was_announced_with_other_content_is_refused(rig):
    folder = rig.seal()
    rig.until_state(folder, State.CONFIRMED)
    other = rig.seal(animal="m2")
    manifest = json.loads((other / MANIFEST_NAME).read_text()) | {"session_id": folder.name}
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest))
    rig.journal.__exit__()
    (rig.settings.data_folder / JOURNAL_NAME).unlink()
    rig.journal = Journal(rig.settings.data_folder / JOURNAL_NAME)
    rig.uploader = rig.new_uploader()
    assert rig.until_state(folder, State.REFUSED).fault_code == "E_SESSION_CONFLICT"


def test_a_hub_that_lost_the_session_gets_it_again(proxied, known_rig):
    rig, proxy = proxied
    folder = rig.seal()
    proxy.always = VIDEO_NEVER_BEGINS
    rig.until_fault(folder, "W_HUB_UNREACHABLE")
    proxy.always = Fault()
    with sqlite3.connect(known_rig.hub.folder / "hub" / "hub.sqlite", timeout=10) as database:
        (row,) = database.execute("SELECT id FROM sessions WHERE uid = ?", (folder.name,)).fetchone()
        database.execute("DELETE FROM uploads WHERE file_id IN (SELECT id FROM session_files WHERE session_id = ?)", (row,))
        database.execute("DELETE FROM session_files WHERE session_id = ?", (row,))
        database.execute("DELETE FROM sessions WHERE id = ?", (row,))
    rig.until_state(folder, State.CONFIRMED)


def test_a_file_that_arrived_damaged_is_sent_again(rig, known_rig):
    """Somebody else's bytes complete the upload; the hub reads them back, finds the wrong hash and asks again."""
    folder = rig.seal()
    video = folder / "part-1.mp4"
    with FaultProxy(known_rig.url) as proxy:
        proxy.always = VIDEO_NEVER_BEGINS
        hub = rig.settings.hub.model_copy(update={"url": proxy.url})
        rig.new_uploader(hub=hub).run_once()
    assert rig.row(folder).state is State.UPLOADING
    metadata = f"session {encoded(folder.name)},filename {encoded(video.name)}"
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(video.stat().st_size), "Upload-Metadata": metadata}
    created = rig.hub.request("POST", "/api/v1/uploads", headers=headers)
    garbage = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    rig.hub.request("PATCH", created.headers["Location"], headers=garbage, body=bytes(video.stat().st_size))

    rig.until_state(folder, State.CONFIRMED)
    assert known_rig.stored(folder.name)[video.name] == video.read_bytes()


def test_without_a_hub_sessions_are_enlisted_and_kept(rig):
    rig.settings = rig.settings.model_copy(update={"hub": None})
    folder = rig.seal()
    rig.new_uploader().run_once()
    assert rig.row(folder).state is State.QUEUED
    assert report_queue(rig.settings).hub_url is None


def test_a_session_that_the_disk_did_not_let_be_read_is_sent_when_it_does(rig):
    folder = rig.seal()
    manifest = (folder / MANIFEST_NAME).read_bytes()
    (folder / MANIFEST_NAME).unlink()
    (folder / MANIFEST_NAME).mkdir()  # reading it fails, for root too
    failed = rig.until_fault(folder, "E_DISK")
    assert (failed.state, failed.files) == (State.QUEUED, ())
    (folder / MANIFEST_NAME).rmdir()
    (folder / MANIFEST_NAME).write_bytes(manifest)
    rig.until_state(folder, State.CONFIRMED)
