"""How often the face check is right about what a frame shows: told against true, counted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.painted_frames import SMALL_SIZE_PX, PaintedFrame
from models.synthetic.labels import StillLabels
from rig.camera.backend import SmallFrame
from rig.face.examine import observe, rgb_of
from rig.luma import BLACK
from shared.builds import Build
from shared.detections import Detection, Part, filter_face
from shared.face_check import FaceObservation
from shared.inference import FaceDetector

UNITS = (Part.ORBITAL, Part.NOSE, Part.EARS, Part.WHISKERS)
ALL_UNITS = "all four"
QUESTIONS = ("face", *(unit.value for unit in UNITS), ALL_UNITS)
CONFIDENCE_Z = 1.96
"""Of a 95 % interval."""
GAMMA = 2.2

Picture = NDArray[np.uint8]
Thresholds = Mapping[Part, float]


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    @property
    def value(self) -> float:
        return self.count / self.of if self.of else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """95 % (Wilson 1927, J Am Stat Assoc 22:209)."""
        if not self.of:
            return math.nan, math.nan
        square = CONFIDENCE_Z**2 / self.of
        centre = self.value + square / 2
        spread = CONFIDENCE_Z * math.sqrt(self.value * (1 - self.value) / self.of + square / (4 * self.of))
        return max(0.0, (centre - spread) / (1 + square)), min(1.0, (centre + spread) / (1 + square))


@dataclass(frozen=True)
class Tally:
    """How the answers to one question ("is it visible?") compare with the truth."""

    visible_told: int
    visible_missed: int
    hidden_told: int
    hidden_missed: int

    @property
    def precision(self) -> Share:
        """Of those told visible, how many are."""
        return Share(self.visible_told, self.visible_told + self.hidden_missed)

    @property
    def recall(self) -> Share:
        """Of the visible, how many were told."""
        return Share(self.visible_told, self.visible_told + self.visible_missed)

    @property
    def hidden_recall(self) -> Share:
        """Of the hidden, how many were told hidden."""
        return Share(self.hidden_told, self.hidden_told + self.hidden_missed)


@dataclass(frozen=True)
class Judged:
    """A frame's truth, and what the detector found in it at both sizes."""

    labels: StillLabels
    small: tuple[Detection, ...]
    full: tuple[Detection, ...]


def judged(frames: Iterable[PaintedFrame], detector: FaceDetector) -> list[Judged]:
    """Run the detector over frames with a mouse."""
    found = []
    for frame in frames:
        assert frame.labels is not None
        small, full = (detector.detect([picture])[0] for picture in (rgb_of(small_frame(frame.i420)), frame.reduced))
        found.append(Judged(frame.labels, small, full))
    return found


def small_frame(i420: Picture) -> SmallFrame:
    return SmallFrame(0, *SMALL_SIZE_PX, i420.tobytes())


def told(detections: Sequence[Detection], thresholds: Thresholds) -> frozenset[str]:
    """The questions that are answered with "visible"."""
    face = filter_face(detections, thresholds)
    if face is None:
        return frozenset()
    return _with_all({"face", *(fau.value for fau in face.faus_visible())})


def true(labels: StillLabels) -> frozenset[str]:
    """The questions whose right answer is "visible"."""
    return _with_all({labelled.part.value for labelled in labels.boxes} & set(QUESTIONS))


def _with_all(visible: set[str]) -> frozenset[str]:
    return frozenset(visible | ({ALL_UNITS} if visible >= {unit.value for unit in UNITS} else set()))


def tallies(
    frames: Sequence[Judged], detections: Callable[[Judged], Sequence[Detection]], thresholds: Thresholds
) -> Mapping[str, Tally]:
    """Every question's tally over the frames."""
    answers = [(true(frame.labels), told(detections(frame), thresholds)) for frame in frames]
    return {question: _tally([(question in truth, question in answer) for truth, answer in answers]) for question in QUESTIONS}


def _tally(pairs: Sequence[tuple[bool, bool]]) -> Tally:
    return Tally(
        visible_told=pairs.count((True, True)),
        visible_missed=pairs.count((True, False)),
        hidden_told=pairs.count((False, False)),
        hidden_missed=pairs.count((False, True)),
    )


@dataclass(frozen=True)
class Degraded:
    """What the face check says of the same frames in worse light or focus; medians over the faces that were found."""

    what: str
    faces: int
    all_units: int
    light: float
    relative_sharpness: float
    over_exposed: float


def degraded(
    what: str, frames: Iterable[PaintedFrame], worsen: Callable[[Picture], Picture], detector: FaceDetector, build: Build
) -> Degraded:
    """Worsen the small pictures of some frames, and check them."""
    seen = [_observed(worsen(rgb_of(small_frame(frame.i420))), detector, build) for frame in frames]
    faces = [each for each in seen if each.light is not None]
    return Degraded(
        what=what,
        faces=len(faces),
        all_units=sum(each.shows_all for each in seen),
        light=median(each.light or 0.0 for each in faces),
        relative_sharpness=median((each.sharpness or 0.0) / ((each.light or 0.0) - BLACK) ** 2 for each in faces),
        over_exposed=median(each.over_exposed or 0.0 for each in faces),
    )


def _observed(picture: Picture, detector: FaceDetector, build: Build) -> FaceObservation:
    frame = small_frame(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420), np.uint8))
    return observe(frame, detector.detect([rgb_of(frame)])[0], build)


def relit(picture: Picture, factor: float) -> Picture:
    """The picture under `factor` times the light, as far as eight bits hold it; a real sensor adds noise."""
    linear = (picture / 255.0) ** GAMMA * factor
    return np.asarray(np.clip(linear, 0, 1) ** (1 / GAMMA) * 255 + 0.5, np.uint8)


def defocused(picture: Picture, sigma_px: float) -> Picture:
    """The picture blurred by a Gaussian of so many pixels of the small picture (three times as many of the full one)."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), np.uint8)
