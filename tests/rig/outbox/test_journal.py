"""What the journal promises: declared changes only, all or nothing, and still there after the process is gone."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from rig.outbox.journal import JOURNAL_NAME, Journal, OutboxFile, OutboxSession, set_aside
from rig.outbox.states import STOPPED, TRANSITIONS, WAITING, NoSuchTransition, State
from shared.api import Receipt
from shared.faults import FILE_CHANGED, HUB_UNREACHABLE, TOKEN_REFUSED, GrimaceError
from shared.hashing import sha256_of_bytes

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
UNREACHABLE = GrimaceError(HUB_UNREACHABLE, "no route")


def session_of(number: int = 1, recorded_at: datetime = NOW) -> OutboxSession:
    files = tuple(
        OutboxFile(name, size, mtime_ns=7, sha256=sha256_of_bytes(name.encode()))
        for name, size in (("part-1.mp4", 1000), ("session.json", 10))
    )
    identity = f"0198c1de-0000-7000-8000-{number:012d}"
    return OutboxSession(identity, State.QUEUED, NOW, recorded_at, NOW, files)


def receipt_for(session: OutboxSession) -> Receipt:
    return Receipt(number="R-1", session_id=session.session_id, stored_at=NOW, files=tuple(file.record for file in session.files))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / JOURNAL_NAME


def test_a_session_is_read_back_as_it_was_enlisted_by_the_next_process(path):
    with Journal(path) as journal:
        assert journal.enlist(session_of())
    with Journal(path) as journal:
        assert journal.sessions() == [session_of()]


def test_enlisting_again_changes_nothing(path):
    with Journal(path) as journal:
        journal.enlist(session_of())
        journal.move(session_of().session_id, State.ANNOUNCING, NOW)
        assert not journal.enlist(session_of())
        assert journal.session(session_of().session_id).state is State.ANNOUNCING


def test_the_oldest_recording_comes_first(path):
    with Journal(path) as journal:
        for number, age_h in ((1, 1), (2, 3), (3, 2)):
            journal.enlist(session_of(number, NOW - timedelta(hours=age_h)))
        assert [session.session_id[-1] for session in journal.sessions()] == ["2", "3", "1"]


def test_every_way_through_the_states_ends_where_nothing_is_left_to_do_by_itself():
    assert WAITING.isdisjoint(STOPPED)
    assert frozenset(State) - WAITING - STOPPED == {State.CONFIRMED, State.DELETED}
    assert [before for before in State if State.DELETED in TRANSITIONS[before]] == [State.CONFIRMED]
    assert [before for before in State if State.CONFIRMED in TRANSITIONS[before]] == [State.AWAITING_RECEIPT]


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_a_change_that_is_not_declared_is_refused_and_leaves_the_row(path, before, after):
    with Journal(path) as journal:
        journal.enlist(session_of())
        with sqlite3.connect(path) as other:
            other.execute("UPDATE sessions SET state = ?", (before,))
        if after in TRANSITIONS[before]:
            journal.move(session_of().session_id, after, NOW)
        else:
            with pytest.raises(NoSuchTransition, match=f"{before} -> {after}"):
                journal.move(session_of().session_id, after, NOW)
            after = before
        assert journal.session(session_of().session_id).state is after


def test_a_failed_attempt_is_counted_and_its_reason_ends_with_the_next_step(path):
    until = NOW + timedelta(seconds=8)
    with Journal(path) as journal:
        journal.enlist(session_of())
        journal.defer(session_of().session_id, until, UNREACHABLE)
        journal.defer(session_of().session_id, until, UNREACHABLE)
        deferred = journal.session(session_of().session_id)
        assert (deferred.attempts, deferred.next_try_at, deferred.fault_code) == (2, until, "W_HUB_UNREACHABLE")
        journal.move(session_of().session_id, State.ANNOUNCING, NOW)
        moved = journal.session(session_of().session_id)
        assert (moved.attempts, moved.next_try_at, moved.fault_code, moved.fault_detail) == (2, None, None, "")


def test_a_stopped_session_is_taken_in_anew_and_no_other(path):
    with Journal(path) as journal:
        journal.enlist(session_of())
        with pytest.raises(NoSuchTransition):
            journal.enlist_again(session_of())
        journal.move(session_of().session_id, State.QUARANTINED, NOW, fault=GrimaceError(FILE_CHANGED, "part-1.mp4"))
        assert journal.session(session_of().session_id).fault_detail == "part-1.mp4"
        journal.enlist_again(session_of())
        assert journal.sessions() == [session_of()]


def test_the_progress_of_each_file_is_kept(path):
    with Journal(path) as journal:
        journal.enlist(session_of())
        journal.note_upload(session_of().session_id, "part-1.mp4", "/api/v1/uploads/u", 400)
        journal.note_sent(session_of().session_id, "session.json")
        video, manifest = journal.session(session_of().session_id).files
        assert (video.upload, video.sent_bytes, video.sent) == ("/api/v1/uploads/u", 400, False)
        assert (manifest.upload, manifest.sent_bytes, manifest.sent) == (None, 10, True)


def test_an_unknown_session_is_a_mistake_of_the_caller(path):
    with Journal(path) as journal:
        for call in (lambda: journal.hasten("none"), lambda: journal.session("none"), lambda: journal.note_sent("none", "x")):
            with pytest.raises(KeyError):
                call()


def test_the_hubs_fault_keeps_the_time_of_its_first_appearance(path):
    refused = GrimaceError(TOKEN_REFUSED)
    with Journal(path) as journal:
        assert journal.hub_fault() is None
        journal.note_hub_fault(refused, NOW)
        journal.note_hub_fault(refused, NOW + timedelta(hours=1))
        assert journal.hub_fault().since == NOW
        journal.note_hub_fault(UNREACHABLE, NOW + timedelta(hours=2))
        assert (journal.hub_fault().code, journal.hub_fault().since) == ("W_HUB_UNREACHABLE", NOW + timedelta(hours=2))
        journal.note_hub_fault(None, NOW)
        assert journal.hub_fault() is None


def test_another_process_reads_while_a_change_is_being_written(path):
    with Journal(path) as writer, Journal(path) as reader:
        writer.enlist(session_of())
        with writer._writing():
            writer._db.execute("UPDATE sessions SET attempts = 9")
            assert reader.session(session_of().session_id).attempts == 0
        assert reader.session(session_of().session_id).attempts == 9


def test_a_change_is_on_the_disk_when_the_call_returns(path):
    """SQLite's own guarantee, asked for: write-ahead log, and a sync at every commit."""
    with Journal(path) as journal:
        assert journal._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert journal._db.execute("PRAGMA synchronous").fetchone()[0] == 2


@pytest.mark.parametrize("damage", ["garbage", "torn page", "newer version"])
def test_a_journal_that_cannot_be_read_is_named_and_put_aside(path, damage):
    with Journal(path) as journal:
        for number in range(50):
            journal.enlist(session_of(number))
        journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    match damage:
        case "garbage":
            path.write_bytes(b"no database" * 1000)
        case "torn page":
            with path.open("r+b") as file:
                file.seek(4096)
                file.write(os.urandom(8192))
        case "newer version":
            with sqlite3.connect(path) as other:
                other.execute("PRAGMA user_version = 99")
    with pytest.raises(GrimaceError) as unreadable:
        Journal(path)
    assert unreadable.value.fault.code == "E_OUTBOX"
    assert set_aside(path).exists()
    with Journal(path) as journal:
        assert journal.sessions() == []


WRITES_UNTIL_KILLED = """
import sys
from pathlib import Path
from tests.rig.outbox.test_journal import NOW, State, Journal, session_of
with Journal(Path(sys.argv[1])) as journal:
    for number in range(100000):
        session = session_of(number)
        journal.enlist(session)
        journal.move(session.session_id, State.ANNOUNCING, NOW)
        print(number, flush=True)
"""


@pytest.mark.system
def test_what_was_acknowledged_before_a_kill_is_there_afterwards_and_nothing_is_half_there(path):
    for _ in range(5):
        path.unlink(missing_ok=True)
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITES_UNTIL_KILLED, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(20)]
        writer.kill()
        acknowledged += [int(rest) for rest in writer.stdout if rest.endswith("\n")]
        writer.wait()
        with Journal(path) as journal:
            kept = journal.sessions()
        assert {int(session.session_id[-12:]) for session in kept if session.state is State.ANNOUNCING} >= set(acknowledged)
        assert all(len(session.files) == 2 for session in kept)


@pytest.mark.system
def test_processes_that_create_the_journal_at_once_do_not_disturb_each_other(path):
    opens = f"from pathlib import Path; from rig.outbox.journal import Journal; Journal(Path({str(path)!r})).session_ids()"
    several = [subprocess.Popen([sys.executable, "-c", opens], stderr=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(4)]
    assert [process.communicate()[1] for process in several] == [""] * 4


class AnyHistory(RuleBasedStateMachine):
    """Whatever is asked in whatever order, the journal equals a plain dictionary, across reopening."""

    sessions = Bundle("sessions")

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="grimace-journal-"))
        self.journal = Journal(self.folder / JOURNAL_NAME)
        self.states: dict[str, State] = {}
        self.attempts: dict[str, int] = {}

    @rule(target=sessions, number=st.integers(0, 5))
    def enlist(self, number: int) -> OutboxSession:
        session = session_of(number)
        assert self.journal.enlist(session) is (session.session_id not in self.states)
        self.states.setdefault(session.session_id, State.QUEUED)
        self.attempts.setdefault(session.session_id, 0)
        return session

    @rule(session=sessions, to=st.sampled_from(State))
    def move(self, session: OutboxSession, to: State) -> None:
        if to in TRANSITIONS[self.states[session.session_id]]:
            self.journal.move(session.session_id, to, NOW)
            self.states[session.session_id] = to
        else:
            with pytest.raises(NoSuchTransition):
                self.journal.move(session.session_id, to, NOW)

    @rule(session=sessions)
    def confirm(self, session: OutboxSession) -> None:
        if self.states[session.session_id] is not State.AWAITING_RECEIPT:
            with pytest.raises(NoSuchTransition):
                self.journal.confirm(session.session_id, receipt_for(session), NOW)
            return
        self.journal.confirm(session.session_id, receipt_for(session), NOW)
        self.states[session.session_id], self.attempts[session.session_id] = State.CONFIRMED, 0

    @rule(session=sessions)
    def defer(self, session: OutboxSession) -> None:
        self.journal.defer(session.session_id, NOW, UNREACHABLE)
        self.attempts[session.session_id] += 1

    @rule(session=sessions)
    def enlist_again(self, session: OutboxSession) -> None:
        if self.states[session.session_id] in STOPPED:
            self.journal.enlist_again(session)
            self.states[session.session_id], self.attempts[session.session_id] = State.QUEUED, 0

    @rule()
    def reopen(self) -> None:
        self.journal.__exit__()
        self.journal = Journal(self.folder / JOURNAL_NAME)

    @invariant()
    def equals_the_model(self) -> None:
        if not hasattr(self, "journal"):
            return
        kept = {session.session_id: session for session in self.journal.sessions()}
        assert {name: session.state for name, session in kept.items()} == self.states
        assert {name: session.attempts for name, session in kept.items()} == self.attempts
        assert all(len(session.files) == 2 for session in kept.values())

    def teardown(self) -> None:
        self.journal.__exit__()
        shutil.rmtree(self.folder)


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
