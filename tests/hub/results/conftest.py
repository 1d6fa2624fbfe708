"""Score tables that a person can check by hand."""

from collections.abc import Callable

import pyarrow as pa
import pytest

from hub.results.table import Provenance, ScoredFrame, table_of
from shared.detections import Detection, Part
from shared.geometry import Box
from shared.grimace import NOT_DETECTED, Fau

BUILD = Provenance("synthetic-2026.11", "ab" * 32, placeholder=True, subject_type="c57bl/6", rate=1.0)


def scored_frame(second: int, *scores: int) -> ScoredFrame:
    """The frame at a whole second of a 30 frames/s video; scores in PainFace's order, -1 for a hidden unit."""
    detected = {fau: (score, 0.75) for fau, score in zip(Fau, scores, strict=False) if score != NOT_DETECTED}
    face = Detection(Part.FACE, Box(100, 200, 300, 400), 0.5)
    return ScoredFrame(second * 30, float(second), 1, second * 1_000_000, 0.5 if detected else None, detected, (face,))


@pytest.fixture
def tabulated() -> Callable[..., pa.Table]:
    """Makes a table: one tuple of scores per second, with the provenance's fields to change."""

    def tabulate(*scores: tuple[int, ...], provenance: Provenance = BUILD) -> pa.Table:
        return table_of([scored_frame(second, *of_frame) for second, of_frame in enumerate(scores)], provenance)

    return tabulate
