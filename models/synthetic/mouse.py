"""A mouse in a pose: all meshes and strands in the chamber's frame, and the landmarks that tell which parts are visible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from models.synthetic import anatomy, coat
from models.synthetic.anatomy import EYE_RADIUS, NOSE_TIP, SIDES, eye_centre, head_scale
from models.synthetic.pose import Individual, Pose
from models.synthetic.shapes import (
    Material,
    Mesh,
    Placement,
    Points,
    Strands,
    Surface,
    onto_surface,
    polygonised,
    rotation,
    sphere,
    unit,
)

TURNING_POINT = np.array([0, -2.4, 0])
"""The mouse turns about this point of its body …"""
PLACE_Y_CM = -2.9
"""… which stands here in the chamber."""
HEAD_PIVOT = np.array([0, -0.75, -0.1])
BODY_HEIGHT_CM = 1.35
FLOOR_CM = 0.02
FACE_BEGINS_CM = -0.45
"""What lies behind this (y in the head's frame) belongs to the neck, not to the face box."""
PAW_COLOUR = np.array([0.15, 0.100, 0.088])
TAIL_COLOUR = np.array([0.085, 0.062, 0.058])


@dataclass(frozen=True)
class Detail:
    """How finely a mouse is modelled: mesh steps in centimetres and numbers of hairs."""

    head_step_cm: float
    body_step_cm: float
    head_hairs: int
    body_hairs: int


FINE = Detail(0.05, 0.12, 44_000, 52_000)
"""As in the sample clips."""
QUICK = Detail(0.07, 0.18, 14_000, 9_000)
"""For training crops."""


@dataclass(frozen=True)
class Landmarks:
    """Points in the chamber's frame; those of eyes, ears and whiskers by side (-1 left, 1 right)."""

    eyes: Mapping[int, Points]
    ears: Mapping[int, Points]
    nose: Points
    whisker_pads: Mapping[int, Points]
    whiskers: Mapping[int, Points]
    face: Points
    body: Points
    head_forward: Points
    head_origin: Points


@dataclass(frozen=True)
class Mouse:
    """Everything that is painted of a mouse, and its landmarks."""

    meshes: tuple[Mesh, ...]
    strands: tuple[Strands, ...]
    casts_shadow: tuple[Mesh, ...]
    landmarks: Landmarks


def build_mouse(individual: Individual, pose: Pose, detail: Detail) -> Mouse:
    """Model one mouse; the same arguments give the same mouse."""
    stand = Placement(rotation("z", pose.body_turn_deg), np.array([pose.sideways_cm, PLACE_Y_CM, 0]))
    to_chamber = Placement(np.eye(3), -TURNING_POINT).then(stand)
    neck = np.array([0, 0.25, BODY_HEIGHT_CM + 0.18 - 0.12 * pose.hunch])
    turned = rotation("z", pose.head_yaw_deg) @ rotation("x", pose.head_pitch_deg) @ rotation("y", pose.head_roll_deg)
    head = Placement(turned, neck - turned @ HEAD_PIVOT).then(to_chamber)
    surface = anatomy.head_surface(individual, pose.expression)

    skull, head_fur = _head(individual, surface, head, detail)
    trunk, body_fur = _body(individual, pose, to_chamber, detail)
    eye_meshes, eye_strands, eye_points = _eyes(individual, pose, surface, head)
    ear_meshes, ear_strands = _ears(individual, pose, head)
    curves = {side: _above_floor(head.of(anatomy.whiskers(individual, pose.expression, side))) for side in SIDES}
    paws, arms = _limbs(individual, pose, head, to_chamber)

    near_face = head_fur.points[_in_head_frame(head, head_fur.points[:, 0])[:, 1] > FACE_BEGINS_CM]
    hair = near_face[:, 1] * 0.4 + near_face[:, 2] * 0.6
    face_skin = skull.vertices[_in_head_frame(head, skull.vertices)[:, 1] > FACE_BEGINS_CM]
    ears = {side: mesh.vertices for side, mesh in zip(SIDES, ear_meshes, strict=True)}
    back_hair = body_fur.points[:, 1] * 0.25 + body_fur.points[:, 2] * 0.75
    landmarks = Landmarks(
        eyes=eye_points,
        ears=ears,
        nose=head.of(anatomy.nose_landmarks(individual)),
        whisker_pads={side: head.of(anatomy.whisker_pad_landmarks(individual, side)) for side in SIDES},
        whiskers=curves,
        face=np.concatenate([face_skin, hair, *ears.values()]),
        body=np.concatenate([skull.vertices, trunk.vertices, hair, back_hair, *ears.values(), *(p.vertices for p in paws)]),
        head_forward=head.of_directions(np.array([0, 1.0, 0])),
        head_origin=head.of(np.zeros(3)),
    )
    nostrils = _nostrils(individual, surface, head)
    mouth = _placed(coat.mouth_lines(individual, surface), head)
    whiskers = coat.whisker_strands(individual, np.concatenate(list(curves.values())))
    return Mouse(
        meshes=(skull, trunk, *eye_meshes, *ear_meshes, *nostrils, *paws),
        strands=(head_fur, body_fur, *eye_strands, *ear_strands, mouth, whiskers, *arms, _tail(to_chamber)),
        casts_shadow=(skull, trunk, *ear_meshes),
        landmarks=landmarks,
    )


def _head(individual: Individual, surface: Surface, head: Placement, detail: Detail) -> tuple[Mesh, Strands]:
    vertices, triangles = polygonised(surface, *anatomy.HEAD_BLOCK, detail.head_step_cm)
    fur = coat.head_fur(individual, surface, vertices, triangles, detail.head_hairs)
    skull = Mesh(head.of(vertices), triangles, Material.SKIN, coat.head_skin(individual, vertices))
    return skull, _placed(fur, head)


def _body(individual: Individual, pose: Pose, to_chamber: Placement, detail: Detail) -> tuple[Mesh, Strands]:
    surface = anatomy.body_surface(individual, pose.hunch)
    vertices, triangles = polygonised(surface, *anatomy.BODY_BLOCK, detail.body_step_cm)
    raised = Placement(rotation("x", 3.0), np.array([0, 0, BODY_HEIGHT_CM]))
    fur = coat.body_fur(individual, surface, vertices, triangles, detail.body_hairs)
    colours = np.tile(np.array(individual.coat) * 0.6 + 0.012, (len(vertices), 1))
    trunk = Mesh(to_chamber.of(_on_floor(raised.of(vertices))), triangles, Material.SKIN, colours)
    standing = replace(fur, points=_on_floor(raised.of(fur.points)), normals=raised.of_directions(_normals_of(fur)))
    return trunk, _placed(standing, to_chamber)


def _eyes(
    individual: Individual, pose: Pose, surface: Surface, head: Placement
) -> tuple[list[Mesh], list[Strands], dict[int, Points]]:
    ball, triangles = sphere(29, 48)
    meshes: list[Mesh] = []
    strands: list[Strands] = []
    visible: dict[int, Points] = {}
    for side in SIDES:
        middle = eye_centre(individual, side)
        black = np.tile([0.010, 0.005, 0.005], (len(ball), 1))
        meshes.append(Mesh(head.of(ball * EYE_RADIUS + middle), triangles, Material.EYE, black, head.of(middle)))
        for upper in (True, False):
            skin, lid_triangles = anatomy.lid(individual, pose.expression, side, upper)
            meshes.append(Mesh(head.of(skin), lid_triangles, Material.LID, coat.lid_colours(individual), head.of(middle)))
            strands.append(_placed(coat.lid_fur(individual, skin, side, upper), head))
        folds = coat.squint_folds(individual, pose.expression, surface, side)
        if folds is not None:
            strands.append(_placed(folds, head))
        front = ball[ball @ unit([side * 0.84, 0.54, 0.06]) > 0.12]
        visible[side] = head.of(front * EYE_RADIUS * 1.10 + middle)
    return meshes, strands, visible


def _ears(individual: Individual, pose: Pose, head: Placement) -> tuple[list[Mesh], list[Strands]]:
    meshes, strands = [], []
    for side in SIDES:
        shell, triangles, radius, angle = anatomy.ear(individual, pose.expression, side)
        meshes.append(Mesh(head.of(shell), triangles, Material.EAR, coat.ear_colours(radius, angle)))
        strands.append(_placed(coat.ear_fuzz(individual, shell, side), head))
    return meshes, strands


def _nostrils(individual: Individual, surface: Surface, head: Placement) -> list[Mesh]:
    ball, triangles = sphere(9, 16)
    meshes = []
    for side in SIDES:
        place = (NOSE_TIP + np.array([side * 0.058, 0, 0])) * head_scale(individual)
        place = onto_surface(surface, place[None], np.array([[0, 1.0, 0]]))[0]
        vertices = head.of(ball * np.array([0.030, 0.018, 0.024]) + place)
        meshes.append(Mesh(vertices, triangles, Material.SKIN, np.full((len(ball), 3), 0.006), head.of(place)))
    return meshes


def _limbs(individual: Individual, pose: Pose, head: Placement, body: Placement) -> tuple[list[Mesh], list[Strands]]:
    """Four paws with toes; a grooming mouse's forepaws and arms are raised to the nose."""
    paws: list[Mesh] = []
    arms = []
    lifted = pose.grooming
    for side in SIDES:
        on_floor = body.of([side * 0.50, -0.25, 0.07])
        on_nose = head.of([side * 0.15, 1.63, -0.25])
        place = on_floor * (1 - lifted) + on_nose * lifted + np.array([0, 0, 0.25 * np.sin(np.pi * lifted)])
        if lifted < 0.3:
            turn = body.rotation @ rotation("z", -6 * side)
        else:
            turn = head.rotation @ rotation("z", 16 * side) @ rotation("x", 62)
        paws += _paw(Placement(turn, place), 1 + 0.45 * lifted)
        paws += _paw(Placement(body.rotation @ rotation("z", -12 * side), body.of([side * 1.22, -3.1, 0.08])), 1.5)
        if lifted > 0:
            shoulder = body.of([side * 0.62, -0.45, 0.75])
            elbow = (shoulder + place) / 2 + body.of_directions(np.array([side * 0.22, 0.1, -0.22]))
            along = np.linspace(0, 1, 14)[:, None]
            arms.append((1 - along) ** 2 * shoulder + 2 * along * (1 - along) * elbow + along**2 * place)
    colour = np.array(individual.coat) * 0.9
    return paws, [Strands(np.stack(arms), np.linspace(0.26, 0.12, 14), np.tile(colour, (2, 1)))] if arms else []


def _paw(placement: Placement, size: float) -> list[Mesh]:
    ball, triangles = sphere(10, 16)
    parts = [(0.0, 0.0, 0.15, 0.19)] + [(x, 0.22 - 0.225 * abs(x), 0.036, 0.14) for x in (-0.12, -0.042, 0.042, 0.12)]
    meshes = []
    for x, y, width, length in parts:
        vertices = placement.of((ball * np.array([width, length, 0.065]) + np.array([x, y, 0])) * size)
        centre = placement.of(np.array([x, y, 0]) * size)
        meshes.append(Mesh(vertices, triangles, Material.PAW, np.tile(PAW_COLOUR, (len(ball), 1)), centre))
    return meshes


def _tail(body: Placement) -> Strands:
    bend = -np.pi / 2 - np.cumsum(np.full(60, 0.055))
    curve = np.c_[np.cumsum(np.cos(bend)) * 0.115, -5.2 + np.cumsum(np.sin(bend)) * 0.115, np.linspace(0.42, 0.13, 60)]
    return Strands(body.of(curve)[None], np.linspace(0.17, 0.05, 60), TAIL_COLOUR[None])


def _placed(strands: Strands, placement: Placement) -> Strands:
    normals = None if strands.normals is None else placement.of_directions(strands.normals)
    return replace(strands, points=placement.of(strands.points), normals=normals)


def _normals_of(strands: Strands) -> Points:
    if strands.normals is None:
        raise ValueError("fur has normals")
    return strands.normals


def _in_head_frame(head: Placement, points: Points) -> Points:
    return (points - head.shift) @ head.rotation


def _on_floor(points: Points) -> Points:
    return np.concatenate([points[..., :2], np.maximum(points[..., 2:], FLOOR_CM)], -1)


def _above_floor(curves: Points) -> Points:
    """Curves bent so that they lie on the floor instead of passing through it."""
    bent = curves.copy()
    bent[..., 2] = FLOOR_CM + 0.10 * np.logaddexp(0, (curves[..., 2] - FLOOR_CM) / 0.10)
    return bent
