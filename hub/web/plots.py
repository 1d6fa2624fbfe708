"""The plot of an analysis as SVG geometry: grimace score over time, and below it which action units were seen when.

Pure: values in, coordinates out. The template writes the SVG and the stylesheet colours it, because the page's security policy
allows no inline styles and because the same drawing serves a light and a dark page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from shared.grimace import NOT_DETECTED, Fau, SubjectType

# Drawing units; the page scales them to its width.
WIDTH = 960.0
LEFT = 64.0
RIGHT = 948.0
SCORES_TOP = 14.0
SCORES_BOTTOM = 174.0
LANES_TOP = 194.0
LANE_HEIGHT = 12.0
LANE_STEP = 17.0
AXIS_ROOM = 34.0

MOST_TIME_TICKS = 10
TICK_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
SPARSE_DOTS = 150
MOST_EXACT_DOTS = 2000
"""Beyond this, dots that would lie within one drawing unit are drawn once: an hour at 30 frames/s has a hundred thousand."""
NARROWEST = 0.5
"""No bar of a lane, and no gap between two, is narrower."""
MEANS_PER_PLOT = 30
"""The mean line has about this many bins, none shorter than 5 s."""
MEAN_STEPS_S = (5, 10, 15, 30, 60, 120, 300, 600)


@dataclass(frozen=True)
class PlottedFrame:
    """An analysed frame, as far as the plot needs it."""

    time_s: float
    total: int | None
    scores: dict[Fau, int]


@dataclass(frozen=True)
class Tick:
    """A mark on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Lane:
    """When one action unit was seen: a path of bars."""

    fau: Fau
    y: float
    bars: str
    share_seen: float | None


@dataclass(frozen=True)
class Span:
    """A stretch of the time axis."""

    x: float
    width: float


@dataclass(frozen=True)
class GrimacePlot:
    """Everything the template needs to draw."""

    height: float
    score_ticks: tuple[Tick, ...]
    time_ticks: tuple[Tick, ...]
    time_unit: str
    dots: str
    """A path of zero-length strokes: round caps make them dots."""
    sparse: bool
    """So few dots that they can be drawn larger."""
    mean_line: str
    mean_bin_s: int
    lanes: tuple[Lane, ...]
    gaps: tuple[Span, ...]


def draw(
    frames: Sequence[PlottedFrame], subject: SubjectType, duration_s: float, gaps_s: Sequence[tuple[float, float]]
) -> GrimacePlot:
    """Lay the plot out. `gaps_s` are the recording's holes as (start, length) in seconds."""
    duration_s = max(duration_s, frames[-1].time_s if frames else 0.0, 1.0)
    x_per_s = (RIGHT - LEFT) / duration_s
    y_per_score = (SCORES_BOTTOM - SCORES_TOP) / subject.highest_total
    scored = [(frame.time_s, frame.total) for frame in frames if frame.total is not None]
    bin_s = _mean_bin(duration_s)

    def place(time_s: float, total: float) -> str:
        return f"{LEFT + time_s * x_per_s:.1f} {SCORES_BOTTOM - total * y_per_score:.1f}"

    return GrimacePlot(
        height=LANES_TOP + LANE_STEP * len(subject.faus) + AXIS_ROOM,
        score_ticks=tuple(
            Tick(SCORES_BOTTOM - score * y_per_score, str(score)) for score in range(0, subject.highest_total + 1, 2)
        ),
        time_ticks=_time_ticks(duration_s, x_per_s),
        time_unit="minutes" if _tick_step(duration_s) >= 60 else "seconds",
        dots=_dots(scored, place, 1 / x_per_s),
        sparse=len(scored) <= SPARSE_DOTS,
        mean_line="".join(
            f"{'L' if index else 'M'}{place(time_s, mean)}" for index, (time_s, mean) in enumerate(_means(scored, bin_s))
        ),
        mean_bin_s=bin_s,
        lanes=tuple(
            _lane(fau, LANES_TOP + place_in_list * LANE_STEP, frames, duration_s, x_per_s)
            for place_in_list, fau in enumerate(subject.faus)
        ),
        gaps=tuple(Span(LEFT + start_s * x_per_s, max(1.0, length_s * x_per_s)) for start_s, length_s in gaps_s),
    )


def _dots(scored: Sequence[tuple[float, int]], place: Callable[[float, float], str], unit_s: float) -> str:
    """`unit_s` is the time that a drawing unit stands for."""
    if len(scored) > MOST_EXACT_DOTS:
        scored = sorted({(int(time_s / unit_s) * unit_s, total) for time_s, total in scored})
    return "".join(f"M{place(time_s, total)}h0" for time_s, total in scored)


def _mean_bin(duration_s: float) -> int:
    return next((step for step in MEAN_STEPS_S if duration_s / step <= MEANS_PER_PLOT), MEAN_STEPS_S[-1])


def _means(scored: Sequence[tuple[float, int]], bin_s: int) -> list[tuple[float, float]]:
    """The mean time and the mean score of every bin that holds a scored frame."""
    means = []
    for _, group in groupby(scored, key=lambda point: int(point[0] // bin_s)):
        points = list(group)
        means.append((sum(time_s for time_s, _ in points) / len(points), sum(total for _, total in points) / len(points)))
    return means


def _tick_step(duration_s: float) -> int:
    return next((step for step in TICK_STEPS_S if duration_s / step <= MOST_TIME_TICKS), TICK_STEPS_S[-1])


def _time_ticks(duration_s: float, x_per_s: float) -> tuple[Tick, ...]:
    step = _tick_step(duration_s)
    unit = 60 if step >= 60 else 1
    return tuple(Tick(LEFT + time_s * x_per_s, f"{time_s / unit:g}") for time_s in range(0, int(duration_s) + 1, step))


def _lane(fau: Fau, y: float, frames: Sequence[PlottedFrame], duration_s: float, x_per_s: float) -> Lane:
    """A bar for every run of frames that show the unit; a frame stands for the time until the next one.

    Runs between which no gap could be seen are one bar: an hour at 30 frames/s has hundreds of bars and not ten thousands.
    """
    seen = [frame.scores.get(fau, NOT_DETECTED) != NOT_DETECTED for frame in frames]
    starts = [frame.time_s for frame in frames]
    ends = [*starts[1:], duration_s]
    runs: list[tuple[float, float]] = []
    for visible, run in groupby(range(len(frames)), key=lambda index: seen[index]):
        if not visible:
            continue
        indices = list(run)
        x, end = LEFT + starts[indices[0]] * x_per_s, LEFT + ends[indices[-1]] * x_per_s
        if runs and x - runs[-1][1] < NARROWEST:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((x, max(end, x + NARROWEST)))
    bars = "".join(f"M{x:.1f} {y:.1f}h{end - x:.1f}v{LANE_HEIGHT:.0f}H{x:.1f}z" for x, end in runs)
    return Lane(fau, y, bars, sum(seen) / len(seen) if seen else None)
