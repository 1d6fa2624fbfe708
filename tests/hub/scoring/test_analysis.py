"""One analysis: progress, cancelling, and what the engine may say about a frame."""

from pathlib import Path

import pytest

from hub.scoring.analysis import analyse_session
from hub.scoring.frame_reader import read_frames
from hub.scoring.onnx_engine import OnnxEngine
from hub.scoring.recording import open_recording
from hub.scoring.sampling import sample
from shared.builds import open_build
from shared.detections import PART_OF_FAU, Part
from shared.faults import ANALYSIS_CANCELLED, GrimaceError
from shared.grimace import NOT_DETECTED, Fau

CLIP = Path(__file__).parents[2] / "media" / "chamber-short.mp4"
BLACK_MOUSE = "c57bl/6"


def silent(done: int, planned: int) -> None:
    """Progress that nobody looks at."""


@pytest.fixture(scope="module")
def build():
    return open_build("synthetic-2026.11")


def test_progress_is_told_before_the_first_frame_and_after_every_batch(build):
    told = []
    scored = analyse_session(CLIP, build, 1.0, BLACK_MOUSE, lambda done, planned: told.append((done, planned)))
    assert told == [(0, 12), (8, 12), (12, 12)]
    assert scored.summary.frames_analysed == len(scored.table) == 12


def test_an_analysis_stops_where_its_progress_is_not_wanted_any_more(build):
    def cancel(done: int, planned: int) -> None:
        if done:
            raise GrimaceError(ANALYSIS_CANCELLED)

    with pytest.raises(GrimaceError, match="E_CANCELLED"):
        analyse_session(CLIP, build, 1.0, BLACK_MOUSE, cancel)


def test_a_unit_that_is_not_visible_is_not_detected_and_never_guessed(build):
    scored = analyse_session(CLIP, build, 2.0, BLACK_MOUSE, silent)
    for row in scored.table.to_pylist():
        parts = {box["part"] for box in row["boxes"]}
        for fau in (Fau.ORBITAL, Fau.NOSE, Fau.EARS, Fau.WHISKERS):
            detected = row[f"{fau}_score"] != NOT_DETECTED
            assert detected == (PART_OF_FAU[fau] in parts)
            assert detected == (row[f"{fau}_confidence"] is not None)
        assert (row["face_confidence"] is not None) == (Part.FACE in parts)
        assert row["cheek_score"] == NOT_DETECTED
        assert (row["mgs"] is None) == (row["fau_count"] < 4)


def test_scores_do_not_depend_on_what_else_is_in_the_batch(build):
    frames = open_recording(CLIP).frames
    pictures = [read.picture for read in read_frames(frames, sample(frames.time_s, 1.0))]
    engine = OnnxEngine(build, BLACK_MOUSE)
    together = engine.analyse(pictures)
    alone = [score for picture in pictures for score in engine.analyse([picture])]
    for one, other in zip(together, alone, strict=True):
        assert {fau: scored.score for fau, scored in one.scores.items()} == {
            fau: scored.score for fau, scored in other.scores.items()
        }


def test_a_folder_that_holds_one_video_is_that_video(build, tmp_path):
    (tmp_path / "cage 7.mp4").write_bytes(CLIP.read_bytes())
    scored = analyse_session(tmp_path, build, 0.1, BLACK_MOUSE, silent)
    assert scored.table["frame_index"].to_pylist() == [0, 300]


def test_notes_beside_a_lone_video_are_not_taken_for_another_one(build, tmp_path):
    (tmp_path / "clip.MP4").write_bytes(CLIP.read_bytes())
    (tmp_path / "notes.txt").write_text("cage 7")
    assert analyse_session(tmp_path, build, 0.1, BLACK_MOUSE, silent).summary.frames_analysed == 2
    (tmp_path / "second.mp4").write_bytes(CLIP.read_bytes())
    with pytest.raises(GrimaceError, match="holds 3 files"):
        analyse_session(tmp_path, build, 0.1, BLACK_MOUSE, silent)


def test_a_recorded_session_is_scored_in_its_own_time(build, recorded, tmp_path):
    recorded(tmp_path, [range(60), range(75, 120)], 120)
    scored = analyse_session(tmp_path, build, 1.0, BLACK_MOUSE, silent)
    assert scored.table["frame_index"].to_pylist() == [0, 31, 75, 91]
    assert scored.table["part"].to_pylist() == [1, 1, 2, 2]
    assert scored.summary.duration_s == pytest.approx(4.0, abs=0.001)
