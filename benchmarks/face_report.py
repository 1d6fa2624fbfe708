"""How well the face check sees, as a page: `python -m benchmarks.face_report [FILE]` writes `docs/face-check-accuracy.md`.

Painting the frames takes 25 CPU-minutes the first time; they are kept under `build/bench/face`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import cv2

from benchmarks.__main__ import WORK_FOLDER
from benchmarks.face_accuracy import (
    ALL_UNITS,
    Degraded,
    Judged,
    Picture,
    Share,
    Tally,
    Thresholds,
    defocused,
    degraded,
    judged,
    relit,
    small_frame,
    tallies,
    told,
)
from benchmarks.face_check import BUDGET_MS, BUILD, PI_4_SLOWER, CheckTime, ProcessCost, check_time, process_cost
from benchmarks.painted_frames import SMALL_SIZE_PX, PaintedFrame, empty_chamber, painted_mouse
from models.labelled_clip import labelled_frames
from rig.face.examine import rgb_of
from shared.builds import Build, open_build
from shared.bundled import sample_clip
from shared.detections import Detection
from shared.inference import FaceDetector

PAGE = Path("docs/face-check-accuracy.md")
FRAMES_FOLDER = WORK_FOLDER / "face"

CHOOSING_SEEDS = range(2_000_000, 2_000_120)
"""Frames that decisions were made on: thresholds, limits of light and focus."""
REPORTED_SEEDS = range(3_000_000, 3_000_240)
"""Frames that nothing was decided on."""
EMPTY_SEEDS = range(3_000_000, 3_000_060)
DEGRADED_FRAMES = 60

THRESHOLD_FACTORS = (0.6, 0.8, 1.0, 1.2, 1.4)
LIGHT_FACTORS = (4.0, 2.0, 0.5, 0.25, 0.12, 0.06, 0.03, 0.015)
BLUR_SIGMAS_PX = (1.0, 2.0, 3.0, 4.0, 6.0)


def report() -> str:
    """The whole page."""
    cv2.setNumThreads(1)
    build = open_build(BUILD)
    detector = FaceDetector(build)
    mice = [painted_mouse(seed, FRAMES_FOLDER) for seed in REPORTED_SEEDS]
    choosing = [painted_mouse(seed, FRAMES_FOLDER) for seed in CHOOSING_SEEDS]
    frames = judged(mice, detector)
    thresholds = build.manifest.detector.thresholds
    sections = [
        _introduction(build),
        _accuracy(frames, thresholds),
        _beside_the_full_frame(frames, thresholds),
        _other_frames(detector, thresholds),
        _thresholds(judged(choosing, detector), thresholds),
        _light_and_focus(choosing[:DEGRADED_FRAMES], detector, build),
        _cost(check_time(1), check_time(2), process_cost(WORK_FOLDER)),
    ]
    return "\n".join(sections)


def _introduction(build: Build) -> str:
    return f"""\
# How well the face check sees

<!-- Made by `python -m benchmarks.face_report`; frames and numbers come out the same again, but for the times. -->

Build `{build.name}` (manifest `{build.sha256[:12]}…`), with the thresholds of its manifest.

**All of it was measured on computer-generated mice, so it is optimistic and says nothing about real animals.** The scorers of
this build were trained with the same painter, the detector with an earlier one. What the build did on photographs is in its card,
`models/builds/{build.name}/CARD.md`. Measure a build of your own on your own labelled frames.

Black mice in random poses, chambers and lights were painted at 1920x1080: {len(REPORTED_SEEDS)} frames, {_seeds(REPORTED_SEEDS)}
(the scorers were trained on seeds 0 to 639). They were reduced to {SMALL_SIZE_PX[0]}x{SMALL_SIZE_PX[1]} as the camera does for
its small stream, turned into YUV 4:2:0, and checked as the rig checks them. Some mice groom or turn away. Intervals
are 95 % (Wilson).
"""


def _seeds(seeds: range) -> str:
    return f"seeds {seeds.start} to {seeds.stop - 1}"


def _accuracy(frames: Sequence[Judged], thresholds: Thresholds) -> str:
    return f"""\
## Visible or not

| | precision | | recall | | hidden, told hidden |
|---|---|---|---|---|---|
{_rows(tallies(frames, lambda frame: frame.small, thresholds))}

Precision: of the frames in which it was told visible, how many show it. Recall: of the frames that show it, in how many it was
told. The last line is what coverage and scorable seconds count: frames in which all four units are told visible.
"""


def _rows(found: Mapping[str, Tally]) -> str:
    return "\n".join(
        f"| {question} | {_share(tally.precision)} | {_share(tally.recall)} | {_counts(tally.hidden_recall)} |"
        for question, tally in found.items()
    )


def _counts(share: Share) -> str:
    return f"{share.count} of {share.of}"


def _share(share: Share) -> str:
    """Two cells: the value, and the counts with their interval."""
    if not share.of:
        return "– | none"
    low, high = share.interval
    return f"{share.value:.3f} | {_counts(share)} ({low:.2f} to {high:.2f})"


def _beside_the_full_frame(frames: Sequence[Judged], thresholds: Thresholds) -> str:
    full = tallies(frames, lambda frame: frame.full, thresholds)
    rows = "\n".join(
        f"| {question} | {tally.precision.value:.3f} | {tally.recall.value:.3f} | {_same(frames, thresholds, question)} |"
        for question, tally in full.items()
    )
    return f"""\
## The small frame against the full one

The hub looks at the full frame. The same frames, reduced from 1920x1080 to the detector's input in one step:

| | precision | recall | small and full frame tell the same |
|---|---|---|---|
{rows}
"""


def _same(frames: Sequence[Judged], thresholds: Thresholds, question: str) -> str:
    answers = [(question in told(frame.small, thresholds), question in told(frame.full, thresholds)) for frame in frames]
    return _counts(Share(sum(small == full for small, full in answers), len(answers)))


def _other_frames(detector: FaceDetector, thresholds: Thresholds) -> str:
    empty = [empty_chamber(seed, FRAMES_FOLDER) for seed in EMPTY_SEEDS]
    faces = sum("face" in told(_found(frame.i420, detector), thresholds) for frame in empty)
    clip = list(labelled_frames(sample_clip()))
    answers = [told(_found(PaintedFrame.of(frame.image, None).i420, detector), thresholds) for frame in clip]
    right = sum((ALL_UNITS in answer) == frame.shows_all_faus for answer, frame in zip(answers, clip, strict=True))
    return f"""\
Empty chambers in which a face was seen: {faces} of {len(empty)}. Labelled seconds of the sample clip in which "all four visible"
and "not" were told apart: {right} of {len(clip)} (the build's thresholds were chosen on a longer clip that these seconds are of).
"""


def _found(i420: Picture, detector: FaceDetector) -> tuple[Detection, ...]:
    return detector.detect([rgb_of(small_frame(i420))])[0]


def _thresholds(frames: Sequence[Judged], thresholds: Thresholds) -> str:
    rows = []
    for factor in THRESHOLD_FACTORS:
        scaled = {part: min(1.0, factor * value) for part, value in thresholds.items()}
        tally = tallies(frames, lambda frame: frame.small, scaled)[ALL_UNITS]
        rows.append(f"| {factor:g} | {_share(tally.precision)} | {_share(tally.recall)} |")
    lines = "\n".join(rows)
    return f"""\
## Other thresholds

All thresholds of the build multiplied by one factor, on {len(frames)} other frames ({_seeds(CHOOSING_SEEDS)}), "all four":

| factor | precision | | recall | |
|---|---|---|---|---|
{lines}

None is clearly better. The rig uses the build's own: a check promises what the hub will find, and the hub uses them, too.
"""


def _light_and_focus(frames: Sequence[PaintedFrame], detector: FaceDetector, build: Build) -> str:
    series = [degraded("as painted", frames, lambda picture: picture, detector, build)]
    for factor in LIGHT_FACTORS:
        series.append(degraded(f"light x {factor:g}", frames, partial(relit, factor=factor), detector, build))
    for sigma_px in BLUR_SIGMAS_PX:
        series.append(degraded(f"blur {sigma_px:g} px", frames, partial(defocused, sigma_px=sigma_px), detector, build))
    return f"""\
## Light and focus

{len(frames)} of those other frames, made brighter, darker and less sharp (by a Gaussian of that standard deviation, in pixels of
the small frame). The limits of the advice "too dark", "too bright" and "blurred" (`rig/face/advice.py`) were read off here.

| | faces found | all four told | light of the face | relative sharpness | over-exposed |
|---|---|---|---|---|---|
{_degraded_rows(series)}

Light is the mean luma of the face region (black is 16, white 235); relative sharpness is the variance of the Laplacian over the
squared light above black. A sensor in the dark adds noise, which these frames do not have: real dark pictures are worse.
"""


def _degraded_rows(series: Iterable[Degraded]) -> str:
    return "\n".join(
        f"| {each.what} | {each.faces} | {each.all_units} | {each.light:.0f} | {each.relative_sharpness:.4f} "
        f"| {each.over_exposed:.2f} |"
        for each in series
    )


def _cost(one_thread: CheckTime, two_threads: CheckTime, process: ProcessCost) -> str:
    return f"""\
## What it costs

On a server's processor (x86-64 with AVX2), conversion, detection and measures of one small frame together:

| | quickest | median | of the second that it has |
|---|---|---|---|
| a check with one thread | {_time_cells(one_thread)} |
| a check with two threads | {_time_cells(two_threads)} |

The whole process holds {process.resident_mb:.0f} MB of memory and takes {process.cpu_s_per_s:.1%} of a core for a check a second.

**A Raspberry Pi 4 was not measured.** Published times of comparable networks suggest that its four cores together take about
{PI_4_SLOWER:g} times (4 to 7 times) as long as one thread here: {one_thread.quickest_ms * PI_4_SLOWER:.0f} ms with four threads,
and at most four times that with one. This is an estimate, without the camera's own load and without a hot processor. The rig
checks less often by itself where a check takes longer than half a second.
"""


def _time_cells(time: CheckTime) -> str:
    return f"{time.quickest_ms:.0f} ms | {time.median_ms:.0f} ms | {time.median_ms / BUDGET_MS:.1%}"


if __name__ == "__main__":
    (Path(sys.argv[1]) if sys.argv[1:] else PAGE).write_text(report(), encoding="utf-8")
