"""The camera in front of the chamber, the lights above it, and the depth buffer that says what hides what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from models.synthetic.shapes import Distances, Mesh, Points, unit
from models.synthetic.streams import stream

SENSOR_WIDTH_MM = 36.0
SUBPIXEL_BITS = 4
"""OpenCV draws to a sixteenth of a pixel."""
NOTHING_CM = 1e6
"""Depth where nothing was painted."""


@dataclass(frozen=True)
class Camera:
    """A pinhole camera; image x to the right, y down, origin top left."""

    position: Points
    target: Points
    focal_mm: float
    width_px: int
    height_px: int

    @cached_property
    def focal_px(self) -> float:
        return self.focal_mm / SENSOR_WIDTH_MM * self.width_px

    @cached_property
    def axes(self) -> Points:
        """Rows: right, up, backwards."""
        forward = unit(self.target - self.position)
        right = unit(np.cross(forward, [0, 0, 1]))
        return np.stack([right, np.cross(right, forward), -forward])

    def project(self, points: Points) -> tuple[Points, Distances]:
        """Pixels (…,2) and depth in centimetres of points (…,3)."""
        seen = (np.asarray(points) - self.position) @ self.axes.T
        depth = np.maximum(-seen[..., 2], 1e-3)
        x = self.width_px / 2 + self.focal_px * seen[..., 0] / depth
        y = self.height_px / 2 - self.focal_px * seen[..., 1] / depth
        return np.stack([x, y], -1), depth

    def scaled(self, factor: int) -> Camera:
        """The same view with `factor` times the pixels on each side."""
        return replace(self, width_px=self.width_px * factor, height_px=self.height_px * factor)

    def shows(self, pixels: Points) -> NDArray[np.bool_]:
        """Which pixels lie inside the picture."""
        x, y = pixels[..., 0], pixels[..., 1]
        inside: NDArray[np.bool_] = (x >= 0) & (x < self.width_px) & (y >= 0) & (y < self.height_px)
        return inside


@dataclass(frozen=True)
class Light:
    """A round area light that shines at the mouse."""

    position: Points
    diameter_cm: float
    strength: float
    colour: Points


@dataclass(frozen=True)
class Lighting:
    """The key lights and the light that comes from all around."""

    lights: tuple[Light, ...]
    ambient: float
    tint: Points


LIT_POINT = np.array([0, -1.5, 1.3])
"""Where the lights point: the middle of the mouse."""


def rig_camera(width_px: int, height_px: int) -> Camera:
    """The fixed camera of the sample clips."""
    return Camera(np.array([0, 13.8, 2.75]), np.array([0, -1.0, 1.72]), 44.0, width_px, height_px)


def random_camera(seed: int, width_px: int, height_px: int) -> Camera:
    """The rig's camera, mounted a little differently and with a closer or wider lens."""
    rng, rig = stream(seed, "camera"), rig_camera(width_px, height_px)
    return Camera(
        rig.position + rng.normal(0, [0.6, 0.8, 0.5]),
        rig.target + rng.normal(0, [0.25, 0.0, 0.15]),
        rig.focal_mm * float(np.exp(rng.uniform(np.log(0.8), np.log(1.25)))),
        width_px,
        height_px,
    )


def rig_lighting() -> Lighting:
    """A light from above and one beside the camera, as in the paper's chamber."""
    above = Light(np.array([0.6, 1.5, 13.0]), 7.0, 8.0, np.array([1, 0.98, 0.95]))
    beside = Light(np.array([-4.5, 13.0, 7.5]), 5.0, 7.5, np.array([0.97, 0.98, 1.0]))
    return Lighting((above, beside), 0.9, np.array([1.0, 1.0, 1.02]))


def random_lighting(seed: int) -> Lighting:
    """The rig's lights, moved, and brighter or darker."""
    rng, rig = stream(seed, "lighting"), rig_lighting()
    lights = tuple(
        Light(
            light.position * np.array([rng.choice([-1, 1]), 1, 1]) + rng.normal(0, 1.2, 3),
            light.diameter_cm * rng.uniform(0.6, 1.4),
            light.strength * float(np.exp(rng.normal(0, 0.3))),
            np.clip(light.colour + rng.normal(0, 0.04, 3), 0.6, 1.1),
        )
        for light in rig.lights
    )
    return Lighting(lights, rig.ambient * float(np.exp(rng.normal(0, 0.25))), rig.tint + rng.normal(0, 0.03, 3))


def depth_buffer(meshes: Sequence[Mesh], camera: Camera) -> NDArray[np.float32]:
    """The depth of the nearest surface in every pixel, painted from back to front."""
    buffer = np.full((camera.height_px, camera.width_px), NOTHING_CM, np.float32)
    corners = np.concatenate([mesh.vertices[mesh.triangles] for mesh in meshes])
    pixels, depth = camera.project(corners)
    in_view = (depth.min(1) > 0.1) & (pixels.max(1) > 0).all(1) & (pixels.min(1) < (camera.width_px, camera.height_px)).all(1)
    pixels, depth = pixels[in_view], depth[in_view].mean(1)
    drawn = subpixels(pixels)
    for index in np.argsort(-depth):
        cv2.fillConvexPoly(buffer, drawn[index], float(depth[index]), shift=SUBPIXEL_BITS)
    return buffer


def subpixels(pixels: Points) -> NDArray[np.int32]:
    """Pixels as OpenCV's fixed-point numbers."""
    return np.asarray(np.round(pixels * 2**SUBPIXEL_BITS), np.int32)
