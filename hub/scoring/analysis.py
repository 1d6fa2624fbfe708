"""One analysis from beginning to end: sample a recording, score its frames, and say what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from hub.results.summary import summarise
from hub.results.table import Provenance, ScoredFrame, table_of
from hub.scoring.engine import Engine
from hub.scoring.frame_reader import Picture, read_frames
from hub.scoring.frame_table import FrameTable
from hub.scoring.onnx_engine import OnnxEngine
from hub.scoring.recording import open_recording
from hub.scoring.sampling import sample
from shared.api import ScoreSummary, Warn
from shared.builds import Build
from shared.faults import NOT_VALID, SCORES_PLACEHOLDER, VIDEO_DAMAGED, VIDEO_NO_FRAMES, GrimaceError
from shared.grimace import UnknownSubjectType
from shared.grimace import subject_type as subject_type_of

BATCH_FRAMES = 8
"""Pictures held at a time: 50 MB at 1920x1080, and enough to fill the networks."""

Progress = Callable[[int, int], None]
"""Called with the frames done and planned; what it raises stops the analysis (cancelled, lease lost)."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Scored:
    """The result of an analysis."""

    table: pa.Table
    summary: ScoreSummary


def analyse_session(
    folder: Path, build: Build, rate: float, subject_type: str, on_progress: Progress, threads: int = 1
) -> Scored:
    """Score a stored recording: a session folder, a folder with one video, or a video file.

    `rate` is in frames/s. `on_progress` is called before the first frame and after every batch. Raises GrimaceError with the
    fault that stands in the way (see `open_recording` and `OnnxEngine`; E_VIDEO_NO_FRAMES when every sampled frame is damaged).
    """
    try:
        subject = subject_type_of(subject_type)
    except UnknownSubjectType as error:
        raise GrimaceError(NOT_VALID, str(error)) from error
    recording = open_recording(folder)
    engine = OnnxEngine(build, subject.name, threads)
    rows = sample(recording.frames.time_s, rate)
    on_progress(0, len(rows))
    frames: list[ScoredFrame] = []
    undecodable = 0
    for batch in _batches(read_frames(recording.frames, rows), BATCH_FRAMES):
        whole = [(read.row, read.picture) for read in batch if read.picture is not None]
        undecodable += len(batch) - len(whole)
        frames.extend(_score(engine, recording.frames, whole))
        on_progress(len(frames) + undecodable, len(rows))
    if not frames:
        raise GrimaceError(VIDEO_NO_FRAMES, f"all {undecodable} sampled frames are damaged")
    table = table_of(frames, Provenance(build.name, build.sha256, build.manifest.placeholder, subject.name, rate))
    warnings = list(recording.warnings)
    if undecodable:
        warnings.append(Warn.of(VIDEO_DAMAGED, f"{undecodable} of {len(rows)} sampled frames"))
    if build.manifest.placeholder:
        warnings.insert(0, Warn.of(SCORES_PLACEHOLDER, build.name))
    return Scored(table, summarise(table, recording.frames.duration_s, undecodable, tuple(warnings)))


def _score(engine: Engine, table: FrameTable, pictures: list[tuple[int, Picture]]) -> Iterator[ScoredFrame]:
    scores = engine.analyse([picture for _, picture in pictures])
    for (row, _), score in zip(pictures, scores, strict=True):
        yield ScoredFrame(
            frame_index=int(table.frame_index[row]),
            time_s=float(table.time_s[row]),
            part=int(table.part[row]),
            pts_us=int(table.pts_us[row]),
            face_confidence=score.face_confidence,
            scores={fau: (scored.score, scored.confidence) for fau, scored in score.scores.items()},
            boxes=score.boxes,
        )


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch
