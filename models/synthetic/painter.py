"""The painter: triangles and hairs, sorted by depth, drawn from back to front with OpenCV; and the shadow on the floor."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.synthetic.camera import SUBPIXEL_BITS, Camera, Light, Lighting, subpixels
from models.synthetic.mouse import Mouse
from models.synthetic.shading import TWO_SIDED, Facets, Shader, facets_of, joined, shader_for
from models.synthetic.shapes import Distances, Mesh, Points, Strands, unit

SUPERSAMPLING = 2
GAMMA = 2.2
NEAREST_CM = 0.2
BEHIND_SKIN_CM = 0.40
"""Hair this far behind the nearest skin is hidden and left out."""
HAIR_LIFT_CM = 0.02
"""Hair is sorted this much nearer than it is, so that the skin it lies on does not cover it."""
THICKEST_HAIR_PX = 40
FARTHEST_PX = 8000.0
SHADOW_SHARE = 0.40


@dataclass(frozen=True)
class Sprite:
    """A painted mouse: colours (height, width, 3) RGB from 0 to 1 times `cover` (height, width), and the floor's shade."""

    colours: NDArray[np.float32]
    cover: NDArray[np.float32]
    floor_shade: NDArray[np.float32]


@dataclass(frozen=True)
class Segments:
    """Pieces of strands on the picture: ends in pixels, depth, linear colours and thickness in pixels."""

    start: Points
    end: Points
    depth: Distances
    colours: Points
    thickness_px: Distances


def paint(mouse: Mouse, camera: Camera, lighting: Lighting, nearest: NDArray[np.float32]) -> Sprite:
    """Paint a mouse as the camera sees it; `nearest` is the depth buffer of its meshes."""
    fine = camera.scaled(SUPERSAMPLING)
    facets = joined([facets_of(mesh) for mesh in mouse.meshes])
    shader = shader_for(fine, lighting, facets)
    strands = [_segments(strand, camera, nearest, fine, shader) for strand in mouse.strands]
    canvas = _drawn(facets, shader.of_facets(facets), strands, fine).astype(np.float32) / 255
    canvas[..., :3] *= canvas[..., 3:]
    small = cv2.resize(canvas, (camera.width_px, camera.height_px), interpolation=cv2.INTER_AREA)
    shade = _floor_shade(mouse, camera, lighting.lights[0])
    return Sprite(np.asarray(small[..., :3]), np.asarray(small[..., 3]), shade)


def _drawn(facets: Facets, colours: Points, strands: list[Segments], camera: Camera) -> NDArray[np.uint8]:
    """The supersampled picture, RGB and cover."""
    pixels, depth = camera.project(facets.corners)
    towards = (facets.normals * (camera.position - facets.corners.mean(1))).sum(1) > 0
    two_sided = np.isin(facets.materials, [material.value for material in TWO_SIDED])
    shown = np.nonzero((towards | two_sided) & (depth.min(1) > NEAREST_CM) & _touches(camera, pixels.min(1), pixels.max(1)))[0]
    start = np.concatenate([s.start for s in strands])
    end = np.concatenate([s.end for s in strands])
    strand_depth = np.concatenate([s.depth for s in strands])
    touching = _touches(camera, np.minimum(start, end), np.maximum(start, end)) & (strand_depth > NEAREST_CM)
    hairs = np.nonzero(touching)[0]

    polygons = subpixels(np.clip(pixels, -FARTHEST_PX, FARTHEST_PX))
    starts = subpixels(np.clip(start, -FARTHEST_PX, FARTHEST_PX)).tolist()
    ends = subpixels(np.clip(end, -FARTHEST_PX, FARTHEST_PX)).tolist()
    thickness = np.concatenate([s.thickness_px for s in strands])
    widths = np.clip(np.round(thickness), 1, THICKEST_HAIR_PX).astype(int).tolist()
    facet_colours = _as_bytes(colours)
    hair_colours = _as_bytes(np.concatenate([s.colours for s in strands]))
    order = np.argsort(-np.concatenate([depth.mean(1)[shown], strand_depth[hairs]]), kind="stable")
    canvas = np.zeros((camera.height_px, camera.width_px, 4), np.uint8)
    for place in order.tolist():
        if place < len(shown):
            index = shown[place]
            cv2.fillConvexPoly(canvas, polygons[index], facet_colours[index], cv2.LINE_4, SUBPIXEL_BITS)
        else:
            index = hairs[place - len(shown)]
            cv2.line(canvas, starts[index], ends[index], hair_colours[index], widths[index], cv2.LINE_4, SUBPIXEL_BITS)
    return canvas


def _segments(strands: Strands, camera: Camera, nearest: NDArray[np.float32], fine: Camera, shader: Shader) -> Segments:
    """The visible pieces of strands; those behind the animal or well under its skin are left out."""
    count, points = strands.points.shape[:2]
    start, end = strands.points[:, :-1].reshape(-1, 3), strands.points[:, 1:].reshape(-1, 3)
    middle, directions = (start + end) / 2, unit(end - start)
    colours = np.repeat(strands.colours, points - 1, axis=0)
    radii = np.tile((strands.radii[:-1] + strands.radii[1:]) / 2, count)
    to_camera = camera.position - middle
    pixels, depth = camera.project(middle)
    inside = np.clip(pixels.astype(int), 0, [camera.width_px - 1, camera.height_px - 1])
    keep = depth < nearest[inside[:, 1], inside[:, 0]] + BEHIND_SKIN_CM
    if strands.normals is None:
        normals = unit(_across(unit(to_camera), directions) + np.array([0, 0, 0.8]))
    else:
        normals = np.repeat(strands.normals, points - 1, axis=0)
        at_root = np.tile(np.arange(points - 1), count) == 0
        colours = colours * np.where(at_root, 0.72, 1.08)[:, None]
        keep &= (normals * to_camera).sum(1) > -0.35 * np.linalg.norm(to_camera, axis=1)
    start, end, middle, directions = start[keep], end[keep], middle[keep], directions[keep]
    shaded = shader.of_strands(middle, directions, normals[keep], colours[keep])
    start_px, start_depth = fine.project(start)
    end_px, end_depth = fine.project(end)
    thickness = 2 * radii[keep] * fine.focal_px / np.maximum(start_depth, 0.1)
    return Segments(start_px, end_px, (start_depth + end_depth) / 2 - HAIR_LIFT_CM, shaded, thickness)


def _across(vectors: Points, directions: Points) -> Points:
    """The part of each vector that is perpendicular to a direction, as a unit vector."""
    return unit(vectors - (vectors * directions).sum(1, keepdims=True) * directions)


def _touches(camera: Camera, low: Points, high: Points) -> NDArray[np.bool_]:
    return np.asarray((high > 0).all(-1) & (low < (camera.width_px, camera.height_px)).all(-1))


def _as_bytes(linear: Points) -> list[list[float]]:
    """Linear colours as display colours with full cover, in the form OpenCV draws fastest."""
    display = np.clip(np.clip(linear, 0, None) ** (1 / GAMMA) * 255, 0, 255)
    colours: list[list[float]] = np.c_[display, np.full(len(display), 255)].tolist()
    return colours


def _floor_shade(mouse: Mouse, camera: Camera, light: Light) -> NDArray[np.float32]:
    """How much the mouse darkens the floor, 0 to 1: its shadow under the upper light, and the dark below its body."""
    cast = _soft_silhouette(mouse.casts_shadow, camera, light, 0.10 + 0.02 * light.diameter_cm)
    below = _soft_silhouette(mouse.casts_shadow, camera, None, 0.13)
    return np.asarray(1 - (1 - SHADOW_SHARE * cast) * (1 - SHADOW_SHARE * below), np.float32)


def _soft_silhouette(meshes: tuple[Mesh, ...], camera: Camera, light: Light | None, softness_cm: float) -> NDArray[np.float32]:
    mask = np.zeros((camera.height_px, camera.width_px), np.float32)
    for mesh in meshes:
        on_floor = mesh.vertices * [1, 1, 0] if light is None else _cast_on_floor(mesh.vertices, light.position)
        pixels, depth = camera.project(on_floor)
        drawn = subpixels(np.clip(pixels, -FARTHEST_PX, FARTHEST_PX))
        in_front = (depth > 0.3)[mesh.triangles].all(1)
        for triangle in mesh.triangles[in_front]:
            cv2.fillConvexPoly(mask, drawn[triangle], 1.0, cv2.LINE_4, SUBPIXEL_BITS)
    distance = float(np.linalg.norm(camera.position - np.array([0, -0.5, 1.5])))
    sigma = max(1.5, camera.focal_px * softness_cm / distance)
    quarter = cv2.resize(mask, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(quarter, (0, 0), sigma / 4)
    return np.asarray(cv2.resize(soft, (camera.width_px, camera.height_px), interpolation=cv2.INTER_LINEAR), np.float32)


def _cast_on_floor(points: Points, light: Points) -> Points:
    rays = unit(points - light)
    landed: Points = points + rays * (points[:, 2:] / np.maximum(-rays[:, 2:], 0.15))
    landed[:, 2] = 0
    return landed
