"""Two seconds of small pictures from the running camera, and the still picture that is in all of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from rig.camera.small_frames import small_frames
from rig.luma import Luma, luma_of

BURST_S = 2.0
"""At five small pictures a second, ten of them: enough for a median without the sensor's noise and a mouse's quick movements."""

SILENT_AFTER_S = 1.0
CAMERA_ANSWERS_WITHIN_S = 1.0


@dataclass(frozen=True)
class TimedLuma:
    """A small picture and the sensor's time of it."""

    sensor_us: int
    luma: Luma


def watch_pictures(data_folder: Path, for_s: float = BURST_S) -> tuple[TimedLuma, ...]:
    """The small pictures of so many seconds, all of the size of the last one; empty when the camera process sends none."""
    until = time.monotonic() + for_s
    seen = []
    for frame in small_frames(data_folder, SILENT_AFTER_S):
        seen.append(TimedLuma(frame.sensor_us, luma_of(frame)))
        if time.monotonic() >= until:
            break
    return tuple(picture for picture in seen if picture.luma.shape == seen[-1].luma.shape)


def still_picture(pictures: Sequence[TimedLuma]) -> Luma:
    """The median of the pictures over time, pixel by pixel: less noise, and nothing of what only passed through."""
    middle: Luma = np.median(np.stack([picture.luma for picture in pictures]), axis=0).astype(np.uint8)
    return middle


def without_noise(luma: Luma) -> Luma:
    """Smoothed by a pixel (Gaussian): what a sensor's noise adds to a Laplacian or a correlation is gone, edges are not."""
    return cv2.GaussianBlur(luma, (0, 0), 1.0).astype(np.uint8, copy=False)
