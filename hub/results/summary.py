"""What a table of scores says in one small document: means over the frames that show everything, and how many there are.

Sources: PainFace preprint, Figure 6C (means over frames with all action units only), 6E and 6F (at least 75 such frames in the
first 10 minutes suffice).
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from hub.results.table import provenance_of, score_column
from shared.api import ScoreSummary, Warn
from shared.grimace import subject_type

FIRST_S = 600.0
SUFFICIENT_FRAMES = 75


def summarise(table: pa.Table, duration_s: float, frames_undecodable: int, warnings: Sequence[Warn]) -> ScoreSummary:
    """Summarise a table of scores; raises TableInvalid.

    All means are over the frames in which every unit was scored, so that the means of the units add up to the mean MGS.
    """
    provenance = provenance_of(table)
    faus = subject_type(provenance.subject_type).faus
    complete = table.filter(pc.is_valid(table["mgs"]))
    first = table.filter(pc.less(table["time_s"], FIRST_S))
    first_complete = first.filter(pc.is_valid(first["mgs"]))
    mean_mgs = _mean(complete["mgs"])
    return ScoreSummary(
        subject_type=provenance.subject_type,
        build=provenance.build,
        build_sha256=provenance.build_sha256,
        placeholder=provenance.placeholder,
        rate=provenance.rate,
        frames_analysed=len(table),
        frames_with_face=len(table) - table["face_confidence"].null_count,
        frames_all_faus=len(complete),
        coverage=len(complete) / len(table) if len(table) else None,
        mean_mgs=mean_mgs,
        mean_mgs_averaged=None if mean_mgs is None else mean_mgs / len(faus),
        mean_by_fau={fau.value: _mean(complete[score_column(fau)]) for fau in faus},
        first_10_min_frames_analysed=len(first),
        first_10_min_frames_all_faus=len(first_complete),
        first_10_min_mean_mgs=_mean(first_complete["mgs"]),
        sufficient=len(first_complete) >= SUFFICIENT_FRAMES,
        frames_undecodable=frames_undecodable,
        duration_s=duration_s,
        warnings=tuple(warnings),
    )


def _mean(column: pa.ChunkedArray) -> float | None:
    mean: float | None = pc.mean(column).as_py()
    return mean
