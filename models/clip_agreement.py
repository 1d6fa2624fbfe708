"""How well a build agrees with a labelled clip: units told visible or not, boxes found, units scored right.

    python -m models.clip_agreement models/builds/synthetic-2026.11 tests/media/chamber-short.mp4

The numbers in a bundled build's card come from here.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.labelled_clip import FAUS, LabelledFrame, labelled_frames
from shared.builds import Build, verify_build
from shared.detections import PART_OF_FAU, Face, Part, filter_face
from shared.geometry import Box, union
from shared.grimace import Fau
from shared.inference import FaceDetector, FauScorer, crop_for, crop_of

FOUND_AT_IOU = 0.5
"""A part counts as found when the boxes overlap this much (paper, Table 1)."""
JUDGED_PARTS = (Part.FACE, Part.ORBITAL, Part.NOSE, Part.EARS, Part.WHISKERS)


@dataclass(frozen=True)
class Share:
    """So many right, of so many asked."""

    right: int
    asked: int

    def __str__(self) -> str:
        return f"{self.right} of {self.asked}"


@dataclass(frozen=True)
class Agreement:
    """What a build got right on the labelled seconds of a clip."""

    all_faus_told: Share
    """Seconds in which "all four units visible" and "not" were told apart."""
    wrong_seconds: tuple[int, ...]
    found: Mapping[Part, Share]
    """Visible parts whose box was found; several boxes of a part are compared as one around them."""
    scored: Mapping[Fau, Share]
    """Visible units scored right on the detector's boxes, where it found the unit."""
    scored_on_labels: Mapping[Fau, Share]
    """Visible units scored right on the labelled boxes."""
    detection_ms: float
    """Per frame, frame by frame, with one thread."""


def agreement(build: Build, clip: Path) -> Agreement:
    """Run a build over the labelled seconds of a clip and compare."""
    detector = FaceDetector(build)
    scorers = {fau: FauScorer(build, fau) for fau in build.manifest.scorers}
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    wrong_seconds, detection_s = [], 0.0
    for frame in labelled_frames(clip):
        began = time.perf_counter()
        (detections,) = detector.detect([frame.image])
        face = filter_face(detections, build.manifest.detector.thresholds)
        detection_s += time.perf_counter() - began
        if _tells_all_faus(face) != frame.shows_all_faus:
            wrong_seconds.append(frame.second)
        for question, is_right in (*_found(frame, face), *_scored(frame, face, scorers)):
            asked[question] += 1
            right[question] += is_right
        asked["second"] += 1

    def share(question: str) -> Share:
        return Share(right[question], asked[question])

    return Agreement(
        all_faus_told=Share(asked["second"] - len(wrong_seconds), asked["second"]),
        wrong_seconds=tuple(wrong_seconds),
        found={part: share(f"found {part}") for part in JUDGED_PARTS},
        scored={fau: share(f"scored {fau}") for fau in scorers},
        scored_on_labels={fau: share(f"scored on labels {fau}") for fau in scorers},
        detection_ms=1000 * detection_s / max(1, asked["second"]),
    )


def _tells_all_faus(face: Face | None) -> bool:
    return face is not None and len(face.faus_visible()) == len(FAUS)


def _found(frame: LabelledFrame, face: Face | None) -> Iterator[tuple[str, bool]]:
    """For each visible part: whether its box was found."""
    for part in JUDGED_PARTS:
        if part in frame.boxes:
            boxes = _boxes_of(face, part)
            yield f"found {part}", bool(boxes) and union(boxes).iou(union(frame.boxes[part])) >= FOUND_AT_IOU


def _scored(frame: LabelledFrame, face: Face | None, scorers: Mapping[Fau, FauScorer]) -> Iterator[tuple[str, bool]]:
    """For each visible unit: whether its score was right, on the labelled box and on the detector's."""
    for fau, scorer in scorers.items():
        if fau not in frame.scores:
            continue
        crops = {
            f"scored on labels {fau}": crop_of(frame.image, union(frame.boxes[PART_OF_FAU[fau]]), scorer.crop_margin),
            f"scored {fau}": crop_for(frame.image, face, fau, scorer.crop_margin) if face else None,
        }
        for question, crop in crops.items():
            if crop is not None:
                yield question, scorer.score([crop])[0].score == frame.scores[fau]


def _boxes_of(face: Face | None, part: Part) -> list[Box]:
    if face is None:
        return []
    detections = (face.detection,) if part is Part.FACE else face.parts[part]
    return [detection.box for detection in detections]


def report(found: Agreement) -> str:
    """The agreement as lines of text."""
    lines = [f"all four units told visible or not: {found.all_faus_told}; wrong at seconds {list(found.wrong_seconds)}"]
    lines += [f"{part} found: {share}" for part, share in found.found.items()]
    for fau, share in found.scored.items():
        lines.append(f"{fau} scored right: {share} on detected boxes, {found.scored_on_labels[fau]} on labelled boxes")
    return "\n".join([*lines, f"detection: {found.detection_ms:.0f} ms a frame"])


if __name__ == "__main__":
    build_folder, clip_path = map(Path, sys.argv[1:])
    print(report(agreement(verify_build(build_folder), clip_path)))
