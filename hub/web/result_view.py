"""The result of an analysis as its page shows it: the plot, a page of the score table, and a few frames to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import pyarrow as pa

from hub.results.table import confidence_column, read_table, score_column
from hub.web.plots import GrimacePlot, PlottedFrame, draw
from shared.api import ScoreSummary
from shared.detections import Part
from shared.grimace import Fau, SubjectType, subject_type
from shared.manifest import SessionManifest

ROWS_A_PAGE = 30
EXAMPLES = 6
DETAIL_ASPECT = 4 / 3
DETAIL_ROOM = 1.25


@dataclass(frozen=True)
class ScoreRow:
    """An analysed frame in the score table."""

    frame_index: int
    time_s: float
    scores: tuple[int, ...]
    confidences: tuple[float | None, ...]
    detected: int
    total: int | None


@dataclass(frozen=True)
class ScorePage:
    """A page of the score table; pages count from 1."""

    rows: tuple[ScoreRow, ...]
    number: int
    pages: int
    first: int
    frames: int


@dataclass(frozen=True)
class Box:
    """A part of a frame in its pixels: a detection, or what is shown of the frame."""

    part: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Example:
    """An analysed frame with a picture."""

    frame_index: int
    time_s: float
    total: int | None
    boxes: tuple[Box, ...]
    detail: Box | None
    """The part of the frame that is worth showing: what was detected, with some room around it."""


@dataclass(frozen=True)
class ResultView:
    """Everything that the page says about one finished analysis."""

    analysis_id: str
    summary: ScoreSummary
    subject: SubjectType
    plot: GrimacePlot
    scores: ScorePage
    examples: tuple[Example, ...]
    frame_size: tuple[int, int] | None
    """Width and height of the recording's frames in pixels, where its manifest tells; boxes are drawn only then."""


def view_result(
    analysis_id: str, table_file: Path, summary: ScoreSummary, manifest: SessionManifest | None, page_number: int
) -> ResultView:
    """Prepare a result for the page; raises TableInvalid and OSError."""
    table = read_table(table_file)
    subject = subject_type(summary.subject_type)
    gaps = [(gap.start_s, gap.duration_ms / 1000) for gap in manifest.gaps] if manifest else []
    return ResultView(
        analysis_id=analysis_id,
        summary=summary,
        subject=subject,
        plot=draw(_plotted(table, subject), subject, summary.duration_s, gaps),
        scores=_score_page(table, subject, page_number),
        examples=_examples(table),
        frame_size=(manifest.camera.width_px, manifest.camera.height_px) if manifest else None,
    )


def _plotted(table: pa.Table, subject: SubjectType) -> list[PlottedFrame]:
    times, totals = table["time_s"].to_pylist(), table["mgs"].to_pylist()
    columns = {fau: table[score_column(fau)].to_pylist() for fau in subject.faus}
    return [
        PlottedFrame(time_s, total, {fau: scores[row] for fau, scores in columns.items()})
        for row, (time_s, total) in enumerate(zip(times, totals, strict=True))
    ]


def _score_page(table: pa.Table, subject: SubjectType, number: int) -> ScorePage:
    pages = max(1, ceil(len(table) / ROWS_A_PAGE))
    number = min(max(1, number), pages)
    first = (number - 1) * ROWS_A_PAGE
    rows = tuple(_score_row(row, subject.faus) for row in table.slice(first, ROWS_A_PAGE).to_pylist())
    return ScorePage(rows, number, pages, first, len(table))


def _score_row(row: dict[str, Any], faus: Sequence[Fau]) -> ScoreRow:
    return ScoreRow(
        frame_index=row["frame_index"],
        time_s=row["time_s"],
        scores=tuple(row[score_column(fau)] for fau in faus),
        confidences=tuple(row[confidence_column(fau)] for fau in faus),
        detected=row["fau_count"],
        total=row["mgs"],
    )


def _examples(table: pa.Table) -> tuple[Example, ...]:
    """A few frames from all over the recording, of those that have a score if there are enough."""
    complete = [place for place, total in enumerate(table["mgs"].to_pylist()) if total is not None]
    places = complete if len(complete) >= EXAMPLES else list(range(len(table)))
    count = min(EXAMPLES, len(places))
    chosen = [places[(2 * turn + 1) * len(places) // (2 * count)] for turn in range(count)]
    return tuple(_example(table.slice(place, 1).to_pylist()[0]) for place in chosen)


def _example(row: dict[str, Any]) -> Example:
    boxes = tuple(
        Box(box["part"], box["left"], box["top"], box["right"] - box["left"], box["bottom"] - box["top"])
        for box in row["boxes"]
        if box["part"] != Part.BODY
    )
    return Example(row["frame_index"], row["time_s"], row["mgs"], boxes, _around(boxes) if boxes else None)


def _around(boxes: Sequence[Box]) -> Box:
    """All boxes and some room, in the shape of the pictures."""
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    width = max(box.x + box.width for box in boxes) - left
    height = max(box.y + box.height for box in boxes) - top
    shown_height = DETAIL_ROOM * max(height, width / DETAIL_ASPECT)
    shown_width = shown_height * DETAIL_ASPECT
    return Box("detail", left + (width - shown_width) / 2, top + (height - shown_height) / 2, shown_width, shown_height)
