"""The table of scores and its file."""

import dataclasses

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hub.results.table import Provenance, TableInvalid, provenance_of, read_table, write_table
from shared.grimace import ScoreOutOfScale
from shared.hashing import sha256_of_file

WHITE = Provenance("white-2026.11", "cd" * 32, placeholder=False, subject_type="nsg", rate=0.1)


def test_a_frame_has_a_grimace_score_only_when_all_its_units_were_scored(tabulated):
    table = tabulated((2, 0, 1, 1), (2, 0, -1, 1), (-1, -1, -1, -1))
    assert table["mgs"].to_pylist() == [4, None, None]
    assert table["fau_count"].to_pylist() == [4, 3, 0]
    assert table["ears_score"].to_pylist() == [1, -1, -1]
    assert table["ears_confidence"].to_pylist() == [0.75, None, None]


def test_a_white_mouse_is_scored_on_five_units(tabulated):
    assert tabulated((1, 1, 1, 1, 2), (1, 1, 1, 1, -1), provenance=WHITE)["mgs"].to_pylist() == [6, None]


def test_a_score_off_the_scale_is_never_tabulated(tabulated):
    with pytest.raises(ScoreOutOfScale, match="nose of c57bl/6 cannot be 1"):
        tabulated((0, 1, 0, 0))


def test_the_file_keeps_the_table_and_what_it_was_made_with(tabulated, tmp_path):
    table = tabulated((2, 0, 1, 1), (2, 0, -1, 1))
    digest = write_table(table, tmp_path / "scores.parquet")
    assert digest == sha256_of_file(tmp_path / "scores.parquet")
    again = read_table(tmp_path / "scores.parquet")
    assert again.equals(table)
    assert again["boxes"][0].as_py() == [
        {"part": "face", "left": 100.0, "top": 200.0, "right": 300.0, "bottom": 400.0, "confidence": 0.5}
    ]
    assert dataclasses.astuple(provenance_of(again)) == ("synthetic-2026.11", "ab" * 32, True, "c57bl/6", 1.0)


@pytest.mark.parametrize("content", [b"", b"not a table"])
def test_a_file_that_is_no_table_is_refused(content, tmp_path):
    (tmp_path / "scores.parquet").write_bytes(content)
    with pytest.raises(TableInvalid, match=r"scores\.parquet"):
        read_table(tmp_path / "scores.parquet")


def test_a_table_of_another_kind_is_refused(tabulated, tmp_path):
    pq.write_table(pa.table({"frame": [1]}), tmp_path / "other.parquet")
    with pytest.raises(TableInvalid, match="schema version None, not 1"):
        read_table(tmp_path / "other.parquet")
    table = tabulated((2, 0, 1, 1)).drop_columns(["mgs"])
    with pytest.raises(TableInvalid, match="columns"):
        provenance_of(table)
