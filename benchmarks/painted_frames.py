"""Frames to judge the face check on: painted mice that nothing was trained on, as the camera's small stream shows them.

Painted once (4 CPU-seconds a frame) and kept in the work folder; a seed gives the same frame everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.synthetic.labels import StillLabels
from models.synthetic.still import random_empty_chamber, random_still
from shared.durable import replacing

WIDTH_PX, HEIGHT_PX = 1920, 1080
SMALL_SIZE_PX = (640, 360)
"""Of the camera's second stream (picamera2's `lores`)."""
INPUT_SIZE_PX = (416, 234)
"""What of a 1920x1080 frame reaches the input of the bundled detector."""


@dataclass(frozen=True)
class PaintedFrame:
    """A painted frame in the two sizes in which a detector meets it."""

    i420: NDArray[np.uint8]
    """640x360, as the face check gets it: rows of luma, then the halved colour planes."""
    reduced: NDArray[np.uint8]
    """The 1920x1080 frame, reduced in one step to the detector's input (RGB), as the hub's worker does."""
    labels: StillLabels | None
    """None for an empty chamber."""

    @classmethod
    def of(cls, image: NDArray[np.uint8], labels: StillLabels | None) -> PaintedFrame:
        small = cv2.resize(image, SMALL_SIZE_PX, interpolation=cv2.INTER_AREA)
        i420 = cv2.cvtColor(small, cv2.COLOR_RGB2YUV_I420)
        reduced = cv2.resize(image, INPUT_SIZE_PX, interpolation=cv2.INTER_AREA)
        return cls(np.asarray(i420, np.uint8), np.asarray(reduced, np.uint8), labels)


def painted_mouse(seed: int, folder: Path) -> PaintedFrame:
    """A black mouse at random in the chamber."""
    labels = folder / f"mouse-{seed}.json"
    pixels = folder / f"mouse-{seed}.npz"
    if not labels.exists():
        still = random_still(seed, WIDTH_PX, HEIGHT_PX)
        _keep(PaintedFrame.of(still.image, still.labels), pixels)
        still.labels.write(labels)
    return _kept(pixels, StillLabels.read(labels))


def empty_chamber(seed: int, folder: Path) -> PaintedFrame:
    """A chamber without a mouse."""
    pixels = folder / f"empty-{seed}.npz"
    if not pixels.exists():
        _keep(PaintedFrame.of(random_empty_chamber(seed, WIDTH_PX, HEIGHT_PX), None), pixels)
    return _kept(pixels, None)


def _keep(frame: PaintedFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        np.savez_compressed(file, i420=frame.i420, reduced=frame.reduced)


def _kept(path: Path, labels: StillLabels | None) -> PaintedFrame:
    with np.load(path) as arrays:
        return PaintedFrame(arrays["i420"], arrays["reduced"], labels)
