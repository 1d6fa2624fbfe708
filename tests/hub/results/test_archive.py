"""The ZIP: whole, checkable, and made piece by piece."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from hub.results.archive import archive_of
from hub.results.painface_csv import csv_of
from hub.results.summary import summarise
from hub.scoring.frame_reader import read_frames
from hub.scoring.frame_table import table_of_video
from shared.api import Warn
from shared.faults import SCORES_PLACEHOLDER

CLIP = Path(__file__).parents[2] / "media" / "chamber-short.mp4"


@pytest.fixture
def analysis(tabulated):
    table = tabulated((-1, -1, -1, -1), (2, 0, 1, 1), (2, 0, -1, 1))
    return table, summarise(table, 12.0, 0, (Warn.of(SCORES_PLACEHOLDER, "synthetic-2026.11"),))


@pytest.fixture
def archive(analysis):
    return zipfile.ZipFile(io.BytesIO(b"".join(archive_of(*analysis, CLIP))))


def test_it_holds_the_scores_the_summary_and_the_analysed_frames(archive, analysis):
    assert archive.namelist() == [
        "README.txt",
        "scores.csv",
        "summary.json",
        *(f"frames/{index:06d}.jpg" for index in (0, 30, 60)),
        "SHA256SUMS",
    ]
    assert archive.testzip() is None
    assert archive.read("scores.csv") == b"".join(csv_of(analysis[0]))
    assert json.loads(archive.read("summary.json"))["mean_mgs"] == 4.0


def test_every_other_entry_is_under_the_checksums(archive):
    sums = dict(line.split("  ")[::-1] for line in archive.read("SHA256SUMS").decode().splitlines())
    assert sums == {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()[:-1]}


def test_a_frame_is_the_one_its_name_says(archive):
    (read,) = read_frames(table_of_video(CLIP), np.array([60]))
    shown = cv2.imdecode(np.frombuffer(archive.read("frames/000060.jpg"), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert np.abs(shown.astype(int) - read.picture).mean() < 3


def test_placeholder_scores_are_called_so_in_every_document(archive):
    assert archive.read("README.txt").decode().startswith("PLACEHOLDER SCORES")
    assert json.loads(archive.read("summary.json"))["placeholder"] is True
    assert json.loads(archive.read("summary.json"))["warnings"][0]["code"] == "W_PLACEHOLDER"
    assert b",yes," in archive.read("scores.csv")


def test_the_same_analysis_makes_the_same_bytes(analysis):
    first, second = (b"".join(archive_of(*analysis, CLIP)) for _ in range(2))
    assert first == second


def test_it_is_handed_out_piece_by_piece(analysis):
    pieces = list(archive_of(*analysis, CLIP))
    largest_entry = max(entry.compress_size for entry in zipfile.ZipFile(io.BytesIO(b"".join(pieces))).filelist)
    assert max(map(len, pieces)) < largest_entry + 10_000
