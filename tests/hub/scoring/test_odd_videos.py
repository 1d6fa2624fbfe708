"""Odd videos through `grimace-hub score`: each has a clear outcome, a refusal that says what to do or scores with a warning."""

import csv
import json
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from hub.scoring.commands import score
from shared.faults import FAULTS

CLIP = Path(__file__).parents[2] / "media" / "chamber-short.mp4"

app = typer.Typer()
app.command()(score)


def run_score(video: Path, out: Path, *options: str):
    return CliRunner().invoke(app, [str(video), "--out", str(out), *options], env={"COLUMNS": "400"})


def scored(video: Path, out: Path, *options: str) -> dict:
    """The summary that scoring this video wrote."""
    result = run_score(video, out, *options)
    assert result.exit_code == 0, result.stderr
    return json.loads((out / f"{video.stem}.json").read_text())


def warned(summary: dict) -> list[str]:
    assert summary["warnings"][0]["code"] == "W_PLACEHOLDER"
    return [warning["code"] for warning in summary["warnings"][1:]]


def remuxed(path: Path, kept: range, index_at_front: bool = False) -> Path:
    """The sample clip's packets at these places in a file of their own."""
    options = {"movflags": "faststart"} if index_at_front else {}
    with av.open(str(CLIP)) as source, av.open(str(path), "w", options=options) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for place, packet in enumerate(source.demux(video=0)):
            if packet.size and place in kept:
                packet.stream = stream
                target.mux(packet)
    return path


def test_the_sample_clip_gives_one_row_per_second(tmp_path):
    summary = scored(CLIP, tmp_path)
    rows = list(csv.DictReader((tmp_path / "chamber-short.csv").open(newline="")))
    assert [float(row["Timestamp(x)"]) for row in rows] == list(range(12))
    assert [int(row["Frame Index"]) for row in rows] == list(range(0, 360, 30))
    assert summary["frames_analysed"] == 12
    assert summary["placeholder"] is True
    assert warned(summary) == ["W_VIDEO_SHORT"]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "E_VIDEO_EMPTY"), (b"Dear colleague, please find the mouse attached.\n" * 99, "E_VIDEO_UNREADABLE")],
)
def test_what_is_no_video_is_refused_with_the_remedy(content, code, tmp_path):
    video = tmp_path / "video.mp4"
    video.write_bytes(content)
    result = run_score(video, tmp_path / "out")
    assert result.exit_code == 1
    assert code in result.stderr
    assert FAULTS[code].text in result.stderr
    assert FAULTS[code].remedy in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_sound_file_is_refused_for_having_no_picture(tmp_path):
    path = tmp_path / "squeak.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    result = run_score(path, tmp_path)
    assert (result.exit_code, "E_VIDEO_UNREADABLE" in result.stderr) == (1, True)
    assert "no video stream" in result.stderr


def cut_in_half(path: Path) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def test_a_video_cut_off_before_its_index_is_refused(tmp_path):
    result = run_score(cut_in_half(remuxed(tmp_path / "cut.mp4", range(360))), tmp_path)
    assert (result.exit_code, "E_VIDEO_UNREADABLE" in result.stderr) == (1, True)


def test_a_video_cut_off_behind_its_index_is_scored_up_to_there(tmp_path):
    summary = scored(cut_in_half(remuxed(tmp_path / "cut.mp4", range(360), index_at_front=True)), tmp_path)
    assert warned(summary) == ["W_VIDEO_TRUNCATED", "W_VIDEO_SHORT"]
    assert summary["frames_analysed"] == pytest.approx(6, abs=1)
    assert summary["frames_undecodable"] == 0


def test_a_video_without_a_key_frame_at_its_start_is_scored_from_the_first_one(tmp_path):
    path = remuxed(tmp_path / "headless.mp4", range(1, 360))
    summary = scored(path, tmp_path)
    assert warned(summary) == ["W_VIDEO_NO_KEY_FRAME", "W_VIDEO_SHORT"]
    assert summary["warnings"][1]["detail"] == "29 frames are left out"
    rows = list(csv.DictReader((tmp_path / "headless.csv").open(newline="")))
    assert int(rows[0]["Frame Index"]) == 29


def test_a_video_without_any_key_frame_is_refused(tmp_path):
    result = run_score(remuxed(tmp_path / "keyless.mp4", range(1, 30)), tmp_path)
    assert (result.exit_code, "E_VIDEO_NO_FRAMES" in result.stderr) == (1, True)


def test_damage_in_the_middle_is_left_out_and_counted(tmp_path):
    path = tmp_path / "damaged.mp4"
    shutil.copy(CLIP, path)
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        start, size = packets[150].pos, packets[150].size
    with path.open("r+b") as file:
        file.seek(start + 4)
        file.write(bytes(size - 4))
    summary = scored(path, tmp_path)
    assert warned(summary) == ["W_VIDEO_SHORT", "W_VIDEO_DAMAGED"]
    assert (summary["frames_undecodable"], summary["frames_analysed"]) == (1, 11)


def test_a_video_of_three_seconds_is_scored_and_called_short(stamped, regular, tmp_path):
    summary = scored(stamped(tmp_path / "short.mp4", regular(90), size_px=(1920, 1080)), tmp_path)
    assert warned(summary) == ["W_VIDEO_SHORT"]
    assert summary["frames_analysed"] == 3
    assert (summary["mean_mgs"], summary["coverage"]) == (None, 0.0)


def test_a_video_in_4k_at_10_frames_a_second_is_scored_with_both_said(stamped, tmp_path):
    times_us = [index * 100_000 for index in range(30)]
    summary = scored(stamped(tmp_path / "uhd.mp4", times_us, gop=10, size_px=(3840, 2160)), tmp_path)
    assert warned(summary) == ["W_VIDEO_FRAME_RATE", "W_VIDEO_SIZE", "W_VIDEO_SHORT"]
    assert [warning["detail"] for warning in summary["warnings"][1:3]] == ["10.00 frames/s", "3840x2160"]


def test_a_subject_type_the_build_was_not_made_for_is_refused(tmp_path):
    result = run_score(CLIP, tmp_path, "--subject-type", "rat")
    assert (result.exit_code, "E_SUBJECT_TYPE" in result.stderr) == (1, True)


def test_a_build_that_is_not_installed_is_refused_by_name(tmp_path):
    result = run_score(CLIP, tmp_path, "--build", "painface-2021.07.27")
    assert (result.exit_code, "E_BUILD_UNKNOWN" in result.stderr) == (1, True)
    assert "painface-2021.07.27; installed: synthetic-2026.11" in result.stderr


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "out").write_text("in the way")
    result = run_score(CLIP, tmp_path / "out" / "scores", "--rate", "0.1")
    assert (result.exit_code, f"Not a directory: {tmp_path}/out/scores" in result.stderr) == (1, True)
