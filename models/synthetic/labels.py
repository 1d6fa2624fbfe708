"""Labels: what is visible of a mouse, where, and how it would be scored. Exact, because they come from the model that is painted.

One box for each visible eye and ear, one for the nose, one around all visible whiskers; the face is the head with its ears and
without its whiskers, the body the whole animal without its tail. The same rules as the sample clips' labels.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.synthetic.camera import Camera
from models.synthetic.mouse import Landmarks
from models.synthetic.pose import Pose
from models.synthetic.shapes import Points
from shared.detections import PART_OF_FAU, Part
from shared.documents import Document
from shared.geometry import Box, union
from shared.grimace import Fau

Side = Literal["left", "right"]

TURN_LIMIT_DEG = {Part.ORBITAL: 140.0, Part.EARS: 140.0, Part.WHISKERS: 127.0, Part.NOSE: 103.0}
"""Beyond this turn of the head from the camera a part is not judged, even if a sliver of it shows."""
SLACK_CM = {Part.ORBITAL: 0.06, Part.EARS: 0.08, Part.WHISKERS: 0.10, Part.NOSE: 0.10}
"""A landmark counts as visible when it lies at most this far behind the nearest surface."""
SHARE_VISIBLE = {Part.ORBITAL: 0.34, Part.EARS: 0.12, Part.WHISKERS: 0.34}
NOSE_SHARE_FROM_FRONT, NOSE_SHARE_FROM_SIDE, SIDE_VIEW_DEG = 0.52, 0.22, 60.0
WHISKER_SHARE, WHISKER_SLACK_CM = 0.5, 0.05
PADDING = {Part.ORBITAL: 0.12, Part.NOSE: 0.12, Part.EARS: 0.02, Part.WHISKERS: 0.02}
"""Share of a box's size that is added on each side, as annotators draw."""


class LabelledBox(Document):
    """One box in pixels: left, top, right, bottom."""

    part: Part
    box: tuple[float, float, float, float]
    side: Side | None = None


class StillLabels(Document):
    """The labels of one painted still."""

    synthetic: Literal[True] = True
    seed: int
    width_px: int
    height_px: int
    head_turn_deg: float
    boxes: tuple[LabelledBox, ...]
    scores: dict[Fau, int]
    """Of the visible units only."""

    def box_of(self, part: Part) -> Box | None:
        """The smallest box around all boxes of a part, or None when it is not visible."""
        found = [Box(*labelled.box) for labelled in self.boxes if labelled.part is part]
        return union(found) if found else None


def labels_for(landmarks: Landmarks, pose: Pose, camera: Camera, nearest: NDArray[np.float32], seed: int) -> StillLabels:
    """Label one still; `nearest` is the depth buffer of the meshes it was painted from."""
    turn_deg = head_turn_deg(landmarks, camera)
    boxes = _part_boxes(landmarks, turn_deg, camera, nearest)
    visible = {box.part for box in boxes}
    if visible:
        boxes.insert(0, _labelled(Part.FACE, camera.project(landmarks.face)[0], camera))
    boxes.append(_labelled(Part.BODY, camera.project(landmarks.body)[0], camera))
    scores = {fau: score for fau, score in pose.expression.scores.items() if PART_OF_FAU[fau] in visible}
    return StillLabels(
        seed=seed,
        width_px=camera.width_px,
        height_px=camera.height_px,
        head_turn_deg=round(turn_deg, 1),
        boxes=tuple(boxes),
        scores=scores,
    )


def head_turn_deg(landmarks: Landmarks, camera: Camera) -> float:
    """How far the nose points away from the camera, seen from above: 0 towards it, 180 away."""
    to_camera = camera.position - landmarks.head_origin
    forward = landmarks.head_forward
    difference = np.degrees(np.arctan2(forward[1], forward[0]) - np.arctan2(to_camera[1], to_camera[0]))
    return float(abs((difference + 180) % 360 - 180))


def _part_boxes(landmarks: Landmarks, turn_deg: float, camera: Camera, nearest: NDArray[np.float32]) -> list[LabelledBox]:
    def seen(part: Part, points: Points) -> Points | None:
        """The visible pixels of a part, or None when too few of its landmarks show."""
        pixels, shown = _visible(points, SLACK_CM[part], camera, nearest)
        if part is Part.NOSE:
            needed = NOSE_SHARE_FROM_SIDE if turn_deg > SIDE_VIEW_DEG else NOSE_SHARE_FROM_FRONT
        else:
            needed = SHARE_VISIBLE[part]
        return pixels[shown] if turn_deg <= TURN_LIMIT_DEG[part] and shown.mean() >= needed else None

    boxes = []
    for part, by_side in ((Part.ORBITAL, landmarks.eyes), (Part.EARS, landmarks.ears)):
        for number, points in by_side.items():
            if (pixels := seen(part, points)) is not None:
                boxes.append(_labelled(part, pixels, camera, "left" if number < 0 else "right"))
    if (pixels := seen(Part.NOSE, landmarks.nose)) is not None:
        boxes.insert(len([box for box in boxes if box.part is Part.ORBITAL]), _labelled(Part.NOSE, pixels, camera))
    if turn_deg <= TURN_LIMIT_DEG[Part.WHISKERS]:
        fans = [_whisker_pixels(landmarks, side, camera, nearest) for side in landmarks.whiskers]
        if found := [fan for fan in fans if len(fan) > 1]:
            boxes.append(_labelled(Part.WHISKERS, np.concatenate(found), camera))
    return boxes


def _whisker_pixels(landmarks: Landmarks, side: int, camera: Camera, nearest: NDArray[np.float32]) -> Points:
    """The visible pixels of one cheek's whiskers; none when neither the pad nor half of the whiskers show."""
    pad, pad_shown = _visible(landmarks.whisker_pads[side], SLACK_CM[Part.WHISKERS], camera, nearest)
    curves = landmarks.whiskers[side][:, 2::3].reshape(-1, 3)
    hairs, hairs_shown = _visible(curves, WHISKER_SLACK_CM, camera, nearest)
    if pad_shown.mean() < SHARE_VISIBLE[Part.WHISKERS] and hairs_shown.mean() <= WHISKER_SHARE:
        return np.empty((0, 2))
    return np.concatenate([pad[pad_shown], hairs[hairs_shown]])


def _visible(points: Points, slack_cm: float, camera: Camera, nearest: NDArray[np.float32]) -> tuple[Points, NDArray[np.bool_]]:
    """Pixels of points, and which of them nothing hides."""
    pixels, depth = camera.project(points)
    shown = camera.shows(pixels)
    inside = pixels[shown].astype(int)
    shown[shown] = depth[shown] < nearest[inside[:, 1], inside[:, 0]] + slack_cm
    return pixels, shown


def _labelled(part: Part, pixels: Points, camera: Camera, side: Side | None = None) -> LabelledBox:
    (left, top), (right, bottom) = pixels.min(0), pixels.max(0)
    box = (
        Box(float(left), float(top), float(right), float(bottom))
        .grown(PADDING.get(part, 0.0))
        .clipped(camera.width_px, camera.height_px)
    )
    rounded = (round(box.left, 1), round(box.top, 1), round(box.right, 1), round(box.bottom, 1))
    return LabelledBox(part=part, box=rounded, side=side)
