"""The face checks of a session: the line of `fau.csv` that one becomes, and the coverage that the lines add up to.

A check arrives when its frame's own line was written long ago; the frame is found again by its sensor time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable

from shared.detections import PART_OF_FAU, Part
from shared.face_check import CHECKED_FAUS, Coverage, FaceObservation, FauRow, SeenPart, SufficiencyGoal
from shared.grimace import Fau

REMEMBERED_FRAMES = 1800
"""A minute at 30 frames/s. A check that took longer speaks of a face that has long moved on, and is left out."""

NOT_MEASURED = -1.0


class RecentFrames:
    """The newest frames of a part, so that a check finds the index of the frame it looked at."""

    def __init__(self) -> None:
        self._sensor_us: deque[int] = deque(maxlen=REMEMBERED_FRAMES)
        self._next_index = 0

    def add(self, sensor_us: int, frame_index: int) -> None:
        """The next frame; indices go up one by one."""
        self._sensor_us.append(sensor_us)
        self._next_index = frame_index + 1

    def index_at(self, sensor_us: int) -> int | None:
        """None when no frame of exactly that time is remembered."""
        position = bisect_left(self._sensor_us, sensor_us)
        if position == len(self._sensor_us) or self._sensor_us[position] != sensor_us:
            return None
        return self._next_index - len(self._sensor_us) + position


def row_of(seen: FaceObservation, frame_index: int, part: int, width_px: int, height_px: int) -> FauRow:
    """A check as a line of the ledger of a video of that size."""
    found = {fau: _best(seen, PART_OF_FAU[fau]) if fau in seen.visible else None for fau in CHECKED_FAUS}
    face = _best(seen, Part.FACE)
    left, top, right, bottom = (face.left, face.top, face.right, face.bottom) if face is not None else (0.0, 0.0, 0.0, 0.0)
    return FauRow(
        frame_index=frame_index,
        part=part,
        sensor_ns=seen.sensor_ns,
        faus_visible=sum(one is not None for one in found.values()),
        face=_confidence(face),
        orbital=_confidence(found[Fau.ORBITAL]),
        nose=_confidence(found[Fau.NOSE]),
        ears=_confidence(found[Fau.EARS]),
        whiskers=_confidence(found[Fau.WHISKERS]),
        left_px=round(left * width_px),
        top_px=round(top * height_px),
        right_px=round(right * width_px),
        bottom_px=round(bottom * height_px),
        sharpness=NOT_MEASURED if seen.sharpness is None else seen.sharpness,
        light=NOT_MEASURED if seen.light is None else seen.light,
    )


def _best(seen: FaceObservation, part: Part) -> SeenPart | None:
    return max((one for one in seen.parts if one.part is part), key=lambda one: one.confidence, default=None)


def _confidence(seen: SeenPart | None) -> float:
    return seen.confidence if seen is not None else 0.0


def visible_in(row: FauRow) -> frozenset[Fau]:
    return frozenset(fau for fau in CHECKED_FAUS if getattr(row, fau.value) > 0)


def coverage_with(coverage: Coverage, row: FauRow, first_sensor_ns: int, goal: SufficiencyGoal) -> Coverage:
    """The coverage and one more check of a session whose first frame was taken at `first_sensor_ns`."""
    return coverage.with_check(max(0, row.sensor_ns - first_sensor_ns) / 1e9, visible_in(row), goal)


def coverage_of(rows: Iterable[FauRow], first_sensor_ns: int, goal: SufficiencyGoal) -> Coverage:
    """What all checks of a session add up to."""
    coverage = Coverage()
    for row in rows:
        coverage = coverage_with(coverage, row, first_sensor_ns, goal)
    return coverage
