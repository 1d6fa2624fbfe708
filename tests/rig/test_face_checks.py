"""What the face check saw is joined to its frames, counted, and outlives a crash."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.camera.backend import FrameInfo
from rig.recording.face_checks import REMEMBERED_FRAMES, RecentFrames, coverage_of, row_of, visible_in
from rig.recording.open_session import SessionFolder
from rig.recording.recorder import Recorder
from rig.recording.salvage import salvage
from rig.recording.sealing import seal
from rig.recording.tally import read_tally
from shared.face_check import CHECKED_FAUS, FaceObservation, FauRow, SufficiencyGoal
from shared.grimace import Fau
from shared.ledger import read_rows
from shared.manifest import FAU_NAME
from tests.rig.bench import BUILD, Bench, EachSecond, ledger_of, seen_in, tear, tiny_camera

GOAL = SufficiencyGoal(frames=3, within_s=60, sampling_rate_hz=1.0)


def checks_of(folder: SessionFolder) -> list[FauRow]:
    path = folder.present(FAU_NAME)
    assert path is not None
    return list(read_rows(path, FauRow))


def test_each_check_stands_beside_the_frame_that_it_looked_at(bench: Bench):
    folder = bench.record(tiny_camera(), seconds=4, check=EachSecond())
    seal(folder)
    times = {row.frame_index: row.sensor_ns for row in ledger_of(folder)}
    checks = checks_of(folder)
    assert [row.frame_index for row in checks] == [0, 30, 60, 90]
    assert all(times[row.frame_index] == row.sensor_ns for row in checks)


def test_a_check_is_kept_with_its_box_in_the_videos_pixels():
    row = row_of(seen_in(5_000_000, Fau.NOSE, Fau.EARS, confidence=0.75), frame_index=150, part=2, width_px=1920, height_px=1080)
    assert (row.faus_visible, row.face, row.orbital, row.nose, row.ears, row.whiskers) == (2, 0.75, 0.0, 0.75, 0.75, 0.0)
    assert (row.left_px, row.top_px, row.right_px, row.bottom_px) == (480, 270, 1440, 540)
    assert (row.sharpness, row.light) == (12.5, 101.0)
    assert visible_in(row) == {Fau.NOSE, Fau.EARS}


def test_a_picture_without_a_face_is_a_check_too():
    row = row_of(FaceObservation(sensor_ns=5, build=BUILD), frame_index=0, part=1, width_px=160, height_px=90)
    assert (row.faus_visible, row.face, row.right_px, row.sharpness, row.light) == (0, 0.0, 0, -1.0, -1.0)


def test_the_manifest_says_how_much_can_be_scored_and_by_which_build(bench: Bench):
    manifest = seal(bench.record(tiny_camera(), seconds=6, check=EachSecond(4, Fau.EARS), goal=GOAL))
    coverage = manifest.coverage
    assert coverage is not None
    assert (coverage.checks, coverage.checks_all_faus, coverage.scorable_s) == (6, 4, pytest.approx(3.0))
    assert coverage.checks_of_fau == {Fau.ORBITAL: 6, Fau.NOSE: 6, Fau.EARS: 4, Fau.WHISKERS: 6}
    assert coverage.goal_reached_at_s == pytest.approx(3.0)
    assert (manifest.goal, manifest.builds) == (GOAL, (BUILD,))


def test_without_a_check_the_session_has_an_empty_table_and_no_coverage(bench: Bench):
    folder = bench.record(tiny_camera(), seconds=1)
    manifest = seal(folder)
    assert checks_of(folder) == []
    assert (manifest.coverage, manifest.builds) == (None, ())


def test_a_recording_that_is_to_end_at_its_goal_ends_there(bench: Bench):
    manifest = seal(bench.record(tiny_camera(), seconds=600, check=EachSecond(), goal=GOAL, end_at_goal=True))
    assert manifest.coverage is not None
    assert manifest.coverage.goal_reached_at_s == pytest.approx(3.0)
    assert 90 < manifest.counts.written < 90 + 600
    assert manifest.counts.dropped == 0


def test_a_recording_that_is_not_to_end_at_its_goal_goes_on(bench: Bench):
    manifest = seal(bench.record(tiny_camera(), seconds=5, check=EachSecond(), goal=GOAL))
    assert manifest.counts.written == 150


def test_checks_of_frames_that_are_not_in_the_part_are_left_out(bench: Bench):
    def foreign(recorder: Recorder) -> None:
        recorder.note_check(seen_in(17, Fau.NOSE))

    folder = bench.record(tiny_camera(), seconds=2, while_recording=foreign, check=EachSecond())
    seal(folder)
    assert [row.frame_index for row in checks_of(folder)] == [0, 30]


def test_a_check_that_comes_twice_is_counted_once(bench: Bench):
    first: list[FaceObservation] = []

    def twice(frame: FrameInfo) -> FaceObservation:
        first.append(seen_in(frame.sensor_us, *CHECKED_FAUS))
        return first[0]

    manifest = seal(bench.record(tiny_camera(), seconds=1, check=twice))
    assert manifest.coverage is not None
    assert manifest.coverage.checks == 1


def test_a_torn_table_loses_its_torn_line_and_no_other(bench: Bench):
    folder = bench.record(tiny_camera(), seconds=4, check=EachSecond())
    tear(folder, frames=100)
    with folder.working(FAU_NAME).open("ab") as file:
        file.write(b"91,1,44")
    (manifest,) = salvage(bench.sessions).sealed
    assert [row.frame_index for row in checks_of(folder)] == [0, 30, 60, 90]
    assert manifest.coverage is not None
    assert manifest.coverage.checks == 4
    assert manifest.builds == (BUILD,)


def test_a_session_of_which_only_the_video_is_left_has_a_table_with_its_header(bench: Bench):
    folder = bench.record(tiny_camera(), seconds=1)
    folder.working(FAU_NAME).unlink()
    (manifest,) = salvage(bench.sessions).sealed
    assert checks_of(folder) == []
    assert FAU_NAME in {record.name for record in manifest.files}


def test_what_was_counted_so_far_is_read_again_from_the_files(bench: Bench):
    seen: list[Recorder] = []
    camera = tiny_camera(faults={"drop_frames": (40, 41), "lose_packets": (70,)})
    folder = bench.record(camera, seconds=4, check=EachSecond(2, Fau.NOSE), while_recording=seen.append)
    (recorder,) = seen
    assert read_tally(folder, folder.load()) == recorder.progress.tally
    assert recorder.progress.tally.frames_missing == 3
    assert recorder.progress.tally.longest_gap_us == pytest.approx(100_000, abs=1)
    assert recorder.progress.tally.coverage.checks == 4


def test_no_check_is_written_before_its_frames_line_is_durable(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    """A power cut may keep any block that was written and not synced."""
    unknown: list[int] = []
    durable: dict[str, int] = {}
    sync = os.fdatasync

    def remembering_sync(descriptor: int) -> None:
        sync(descriptor)
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        lines = os.pread(descriptor, 10**7, 0).count(b"\n") - 1 if name.endswith(".csv.part") else 0
        durable[name] = lines
        if name == "fau.csv.part" and lines:
            frame_index = int(os.pread(descriptor, 10**7, 0).splitlines()[-1].split(b",")[0])
            unknown.extend([frame_index] if frame_index >= durable["frames.csv.part"] else [])

    monkeypatch.setattr("os.fdatasync", remembering_sync)
    bench.record(tiny_camera(), seconds=3, check=EachSecond())
    assert durable["fau.csv.part"] == 3
    assert unknown == []


@given(st.integers(0, 3 * REMEMBERED_FRAMES), st.integers(1, 3 * REMEMBERED_FRAMES))
def test_a_recent_frame_is_found_by_its_time_and_no_other(asked, taken):
    recent = RecentFrames()
    for index in range(taken):
        recent.add(1_000_000 + index * 33_333, index + 7)
    found = recent.index_at(1_000_000 + asked * 33_333)
    assert found == (asked + 7 if taken - REMEMBERED_FRAMES <= asked < taken else None)
    assert recent.index_at(1_000_000 + asked * 33_333 + 1) is None


def test_coverage_begins_with_the_sessions_first_frame():
    rows = [row_of(seen_in(10_000_000 + s * 1_000_000, *CHECKED_FAUS), s, 1, 160, 90) for s in range(1, 4)]
    assert coverage_of(rows, 10_000_000_000, GOAL).goal_reached_at_s == pytest.approx(3.0)
