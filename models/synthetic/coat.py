"""The coat: fur, whiskers, the short hair of lids and ears, and the dark lines of folds, mouth and philtrum.

All are strands in the head's or the body's own frame.
"""

from __future__ import annotations

import numpy as np

from models.synthetic import anatomy
from models.synthetic.anatomy import EYE_RADIUS, LID_COLUMNS, LID_ROWS, SIDES, eye_centre, head_scale, squint
from models.synthetic.pose import Expression, Individual
from models.synthetic.shapes import Distances, Points, Strands, Surface, Triangles, onto_surface, scattered, unit
from models.synthetic.streams import stream

HEAD_HAIRS_OF_THE_CLIPS = 44_000
"""At this number a hair is as thin as in the sample clips; fewer hairs are painted thicker to cover the skin."""
FUR_RADII = np.array([0.0048, 0.0042, 0.0008])
BODY_FUR_RADII = np.array([0.0066, 0.0060, 0.0012])
LID_FUR_RADII = np.array([0.0042, 0.0036, 0.0008])
EAR_FUR_RADII = np.array([0.0032, 0.0028, 0.001])
FOLD_RADII = np.array([0.004, 0.012, 0.016, 0.016, 0.014, 0.010, 0.003])
MOUTH_RADII = np.array([0.006, 0.009, 0.010, 0.010, 0.009, 0.007, 0.003])
LID_HAIRS = 520
EAR_HAIRS = 700
FOLDS = (  # from (y, z) to (y, z) beside the eye's centre: two lines from each corner and one over the lid
    (0.17, 0.02, 0.34, 0.08),
    (0.17, -0.02, 0.33, -0.08),
    (-0.17, 0.02, -0.33, 0.10),
    (-0.16, -0.03, -0.30, -0.10),
    (0.10, 0.19, -0.12, 0.22),
)


def hair_colours(individual: Individual, count: int, part: str) -> Points:
    """The coat's colour, a little different for every hair; some lighter, some browner."""
    rng = stream(individual.seed, f"hair colour {part}")
    colours = np.array(individual.coat) * rng.normal(1, 0.09, (count, 1))
    colours[rng.random(count) < 0.08] *= 1.9
    colours[rng.random(count) < 0.06] *= (1.35, 1.1, 0.95)
    return np.clip(colours, 0.003, 0.9)


def head_fur(individual: Individual, surface: Surface, vertices: Points, triangles: Triangles, count: int) -> Strands:
    """Fur from the nose to the neck, short on the muzzle and around the eyes, leaving nose tip and eyes free."""
    rng = stream(individual.seed, "head fur")
    roots, normals = scattered(
        vertices, triangles, count, rng, lambda p: np.where(p[:, 1] > -0.9, 1, 0.2) * np.where(p[:, 1] > 0.3, 1.6, 1)
    )
    nose_tip = (roots[:, 1] > 1.42) & (np.hypot(roots[:, 0] * 0.85, roots[:, 2] + 0.335) < 0.100)
    from_eye = np.min([_eye_radii(individual, roots, side) for side in SIDES], axis=0)
    free = ~nose_tip & (from_eye > 1.16)
    roots, normals, from_eye = roots[free], normals[free], from_eye[free]
    roots = onto_surface(surface, roots, normals)
    flow = unit(np.array([0, -1, 0.05]) + np.c_[roots[:, 0] * 0.5, 0 * roots[:, 0], roots[:, 2] * 0.3])
    length = np.interp(roots[:, 1], [-1.4, -0.3, 0.6, 1.1, 1.5], [0.30, 0.22, 0.14, 0.085, 0.028])
    length = length * rng.uniform(0.7, 1.3, len(roots)) * np.clip((from_eye - 1) / 1.4, 0.22, 1)
    points = _hairs(roots, normals, flow, length, rng, lift=0.5, wildness=0.15, clumping=0.06, depth=0.02)
    thicker = np.sqrt(HEAD_HAIRS_OF_THE_CLIPS / count)
    return Strands(points, FUR_RADII * thicker, hair_colours(individual, len(points), "head"), normals)


def body_fur(individual: Individual, surface: Surface, vertices: Points, triangles: Triangles, count: int) -> Strands:
    """Long fur on the back and flanks, lying backwards."""
    rng = stream(individual.seed, "body fur")
    roots, normals = scattered(vertices, triangles, count, rng, lambda p: np.where(p[:, 2] > -1.0, 1, 0.3))
    roots = onto_surface(surface, roots, normals)
    flow = np.tile(np.array([0, -1, -0.25]), (count, 1))
    length = 0.33 * rng.uniform(0.6, 1.3, count)
    points = _hairs(roots, normals, flow, length, rng, lift=0.5, wildness=0.18, clumping=0.07, depth=0.05)
    thicker = np.sqrt(HEAD_HAIRS_OF_THE_CLIPS / count)
    return Strands(points, BODY_FUR_RADII * thicker, hair_colours(individual, count, "body"), normals)


def lid_fur(individual: Individual, lid: Points, side: int, upper: bool) -> Strands:
    """Short hair on one lid, away from its rim."""
    rng = stream(individual.seed, f"lid fur {side} {upper}")
    grid = lid.reshape(LID_ROWS, LID_COLUMNS, 3)
    row, column = rng.uniform(2.6, LID_ROWS - 1.01, LID_HAIRS), rng.uniform(0, LID_COLUMNS - 1.01, LID_HAIRS)
    i, j = row.astype(int), column.astype(int)
    down, right = (row - i)[:, None], (column - j)[:, None]
    below = np.minimum(i + 1, LID_ROWS - 1)
    roots = (grid[i, j] * (1 - down) + grid[below, j] * down) * (1 - right)
    roots = roots + (grid[i, j + 1] * (1 - down) + grid[below, j + 1] * down) * right
    normals = unit(roots - eye_centre(individual, side))
    direction = unit(normals * 0.28 + np.array([0, -1, 0.3 if upper else -0.3]) + rng.normal(0, 0.15, roots.shape))
    points = np.stack([roots, roots + direction * 0.045, roots + direction * 0.09 - normals * 0.01], 1)
    return Strands(points, LID_FUR_RADII, hair_colours(individual, LID_HAIRS, f"lid {side} {upper}") * 0.9, normals)


def ear_fuzz(individual: Individual, ear: Points, side: int) -> Strands:
    """Sparse short hair on the shell of one ear."""
    rng = stream(individual.seed, f"ear fuzz {side}")
    first = rng.integers(0, len(ear), EAR_HAIRS)
    second = np.minimum(first + 1, len(ear) - 1)
    roots = ear[first] + (ear[second] - ear[first]) * rng.random((EAR_HAIRS, 1))
    direction = unit(rng.normal(0, 0.5, (EAR_HAIRS, 3)) + np.array([side * 0.3, -0.2, 0.8]))
    points = np.stack([roots, roots + direction * 0.02, roots + direction * 0.04], 1)
    return Strands(points, EAR_FUR_RADII, np.tile(np.array(individual.coat), (EAR_HAIRS, 1)))


def squint_folds(individual: Individual, expression: Expression, surface: Surface, side: int) -> Strands | None:
    """Dark creases that fan from the corners of a tightened eye, or None for a relaxed one."""
    tightness = squint(expression)
    if tightness < 0.05:
        return None
    along = np.linspace(0, 1, len(FOLD_RADII))[:, None]
    outwards = np.tile(unit([side * 0.9, 0.35, 0.1]), (len(along), 1))
    folds = []
    for y0, z0, y1, z1 in FOLDS:
        y, z = y0 + (y1 - y0) * along, z0 + (z1 - z0) * along + 0.03 * np.sin(np.pi * along)
        line = eye_centre(individual, side) + np.c_[np.full_like(y, side * 0.10), y, z]
        folds.append(onto_surface(surface, line, outwards) + outwards * 0.015)
    return Strands(np.stack(folds), FOLD_RADII * tightness, np.full((len(folds), 3), 0.004))


def mouth_lines(individual: Individual, surface: Surface) -> Strands:
    """The philtrum under the nose and the two halves of the mouth."""
    along = np.linspace(0, 1, len(MOUTH_RADII))[:, None]
    scale = head_scale(individual)
    philtrum = np.c_[0 * along, 1.60 - 0.06 * along, -0.43 - 0.14 * along] * scale
    lines = [onto_surface(surface, philtrum, _same(along, (0, 0.9, -0.25))) + np.array([0, 0.008, -0.002])]
    for side in SIDES:
        x, y = side * (0.02 + 0.15 * along), 1.50 - 0.20 * along**1.5
        half = np.c_[x, y, -0.56 - 0.05 * np.sin(np.pi * along * 0.8)] * scale
        lines.append(onto_surface(surface, half, _same(along, (side * 0.25, 0.7, -0.5))) + np.array([0, 0.01, -0.005]))
    return Strands(np.stack(lines), MOUTH_RADII, np.full((len(lines), 3), 0.005))


def whisker_strands(individual: Individual, curves: Points) -> Strands:
    """Whiskers, thin to the tip, black or white."""
    rng = stream(individual.seed, "whisker colour")
    tone = np.where(rng.random((len(curves), 1)) < individual.light_whiskers, 0.085, 0.012)
    return Strands(curves, np.linspace(0.0042, 0.0008, curves.shape[1]), np.repeat(tone, 3, axis=1))


def _eye_radii(individual: Individual, points: Points, side: int) -> Distances:
    """Distance from an eye's centre in eye radii."""
    distance: Distances = np.linalg.norm(points - eye_centre(individual, side), axis=1) / EYE_RADIUS
    return distance


def _hairs(
    roots: Points,
    normals: Points,
    flow: Points,
    length: Distances,
    rng: np.random.Generator,
    *,
    lift: float,
    wildness: float,
    clumping: float,
    depth: float,
) -> Points:
    """Hairs of three points that rise by `lift`, lie along `flow` and lean in clumps; roots lie `depth` under the skin."""
    waves = [_clump_wave(roots, phase) for phase in (0, 1, 2)]
    lying = unit(flow - (flow * normals).sum(1, keepdims=True) * normals)
    first = unit(normals * lift + lying + rng.normal(0, wildness, roots.shape) + np.stack(waves, -1) * clumping)
    second = unit(first + 0.6 * flow + rng.normal(0, 0.12, roots.shape))
    half = length[:, None] / 2
    return np.stack([roots - normals * depth, roots + first * half, roots + (first + second) * half], 1)


def _clump_wave(points: Points, phase: int) -> Distances:
    return np.asarray(np.sin(points @ (9.0, 7, 5) + phase) + np.sin(points @ (-6.0, 8, 11) + 2 * phase))


def _same(like: Points, direction: tuple[float, float, float]) -> Points:
    return np.tile(unit(direction), (len(like), 1))


def lid_colours(individual: Individual) -> Points:
    """Colours of a lid's vertices: a bare, lighter rim, then the coat."""
    colours = np.tile(np.array(individual.coat) * 0.62 + 0.008, (LID_ROWS, LID_COLUMNS, 1))
    colours[:3] = np.array([(0.060, 0.042, 0.038), (0.045, 0.034, 0.031), (0.022, 0.018, 0.017)])[:, None]
    return colours.reshape(-1, 3)


def ear_colours(radius: Distances, angle: Distances) -> Points:
    """Thin skin that lets light through, brighter to the rim, with veins."""
    veins = 0.06 * np.sin(5 * angle + 2.0 * radius) * radius
    return np.clip(np.array([0.082, 0.058, 0.052]) * (0.42 + 0.55 * radius + veins)[:, None], 0, 1)


def head_skin(individual: Individual, vertices: Points) -> Points:
    """Skin under the fur, and the bare tip of the nose."""
    skin = np.array(individual.coat) * 0.6 + 0.012
    off_axis = np.hypot(vertices[:, 0] * 0.85, vertices[:, 2] - anatomy.NOSE_TIP[2] - 0.025)
    bare = (np.clip((0.115 - off_axis) / 0.03, 0, 1) * (vertices[:, 1] > 1.42))[:, None]
    return np.asarray(skin * (1 - bare) + np.array([0.050, 0.036, 0.034]) * bare)
