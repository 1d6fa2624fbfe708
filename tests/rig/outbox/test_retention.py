"""When a recording may be deleted on the rig, and that a crash in the middle does no harm."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.outbox.enlist import enlist_new_sessions
from rig.outbox.journal import Journal, OutboxFile, OutboxSession
from rig.outbox.retention import RetentionRule, Shelf, check_receipt, is_proven, to_delete
from rig.outbox.states import State
from shared.api import Receipt
from shared.faults import GrimaceError
from shared.hashing import sha256_of_bytes
from tests.sealed_sessions import seal_session

NOW = datetime(2026, 3, 20, tzinfo=UTC)
KEEP = timedelta(days=14)
ROOM_ENOUGH, NO_ROOM = 1000, 0
RULE = RetentionRule(keep=KEEP, min_free_bytes=500)
OTHER_HASH = sha256_of_bytes(b"other")


def confirmed(age: timedelta, number: int = 1, size_bytes: int = 100) -> OutboxSession:
    """A session that the hub confirmed so long ago."""
    identity = f"0198c1de-0000-7000-8000-{number:012d}"
    files = (OutboxFile("part-1.mp4", size_bytes, 0, sha256_of_bytes(b"video")), OutboxFile("session.json", 1, 0, "0" * 64))
    receipt = Receipt(number="R-1", session_id=identity, stored_at=NOW - age, files=tuple(file.record for file in files))
    recorded_at = NOW - age - timedelta(hours=1)
    return OutboxSession(identity, State.CONFIRMED, NOW - age, recorded_at, recorded_at, files, receipt=receipt)


OLD, FRESH = confirmed(timedelta(days=15)), confirmed(timedelta(days=13))


def with_receipt(session: OutboxSession, **changes: object) -> OutboxSession:
    assert session.receipt is not None
    return replace(session, receipt=session.receipt.model_copy(update=changes))


def with_other_hash(session: OutboxSession) -> OutboxSession:
    assert session.receipt is not None
    video, manifest = session.receipt.files
    return with_receipt(session, files=(video.model_copy(update={"sha256": OTHER_HASH}), manifest))


@pytest.mark.parametrize(
    ("what", "session", "free_bytes", "goes"),
    [
        ("proven, of age", OLD, ROOM_ENOUGH, True),
        ("proven, of age, no room", OLD, NO_ROOM, True),
        ("proven, young", FRESH, ROOM_ENOUGH, False),
        ("proven, young, no room: only the age is shortened", FRESH, NO_ROOM, True),
        ("no receipt", replace(OLD, receipt=None), ROOM_ENOUGH, False),
        ("no receipt, no room", replace(OLD, receipt=None), NO_ROOM, False),
        ("a hash differs", with_other_hash(OLD), NO_ROOM, False),
        ("a file is not on the receipt", with_receipt(OLD, files=OLD.receipt.files[:1]), NO_ROOM, False),
        ("an empty receipt", with_receipt(OLD, files=()), NO_ROOM, False),
        ("another session's receipt", with_receipt(OLD, session_id="0198c1de-0000-7000-8000-00000000000f"), NO_ROOM, False),
        *(
            (f"{state}, whatever the receipt", replace(OLD, state=state), NO_ROOM, False)
            for state in State
            if state != "confirmed"
        ),
        ("exactly of age", confirmed(KEEP), ROOM_ENOUGH, True),
        ("stored in the hub's future: its clock or ours is wrong", confirmed(-timedelta(days=1)), ROOM_ENOUGH, False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_truth_table_of_retention(what, session, free_bytes, goes):
    assert (to_delete([session], RULE, NOW, free_bytes) == [session]) is goes


def test_a_rig_that_confirmed_with_its_clock_in_the_past_counts_from_the_hubs_time():
    born_in_1970 = replace(FRESH, state_since=datetime(1970, 1, 1, tzinfo=UTC))
    assert to_delete([born_in_1970], RULE, NOW, ROOM_ENOUGH) == []


def test_under_pressure_the_oldest_go_first_and_no_more_than_needed():
    newest_first = [confirmed(timedelta(days=age), number=age, size_bytes=200) for age in (1, 2, 3, 4)]
    assert to_delete(newest_first, RULE, NOW, free_bytes=200) == [newest_first[3], newest_first[2]]


@given(
    states=st.lists(st.tuples(st.sampled_from(State), st.booleans(), st.integers(0, 30)), max_size=6),
    free_bytes=st.integers(0, 1000),
)
def test_nothing_without_a_matching_receipt_is_ever_chosen(states, free_bytes):
    sessions = [
        replace(session if matching else with_other_hash(session), state=state)
        for number, (state, matching, age) in enumerate(states)
        for session in [confirmed(timedelta(days=age), number)]
    ]
    chosen = to_delete(sessions, RULE, NOW, free_bytes)
    assert all(session.state is State.CONFIRMED and is_proven(session) for session in chosen)
    assert {session.session_id for session in sessions if is_proven(session) and NOW - session.state_since >= KEEP} <= {
        session.session_id for session in chosen
    }


def test_a_receipt_that_differs_names_the_files():
    assert OLD.receipt is not None
    with pytest.raises(GrimaceError, match=r"differs in part-1\.mp4"):
        check_receipt(with_other_hash(OLD).receipt, OLD.session_id, (file.record for file in OLD.files))


class Crash(BaseException):
    """The power goes off here."""


@pytest.fixture
def rig(tmp_path: Path):
    """A rig with one confirmed session: its shelf, journal and the session."""
    shelf = Shelf(tmp_path / "sessions", tmp_path / "receipts", tmp_path / "trash")
    folder = seal_session(shelf.sessions_folder)
    with Journal(tmp_path / "outbox.sqlite") as journal:
        (session,) = enlist_new_sessions(shelf.sessions_folder, journal, NOW)
        for state in (State.ANNOUNCING, State.UPLOADING, State.AWAITING_RECEIPT):
            journal.move(session.session_id, state, NOW)
        files = tuple(file.record for file in session.files)
        journal.confirm(folder.name, Receipt(number="R-7", session_id=folder.name, stored_at=NOW, files=files), NOW)
        yield shelf, journal, journal.session(folder.name)


def test_a_deleted_session_leaves_its_receipt_and_its_row(rig):
    shelf, journal, session = rig
    shelf.delete(session, journal, NOW)
    assert list(shelf.sessions_folder.iterdir()) == []
    assert not shelf.trash_folder.exists()
    assert Receipt.read(shelf.receipts_folder / f"{session.session_id}.json") == session.receipt
    assert journal.session(session.session_id).state is State.DELETED


@pytest.mark.parametrize(
    ("dies_in", "state", "folder_is_whole"),
    [
        ("shared.api.Receipt.write", State.CONFIRMED, True),
        ("rig.outbox.journal.Journal.move", State.CONFIRMED, True),
        ("pathlib.Path.rename", State.DELETED, True),
        ("rig.outbox.retention.sync_directory", State.DELETED, False),
        ("shutil.rmtree", State.DELETED, False),
    ],
)
def test_a_crash_during_deletion_is_made_up_for(rig, monkeypatch, dies_in, state, folder_is_whole):
    shelf, journal, session = rig

    def crash(*_: object, **__: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(dies_in, crash)
        with pytest.raises(Crash):
            shelf.delete(session, journal, NOW)
    assert journal.session(session.session_id).state is state
    folder = shelf.sessions_folder / session.session_id
    assert folder.exists() is folder_is_whole
    if folder_is_whole:
        assert {path.name for path in folder.iterdir()} >= {file.name for file in session.files}

    shelf.finish_deletions(journal)
    if state is State.CONFIRMED:
        shelf.delete(journal.session(session.session_id), journal, NOW)
    assert not folder.exists()
    assert not shelf.trash_folder.exists()
    assert Receipt.read(shelf.receipts_folder / f"{session.session_id}.json") == session.receipt
    assert enlist_new_sessions(shelf.sessions_folder, journal, NOW) == []
