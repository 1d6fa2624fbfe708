"""Stills: one seed gives one picture of one mouse in the chamber, with its labels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.synthetic.camera import Camera, Lighting, depth_buffer, random_camera, random_lighting
from models.synthetic.chamber import empty_chamber
from models.synthetic.labels import StillLabels, labels_for
from models.synthetic.mouse import FINE, Detail, build_mouse
from models.synthetic.painter import Sprite, paint
from models.synthetic.pose import Individual, Pose, random_individual, random_pose
from models.synthetic.streams import stream

LENS_BLUR_PX_AT_1080P = 0.5
SENSOR_NOISE = 1.5
"""Standard deviation in steps of 255."""


@dataclass(frozen=True)
class Still:
    """A picture (height x width x 3, RGB, 0 to 255) and what is true of it."""

    image: NDArray[np.uint8]
    labels: StillLabels


def random_still(seed: int, width_px: int = 1920, height_px: int = 1080, detail: Detail = FINE) -> Still:
    """A black mouse of random build, pose and expression; the same seed and size give the same picture."""
    return paint_still(
        seed,
        random_individual(seed),
        random_pose(seed),
        random_camera(seed, width_px, height_px),
        random_lighting(seed),
        detail,
    )


def paint_still(
    seed: int, individual: Individual, pose: Pose, camera: Camera, lighting: Lighting, detail: Detail = FINE
) -> Still:
    """Paint a given mouse; `seed` chooses the chamber's walls and the sensor's noise."""
    mouse = build_mouse(individual, pose, detail)
    nearest = depth_buffer(mouse.meshes, camera)
    sprite = paint(mouse, camera, lighting, nearest)
    image = _exposed(_composed(empty_chamber(camera, seed), sprite), camera, seed)
    return Still(image, labels_for(mouse.landmarks, pose, camera, nearest, seed))


def random_empty_chamber(seed: int, width_px: int = 1920, height_px: int = 1080) -> NDArray[np.uint8]:
    """The chamber of `random_still` as the same camera sees it before the mouse is put in."""
    camera = random_camera(seed, width_px, height_px)
    return _exposed(empty_chamber(camera, seed), camera, seed)


def _composed(background: NDArray[np.float32], sprite: Sprite) -> NDArray[np.float32]:
    shaded = background * (1 - sprite.floor_shade[..., None])
    return np.asarray(shaded * (1 - sprite.cover[..., None]) + sprite.colours, np.float32)


def _exposed(scene: NDArray[np.float32], camera: Camera, seed: int) -> NDArray[np.uint8]:
    """The scene as a sensor sees it: a little soft, a little noisy."""
    blurred = cv2.GaussianBlur(scene * 255, (0, 0), max(0.3, LENS_BLUR_PX_AT_1080P * camera.height_px / 1080))
    noisy = blurred + stream(seed, "sensor noise").normal(0, SENSOR_NOISE, scene.shape)
    return np.clip(noisy + 0.5, 0, 255).astype(np.uint8)
