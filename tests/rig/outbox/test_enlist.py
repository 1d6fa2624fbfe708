"""Which folders the outbox takes in, and what it thinks of them."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rig.outbox.enlist import enlist_new_sessions, examine_session
from rig.outbox.integrity import SealCheck
from rig.outbox.journal import Journal
from rig.outbox.states import State
from rig.selftest.marking import SELF_TEST_STUDY
from shared.faults import GrimaceError
from shared.hashing import sha256_of_file
from shared.manifest import MANIFEST_NAME
from tests.sealed_sessions import RECORDED_AT, seal_session

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "outbox.sqlite") as journal:
        yield journal


@pytest.fixture
def sessions_folder(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


def rewrite_manifest(folder: Path, **changes: object) -> None:
    content = json.loads((folder / MANIFEST_NAME).read_text())
    (folder / MANIFEST_NAME).write_text(json.dumps({**content, **changes}))


def test_a_sealed_session_is_taken_in_with_every_file_and_the_manifest_itself(sessions_folder, journal):
    folder = seal_session(sessions_folder)
    (taken,) = enlist_new_sessions(sessions_folder, journal, NOW)
    assert journal.sessions() == [taken]
    assert (taken.state, taken.recorded_at, taken.enlisted_at) == (State.QUEUED, RECORDED_AT, NOW)
    assert [file.name for file in taken.files] == ["part-1.mp4", "frames.csv", "packets.csv", "events.jsonl", "session.json"]
    for file in taken.files:
        status = (folder / file.name).stat()
        assert (file.size_bytes, file.mtime_ns) == (status.st_size, status.st_mtime_ns)
        assert file.sha256 == sha256_of_file(folder / file.name)


def test_a_session_is_taken_in_once(sessions_folder, journal):
    seal_session(sessions_folder)
    assert len(enlist_new_sessions(sessions_folder, journal, NOW)) == 1
    assert enlist_new_sessions(sessions_folder, journal, NOW) == []


def test_what_is_not_sealed_is_left_alone(sessions_folder, journal):
    unsealed = seal_session(sessions_folder)
    (unsealed / MANIFEST_NAME).rename(unsealed / f"{MANIFEST_NAME}.part")
    somebodys_copy = seal_session(sessions_folder)
    somebodys_copy.rename(sessions_folder / "copy of monday")
    assert enlist_new_sessions(sessions_folder, journal, NOW) == []
    assert enlist_new_sessions(sessions_folder / "not there yet", journal, NOW) == []


def test_a_missing_file_quarantines_the_session(sessions_folder):
    folder = seal_session(sessions_folder)
    (folder / "frames.csv").unlink()
    found = examine_session(folder, NOW)
    assert (found.state, found.fault_code, found.fault_detail) == (State.QUARANTINED, "E_FILE_CHANGED", "frames.csv is missing")


def test_a_file_that_a_power_cut_left_empty_quarantines_the_session(sessions_folder):
    folder = seal_session(sessions_folder)
    (folder / "part-1.mp4").write_bytes(b"")
    found = examine_session(folder, NOW)
    assert (found.state, found.fault_code) == (State.QUARANTINED, "E_FILE_CHANGED")
    assert "part-1.mp4 has 0 bytes" in found.fault_detail


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / MANIFEST_NAME).write_bytes(b"\0" * 500), "Invalid JSON"),
        (lambda folder: rewrite_manifest(folder, rig_id=7), "rig_id: Input should be a valid string"),
        (
            lambda folder: rewrite_manifest(folder, session_id="0198c1de-0000-7000-8000-000000000001"),
            "belongs to session 0198c1de",
        ),
        (
            lambda folder: rewrite_manifest(folder, files=[{"name": MANIFEST_NAME, "size_bytes": 0, "sha256": "0" * 64}]),
            "a name appears twice",
        ),
    ],
)
def test_a_manifest_that_cannot_be_believed_quarantines_the_session(sessions_folder, damage, words):
    folder = seal_session(sessions_folder)
    damage(folder)
    found = examine_session(folder, NOW)
    assert (found.state, found.fault_code) == (State.QUARANTINED, "E_MANIFEST")
    assert words in found.fault_detail


def test_a_manifest_that_the_disk_does_not_let_be_read_is_shown_and_waits_as_do_the_others(sessions_folder, journal):
    folder = seal_session(sessions_folder)
    (folder / MANIFEST_NAME).unlink()
    (folder / MANIFEST_NAME).mkdir()  # reading it fails, for root too
    seal_session(sessions_folder, recorded_at=RECORDED_AT - timedelta(hours=1))
    enlist_new_sessions(sessions_folder, journal, NOW)
    assert [(session.state, session.fault_code) for session in journal.sessions()] == [
        (State.QUEUED, None),
        (State.QUEUED, "E_DISK"),
    ]


def test_an_unchanged_file_is_what_was_sealed(sessions_folder):
    folder = seal_session(sessions_folder)
    for file in examine_session(folder, NOW).files:
        SealCheck().check(folder, file)


def test_a_changed_byte_is_found_although_size_and_time_are_unchanged(sessions_folder):
    folder = seal_session(sessions_folder)
    video = examine_session(folder, NOW).files[0]
    with (folder / video.name).open("r+b") as file:
        file.seek(video.size_bytes // 2)
        flipped = bytes([file.read(1)[0] ^ 1])
        file.seek(video.size_bytes // 2)
        file.write(flipped)
    with pytest.raises(GrimaceError, match=r"part-1\.mp4: it was written to at"):
        SealCheck().check(folder, video)

    os.utime(folder / video.name, ns=(video.mtime_ns, video.mtime_ns))
    with pytest.raises(GrimaceError, match="or the disk is failing"):
        SealCheck().check(folder, video)


def test_a_file_is_read_once_and_again_when_it_was_touched_or_is_doubted(sessions_folder):
    folder = seal_session(sessions_folder)
    video = examine_session(folder, NOW).files[0]
    blocks_read = []
    seals = SealCheck(go_on=lambda: blocks_read.append(1))

    def reads() -> bool:
        before = len(blocks_read)
        seals.check(folder, video)
        return len(blocks_read) > before

    assert (reads(), reads()) == (True, False)
    (folder / video.name).touch()
    assert (reads(), reads()) == (True, False)
    seals.doubt(folder)
    assert (reads(), reads()) == (True, False)


def test_reading_that_was_given_up_proves_nothing(sessions_folder):
    folder = seal_session(sessions_folder)
    video = examine_session(folder, NOW).files[0]
    go_on = iter([None])
    seals = SealCheck(go_on=lambda: next(go_on))
    with pytest.raises(StopIteration):
        seals.check(folder, video)
    assert not seals._proven


def test_the_rigs_own_self_test_is_never_taken_in(sessions_folder, journal):
    seal_session(sessions_folder, study=SELF_TEST_STUDY)
    assert enlist_new_sessions(sessions_folder, journal, NOW) == []
    assert not journal.session_ids()
