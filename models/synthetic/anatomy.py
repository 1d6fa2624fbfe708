"""Anatomy: the mouse's surfaces, and how the action units change them.

The numbers were fitted by eye to photographs of black mice in the paper's chamber; the grimace changes follow the scale's wording
(Langford et al. 2010; PainFace, Figure 2): eyes close and lids bulge, nose and cheeks swell, ears turn outwards and back and come
apart, whiskers stand away from the cheek and bunch.
"""

from __future__ import annotations

import numpy as np

from models.synthetic.pose import Expression, Individual
from models.synthetic.shapes import (
    Distances,
    Points,
    Surface,
    Triangles,
    cone,
    ellipsoid,
    grid_triangles,
    rotation,
    smooth_difference,
    smooth_union,
    unit,
)
from models.synthetic.streams import stream

SIDES = (-1, 1)
"""The mouse's left (x < 0) and right."""
EYE_CENTRE = np.array([0.545, 0.625, 0.12])
EYE_RADIUS = 0.185
NOSE_TIP = np.array([0.0, 1.60, -0.36])
LID_ROWS, LID_COLUMNS = 16, 30
EAR_RINGS, EAR_SPOKES = 14, 64
SCORES = (0.0, 1.0, 2.0)
SQUINT_STARTS_DEG, SQUINT_FULL_DEG = 34.0, 4.0

HEAD_BLOCK = ((-1.5, -1.6, -1.4), (1.5, 1.9, 1.2))
BODY_BLOCK = ((-2.4, -6.2, -1.7), (2.4, 1.0, 2.4))


def by_score(strength: float, values: tuple[float, float, float]) -> float:
    """The value for a strength between scores, given those at 0, 1 and 2."""
    return float(np.interp(strength, SCORES, values))


def lid_aperture_deg(expression: Expression) -> float:
    """How far the upper lid stands open from the middle of the eye."""
    return by_score(expression.orbital, (70, 29, 4))


def squint(expression: Expression) -> float:
    """0 for relaxed lids to 1 for lids pressed together."""
    share = (SQUINT_STARTS_DEG - lid_aperture_deg(expression)) / (SQUINT_STARTS_DEG - SQUINT_FULL_DEG)
    return float(np.clip(share, 0, 1))


def head_scale(individual: Individual) -> Points:
    return np.array([individual.head_width, individual.head_length, 1.0])


def eye_centre(individual: Individual, side: int) -> Points:
    centre: Points = EYE_CENTRE * head_scale(individual) * np.array([side, 1, 1])
    return centre


def head_surface(individual: Individual, expression: Expression) -> Surface:
    """Skull, cheeks, muzzle, nose bridge and eye sockets, with the neck to join the body."""
    nose = 0.06 + 0.92 * np.clip(expression.nose / 2, 0, 1)
    cheek = 1.0 + 0.13 * np.clip(expression.orbital - 1, 0, 1)
    scale = head_scale(individual)

    def distance(points: Points) -> Distances:
        p = points / scale
        d = ellipsoid(p, (0, 0, 0), (0.74, 0.95, 0.66))
        for side in SIDES:
            d = smooth_union(d, ellipsoid(p, (side * 0.42, 0.30, -0.22), (0.40 * cheek, 0.55, 0.42)), 0.22)
        d = smooth_union(d, cone(p, (0, 0.55, -0.10), (0, 1.42, -0.36), 0.50, 0.20), 0.20)
        d = smooth_union(d, cone(p, (0, 0.5, -0.42), (0, 1.2, -0.55), 0.33, 0.14), 0.15)
        for side in SIDES:
            d = smooth_union(d, ellipsoid(p, (side * 0.19, 1.17, -0.40), (0.20, 0.27, 0.20)), 0.10)
            d = smooth_union(d, ellipsoid(p, (side * 0.14, 1.0, -0.06), (0.13 + 0.02 * nose, 0.34, 0.09 + 0.10 * nose)), 0.10)
        d = smooth_union(d, ellipsoid(p, (0, 1.0, 0), (0.10 + 0.10 * nose, 0.35, 0.09 + 0.12 * nose)), 0.12)
        d = smooth_union(d, ellipsoid(p, (0, 1.50, -0.34), (0.12, 0.10, 0.10)), 0.06)
        for side in SIDES:
            d = smooth_difference(d, ellipsoid(p, (side * 0.63, 0.62, 0.11), (0.11, 0.16, 0.13)), 0.08)
        return smooth_union(d, cone(p, (0, -0.3, -0.05), (0, -1.4, -0.3), 0.66, 0.85), 0.3)

    return distance


def body_surface(individual: Individual, hunch: float) -> Surface:
    """Trunk, shoulders, haunches and upper arms."""
    fat = individual.fatness

    def distance(points: Points) -> Distances:
        d = ellipsoid(points, (0, -3.3, 0.1 + 0.25 * hunch), (1.45 * fat, 2.3, 1.25 + 0.3 * hunch))
        d = smooth_union(d, ellipsoid(points, (0, -1.3, -0.25), (1.0 * fat, 1.2, 0.95)), 0.6)
        d = smooth_union(d, cone(points, (0, -1.3, 0), (0, 0, 0), 0.9, 0.66), 0.4)
        for side in SIDES:
            d = smooth_union(d, ellipsoid(points, (side * 1.05 * fat, -4.1, -0.35), (0.75, 1.1, 0.95)), 0.4)
        for side in SIDES:
            d = smooth_union(d, cone(points, (side * 0.55, -1.0, -0.6), (side * 0.5, -0.55, -1.25), 0.36, 0.2), 0.25)
        return d

    return distance


def lid(individual: Individual, expression: Expression, side: int, upper: bool) -> tuple[Points, Triangles]:
    """One eyelid: a piece of a sphere that turns about the axis through the corners of the eye; row 0 is its rim."""
    aperture = lid_aperture_deg(expression) * (1 if upper else -0.85)
    turn_deg = np.linspace(aperture, 115 if upper else -115, LID_ROWS)[:, None]
    along = np.radians(np.linspace(-88, 88, LID_COLUMNS))[None]
    turn = np.radians(turn_deg)
    bulge = 0.07 * squint(expression) * np.clip(1 - np.abs(turn_deg - aperture) / 45, 0, 1)
    radius = EYE_RADIUS * (1.06 + bulge)
    x, z = radius * np.cos(along) * np.cos(turn), radius * np.cos(along) * np.sin(turn)
    y = np.broadcast_to(radius * np.sin(along) * 1.12, x.shape)
    points = np.stack([x, y, z], -1).reshape(-1, 3) @ rotation("x", -5).T @ rotation("z", 33).T
    points = points + EYE_CENTRE * head_scale(individual)
    return points * np.array([side, 1, 1]), grid_triangles(LID_ROWS, LID_COLUMNS, closed=False)


def ear(individual: Individual, expression: Expression, side: int) -> tuple[Points, Triangles, Distances, Distances]:
    """The shell of one ear in the head's frame; also each vertex's place from its middle (0) to its rim (1), and its angle."""
    rng = stream(individual.seed, "ears")
    width, height = 0.52 * rng.uniform(0.93, 1.07), 0.635 * rng.uniform(0.93, 1.07)
    radius, angle = np.meshgrid(
        np.linspace(0.02, 1, EAR_RINGS), np.linspace(0, 2 * np.pi, EAR_SPOKES, endpoint=False), indexing="ij"
    )
    across, up = radius * np.cos(angle) * width, radius * np.sin(angle) * height + height * 0.78
    depth = 0.30 * (np.abs(across) / width) ** 2 - 0.16 * (1 - radius**2) + 0.05 * np.sin(3 * angle) * radius
    depth = depth + 0.012 * np.sin(7 * angle + side) * radius**3
    across = across * np.clip(up / (height * 0.8), 0.45, 1)  # narrow at the base
    shell = np.stack([across, depth, up], -1).reshape(-1, 3)
    yaw = by_score(expression.ears, (10, 45, 86))
    back, roll = by_score(expression.ears, (4, 22, 42)), by_score(expression.ears, (20, 32, 47))
    shell = shell @ rotation("z", -yaw).T @ rotation("x", back).T @ rotation("y", roll).T + np.array([0.44, -0.22, 0.38])
    triangles = grid_triangles(EAR_RINGS, EAR_SPOKES, closed=True)
    return shell * np.array([side, 1, 1]), triangles, radius.reshape(-1), angle.reshape(-1)


def whiskers(individual: Individual, expression: Expression, side: int, count: int = 21, points: int = 12) -> Points:
    """The whiskers of one cheek as curves (count, points, 3) in the head's frame."""
    rng = stream(individual.seed, f"whiskers {side}")
    droop = by_score(expression.whiskers, (0.30, 0.16, 0.02))
    forward = by_score(expression.whiskers, (-0.38, 0.18, 0.95))
    fan = by_score(expression.whiskers, (0.28, 0.18, 0.07))
    row, column = np.arange(count) % 5, rng.uniform(0, 1, count)
    jitter_y, jitter_z = rng.normal(0, 1, (2, count))
    length = rng.uniform(1.0, 1.85, count) * (1.15 - 0.55 * column)
    roots = np.c_[np.full(count, 0.30) - 0.06 * column, 1.08 + 0.28 * column, -0.25 - 0.07 * row]
    directions = unit(
        np.c_[
            np.ones(count),
            forward + jitter_y * fan - 0.25 * (1 - column),
            (0.28 - 0.14 * row) * (fan / 0.2) + jitter_z * fan * 0.5,
        ]
    )
    along = np.linspace(0, 1, points)[None, :, None]
    bend = np.array([0, -0.22, -droop]) * along**2 * 0.7
    curves: Points = (roots[:, None] + (directions[:, None] * along + bend) * length[:, None, None]) * head_scale(individual)
    return np.asarray(curves * np.array([side, 1, 1]))


def nose_landmarks(individual: Individual) -> Points:
    """Points on the tip and the bridge of the nose; the nose is visible when enough of them are."""
    tip = [(x, 1.56, -0.34 + z) for x in (-0.13, -0.06, 0, 0.06, 0.13) for z in (-0.10, 0, 0.08)]
    bridge = [(x, 1.25, -0.03) for x in (-0.14, 0, 0.14)] + [(x, 1.4, -0.1) for x in (-0.08, 0.08)]
    return np.asarray(np.array(tip + bridge) * head_scale(individual))


def whisker_pad_landmarks(individual: Individual, side: int) -> Points:
    """Points on the cheek where the whiskers stand."""
    pad = [
        (0.34, 1.1, -0.3),
        (0.36, 1.15, -0.42),
        (0.30, 1.3, -0.4),
        (0.34, 1.05, -0.45),
        (0.27, 1.35, -0.3),
        (0.32, 1.22, -0.35),
    ]
    return np.asarray(np.array(pad) * head_scale(individual) * np.array([side, 1, 1]))
