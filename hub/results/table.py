"""The table of an analysis: one row per analysed frame, kept as Parquet. Everything else is made from it.

Columns, in order: `frame_index`, `time_s`, `part`, `pts_us` say which frame; `<unit>_score` (-1: not detected) and
`<unit>_confidence` (null: not detected) for all five action units, so that every subject type has the same columns; `fau_count`;
`mgs` (null unless all the subject type's units were scored); `face_confidence` (null: no face); `boxes` in frame pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shared.detections import Detection
from shared.durable import replacing
from shared.grimace import NOT_DETECTED, Fau, subject_type
from shared.hashing import sha256_of_file

SCHEMA_VERSION = 1

BOX_TYPE = pa.struct(
    [
        ("part", pa.string()),
        ("left", pa.float32()),
        ("top", pa.float32()),
        ("right", pa.float32()),
        ("bottom", pa.float32()),
        ("confidence", pa.float32()),
    ]
)


class TableInvalid(ValueError):
    """A file that is not a table of scores, or one of a version this software does not know."""


@dataclass(frozen=True)
class Provenance:
    """What the scores were made with; kept in the table itself."""

    build: str
    build_sha256: str
    placeholder: bool
    subject_type: str
    rate: float
    """Sampling rate in frames/s."""


@dataclass(frozen=True)
class ScoredFrame:
    """One analysed frame."""

    frame_index: int
    time_s: float
    part: int
    pts_us: int
    face_confidence: float | None
    scores: Mapping[Fau, tuple[int, float]]
    """Score and confidence of the units that were detected."""
    boxes: tuple[Detection, ...]


def score_column(fau: Fau) -> str:
    return f"{fau}_score"


def confidence_column(fau: Fau) -> str:
    return f"{fau}_confidence"


def schema(provenance: Provenance) -> pa.Schema:
    """The table's columns, with its provenance as metadata."""
    units = [
        field
        for fau in Fau
        for field in (
            pa.field(score_column(fau), pa.int8(), nullable=False),
            pa.field(confidence_column(fau), pa.float32()),
        )
    ]
    return pa.schema(
        [
            pa.field("frame_index", pa.int64(), nullable=False),
            pa.field("time_s", pa.float64(), nullable=False),
            pa.field("part", pa.int32(), nullable=False),
            pa.field("pts_us", pa.int64(), nullable=False),
            *units,
            pa.field("fau_count", pa.int8(), nullable=False),
            pa.field("mgs", pa.int8()),
            pa.field("face_confidence", pa.float32()),
            pa.field("boxes", pa.list_(BOX_TYPE), nullable=False),
        ],
        metadata={
            "schema_version": str(SCHEMA_VERSION),
            "build": provenance.build,
            "build_sha256": provenance.build_sha256,
            "placeholder": "true" if provenance.placeholder else "false",
            "subject_type": provenance.subject_type,
            "rate": repr(provenance.rate),
        },
    )


def table_of(frames: Sequence[ScoredFrame], provenance: Provenance) -> pa.Table:
    """Tabulate scored frames; raises ScoreOutOfScale for a score that the subject type's scale does not allow."""
    return pa.Table.from_pylist([_row(frame, provenance.subject_type) for frame in frames], schema=schema(provenance))


def _row(frame: ScoredFrame, subject_name: str) -> dict[str, object]:
    subject = subject_type(subject_name)
    scores = {fau: score for fau, (score, _) in frame.scores.items()}
    subject.check(scores)
    row: dict[str, object] = {
        "frame_index": frame.frame_index,
        "time_s": frame.time_s,
        "part": frame.part,
        "pts_us": frame.pts_us,
        "fau_count": subject.detected(scores),
        "mgs": subject.total(scores),
        "face_confidence": frame.face_confidence,
        "boxes": [_box(found) for found in frame.boxes],
    }
    for fau in Fau:
        score, confidence = frame.scores.get(fau, (NOT_DETECTED, None))
        row[score_column(fau)] = score
        row[confidence_column(fau)] = confidence
    return row


def _box(found: Detection) -> dict[str, object]:
    box = found.box
    return {
        "part": found.part.value,
        "left": box.left,
        "top": box.top,
        "right": box.right,
        "bottom": box.bottom,
        "confidence": found.confidence,
    }


def provenance_of(table: pa.Table) -> Provenance:
    """What a table was made with; raises TableInvalid."""
    return _provenance_in(table.schema)


def read_provenance(path: Path) -> Provenance:
    """What the table in a file was made with, without reading its rows; raises TableInvalid, and OSError."""
    try:
        return _provenance_in(pq.read_schema(path))
    except pa.ArrowInvalid as error:
        raise TableInvalid(f"{path.name}: {error}") from error


def _provenance_in(found: pa.Schema) -> Provenance:
    metadata = {key.decode(): value.decode() for key, value in (found.metadata or {}).items()}
    if metadata.get("schema_version") != str(SCHEMA_VERSION):
        raise TableInvalid(f"schema version {metadata.get('schema_version')}, not {SCHEMA_VERSION}")
    provenance = Provenance(
        build=metadata["build"],
        build_sha256=metadata["build_sha256"],
        placeholder=metadata["placeholder"] == "true",
        subject_type=metadata["subject_type"],
        rate=float(metadata["rate"]),
    )
    if not found.equals(schema(provenance)):
        raise TableInvalid("its columns are not those of a table of scores")
    return provenance


def write_table(table: pa.Table, path: Path) -> str:
    """Write the table durably as Parquet; returns the file's SHA-256."""
    with replacing(path) as file:
        pq.write_table(table, file, compression="zstd")
    return sha256_of_file(path)


def read_table(path: Path) -> pa.Table:
    """Read a table; raises TableInvalid when the file is not one, and OSError."""
    try:
        table = pq.read_table(path)
    except pa.ArrowInvalid as error:
        raise TableInvalid(f"{path.name}: {error}") from error
    provenance_of(table)
    return table
