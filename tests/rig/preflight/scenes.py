"""Pictures of a chamber, as a camera in front of it sees them: with and without a mouse, moved, blurred, lit otherwise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.luma import Luma
from rig.preflight.pictures import TimedLuma

WIDTH_PX, HEIGHT_PX = 640, 360
SPACING_US = 200_000
"""Five small pictures a second."""

Scene = NDArray[np.float32]


def empty_chamber() -> Scene:
    """Walls, their edges, a floor with slots, a screw."""
    scene = np.full((HEIGHT_PX, WIDTH_PX), 120, np.float32)
    cv2.rectangle(scene, (60, 40), (580, 330), 150, -1)
    cv2.rectangle(scene, (60, 40), (580, 330), 70, 3)
    cv2.line(scene, (60, 260), (580, 260), 90, 4)
    for x in range(100, 560, 40):
        cv2.line(scene, (x, 260), (x + (x - 320) // 4, 330), 110, 2)
    cv2.circle(scene, (500, 80), 14, 60, -1)
    return cv2.GaussianBlur(scene, (0, 0), 0.8)


def with_mouse(scene: Scene, x: int = 320, y: int = 220) -> Scene:
    """A black mouse with furry edges at that place."""
    painted = scene.copy()
    cv2.ellipse(painted, (x, y), (110, 90), 0, 0, 360, 45, -1)
    for side in (-60, 60):
        cv2.circle(painted, (x + side, y - 80), 35, 60, -1)
    fur = np.random.default_rng(1).normal(0, 6, scene.shape).astype(np.float32)
    return np.where(painted < scene - 20, painted + fur, painted)


def moved(scene: Scene, right_px: float, down_px: float) -> Scene:
    return _warped(scene, np.array([[1, 0, right_px], [0, 1, down_px]], np.float32))


def turned(scene: Scene, degrees: float) -> Scene:
    return _warped(scene, cv2.getRotationMatrix2D((WIDTH_PX / 2, HEIGHT_PX / 2), degrees, 1.0))


def _warped(scene: Scene, matrix: NDArray[np.float32]) -> Scene:
    return cv2.warpAffine(scene, matrix, (WIDTH_PX, HEIGHT_PX), borderMode=cv2.BORDER_REFLECT)


def blurred(scene: Scene, sigma_px: float) -> Scene:
    return cv2.GaussianBlur(scene, (0, 0), sigma_px)


NOISE = 2.0
"""Of every frame anew, and standard deviation in grey levels, as PATTERN's."""

PATTERN = np.random.default_rng(2).normal(0, 0.7, (HEIGHT_PX, WIDTH_PX)).astype(np.float32)
"""The sensor's own, the same in every frame."""


def seen(scene: Scene, seed: int = 0) -> Luma:
    """One frame of it, as the sensor delivers it."""
    noisy = scene + PATTERN + np.random.default_rng(seed).normal(0, NOISE, scene.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def burst(*scenes: Scene, first_seed: int = 0) -> tuple[TimedLuma, ...]:
    """Two seconds of small pictures, going through the scenes one after the other."""
    return tuple(
        TimedLuma(1_000_000 + number * SPACING_US, seen(scenes[number % len(scenes)], seed=first_seed + number))
        for number in range(10)
    )


def under_mains(scene: Scene, sensor_us: int, exposure_us: int, depth: float, half_period_us: float = 10_000.0) -> Scene:
    """The scene under light that beats by `depth`, through a rolling shutter that takes 20 ms from the first row to the last."""
    row_us = sensor_us + np.arange(HEIGHT_PX) * (20_000 / HEIGHT_PX)
    # The mean of 1 + depth * cos over the exposure: its beating is the sinc of exposure over half period.
    beating = depth * np.sinc(exposure_us / half_period_us) * np.cos(2 * np.pi * row_us / half_period_us)
    return scene * (1 + beating[:, np.newaxis]).astype(np.float32)
