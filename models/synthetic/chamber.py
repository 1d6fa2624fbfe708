"""The empty chamber: opaque matte walls and floor, open at the front, ray-cast for a camera."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.synthetic.camera import Camera
from models.synthetic.shapes import Distances
from models.synthetic.streams import stream

HALF_WIDTH_CM, BACK_Y_CM, HEIGHT_CM, LIP_Y_CM = 5.15, -8.2, 9.0, 3.6
TEXTURE_PX = 1024
TEXTURE_PX_PER_CM = 60
FAR_AWAY = 1e9
GAMMA = 2.2


def empty_chamber(camera: Camera, seed: int) -> NDArray[np.float32]:
    """The picture of the chamber without a mouse, RGB from 0 to 1; the walls' grey and stains differ by seed."""
    rng = stream(seed, "chamber")
    wall = np.array([0.545, 0.555, 0.555]) * rng.uniform(0.75, 1.25) * rng.normal(1, 0.02, 3)
    floor_colour = np.array([0.50, 0.505, 0.50]) * rng.uniform(0.7, 1.3) * rng.normal(1, 0.02, 3)
    x, y, z, on_back, on_floor = _first_hits(camera)
    depth = 1 - 0.10 * np.clip((2 - y) / 10, 0, 1)
    from_side, from_back = HALF_WIDTH_CM - np.abs(x), y - BACK_Y_CM

    back_light = _corner(from_side) * _corner(z, 1.0, 0.36) * (0.90 + 0.05 * z / 6)
    side_light = _corner(from_back) * _corner(z, 0.9, 0.34) * depth * (0.80 + 0.03 * z / HEIGHT_CM)
    side_light = side_light * np.where(x < 0, 1.0, 0.93)
    floor_light = _corner(from_side, 0.7, 0.32) * _corner(from_back, 0.9, 0.32) * (0.98 + 0.05 * np.clip((y + 8) / 10, 0, 1))
    colours = np.where(on_back[..., None], wall * back_light[..., None], wall * side_light[..., None])
    colours = np.where(on_floor[..., None], floor_colour * floor_light[..., None], colours)

    u = np.where(on_back | on_floor, x, y) * TEXTURE_PX_PER_CM + TEXTURE_PX / 2
    v = np.where(on_floor, y, z) * TEXTURE_PX_PER_CM + TEXTURE_PX / 2
    stains, grain = _on_walls(_cloud(rng, 90, 4), u, v), _on_walls(_cloud(rng, 5, 2), u, v)
    colours *= (1 + 0.010 * stains + 0.010 * grain * np.where(on_floor, 1.6, 1))[..., None]
    seams = np.where(
        on_back, np.maximum(_line(from_side, 0.03), _line(z, 0.03)), np.maximum(_line(from_back, 0.04), _line(z, 0.03))
    )
    seams = np.where(on_floor, np.maximum(_line(from_side, 0.03), _line(from_back, 0.04)), seams)
    colours *= (1 - 0.30 * seams)[..., None]
    beyond_lip = on_floor & (y > LIP_Y_CM)
    colours = np.where(beyond_lip[..., None], floor_colour * 0.72, colours)
    colours *= (1 - 0.25 * on_floor * _line(y - LIP_Y_CM, 0.05))[..., None]
    return np.asarray(np.clip(colours, 0, 1) ** (1 / GAMMA), np.float32)


def _first_hits(
    camera: Camera,
) -> tuple[Distances, Distances, Distances, NDArray[np.bool_], NDArray[np.bool_]]:
    """Where each pixel's ray meets the chamber (x, y, z), and whether that is on its back wall or floor."""
    columns, rows = np.meshgrid(np.arange(camera.width_px) + 0.5, np.arange(camera.height_px) + 0.5)
    right, up = (columns - camera.width_px / 2) / camera.focal_px, -(rows - camera.height_px / 2) / camera.focal_px
    rays = np.stack([right, up, -np.ones_like(right)], -1) @ camera.axes
    origin = camera.position
    with np.errstate(divide="ignore", invalid="ignore"):
        back = (BACK_Y_CM - origin[1]) / rays[..., 1]
        floor = np.where(rays[..., 2] < 0, -origin[2] / rays[..., 2], FAR_AWAY)
        left = np.where(rays[..., 0] < 0, (-HALF_WIDTH_CM - origin[0]) / rays[..., 0], FAR_AWAY)
        right_wall = np.where(rays[..., 0] > 0, (HALF_WIDTH_CM - origin[0]) / rays[..., 0], FAR_AWAY)
    nearest = np.minimum(np.minimum(back, floor), np.minimum(left, right_wall))
    x, y, z = np.moveaxis(origin + rays * nearest[..., None], -1, 0)
    return x, y, z, nearest == back, nearest == floor


def _corner(distance: Distances, reach_cm: float = 0.8, darkness: float = 0.30) -> Distances:
    """Less light near a corner."""
    light: Distances = 1 - darkness * np.exp(-np.maximum(distance, 0) / reach_cm)
    return light


def _line(distance: Distances, width_cm: float) -> Distances:
    line: Distances = np.exp(-((distance / width_cm) ** 2))
    return line


def _cloud(rng: np.random.Generator, size_px: int, octaves: int) -> NDArray[np.float32]:
    """Fractal noise on the wall texture."""
    cloud = np.zeros((TEXTURE_PX, TEXTURE_PX), np.float32)
    for octave in range(octaves):
        cell = max(2, size_px >> octave)
        grid = rng.normal(0, 1, (TEXTURE_PX // cell + 3,) * 2).astype(np.float32)
        cloud += 0.5**octave * cv2.resize(grid, (TEXTURE_PX, TEXTURE_PX), interpolation=cv2.INTER_CUBIC)
    return cloud


def _on_walls(texture: NDArray[np.float32], u: Distances, v: Distances) -> NDArray[np.float32]:
    looked_up = cv2.remap(texture, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(looked_up, np.float32)
