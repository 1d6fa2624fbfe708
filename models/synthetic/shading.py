"""Shading: how bright each triangle and hair is under the chamber's lights.

The constants were matched by eye to photographs of black mice in the paper's chamber.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.synthetic.camera import LIT_POINT, NOTHING_CM, Camera, Light, Lighting, subpixels
from models.synthetic.shapes import Distances, Material, Mesh, Points, unit

SHADOW_MAP_PX = 256
SHADOW_MAP_CM = 14.0
SHADOW_BIAS_CM = 0.16
SHADOW_SAMPLES = 4
STRENGTH_OF_ONE = 6.5
"""A light of this strength doubles a white wall's brightness."""
TWO_SIDED = (Material.EAR, Material.LID)


@dataclass(frozen=True)
class Facets:
    """Triangles ready for painting: corners (n,3,3), smooth normals and colours (n,3), material of each."""

    corners: Points
    normals: Points
    colours: Points
    materials: NDArray[np.str_]


def facets_of(mesh: Mesh) -> Facets:
    """A mesh's triangles with the mean of their vertices' normals."""
    corners = mesh.vertices[mesh.triangles]
    flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    at_vertices = np.zeros_like(mesh.vertices)
    for corner in range(3):
        np.add.at(at_vertices, mesh.triangles[:, corner], flat)
    normals = unit(unit(at_vertices)[mesh.triangles].mean(1))
    centre = mesh.vertices.mean(0) if mesh.centre is None else mesh.centre
    outwards = ((corners.mean(1) - centre) * normals).sum(1, keepdims=True)
    if mesh.centre is None:
        normals = normals * (1 if outwards.sum() >= 0 else -1)
    else:
        normals = normals * np.where(outwards >= 0, 1, -1)
    return Facets(corners, normals, mesh.colours[mesh.triangles].mean(1), np.full(len(corners), mesh.material.value))


def joined(facets: list[Facets]) -> Facets:
    return Facets(
        np.concatenate([f.corners for f in facets]),
        np.concatenate([f.normals for f in facets]),
        np.concatenate([f.colours for f in facets]),
        np.concatenate([f.materials for f in facets]),
    )


class ShadowMap:
    """What one light sees: the depth of the nearest surface from its place."""

    def __init__(self, light: Light, corners: Points) -> None:
        forward = unit(LIT_POINT - light.position)
        right = unit(np.cross(forward, [0, 0, 1.0001]))
        self._axes = np.stack([right, -np.cross(right, forward), forward])
        self._spread_px = 0.4 + 0.35 * light.diameter_cm
        x, y, depth = self._seen(corners)
        self._nearest = np.full((SHADOW_MAP_PX, SHADOW_MAP_PX), NOTHING_CM, np.float32)
        drawn, depth = subpixels(np.stack([x, y], -1)), depth.mean(1)
        for index in np.argsort(-depth):
            cv2.fillConvexPoly(self._nearest, drawn[index], float(depth[index]), shift=4)

    def _seen(self, points: Points) -> tuple[Distances, Distances, Distances]:
        seen = (points - LIT_POINT) @ self._axes.T
        per_cm = SHADOW_MAP_PX / SHADOW_MAP_CM
        return seen[..., 0] * per_cm + SHADOW_MAP_PX / 2, seen[..., 1] * per_cm + SHADOW_MAP_PX / 2, seen[..., 2]

    def lit(self, points: Points) -> Distances:
        """0 in full shadow to 1 in full light; a wide light gives a soft edge."""
        x, y, depth = self._seen(points)
        offsets = np.random.default_rng(0).normal(0, self._spread_px, (SHADOW_SAMPLES, 2))
        lit = np.zeros(len(points))
        for dx, dy in offsets:
            column = np.clip(x + dx, 0, SHADOW_MAP_PX - 1).astype(int)
            row = np.clip(y + dy, 0, SHADOW_MAP_PX - 1).astype(int)
            lit += depth < self._nearest[row, column] + SHADOW_BIAS_CM
        return lit / SHADOW_SAMPLES


@dataclass(frozen=True)
class Shader:
    """Colours seen by a camera under a lighting."""

    camera: Camera
    lighting: Lighting
    shadows: tuple[ShadowMap, ...]

    def of_facets(self, facets: Facets) -> Points:
        """Linear colours of triangles."""
        points = facets.corners.mean(1)
        to_camera = unit(self.camera.position - points)
        away = np.isin(facets.materials, [m.value for m in TWO_SIDED]) & ((facets.normals * to_camera).sum(1) < 0)
        normals = np.where(away[:, None], -facets.normals, facets.normals)
        colours = self._from_around(points, normals, facets.colours)
        ear, eye = facets.materials == Material.EAR.value, facets.materials == Material.EYE.value
        for light, shadow in zip(self.lighting.lights, self.shadows, strict=True):
            to_light = unit(light.position - points)
            facing = (normals * to_light).sum(1)
            lit, power = shadow.lit(points), light.strength / STRENGTH_OF_ONE
            colours += self._from_light(light, facing, lit, facets.colours)
            through = (0.20 * power * np.clip(-facing[ear], 0, 1))[:, None]  # light that shines through the ear
            colours[ear] += facets.colours[ear] * np.array([1.1, 0.55, 0.45]) * light.colour * through
            half = unit(to_light[eye] + to_camera[eye])
            glint = np.clip((normals[eye] * half).sum(1), 0, 1)
            colours[eye] += light.colour * (power * (1.8 * glint**260 + 0.018 * glint**14))[:, None]
            colours[eye] += self._mirrored_room(normals[eye], to_camera[eye])
        return colours

    def of_strands(self, points: Points, directions: Points, normals: Points, base: Points) -> Points:
        """Linear colours of hair segments, with the highlight across the hair (Kajiya and Kay 1989)."""
        to_camera = unit(self.camera.position - points)
        colours = self._from_around(points, normals, base)
        for light, shadow in zip(self.lighting.lights, self.shadows, strict=True):
            to_light = unit(light.position - points)
            facing, lit = (normals * to_light).sum(1), shadow.lit(points)
            colours += self._from_light(light, facing, lit, base)
            along = (directions * unit(to_light + to_camera)).sum(1)
            across = np.sqrt(np.clip(1 - along**2, 0, 1))
            sheen = (0.035 * across**30 + 0.02 * across**6) * np.clip(facing + 0.3, 0, 1) * lit
            strength = sheen * light.strength / STRENGTH_OF_ONE
            colours += light.colour * strength[:, None] * (0.4 + np.sqrt(base.mean(1, keepdims=True)))
        return colours

    def _from_around(self, points: Points, normals: Points, base: Points) -> Points:
        sky = 0.55 + 0.45 * normals[:, 2]
        near_floor = np.clip(0.35 + points[:, 2] / 2.2, 0.35, 1)
        colours: Points = base * (self.lighting.ambient * 1.15 * self.lighting.tint) * (sky * near_floor)[:, None]
        return colours

    def _from_light(self, light: Light, facing: Distances, lit: Distances, base: Points) -> Points:
        wrap = 0.15 + 0.03 * light.diameter_cm  # a wide light reaches round the edge
        diffuse = np.clip((facing + wrap) / (1 + wrap), 0, 1) * (0.25 + 0.75 * lit)
        colours: Points = base * light.colour * (light.strength / STRENGTH_OF_ONE * diffuse)[:, None]
        return colours

    def _mirrored_room(self, normals: Points, to_camera: Points) -> Points:
        """The bright chamber mirrored in the wet eye, stronger at its edge."""
        fresnel = 0.04 + 0.5 * (1 - np.clip((normals * to_camera).sum(1), 0, 1)) ** 4
        mirrored = self.lighting.ambient * fresnel * (0.5 + 0.5 * normals[:, 2]) * 0.22
        colours: Points = self.lighting.tint * mirrored[:, None]
        return colours


def shader_for(camera: Camera, lighting: Lighting, facets: Facets) -> Shader:
    return Shader(camera, lighting, tuple(ShadowMap(light, facets.corners) for light in lighting.lights))
