"""Training crops: action units cut from painted stills, kept with some room around them, and varied each time they are used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.synthetic.mouse import QUICK
from models.synthetic.still import Still, random_still
from models.training.plans import ScorerPlan
from shared.detections import PART_OF_FAU
from shared.grimace import Fau
from shared.inference import crop_of

STILL_SIZE_PX = (960, 540)
ROOM = 0.35
"""Share of the box that is kept on each side, so that a varied crop has real pixels to move into."""
KEPT_SCALE = 1.5
"""Kept crops have this many times the pixels of the network's input on each side."""
SMALLEST_BOX_PX = 8.0
FARTHEST_ERROR = 2.0
"""Box errors beyond this many standard deviations are left out: there the unit itself would be cut off."""


@dataclass(frozen=True)
class Crops:
    """Crops of one action unit (n, height, width, 3) RGB with `ROOM` around the box, and their scores (n,)."""

    images: NDArray[np.uint8]
    scores: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.scores)


def painted_crops(seeds: Iterable[int], plans: Mapping[Fau, ScorerPlan]) -> dict[Fau, Crops]:
    """Paint one still a seed and cut every visible unit out of it; about 0.7 s a still on one core."""
    images: dict[Fau, list[NDArray[np.uint8]]] = {fau: [] for fau in plans}
    scores: dict[Fau, list[int]] = {fau: [] for fau in plans}
    for seed in seeds:
        still = random_still(seed, *STILL_SIZE_PX, QUICK)
        for fau, crop in _units_of(still, plans):
            images[fau].append(crop)
            scores[fau].append(still.labels.scores[fau])
    return {fau: Crops(np.stack(images[fau]), np.array(scores[fau])) for fau in plans}


def _units_of(still: Still, plans: Mapping[Fau, ScorerPlan]) -> Iterator[tuple[Fau, NDArray[np.uint8]]]:
    for fau, plan in plans.items():
        box = still.labels.box_of(PART_OF_FAU[fau])
        if box is None or min(box.width, box.height) < SMALLEST_BOX_PX:
            continue
        crop = crop_of(still.image, box, ROOM)
        if crop is not None:
            kept = (round(plan.width_px * KEPT_SCALE), round(plan.height_px * KEPT_SCALE))
            yield fau, np.asarray(cv2.resize(crop, kept, interpolation=cv2.INTER_AREA), np.uint8)


def plain(crops: Crops, plan: ScorerPlan) -> NDArray[np.uint8]:
    """Every crop as the scorer sees it when the box is exact."""
    exact = _window(0.0, 0.0, 1.0, 1.0, plan)
    return np.stack([_cut(image, exact, plan) for image in crops.images])


def varied(crops: Crops, chosen: NDArray[np.int64], plan: ScorerPlan, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The chosen crops with boxes a little off, mirrored, and under other light, focus and noise."""
    return np.stack([_varied(crops.images[index], plan, rng) for index in chosen])


def _varied(image: NDArray[np.uint8], plan: ScorerPlan, rng: np.random.Generator) -> NDArray[np.uint8]:
    error, away = plan.box_error, np.clip(rng.normal(0, 1, 4), -FARTHEST_ERROR, FARTHEST_ERROR)
    dx, dy, log_width, log_height = (
        mean + deviation * z
        for (mean, deviation), z in zip((error.shift_x, error.shift_y, error.log_width, error.log_height), away, strict=True)
    )
    crop = _cut(image, _window(dx, dy, np.exp(log_width), np.exp(log_height), plan), plan).astype(np.float32)
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    if rng.random() < 0.4:
        crop = np.asarray(cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.3, 1.2)), np.float32)
    bright = 255 * np.clip(crop / 255, 0, 1) ** np.exp(rng.normal(0, 0.2)) * np.exp(rng.normal(0, 0.15))
    tinted = bright * (1 + rng.normal(0, 0.04, 3)) + rng.normal(0, rng.uniform(0, 6), crop.shape)
    return np.asarray(np.clip(tinted, 0, 255), np.uint8)


def _window(dx: float, dy: float, stretch_x: float, stretch_y: float, plan: ScorerPlan) -> NDArray[np.float64]:
    """A part of a kept crop as shares of it: left, top, right, bottom; without changes it is the box with the plan's margin."""
    half = (0.5 + plan.margin) / (1 + 2 * ROOM)
    x, y = 0.5 + dx / (1 + 2 * ROOM), 0.5 + dy / (1 + 2 * ROOM)
    return np.array([x - half * stretch_x, y - half * stretch_y, x + half * stretch_x, y + half * stretch_y])


def _cut(image: NDArray[np.uint8], window: NDArray[np.float64], plan: ScorerPlan) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    left, top, right, bottom = np.round(window * (width, height, width, height)).astype(int)
    part = image[max(0, top) : min(height, bottom), max(0, left) : min(width, right)]
    return np.asarray(cv2.resize(part, (plan.width_px, plan.height_px), interpolation=cv2.INTER_AREA), np.uint8)
