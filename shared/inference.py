"""The networks of a build at work: frames become detections, crops become scores. onnxruntime, numpy and OpenCV only.

The rig's face check and the hub's worker run the same code, so a face that counts on the screen counts in the scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from shared.builds import Build, NetworkFile
from shared.detections import PART_OF_FAU, Detection, Face, Part
from shared.faults import BUILD_INVALID, GrimaceError
from shared.geometry import Box, Letterbox
from shared.grimace import Fau

Image = NDArray[np.uint8]
"""A picture: height x width x 3, RGB, 0 to 255."""

CPU_ONLY = ("CPUExecutionProvider",)
PADDING_GREY = 127
"""Fills a letterbox beside the frame: the middle of the range, which the bundled detector normalises to zero."""
LOWEST_CONFIDENCE = 0.05
"""Weaker detections are noise at any threshold, and are not handed on."""
SMALLEST_CROP_PX = 4
"""A crop with a shorter side shows nothing that could be scored."""


@dataclass(frozen=True, slots=True)
class ScoredFau:
    """The most probable score of an action unit, and its probability."""

    score: int
    confidence: float


class FaceDetector:
    """Finds body, face and action units in frames with the detector of a build."""

    def __init__(self, build: Build, threads: int = 1, providers: Sequence[str] = CPU_ONLY) -> None:
        """Load the network; raises GrimaceError with E_BUILD_INVALID when the file is not a network that can run."""
        self._network = build.manifest.detector
        self._session = _session(build, self._network, threads, providers)

    def detect(self, frames: Sequence[Image]) -> list[tuple[Detection, ...]]:
        """What is in each frame, in its own pixels and clipped to it, most confident first; frames may differ in size."""
        if not frames:
            return []
        network = self._network
        sizes = [(frame.shape[1], frame.shape[0]) for frame in frames]
        boxes = [Letterbox.fit(width, height, network.input_width_px, network.input_height_px) for width, height in sizes]
        images = [_letterboxed(frame, box, network) for frame, box in zip(frames, boxes, strict=True)]
        (rows,) = self._session.run(["boxes"], {"image": _network_input(images, network)})
        return [self._detections(*found) for found in zip(rows, boxes, sizes, strict=True)]

    def _detections(self, rows: NDArray[np.float32], letterbox: Letterbox, size: tuple[int, int]) -> tuple[Detection, ...]:
        found = []
        for left, top, right, bottom, confidence, index in rows.tolist():
            box = letterbox.to_frame(Box(left, top, right, bottom)).clipped(*size)
            if confidence >= LOWEST_CONFIDENCE and box.area > 0:
                found.append(Detection(self._network.classes[round(index)], box, confidence))
        return tuple(sorted(found, key=lambda detection: -detection.confidence))


class FauScorer:
    """Scores one action unit on crops with that unit's network of a build."""

    def __init__(self, build: Build, fau: Fau, threads: int = 1, providers: Sequence[str] = CPU_ONLY) -> None:
        """Load the network; raises GrimaceError with E_BUILD_INVALID when the build has none that runs for this unit."""
        if fau not in build.manifest.scorers:
            raise GrimaceError(BUILD_INVALID, f"{build.name} has no scorer for {fau}")
        self._network = build.manifest.scorers[fau]
        self._session = _session(build, self._network, threads, providers)

    @property
    def crop_margin(self) -> float:
        """The margin that `crop_for` needs for this network's crops."""
        return self._network.crop_margin

    def score(self, crops: Sequence[Image]) -> list[ScoredFau]:
        """The most probable score of each crop; crops may differ in size."""
        if not crops:
            return []
        size = (self._network.input_width_px, self._network.input_height_px)
        images = [_resized(crop, *size) for crop in crops]
        (rows,) = self._session.run(["probabilities"], {"crop": _network_input(images, self._network)})
        return [ScoredFau(self._network.scores[int(row.argmax())], float(row.max())) for row in rows]


def crop_for(frame: Image, face: Face, fau: Fau, margin: float) -> Image | None:
    """The part of the frame on which an action unit is scored, or None when the unit is not visible.

    Of two eyes or two ears the more confident one is taken: it is the one that is seen better, and a scorer is trained on single
    eyes and ears. `margin` is the share of the box's size that is added on each side.
    """
    part = PART_OF_FAU[fau]
    candidates = (face.detection,) if part is Part.FACE else face.parts.get(part, ())
    if not candidates:
        return None
    best = max(candidates, key=lambda detection: detection.confidence)
    return crop_of(frame, best.box, margin)


def crop_of(frame: Image, box: Box, margin: float) -> Image | None:
    """The pixels of a box grown by `margin` and clipped to the frame, or None when hardly anything of it lies inside."""
    inside = box.grown(margin).clipped(frame.shape[1], frame.shape[0])
    left, top, right, bottom = round(inside.left), round(inside.top), round(inside.right), round(inside.bottom)
    if min(right - left, bottom - top) < SMALLEST_CROP_PX:
        return None
    return frame[top:bottom, left:right]


def _session(build: Build, network: NetworkFile, threads: int, providers: Sequence[str]) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A spinning thread waits at full load: on the rig that would take the core from the camera process.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(build.path_of(network), options, providers=list(providers))
    except Exception as error:  # onnxruntime's errors share no base class of their own
        raise GrimaceError(BUILD_INVALID, f"{build.name}: {network.file}: {error}") from error


def _letterboxed(frame: Image, letterbox: Letterbox, network: NetworkFile) -> Image:
    canvas = np.full((network.input_height_px, network.input_width_px, 3), PADDING_GREY, dtype=np.uint8)
    canvas[: letterbox.height_px, : letterbox.width_px] = _resized(frame, letterbox.width_px, letterbox.height_px)
    return canvas


def _resized(image: Image, width_px: int, height_px: int) -> Image:
    shrinks = width_px * height_px < image.shape[0] * image.shape[1]
    resized = cv2.resize(image, (width_px, height_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(resized, dtype=np.uint8)


def _network_input(images: Sequence[Image], network: NetworkFile) -> NDArray[np.float32]:
    """Pictures of one size as the network's batch: NCHW, normalised as its manifest says."""
    mean, std = np.asarray(network.mean, np.float32), np.asarray(network.std, np.float32)
    batch = (np.stack(images).astype(np.float32) - mean) / std
    return np.ascontiguousarray(batch.transpose(0, 3, 1, 2))
