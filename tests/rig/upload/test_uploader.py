"""Sessions from the outbox to a real hub's receipt, and what becomes of those that cannot get there."""

from __future__ import annotations

import io
import json
import sqlite3
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from rig.outbox.journal import JOURNAL_NAME, Journal, OutboxSession
from rig.outbox.states import State
from rig.settings import HubSettings, RetentionSettings, RigSettings, UploadSettings
from rig.upload.commands import QueueReport, report_queue, retry_session, show_queue
from rig.upload.heartbeat import HeartbeatThread
from rig.upload.process import connect_to_hub, open_journal
from rig.upload.uploader import Uploader
from shared.api import Receipt, SessionState
from shared.client import Hub, HubRefused
from shared.clock import ManualClock
from shared.faults import TOKEN_REFUSED, GrimaceError
from shared.hashing import sha256_of_file
from shared.manifest import MANIFEST_NAME
from tests.processes import until, unused_port
from tests.rig.upload.conftest import KnownRig, start_hub
from tests.rig.upload.fault_proxy import Fault, FaultProxy
from tests.sealed_sessions import RECORDED_AT, seal_session

VIDEO_NEVER_BEGINS = Fault(drop_on=b64encode(b"part-1.mp4"))
"""Kills the connection that creates the video's upload: its metadata name the file."""


class Rig:
    """A rig's data folder and uploader. Time passes only between its looks, so pauses cost the test nothing."""

    def __init__(self, folder: Path, url: str, token: str) -> None:
        self.token_file = folder / "token"
        self.token_file.write_text(token + "\n")
        self.settings = RigSettings(
            rig_id="rig-1",
            data_folder=folder / "data",
            hub=HubSettings(url=url, token_file=self.token_file),
            upload=UploadSettings(chunk_bytes=64 * 1024),
            retention=RetentionSettings(keep_days=14, min_free_bytes=0),
        )
        self.settings.data_folder.mkdir()
        self.journal = Journal(self.settings.data_folder / JOURNAL_NAME)
        self.clock = ManualClock(datetime.now(UTC))
        self.hub = Hub(url, token)
        self.uploader = self.new_uploader()

    def new_uploader(self) -> Uploader:
        """As after a restart of the process."""
        hub = self.settings.hub
        assert hub is not None
        return Uploader(self.settings, self.journal, lambda: connect_to_hub(hub), self.clock, pause=self.clock.advance)

    def seal(self, age_h: float = 0, **changes: object) -> Path:
        return seal_session(self.settings.sessions_folder, recorded_at=RECORDED_AT - timedelta(hours=age_h), **changes)

    def row(self, folder: Path) -> OutboxSession:
        return self.journal.session(folder.name)

    def until(self, condition: Callable[[], bool]) -> None:
        """Let the uploader look again and again; the hub's own work takes real time."""

        def look() -> bool:
            self.uploader.run_once()
            self.clock.advance(5)
            return condition()

        until(look)

    def until_state(self, folder: Path, state: State) -> OutboxSession:
        self.until(lambda: self.row(folder).state is state)
        return self.row(folder)

    def until_fault(self, folder: Path, code: str) -> OutboxSession:
        self.until(lambda: self.row(folder).fault_code == code)
        return self.row(folder)


@pytest.fixture
def rig(known_rig: KnownRig, tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path, known_rig.url, known_rig.token)
    yield rig
    rig.journal.__exit__()


@pytest.fixture
def proxied(known_rig: KnownRig, tmp_path: Path) -> Iterator[tuple[Rig, FaultProxy]]:
    with FaultProxy(known_rig.url) as proxy:
        rig = Rig(tmp_path, proxy.url, known_rig.token)
        yield rig, proxy
        rig.journal.__exit__()


def unknown_to_hub(rig: Rig, folder: Path) -> bool:
    try:
        rig.hub.session(folder.name)
    except HubRefused as error:
        return error.fault.code == "E_NOT_FOUND"
    return False


def last_heartbeat(known_rig: KnownRig, with_fault: str) -> dict[str, object] | None:
    """What the hub heard last from the rig, if it tells of that fault; other tests' uploaders speak to the same hub."""
    with sqlite3.connect(known_rig.hub.folder / "hub" / "hub.sqlite", timeout=10) as database:
        (told,) = database.execute("SELECT last_heartbeat FROM rigs").fetchone()
    heartbeat = json.loads(told) if told else None
    return heartbeat if heartbeat and with_fault in heartbeat["faults"] else None


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def encoded(text: str) -> str:
    """As tus's Upload-Metadata wants it."""
    return b64encode(text.encode()).decode()


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


def test_broken_sessions_do_not_block_the_next(proxied):
    rig, proxy = proxied
    changed, unreadable, poison, good = (rig.seal(age_h=age_h) for age_h in (4, 3, 2, 1))
    flip_a_bit(changed / "part-1.mp4")
    (unreadable / MANIFEST_NAME).write_bytes(b"{")
    proxy.always = Fault(drop_on=poison.name.encode())  # whatever names this session kills its connection
    rig.until_state(good, State.CONFIRMED)
    assert [rig.row(folder).fault_code for folder in (changed, unreadable, poison)] == [
        "E_FILE_CHANGED",
        "E_MANIFEST",
        "W_HUB_UNREACHABLE",
    ]
    assert rig.row(poison).state is State.ANNOUNCING
    proxy.always = Fault()
    rig.until_state(poison, State.CONFIRMED)


def test_a_mistake_of_ours_with_one_session_does_not_block_the_next(rig, monkeypatch):
    broken, good = rig.seal(age_h=2), rig.seal(age_h=1)
    check = rig.uploader._seals.check
    monkeypatch.setattr(rig.uploader._seals, "check", lambda at, file: 1 / 0 if at == broken else check(at, file))
    rig.until_state(good, State.CONFIRMED)
    assert rig.row(broken).fault_code == "E_UPLOAD"
    assert "ZeroDivisionError" in rig.row(broken).fault_detail


def test_a_refused_token_is_shown_and_a_new_one_is_taken_without_a_restart(rig, known_rig):
    rig.token_file.write_text("grimace_rig_not-a-token")
    folder = rig.seal()
    rig.until(lambda: rig.journal.hub_fault() is not None)
    fault = rig.journal.hub_fault()
    assert fault.code == "E_TOKEN_REFUSED"
    assert rig.row(folder).attempts == 0
    assert unknown_to_hub(rig, folder)
    rig.token_file.write_text(known_rig.token)
    rig.until_state(folder, State.CONFIRMED)
    assert rig.journal.hub_fault() is None


def test_a_missing_token_file_is_a_refused_token(rig):
    rig.token_file.unlink()
    rig.seal()
    rig.uploader.run_once()
    fault = rig.journal.hub_fault()
    assert fault.code == "E_TOKEN_REFUSED"
    assert "No such file" in fault.detail


def test_a_refused_token_is_tried_once_a_minute_and_not_more(proxied):
    rig, proxy = proxied
    rig.token_file.write_text("grimace_rig_not-a-token")
    for number in range(3):
        rig.seal(age_h=number)
    for _ in range(120):
        rig.uploader.run_once()
        rig.clock.advance(1)
    assert proxy.connections == 2


def test_a_hub_that_is_away_is_asked_ever_less_and_the_count_survives_a_restart(rig, known_rig):
    hub = rig.settings.hub.model_copy(update={"url": f"http://127.0.0.1:{unused_port()}"})
    rig.settings = rig.settings.model_copy(update={"hub": hub})
    rig.uploader = rig.new_uploader()
    folder = rig.seal()
    tries = 0
    attempts = 0
    for _ in range(600):
        rig.uploader.run_once()
        rig.clock.advance(1)
        tries, attempts = tries + (rig.row(folder).attempts > attempts), rig.row(folder).attempts
    assert 10 <= tries <= 25  # 1, 2, 4, … 60 s with jitter, for ten minutes
    assert rig.journal.hub_fault().code == "W_HUB_UNREACHABLE"
    rig.uploader.run_once()
    before = rig.row(folder)
    assert before.next_try_at > rig.clock.now()
    rig.uploader = rig.new_uploader()
    rig.uploader.run_once()
    assert rig.row(folder) == before


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
        through = RigSettings(**{**dict(rig.settings), "hub": hub})
        Uploader(through, rig.journal, lambda: connect_to_hub(hub), rig.clock, pause=rig.clock.advance).run_once()
    assert rig.row(folder).state is State.UPLOADING
    metadata = f"session {encoded(folder.name)},filename {encoded(video.name)}"
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(video.stat().st_size), "Upload-Metadata": metadata}
    created = rig.hub.request("POST", "/api/v1/uploads", headers=headers)
    garbage = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    rig.hub.request("PATCH", created.headers["Location"], headers=garbage, body=bytes(video.stat().st_size))

    rig.until_state(folder, State.CONFIRMED)
    assert known_rig.stored(folder.name)[video.name] == video.read_bytes()


def test_a_confirmed_session_is_deleted_after_its_time_and_its_receipt_stays(rig):
    folder = rig.seal()
    rig.until_state(folder, State.CONFIRMED)
    rig.clock.advance(13 * 86400)
    rig.uploader.tidy()
    assert folder.exists()
    rig.clock.advance(86400 + 3600)
    rig.uploader.tidy()
    assert not folder.exists()
    assert rig.row(folder).state is State.DELETED
    receipt = Receipt.read(rig.settings.data_folder / "receipts" / f"{folder.name}.json")
    assert receipt == rig.hub.session(folder.name).receipt


def test_without_a_hub_sessions_are_enlisted_and_kept(rig):
    rig.settings = rig.settings.model_copy(update={"hub": None})
    folder = rig.seal()
    uploader = Uploader(rig.settings, rig.journal, lambda: pytest.fail("there is no hub"), rig.clock)
    uploader.run_once()
    assert rig.row(folder).state is State.QUEUED
    assert report_queue(rig.settings).hub_url is None


def test_the_heartbeat_tells_the_hub_what_waits(rig, known_rig):
    changed = rig.seal(age_h=1)
    flip_a_bit(changed / "part-1.mp4")
    rig.until_state(changed, State.QUARANTINED)
    waiting = rig.seal()
    without_hub = rig.settings.model_copy(update={"hub": None})
    Uploader(without_hub, rig.journal, lambda: pytest.fail("there is no hub"), rig.clock).run_once()
    hub = rig.settings.hub
    thread = HeartbeatThread(rig.settings.data_folder, rig.settings.data_folder / JOURNAL_NAME, lambda: connect_to_hub(hub), 0.1)
    thread.start()
    heartbeat = until(lambda: last_heartbeat(known_rig, with_fault="E_FILE_CHANGED"))
    thread.stop()
    thread.join(20)
    assert heartbeat["queued_sessions"] == 1
    assert heartbeat["queued_bytes"] == rig.row(waiting).size_bytes
    assert heartbeat["phase"] == "unknown"
    assert heartbeat["faults"] == ["E_FILE_CHANGED", "E_RIG_DOWN"]


def test_a_heartbeat_that_was_impossible_is_followed_by_the_next(tmp_path, caplog):
    asked = threading.Event()

    def connect() -> Hub:
        asked.set()
        raise GrimaceError(TOKEN_REFUSED)

    thread = HeartbeatThread(tmp_path / "data", tmp_path / JOURNAL_NAME, connect, every_s=0.01)
    thread.start()
    until(lambda: "no heartbeat" in caplog.text)
    (tmp_path / "data").mkdir()
    assert asked.wait(20)
    thread.stop()
    thread.join(20)


def test_the_queue_says_in_words_what_waits_and_what_to_do(rig):
    changed = rig.seal(age_h=1)
    flip_a_bit(changed / "part-1.mp4")
    rig.until_state(changed, State.QUARANTINED)
    rig.token_file.unlink()
    waiting = rig.seal()
    rig.uploader = rig.new_uploader()
    rig.uploader.run_once()
    rig.clock.advance(3 * 3600)

    shown = io.StringIO()
    show_queue(rig.settings, rig.clock, Console(file=shown, width=200))
    for words in (
        "The uploader is not running: nothing is being sent.",
        "The hub does not accept the token, for 3 h now",
        "1 waiting, 0.3 MB to send; the oldest for 3 h",
        "1 stopped: somebody has to look at them",
        "kept back: not what was sealed",
        "waiting to be sent",
        changed.name,
        waiting.name,
        "A file of a sealed session changed on the disk",
        "→ The session is quarantined and not uploaded.",
    ):
        assert words in " ".join(shown.getvalue().split()), shown.getvalue()

    printed = io.StringIO()
    show_queue(rig.settings, rig.clock, Console(file=printed, width=40), as_json=True)
    report = QueueReport.model_validate_json(printed.getvalue())
    assert report == report_queue(rig.settings)
    assert [session.session_id for session in report.stopped] == [changed.name]


def test_a_kept_back_session_whose_file_was_restored_is_sent_after_retry(rig):
    folder = rig.seal()
    whole = (folder / "part-1.mp4").read_bytes()
    flip_a_bit(folder / "part-1.mp4")
    rig.until_state(folder, State.QUARANTINED)
    (folder / "part-1.mp4").write_bytes(whole)
    assert retry_session(rig.settings, folder.name[:8], rig.clock).state is State.QUEUED
    rig.until_state(folder, State.CONFIRMED)
    with pytest.raises(GrimaceError) as needless:
        retry_session(rig.settings, folder.name, rig.clock)
    assert needless.value.fault.code == "E_UPLOADED"
    with pytest.raises(GrimaceError, match="0 sessions of the outbox begin with nothing"):
        retry_session(rig.settings, "nothing", rig.clock)


def test_retry_makes_a_waiting_session_due_at_once(rig):
    folder = rig.seal()
    with FaultProxy(rig.settings.hub.url, always=Fault(drop_after_bytes=0)) as proxy:
        hub = rig.settings.hub.model_copy(update={"url": proxy.url})
        Uploader(rig.settings, rig.journal, lambda: connect_to_hub(hub), rig.clock, pause=rig.clock.advance).run_once()
    assert rig.row(folder).next_try_at is not None
    retry_session(rig.settings, folder.name, rig.clock)
    assert (rig.row(folder).next_try_at, rig.row(folder).attempts) == (None, 0)


@pytest.mark.system
def test_a_full_hub_gets_the_rest_when_it_has_space_again(tmp_path):
    full = start_hub(tmp_path / "full", free_bytes_reserve=10**15)
    rig = Rig(tmp_path, full.url, full.token)
    try:
        folder = rig.seal()
        waiting = rig.until_fault(folder, "E_HUB_DISK_FULL")
        assert waiting.state is State.UPLOADING
        assert waiting.next_try_at is not None
        full.hub.kill()
        full.hub.environment = {**full.hub.environment, "GRIMACE_HUB_FREE_BYTES_RESERVE": "0"}
        full.hub.start()
        rig.until_state(folder, State.CONFIRMED)
    finally:
        rig.journal.__exit__()
        full.hub.stop()


def test_a_journal_that_was_destroyed_is_built_anew_and_nothing_is_sent_twice(proxied):
    rig, proxy = proxied
    folder = rig.seal()
    receipt = rig.until_state(folder, State.CONFIRMED).receipt
    sent_bytes = proxy.bytes_to_hub
    rig.journal.__exit__()
    path = rig.settings.data_folder / JOURNAL_NAME
    path.write_bytes(b"no database" * 1000)
    rig.journal = open_journal(path)
    rig.uploader = rig.new_uploader()
    assert rig.until_state(folder, State.CONFIRMED).receipt == receipt
    assert proxy.bytes_to_hub - sent_bytes < 10_000
    assert path.with_name(f"{JOURNAL_NAME}.unreadable").exists()


class Crash(BaseException):
    """The process dies here."""


LONGEST_LIFE_WRITES = 9
"""One more than the longest step needs, so that every step succeeds in some life."""


@pytest.mark.parametrize("on_disk", [False, True], ids=["before-the-write", "after-the-write"])
def test_a_crash_at_any_write_of_the_journal_is_made_up_for(rig, known_rig, monkeypatch, on_disk):
    folder = rig.seal()
    write = Journal._writing
    writes_to_live = 0

    @contextmanager
    def mortal(journal: Journal) -> Iterator[None]:
        nonlocal writes_to_live
        writes_to_live -= 1
        if writes_to_live == 0 and not on_disk:
            raise Crash
        with write(journal):
            yield
        if writes_to_live == 0:
            raise Crash

    monkeypatch.setattr(Journal, "_writing", mortal)
    deaths = 0

    def live_and_die() -> bool:
        nonlocal deaths, writes_to_live
        writes_to_live = deaths % LONGEST_LIFE_WRITES + 1  # the next life dies in another place
        try:
            rig.uploader.run_once()
        except Crash:
            deaths += 1
            rig.uploader = rig.new_uploader()
        rig.clock.advance(5)
        return folder.name in rig.journal.session_ids() and rig.row(folder).state is State.CONFIRMED

    until(live_and_die)
    assert deaths >= 5
    assert Receipt.read(folder / "receipt.json") == rig.row(folder).receipt == rig.hub.session(folder.name).receipt
    assert known_rig.stored(folder.name)["part-1.mp4"] == (folder / "part-1.mp4").read_bytes()
