"""The scores as CSV in PainFace's columns, so that what labs already use can read them, with ours after them.

The first 17 columns, their names and order, the comma, the line end (CR LF) and -1, NA for what is missing are those that
`painface-lc` 0.1.6 writes; one more rule comes from `painface` 0.1.1, which analyses such files and cannot read a cheek of NA:
a black mouse's cheek is -1.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from hub.results.table import Provenance, confidence_column, provenance_of, score_column
from shared.grimace import Fau, subject_type

PAINFACE_COLUMNS = (
    "Subject Type",
    "Frame Index",
    "Timestamp(x)",
    "Orbital",
    "Nose",
    "Ears",
    "Whiskers",
    "Cheek",
    "Total Grimace Score",
    "AU Scored",
    "Confidence(Orbital)",
    "Confidence(Nose)",
    "Confidence(Ears)",
    "Confidence(Whiskers)",
    "Confidence(Cheek)",
    "Face Model",
    "MGS Model",
)
OUR_COLUMNS = ("MGS Mean", "Face Confidence", "Part", "PTS (us)", "Placeholder", "Build SHA-256")

MISSING = "NA"
ROWS_AT_A_TIME = 1000
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""A text cell that begins with one of these is run as a formula by spreadsheets (OWASP, "CSV injection")."""


def csv_of(table: pa.Table) -> Iterator[bytes]:
    """The table as CSV in UTF-8, piece by piece, the header first; raises TableInvalid before the first piece."""
    provenance = provenance_of(table)
    return _pieces(table, provenance)


def _pieces(table: pa.Table, provenance: Provenance) -> Iterator[bytes]:
    yield _lines([[*PAINFACE_COLUMNS, *OUR_COLUMNS]])
    for batch in table.to_batches(max_chunksize=ROWS_AT_A_TIME):
        yield _lines([_cells(row, provenance) for row in batch.to_pylist()])


def _lines(rows: list[list[object]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cells(row: Mapping[str, Any], provenance: Provenance) -> list[object]:
    faus = subject_type(provenance.subject_type).faus
    total = row["mgs"]
    build = escape_formula(provenance.build)
    return [
        escape_formula(provenance.subject_type),
        row["frame_index"],
        round(row["time_s"], 6),
        *(row[score_column(fau)] for fau in Fau),
        MISSING if total is None else total,
        row["fau_count"],
        *(_number(row[confidence_column(fau)]) for fau in Fau),
        build,
        build,
        MISSING if total is None else total / len(faus),
        _number(row["face_confidence"]),
        row["part"],
        row["pts_us"],
        "yes" if provenance.placeholder else "no",
        provenance.build_sha256,
    ]


def _number(value: float | None) -> object:
    return MISSING if value is None else round(value, 6)


def escape_formula(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text
