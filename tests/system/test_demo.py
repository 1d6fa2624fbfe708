"""`grimace-demo`: the whole way on one machine, as a newcomer runs it."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.processes import BIN, until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

SECONDS = 20
CLIP_SECONDS = 12
HALF_A_FRAME_S = 0.5 / 30
LABELS = Path(__file__).parents[1] / "media" / "chamber-short.labels.json"


def demo(folder: Path, *arguments: str) -> list[str]:
    return [str(BIN / "grimace-demo"), "--dir", str(folder), *arguments]


def left_behind(folder: Path) -> list[str]:
    """The command lines of processes that still work on the folder."""
    needle = str(folder).encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            about = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue  # it ended meanwhile
        if needle in about and process.name != str(os.getpid()):
            found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Iterator[tuple[Path, dict[str, object]]]:
    """The folder of a demonstration that ran once, and its last line."""
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        demo(folder, "--once", "--seconds", str(SECONDS)), capture_output=True, text=True, check=False, timeout=400
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert left_behind(folder) == []
    return folder, json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def rows(finished) -> list[dict[str, str]]:
    _, outcome = finished
    with Path(outcome["csv"]).open() as file:
        return list(csv.DictReader(file))


def test_the_last_line_tells_what_became_of_the_recording(finished, rows):
    _, outcome = finished
    counted = outcome["frames_recorded"] + outcome["frames_dropped"]  # a busy machine may lose the last ones
    assert SECONDS * 30 - 30 <= counted <= SECONDS * 30 + 2
    assert outcome["frames_scored"] == len(rows)
    empty_seconds_at_most = math.ceil(outcome["frames_dropped"] / 30)  # a busy machine may lose whole seconds
    assert SECONDS - empty_seconds_at_most <= len(rows) <= SECONDS + 1


def test_the_scores_tell_frames_with_all_four_units_from_those_without(rows):
    painted = {label["second"]: label["all_four"] for label in json.loads(LABELS.read_text())["labels"]}
    seconds = [float(row["Timestamp(x)"]) for row in rows]
    labelled = [  # what is painted is known for whole seconds; a busy machine's gaps may put a frame beside one
        (row["AU Scored"] == "4") == painted[round(second) % CLIP_SECONDS]
        for row, second in zip(rows, seconds, strict=True)
        if abs(second - round(second)) < HALF_A_FRAME_S
    ]
    assert len(labelled) >= 0.5 * len(rows)
    assert sum(labelled) >= 0.8 * len(labelled)


def test_the_archive_holds_a_picture_of_every_scored_frame(finished, rows):
    _, outcome = finished
    with zipfile.ZipFile(outcome["zip"]) as archive:
        assert archive.testzip() is None
        pictures = {name for name in archive.namelist() if name.startswith("frames/")}
    assert pictures == {f"frames/{int(row['Frame Index']):06d}.jpg" for row in rows}


def test_painfaces_own_software_reads_the_scores(finished, tmp_path):
    _, outcome = finished
    (tmp_path / "scores.csv").write_bytes(Path(outcome["csv"]).read_bytes())
    program = "from painface import batch_grimace; batch_grimace(5, 0, 600, 4)"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, input="Y\n", text=True, check=True, capture_output=True)
    log = (tmp_path / "data_log.csv").read_text()
    assert "scores.csv" in log


def test_it_runs_again_in_the_same_folder_serves_the_page_and_ends_on_a_signal(finished):
    folder, first = finished
    process = subprocess.Popen(demo(folder, "--seconds", "3"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        said = iter(process.stdout.readline, "")
        address = next(found[1] for line in said if (found := re.match(r"Page +(http\S+)", line)))
        browser = requests.Session()
        origin, path = re.fullmatch(r"(http://[^/]+)(/sign-in/[^?]+)\?after=.*", address).groups()
        after = address.partition("?after=")[2]
        page = browser.post(origin + path, data={"after": after}, headers={"Origin": origin}, timeout=20)
        assert page.url == origin + after
        assert "Scores by frame" in page.text
        assert f"/sessions/{first['session']}" in browser.get(f"{origin}/", timeout=20).text, "the first run was kept"
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    until(lambda: not left_behind(folder), within_s=5)


def test_a_file_that_is_no_video_is_refused_with_the_reason_and_the_remedy(tmp_path):
    odd = tmp_path / "notes.mp4"
    odd.write_text("no video")
    done = subprocess.run(
        demo(tmp_path / "data", "--once", "--video", str(odd)), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "E_VIDEO_UNREADABLE" in done.stderr
    assert "Export it as MP4" in done.stderr
    assert left_behind(tmp_path / "data") == []
