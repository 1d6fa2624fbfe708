"""What is left of a recording whose process was killed, whose disk was full, or whose power was cut."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rig.camera.process import run_camera
from rig.recording.boxes import cut_to_whole_fragments
from rig.recording.open_session import SessionFolder
from rig.recording.reserve import SpaceReserve
from rig.recording.salvage import EMPTY_SESSIONS_NAME, Resumption, repair, salvage
from rig.recording.sealing import seal
from rig.recording.video_file import movflags
from rig.settings import RigSettings
from shared.clock import boot_id
from shared.faults import GrimaceError
from shared.hashing import sha256_of_file
from shared.manifest import SealState, SessionManifest
from tests.rig.bench import Bench, decodable_frames, ledger_of, packets_of, tear, tiny_camera

DIES_AT_A_STEP = """
import os, sys
from pathlib import Path
from rig.recording.salvage import salvage

steps_left = int(sys.argv[2])

def die_at_the_step(event, _arguments):
    global steps_left
    if event in {"open", "os.rename", "os.remove", "os.truncate"}:
        steps_left -= 1
        if steps_left == 0:
            os._exit(9)

result = None
sys.addaudithook(die_at_the_step)
result = salvage(Path(sys.argv[1]))
sys.exit(0 if result.sealed and not result.failed else 1)
"""


@pytest.fixture
def torn(bench: Bench) -> SessionFolder:
    """Recorded for 3 s; killed 2.2 s in, when 2 s were in whole fragments."""
    folder = bench.record(tiny_camera(), seconds=3)
    tear(folder, frames=66)
    return folder


def test_a_torn_session_is_sealed_as_recovered_with_what_is_whole(bench: Bench, torn: SessionFolder):
    result = salvage(bench.sessions)
    (manifest,) = result.sealed
    video = torn.finished("part-1.mp4")
    assert manifest.state is SealState.RECOVERED
    assert manifest.parts[0].recovered
    assert manifest.counts.written == len(packets_of(video)) == decodable_frames(video) == 60
    assert (manifest.counts.captured, manifest.counts.expected, manifest.counts.dropped) == (90, 90, 30)
    assert [gap.cause for gap in manifest.gaps] == ["end"]
    assert "W_SESSION_TORN" in {fault.code for fault in manifest.faults}
    for record in manifest.files:
        assert sha256_of_file(torn.finished(record.name)) == record.sha256


def test_a_video_cut_at_any_byte_keeps_every_whole_fragment(torn: SessionFolder, tmp_path: Path):
    whole = torn.working("part-1.mp4").read_bytes()
    cuts = random.Random(1).sample(range(len(whole)), 60)
    counts = []
    for cut in sorted(cuts):
        video = tmp_path / "cut.mp4"
        video.write_bytes(whole[:cut])
        if cut_to_whole_fragments(video):
            assert decodable_frames(video) == len(packets_of(video))
            counts.append(len(packets_of(video)))
    assert counts == sorted(counts)
    assert set(counts) == {15, 30, 45, 60}


def test_blocks_that_never_reached_the_disk_are_cut_off(torn: SessionFolder):
    """A power cut may leave a file of the right length whose end reads as zeros."""
    video = torn.working("part-1.mp4")
    size = video.stat().st_size
    cut_to_whole_fragments(video)
    end_of_whole = video.stat().st_size
    with video.open("r+b") as file:
        file.truncate(end_of_whole - 700)
        file.truncate(size)
    cut_to_whole_fragments(video)
    assert len(packets_of(video)) == 45


def test_a_damaged_block_costs_its_own_fragment_and_none_of_the_later_ones(torn: SessionFolder):
    """Fragments reach the disk one after the other: one that is broken before a whole one was damaged later, not torn."""
    video = torn.working("part-1.mp4")
    whole = cut_to_whole_fragments(video)
    damaged_at = video.read_bytes().index(b"mdat") + 4
    with video.open("r+b") as file:
        file.seek(damaged_at)
        file.write(bytes(64))
    assert cut_to_whole_fragments(video) == whole
    assert len(packets_of(video)) == 60


@pytest.mark.parametrize("name", ["frames.csv", "packets.csv", "fau.csv", "events.jsonl"])
def test_a_journal_that_is_damaged_long_before_its_end_costs_no_video(bench: Bench, torn: SessionFolder, name: str):
    """Cut there, it would have the video cut to the same length: what a crash cannot have torn is left for a person."""
    journal, video = torn.present(name), torn.working("part-1.mp4")
    assert journal is not None
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(lines[0] + lines[-1][:9] + b"\n" + lines[-1] * (100_000 // len(lines[-1])))
    journal.replace(torn.working(name))
    before = torn.working(name).read_bytes(), video.read_bytes()
    result = salvage(bench.sessions)
    assert name in result.failed[torn.session_id]
    assert (torn.working(name).read_bytes(), video.read_bytes()) == before


def test_a_torn_last_line_of_the_ledger_is_dropped(bench: Bench, torn: SessionFolder):
    with torn.working("frames.csv").open("ab") as file:
        file.write(b"90,1,4477")
    with torn.working("events.jsonl").open("ab") as file:
        file.write(b'{"kind":"mark')
    (manifest,) = salvage(bench.sessions).sealed
    assert manifest.counts.captured == 90
    assert len(ledger_of(torn)) == 90


def test_video_that_the_ledger_does_not_explain_is_cut_off(bench: Bench, torn: SessionFolder):
    """A power cut may keep an unsynced fragment and lose its ledger lines; a frame without a time would be a guess."""
    lines = torn.working("frames.csv").read_bytes().splitlines(keepends=True)
    torn.working("frames.csv").write_bytes(b"".join(lines[: 1 + 50]))
    (manifest,) = salvage(bench.sessions).sealed
    assert (manifest.counts.captured, manifest.counts.written) == (50, 45)


def test_a_session_without_a_single_frame_is_set_aside(bench: Bench, torn: SessionFolder):
    torn.working("part-1.mp4").write_bytes(b"")
    result = salvage(bench.sessions)
    assert result.empty == [torn.session_id]
    assert not torn.path.exists()
    assert (bench.data_folder / EMPTY_SESSIONS_NAME / torn.session_id / "recording.json").exists()


@pytest.mark.parametrize("name", ["part-1.mp4", "frames.csv"])
def test_a_session_that_cannot_be_read_stays_and_keeps_no_other_from_being_sealed(bench: Bench, torn: SessionFolder, name: str):
    """A failing disk may give anything back, also for a file that was closed in order."""
    damaged = bench.record(tiny_camera(), seconds=1)
    path = damaged.present(name)
    assert path is not None
    content = bytes(range(128, 256)) * 64
    path.write_bytes(content)
    path.replace(damaged.finished(name))
    result = salvage(bench.sessions)
    assert list(result.failed) == [damaged.session_id]
    assert damaged.finished(name).read_bytes() == content
    assert [manifest.session_id for manifest in result.sealed] == [torn.session_id]


def test_a_sealed_session_is_left_as_it_is(bench: Bench):
    folder = bench.record(tiny_camera(), seconds=1)
    seal(folder)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.path.iterdir()}
    result = salvage(bench.sessions)
    assert (result.sealed, result.empty, result.failed) == ([], [], {})
    assert before == {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.path.iterdir()}


def test_of_a_sealed_session_only_the_recorders_leftovers_are_removed(bench: Bench):
    """Killed between the manifest and the tidying; the uploader was quicker than the next camera process."""
    folder = bench.record(tiny_camera(), seconds=1)
    document = folder.load()
    seal(folder)
    sealed = {path.name for path in folder.path.iterdir()}
    folder.save(document)
    for name in ("receipt.json", "notes.txt", "part-2.mp4.part", "recording.json.part"):
        (folder.path / name).touch()
    assert not salvage(bench.sessions).failed
    assert {path.name for path in folder.path.iterdir()} == sealed | {"receipt.json", "notes.txt"}


def test_a_folder_whose_document_was_never_written_disappears(bench: Bench):
    (bench.sessions / "2f1f3d0c-0000-4000-8000-000000000000").mkdir(parents=True)
    salvage(bench.sessions)
    assert list(bench.sessions.iterdir()) == []


def test_closed_parts_are_sealed_as_not_torn(bench: Bench):
    """The process died after the recording was closed, before it was sealed."""
    bench.record(tiny_camera(), seconds=1)
    (manifest,) = salvage(bench.sessions).sealed
    assert manifest.state is SealState.SEALED
    assert manifest.counts.dropped == 0


@pytest.mark.system
def test_salvage_killed_at_any_step_is_simply_run_again(bench: Bench, torn: SessionFolder, tmp_path: Path):
    """Die at the first step, at the second, … until a run gets through: always the same sealed session."""
    original = tmp_path / "original"
    shutil.copytree(bench.sessions, original)
    for step in range(1, 200):
        shutil.rmtree(bench.sessions)
        shutil.copytree(original, bench.sessions)
        died = subprocess.run([sys.executable, "-c", DIES_AT_A_STEP, str(bench.sessions), str(step)], check=False).returncode
        result = salvage(bench.sessions)
        assert result.failed == {}
        manifest = SessionManifest.read(torn.manifest)
        assert (manifest.state, manifest.counts.written) == (SealState.RECOVERED, 60)
        assert {path.name for path in torn.path.iterdir()} == {"session.json", *(record.name for record in manifest.files)}
        if died == 0:
            break
        assert died == 9
    assert step > 20, "so many steps can be interrupted"


@pytest.mark.parametrize(
    ("seconds_later", "other_boot", "over", "goes_on"),
    [
        (1.0, False, False, True),
        (2.9, False, False, True),
        (3.1, False, False, False),
        (1.0, True, False, False),
        (1.0, False, True, False),
    ],
)
def test_a_torn_session_goes_on_only_before_its_planned_end_and_in_the_same_boot(
    bench: Bench, torn: SessionFolder, seconds_later, other_boot, over, goes_on
):
    session = torn.load()
    if over:
        torn.mark_as_over()
    assert session.first_sensor_ns is not None
    now_ns = session.first_sensor_ns + round(seconds_later * 1e9)
    resumption = Resumption("another" if other_boot else boot_id(), now_ns, camera_filmed_on=True)
    assert (salvage(bench.sessions, resumption).continues is not None) is goes_on


def test_a_camera_that_stood_still_goes_on_where_it_was(bench: Bench, torn: SessionFolder):
    session = torn.load()
    assert session.first_sensor_ns is not None
    long_after_ns = session.first_sensor_ns + 10**12
    resumption = Resumption(boot_id(), long_after_ns, camera_filmed_on=False)
    assert resumption.applies_to(session, last_sensor_ns=session.first_sensor_ns + 10**9)


def test_repairing_twice_changes_nothing(torn: SessionFolder):
    once = repair(torn)
    content = {path.name: path.read_bytes() for path in torn.path.iterdir()}
    assert repair(torn) == once
    assert {path.name: path.read_bytes() for path in torn.path.iterdir()} == content


@pytest.mark.parametrize(
    ("version", "hybrid"), [((59, 27, 100), False), ((61, 1, 100), False), ((61, 7, 100), True), ((62, 12, 102), True)]
)
def test_the_file_becomes_an_ordinary_mp4_only_where_ffmpeg_can(version, hybrid):
    assert ("hybrid_fragmented" in movflags(version)) is hybrid


def test_plain_fragments_are_a_valid_video_too(torn: SessionFolder):
    video = torn.working("part-1.mp4")
    cut_to_whole_fragments(video)
    assert [packet.pts_us for packet in packets_of(video)] == [n * 1_000_000 // 30 for n in range(60)]
    assert decodable_frames(video) == 60


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 3 MB."""
    mount_point = tmp_path / "disk"
    mount_point.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", mount_point], check=False).returncode
    ):
        pytest.skip("only root may mount a small file system")
    yield mount_point
    subprocess.run(["umount", mount_point], check=True)


def test_a_full_disk_ends_the_recording_and_loses_nothing_that_was_written(small_disk: Path):
    bench = Bench(small_disk)
    folder = bench.record(tiny_camera(), seconds=1800)
    manifest = seal(folder)
    assert [fault.code for fault in manifest.faults] == ["E_DISK_FULL"]
    assert manifest.state is SealState.SEALED
    assert manifest.counts.dropped == 0
    assert manifest.counts.written == manifest.counts.captured == decodable_frames(folder.finished("part-1.mp4")) > 300


def test_when_even_the_reserve_is_not_enough_the_whole_fragments_stay(small_disk: Path, monkeypatch: pytest.MonkeyPatch):
    """Another program takes the reserve's space in the moment when it is given up."""
    filler = small_disk / "filler"

    def fill_the_disk() -> None:
        with filler.open("ab", buffering=0) as file, pytest.raises(OSError, match="No space left"):
            while True:
                file.write(bytes(4096))

    bench = Bench(small_disk)
    monkeypatch.setattr("rig.recording.reserve.SpaceReserve.release", _release_and(fill_the_disk))
    folder = bench.record(tiny_camera(), seconds=1800)
    filler.unlink()
    repair(folder)
    manifest = seal(folder)
    assert manifest.state is SealState.RECOVERED
    assert manifest.counts.written == decodable_frames(folder.finished("part-1.mp4")) > 300
    assert manifest.counts.captured - manifest.counts.written <= 31


def _release_and(then):
    release = SpaceReserve.release

    def release_and_then(reserve: SpaceReserve) -> bool:
        released = release(reserve)
        then()
        return released

    return release_and_then


def test_without_a_camera_what_was_recorded_is_sealed_all_the_same(bench: Bench):
    folder = bench.record(tiny_camera(), seconds=2, boot_id="of another boot")
    tear(folder, frames=45)
    settings = RigSettings(rig_id="rig-1", data_folder=bench.data_folder, camera=tiny_camera(source="/nowhere.mp4"))
    with pytest.raises(GrimaceError, match="E_CAM_SOURCE"):
        run_camera(settings)
    assert SessionManifest.read(folder.manifest).state is SealState.RECOVERED
