"""One small frame becomes one observation: what is visible of the face, and how well."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from rig.camera.backend import SmallFrame
from rig.luma import Luma, luma_of, mean_light, over_exposed_share, sharpness, under_exposed_share
from shared.builds import Build
from shared.clock import NANOSECONDS_PER_US, Clock
from shared.detections import Detection, Face, Part, filter_face
from shared.face_check import FaceObservation, SeenPart
from shared.geometry import Box
from shared.inference import FaceDetector, Image

NANOSECONDS_PER_MS = 1_000_000
BOX_DIGITS = 4
"""A fifth of a pixel of the full frame."""


class Examiner:
    """A build's detector, ready to look at small frames."""

    def __init__(self, build: Build, threads: int, clock: Clock) -> None:
        """Load the network; raises GrimaceError with E_BUILD_INVALID when it cannot run here."""
        self._build = build
        self._detector = FaceDetector(build, threads)
        self._clock = clock

    def examine(self, frame: SmallFrame) -> FaceObservation:
        """What the frame shows; `took_ms` is wall time."""
        began_ns = self._clock.monotonic_ns()
        (detections,) = self._detector.detect([rgb_of(frame)])
        observation = observe(frame, detections, self._build)
        took_ns = self._clock.monotonic_ns() - began_ns
        return observation.model_copy(update={"took_ms": round(took_ns / NANOSECONDS_PER_MS, 1)})


def rgb_of(frame: SmallFrame) -> Image:
    """The picture in full-range RGB. OpenCV knows only the matrix of ITU-R BT.601; on a grey chamber BT.709 looks the same."""
    planes = np.frombuffer(frame.i420, np.uint8).reshape(frame.height_px * 3 // 2, frame.width_px)
    return np.asarray(cv2.cvtColor(planes, cv2.COLOR_YUV2RGB_I420), np.uint8)


def observe(frame: SmallFrame, detections: Iterable[Detection], build: Build) -> FaceObservation:
    """Apply the same face filter as the hub, and measure the face region."""
    found = tuple(detections)
    face = filter_face(found, build.manifest.detector.thresholds)
    observation = FaceObservation(
        sensor_ns=frame.sensor_us * NANOSECONDS_PER_US,
        build=build.reference,
        parts=tuple(_seen(detection, frame) for detection in (*_of_face(face), *_body(found, build))),
    )
    if face is None:
        return observation
    region = _region(luma_of(frame), face.detection.box)
    measures = {
        "visible": face.faus_visible(),
        "sharpness": round(sharpness(region), 2),
        "light": round(mean_light(region), 1),
        "over_exposed": round(over_exposed_share(region), 4),
        "under_exposed": round(under_exposed_share(region), 4),
    }
    return observation.model_copy(update=measures)


def _of_face(face: Face | None) -> Iterator[Detection]:
    """The face and all its parts."""
    if face is not None:
        yield face.detection
        for detections in face.parts.values():
            yield from detections


def _body(found: Iterable[Detection], build: Build) -> Iterator[Detection]:
    """The most confident body, which tells an animal that faces away from an empty chamber."""
    network = build.manifest.detector
    if Part.BODY in network.classes:
        bodies = (each for each in found if each.part is Part.BODY and each.confidence >= network.thresholds[Part.BODY])
        if best := max(bodies, key=lambda body: body.confidence, default=None):
            yield best


def _seen(detection: Detection, frame: SmallFrame) -> SeenPart:
    box = detection.box.clipped(frame.width_px, frame.height_px)
    return SeenPart(
        part=detection.part,
        left=round(box.left / frame.width_px, BOX_DIGITS),
        top=round(box.top / frame.height_px, BOX_DIGITS),
        right=round(box.right / frame.width_px, BOX_DIGITS),
        bottom=round(box.bottom / frame.height_px, BOX_DIGITS),
        confidence=round(min(1.0, detection.confidence), 3),
    )


def _region(luma: Luma, box: Box) -> Luma:
    """The pixels that a box inside the picture touches."""
    return luma[math.floor(box.top) : math.ceil(box.bottom), math.floor(box.left) : math.ceil(box.right)]
