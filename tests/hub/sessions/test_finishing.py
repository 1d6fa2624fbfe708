"""From received to stored: what a receipt means, and what becomes of sessions that cannot have one."""

import json
from pathlib import Path

import pytest

from hub.sessions.finishing import finish_received
from rig.recording.sealing import seal
from shared.api import AnalysisState, FileState, SessionState
from shared.face_check import FauRow, SufficiencyGoal
from shared.hashing import sha256_of_file
from shared.ledger import read_rows
from shared.manifest import FAU_NAME, MANIFEST_NAME, SealState, SessionManifest, video_name
from tests.hub.sessions.conftest import QuietHub, files_of
from tests.rig.bench import Bench, EachSecond, tiny_camera
from tests.sealed_sessions import seal_session

CLIP = Path(__file__).parents[2] / "media" / "chamber-short.mp4"
VIDEO = video_name(1)


@pytest.fixture
def folder(tmp_path) -> Path:
    return seal_session(tmp_path / "rig")


def rewrite(folder: Path, **changes: object) -> None:
    """Change a manifest after it was sealed."""
    manifest = SessionManifest.read(folder / MANIFEST_NAME).model_dump(mode="json")
    SessionManifest.model_validate(manifest | changes).write(folder / MANIFEST_NAME)


def test_a_whole_session_is_stored_with_a_receipt_that_names_every_file(hub, folder):
    session_id = hub.receive_all(files_of(folder), folder.name)
    finish_received(hub.parts)
    view = hub.view(session_id)
    assert (view.state, view.fault) == (SessionState.STORED, None)
    assert {file.name: file.sha256 for file in view.receipt.files} == {
        path.name: sha256_of_file(path) for path in files_of(folder)
    }
    assert view.receipt.stored_at == hub.parts.clock.now()
    assert view.duration_s == pytest.approx(1.0, abs=0.01)
    assert {file.state for file in view.files} == {FileState.VERIFIED}


def test_what_the_face_check_saw_is_kept_with_the_session(hub, tmp_path):
    recorded = Bench(tmp_path / "rig").record(tiny_camera(), seconds=3, check=EachSecond(), goal=SufficiencyGoal(frames=2))
    manifest = seal(recorded)
    session_id = hub.receive_all(files_of(recorded.path), recorded.session_id)
    finish_received(hub.parts)
    assert hub.view(session_id).state is SessionState.STORED
    stored = hub.stored_file(session_id, FAU_NAME)
    assert [row.frame_index for row in read_rows(stored, FauRow)] == [0, 30, 60]
    assert {file.name for file in hub.view(session_id).receipt.files} >= {FAU_NAME}
    kept = SessionManifest.read(hub.stored_file(session_id, MANIFEST_NAME))
    assert (kept.coverage, kept.goal, kept.builds) == (manifest.coverage, manifest.goal, manifest.builds)


def test_its_files_lie_in_its_folder_and_nowhere_else(hub, folder):
    session_id = hub.receive_all(files_of(folder), folder.name)
    finish_received(hub.parts)
    for path in files_of(folder):
        assert hub.stored_file(session_id, path.name).read_bytes() == path.read_bytes()
    assert not list(hub.parts.storage.incoming.iterdir())


def test_a_stored_session_is_queued_for_analysis_once(hub, folder):
    session_id = hub.receive_all(files_of(folder), folder.name)
    finish_received(hub.parts)
    finish_received(hub.parts)
    [analysis] = hub.view(session_id).analyses
    assert (analysis.build, analysis.rate, analysis.state) == ("build-a", 1.0, AnalysisState.QUEUED)


def test_a_single_video_needs_no_manifest(hub):
    session_id = hub.receive_all([CLIP])
    finish_received(hub.parts)
    view = hub.view(session_id)
    assert view.state is SessionState.STORED
    assert view.duration_s == pytest.approx(12.0, abs=0.01)
    assert [entry.code for entry in view.warnings] == ["W_VIDEO_SHORT"]


def test_without_a_build_or_with_rate_0_a_session_is_stored_and_waits(tmp_path):
    (tmp_path / "none").mkdir()
    for name, settings in {"a": {"builds_folder": tmp_path / "none"}, "b": {"analyse_at_rate": 0}}.items():
        hub = QuietHub(tmp_path / name, **settings)
        session_id = hub.receive_all([CLIP])
        finish_received(hub.parts)
        assert (hub.view(session_id).state, hub.view(session_id).analyses) == (SessionState.STORED, ())
        hub.close()


def test_a_session_waits_for_its_last_file(hub, folder):
    *most, last = files_of(folder)
    session_id = hub.announce([*most, last], folder.name)
    for path in most:
        hub.receive(session_id, path.name, path.read_bytes())
    finish_received(hub.parts)
    assert hub.view(session_id).state is SessionState.OPEN
    hub.receive(session_id, last.name, last.read_bytes())
    finish_received(hub.parts)
    assert hub.view(session_id).state is SessionState.STORED


def test_a_file_with_the_wrong_hash_is_discarded_and_asked_for_again(hub, folder):
    paths = files_of(folder)
    session_id = hub.announce(paths, folder.name)
    for path in paths:
        content = bytearray(path.read_bytes())
        if path.name == VIDEO:
            content[len(content) // 2] ^= 1
        hub.receive(session_id, path.name, bytes(content))
    finish_received(hub.parts)
    view = hub.view(session_id)
    assert (view.state, view.receipt) == (SessionState.OPEN, None)
    assert (view.fault.code, view.fault.detail) == ("E_FILE_HASH", VIDEO)
    assert {file.name: file.state for file in view.files} == {
        path.name: FileState.EXPECTED if path.name == VIDEO else FileState.VERIFIED for path in paths
    }
    assert len(list(hub.parts.storage.incoming.iterdir())) == len(paths) - 1

    hub.receive(session_id, VIDEO, (folder / VIDEO).read_bytes())
    finish_received(hub.parts)
    view = hub.view(session_id)
    assert (view.state, view.fault) == (SessionState.STORED, None)
    assert len(view.analyses) == 1


def test_a_verified_file_that_vanished_before_the_receipt_is_asked_for_again(hub, folder):
    paths = files_of(folder)
    session_id = hub.announce(paths, folder.name)
    for path in paths:
        hub.receive(session_id, path.name, path.read_bytes() if path.name != VIDEO else b"wrong")
    finish_received(hub.parts)  # all but the video are verified now
    for lying in hub.parts.storage.incoming.iterdir():
        lying.unlink()
    hub.receive(session_id, VIDEO, (folder / VIDEO).read_bytes())
    finish_received(hub.parts)
    view = hub.view(session_id)
    assert view.receipt is None
    assert [file.name for file in view.files if file.state is FileState.VERIFIED] == [VIDEO]


def refused(hub: QuietHub, folder: Path) -> tuple[str, str]:
    """Code and detail of the fault with which the folder's session is refused; its files are kept, its receipt is valid."""
    session_id = hub.receive_all(files_of(folder), folder.name)
    finish_received(hub.parts)
    view = hub.view(session_id)
    assert view.state is SessionState.REFUSED
    assert view.analyses == ()
    assert {file.name: file.sha256 for file in view.receipt.files} == {
        path.name: sha256_of_file(path) for path in files_of(folder)
    }
    for path in files_of(folder):
        assert hub.stored_file(session_id, path.name).read_bytes() == path.read_bytes()
    return view.fault.code, view.fault.detail


def test_a_manifest_of_another_session_is_refused(hub, folder):
    rewrite(folder, session_id="0a1b2c3d-0000-4000-8000-000000000001")
    assert refused(hub, folder) == ("E_MANIFEST", "it belongs to session 0a1b2c3d-0000-4000-8000-000000000001")


def test_a_manifest_that_lists_other_files_is_refused(hub, folder):
    (folder / "fau.csv").write_text("not in the manifest\n")
    code, detail = refused(hub, folder)
    assert (code, detail.rsplit(": ", 1)[-1]) == ("E_MANIFEST", "fau.csv")


def test_a_manifest_that_cannot_be_read_is_refused(hub, folder):
    (folder / MANIFEST_NAME).write_text("{")
    assert refused(hub, folder)[0] == "E_MANIFEST"


def test_a_manifest_with_a_frame_rate_that_nothing_can_be_computed_with_is_refused(hub, folder):
    camera = json.loads((folder / MANIFEST_NAME).read_text())["camera"]
    rewrite(folder, camera={**camera, "frame_rate": 1e-300})
    assert refused(hub, folder)[0] == "E_MANIFEST"


def test_a_manifest_with_a_number_that_no_database_keeps_is_refused(hub, folder):
    manifest = json.loads((folder / MANIFEST_NAME).read_text())
    manifest["camera"]["asked"] = {"exposure": float("nan")}
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest))
    assert refused(hub, folder) == ("E_MANIFEST", "a number in it is infinite or none at all")


def test_a_ledger_that_does_not_fit_the_video_is_refused(hub, folder):
    ledger = folder / "packets.csv"
    ledger.write_text("\n".join(ledger.read_text().splitlines()[:-1]) + "\n")
    manifest = json.loads((folder / MANIFEST_NAME).read_text())
    for file in manifest["files"]:
        if file["name"] == ledger.name:
            file.update(size_bytes=ledger.stat().st_size, sha256=sha256_of_file(ledger))
    rewrite(folder, files=manifest["files"])
    assert refused(hub, folder)[0] == "E_LEDGER"


def test_something_that_is_no_video_is_refused(hub, tmp_path):
    (tmp_path / "single").mkdir()
    (tmp_path / "single" / "clip.mp4").write_bytes(b"not a video" * 1000)
    session_id = hub.receive_all(files_of(tmp_path / "single"))
    finish_received(hub.parts)
    assert hub.view(session_id).fault.code == "E_VIDEO_UNREADABLE"


def test_a_recovered_session_carries_the_warning(hub, folder):
    rewrite(folder, state=SealState.RECOVERED)
    session_id = hub.receive_all(files_of(folder), folder.name)
    finish_received(hub.parts)
    assert hub.view(session_id).warnings[0].code == "W_SESSION_TORN"


def test_a_session_that_fails_in_an_unforeseen_way_does_not_hold_up_the_others(hub, folder, caplog):
    first = hub.receive_all([CLIP])
    second = hub.receive_all(files_of(folder), folder.name)
    broken = hub.parts.storage.session_folder(hub.lab_uid, first)
    broken.parent.mkdir(parents=True, exist_ok=True)
    broken.write_bytes(b"a file where its folder should be")
    finish_received(hub.parts)
    assert hub.view(first).state is SessionState.RECEIVED
    assert "cannot be finished" in caplog.text
    assert hub.view(second).state is SessionState.STORED
    broken.unlink()
    finish_received(hub.parts)
    assert hub.view(first).state is SessionState.STORED
