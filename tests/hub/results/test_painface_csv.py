"""The CSV that PainFace's own software can read."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from hub.results.painface_csv import csv_of, escape_formula
from hub.results.table import Provenance

PAINFACE_LC_HEADER = (
    "Subject Type,Frame Index,Timestamp(x),Orbital,Nose,Ears,Whiskers,Cheek,Total Grimace Score,AU Scored,"
    "Confidence(Orbital),Confidence(Nose),Confidence(Ears),Confidence(Whiskers),Confidence(Cheek),Face Model,MGS Model"
)
"""What painface-lc 0.1.6 writes, with Python's csv module and its CR LF."""

WHITE = Provenance("white-2026.11", "cd" * 32, placeholder=False, subject_type="nsg", rate=1.0)


def lines(table) -> list[str]:
    return b"".join(csv_of(table)).decode().split("\r\n")


def test_the_header_begins_with_painfaces_own_byte_for_byte(tabulated):
    header = lines(tabulated())[0]
    assert header == f"{PAINFACE_LC_HEADER},MGS Mean,Face Confidence,Part,PTS (us),Placeholder,Build SHA-256"


def test_a_complete_frame_of_a_black_mouse(tabulated):
    assert lines(tabulated((0, 0, 0, 0), (2, 0, 1, 1)))[2] == (
        "c57bl/6,30,1.0,2,0,1,1,-1,4,4,0.75,0.75,0.75,0.75,NA,synthetic-2026.11,synthetic-2026.11,"
        f"1.0,0.5,1,1000000,yes,{'ab' * 32}"
    )


def test_what_is_missing_is_minus_one_and_a_total_without_every_unit_is_na(tabulated):
    row = next(csv.DictReader(io.StringIO("\n".join(lines(tabulated((2, -1, 1, 1)))))))
    assert (row["Nose"], row["Confidence(Nose)"], row["Total Grimace Score"], row["MGS Mean"]) == ("-1", "NA", "NA", "NA")
    assert (row["AU Scored"], row["Cheek"]) == ("3", "-1")


def test_a_white_mouse_needs_its_cheek(tabulated):
    rows = list(csv.DictReader(io.StringIO("\n".join(lines(tabulated((1, 1, 1, 1, 1), (1, 1, 1, 1, -1), provenance=WHITE))))))
    assert [row["Total Grimace Score"] for row in rows] == ["5", "NA"]
    assert [row["Placeholder"] for row in rows] == ["no", "no"]


def test_every_row_of_a_placeholder_build_says_so(tabulated):
    table = pd.read_csv(io.BytesIO(b"".join(csv_of(tabulated(*[(0, 0, 0, 0)] * 2500)))))
    assert set(table["Placeholder"]) == {"yes"}
    assert table["Frame Index"].tolist() == list(range(0, 75_000, 30))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_text_is_never_a_formula_to_a_spreadsheet(text):
    assert escape_formula(text) == f"'{text}"
    assert escape_formula("c57bl/6") == "c57bl/6"


def test_the_authors_own_analysis_opens_the_file(tabulated, tmp_path: Path):
    """painface 0.1.1 reads every CSV of the folder it is called in and asks on the terminal."""
    scores = [(2, 2, 1, 1)] * 40 + [(0, 0, 1, 1)] * 40 + [(2, -1, 1, 1)] * 20
    (tmp_path / "mouse.csv").write_bytes(b"".join(csv_of(tabulated(*scores))))
    call = "from painface import batch_grimace; batch_grimace(50, 0, 600, 4)"
    done = subprocess.run([sys.executable, "-c", call], cwd=tmp_path, input="Y\n", capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    row, header = csv.reader((tmp_path / "data_log.csv").open())  # it writes its header last
    log = dict(zip(header, row, strict=False))
    assert (log["File_Name"], float(log["UseableFrame%"])) == ("mouse.csv", 80.0)
    assert float(log["UseableFramesFromFirst10Minutes"]) == 80
    assert float(log["AverageTotalGrimaceScore"]) == (40 * 6 + 40 * 2) / 80
