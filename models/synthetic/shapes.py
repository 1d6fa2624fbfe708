"""Shapes: implicit surfaces (negative inside, like a signed distance) and the meshes and strands that are painted.

Blending follows Quilez' polynomial smooth minimum; meshes come from marching cubes (scikit-image).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from skimage.measure import marching_cubes

Points = NDArray[np.float64]
"""Points or directions: any leading shape, then x, y, z."""
Distances = NDArray[np.float64]
Triangles = NDArray[np.int64]
"""Indices of three vertices a row."""
Surface = Callable[[Points], Distances]


class Material(StrEnum):
    """How a surface answers to light."""

    SKIN = "skin"
    EAR = "ear"
    EYE = "eye"
    LID = "lid"
    PAW = "paw"
    HAIR = "hair"


@dataclass(frozen=True)
class Mesh:
    """Triangles of one material. Normals point away from `centre` where there is one, else outwards as a whole."""

    vertices: Points
    triangles: Triangles
    material: Material
    colours: Points
    centre: Points | None = None


@dataclass(frozen=True)
class Strands:
    """Hairs, whiskers or folds: n curves of k points, tapering by `radii` (k,); `normals` (n,3) of the skin they grow from."""

    points: Points
    radii: Distances
    colours: Points
    normals: Points | None = None


@dataclass(frozen=True)
class Placement:
    """A rotation followed by a shift."""

    rotation: Points
    shift: Points

    def of(self, points: ArrayLike) -> Points:
        """Points of the inner frame in the outer one."""
        return np.asarray(points, dtype=float) @ self.rotation.T + self.shift

    def of_directions(self, directions: Points) -> Points:
        return directions @ self.rotation.T

    def then(self, outer: Placement) -> Placement:
        """First this placement, then `outer`."""
        return Placement(outer.rotation @ self.rotation, outer.rotation @ self.shift + outer.shift)


def ellipsoid(points: Points, centre: ArrayLike, radii: ArrayLike) -> Distances:
    radii = np.asarray(radii, dtype=float)
    distance: Distances = (np.linalg.norm((points - np.asarray(centre)) / radii, axis=-1) - 1) * radii.min()
    return distance


def cone(points: Points, start: ArrayLike, end: ArrayLike, start_radius: float, end_radius: float) -> Distances:
    """A round cone from `start` to `end`."""
    begin, axis = np.asarray(start, dtype=float), np.subtract(end, start).astype(float)
    along = np.clip(((points - begin) @ axis) / (axis @ axis), 0, 1)
    distance: Distances = np.linalg.norm(points - begin - along[..., None] * axis, axis=-1)
    return np.asarray(distance - (start_radius + (end_radius - start_radius) * along))


def smooth_union(first: Distances, second: Distances, blend: float) -> Distances:
    """Both shapes, with the seam rounded over `blend`."""
    share = np.clip(0.5 + 0.5 * (second - first) / blend, 0, 1)
    return second + (first - second) * share - blend * share * (1 - share)


def smooth_difference(first: Distances, second: Distances, blend: float) -> Distances:
    """The first shape without the second, with the edge rounded over `blend`."""
    return -smooth_union(-first, second, blend)


def polygonised(surface: Surface, low: ArrayLike, high: ArrayLike, step: float) -> tuple[Points, Triangles]:
    """Vertices and triangles of the surface inside the block from `low` to `high`, on a grid of `step`."""
    axes = [np.arange(begin, end, step) for begin, end in zip(np.asarray(low), np.asarray(high), strict=True)]
    vertices, triangles, _, _ = marching_cubes(surface(np.stack(np.meshgrid(*axes, indexing="ij"), -1)), 0.0)
    return vertices * step + np.asarray(low, dtype=float), triangles.astype(np.int64)


def onto_surface(surface: Surface, points: Points, normals: Points) -> Points:
    """Points near the surface moved onto it along their normals."""
    for _ in range(2):
        points = points - normals * np.clip(surface(points), -0.25, 0.25)[:, None]
    return points


def scattered(
    vertices: Points, triangles: Triangles, count: int, rng: np.random.Generator, density: Callable[[Points], Distances]
) -> tuple[Points, Points]:
    """`count` random points on a closed mesh and their outward normals; `density` weighs places by the triangles' centres."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    normals = np.cross(b - a, c - a)
    if (normals * (a - vertices.mean(0))).sum() < 0:
        normals = -normals
    weights = np.linalg.norm(normals, axis=1) * density((a + b + c) / 3)
    chosen = rng.choice(len(triangles), count, p=weights / weights.sum())
    u, v = rng.random((2, count, 1))
    folded = u + v > 1  # the other half of the parallelogram, mirrored into the triangle
    u, v = np.where(folded, 1 - u, u), np.where(folded, 1 - v, v)
    return a[chosen] + u * (b - a)[chosen] + v * (c - a)[chosen], unit(normals[chosen])


def rotation(axis: Literal["x", "y", "z"], degrees: float) -> Points:
    """The right-handed rotation about a coordinate axis."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    rows = {
        "x": [[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]],
        "y": [[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]],
        "z": [[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]],
    }
    return np.array(rows[axis], dtype=float)


def unit(vectors: ArrayLike) -> Points:
    """Vectors scaled to length one; a zero vector stays zero."""
    vectors = np.asarray(vectors, dtype=float)
    scaled: Points = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return scaled


def grid_triangles(rows: int, columns: int, closed: bool) -> Triangles:
    """Two triangles for every cell of a grid of vertices; `closed` joins the last column to the first."""
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(columns if closed else columns - 1), indexing="ij")
    a, b = row * columns + column, row * columns + (column + 1) % columns
    c, d = b + columns, a + columns
    corners = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    return corners.astype(np.int64)


def sphere(rows: int, columns: int) -> tuple[Points, Triangles]:
    """Vertices and triangles of a sphere of radius one."""
    polar, around = np.linspace(0, np.pi, rows)[:, None], np.linspace(0, 2 * np.pi, columns, endpoint=False)[None]
    vertices = np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar) + 0 * around], -1)
    return vertices.reshape(-1, 3), grid_triangles(rows, columns, closed=True)
