"""Is the picture as sharp as this rig's reference?

Sharpness depends on what is in the picture, so it says nothing by itself, only against a picture of the same chamber. It is
compared tile by tile, where the reference has edges, and as if the light were the same; the middle of the shares counts, so
that the fur of a mouse that is already there does not.
"""

from __future__ import annotations

from statistics import median

import numpy as np

from rig.luma import Luma, mean_light, sharpness
from rig.preflight.pictures import still_picture, without_noise
from rig.preflight.reference import HOW_TO_TAKE_ONE, Reference
from rig.preflight.report import CheckName, CheckResult, not_checked, passing, warning
from rig.preflight.subject import Subject
from rig.preflight.tiles import Tiling
from shared.faults import NOT_FOCUSED

TILES = Tiling(share=1 / 6, step=1.0)

SHARPEST_SHARE = 0.5
"""Of the reference's tiles: the others show plain walls, which look the same out of focus."""

MOST_OTHER_LIGHT = 2.0
"""In light that is twice or half the reference's, noise decides more than the lens."""

OWN_FIGURE_LIGHT = 0.1
"""The camera's own figure grows with the light, nobody says how: it counts only when that differs by less than this share."""

FEWEST_EDGES = 4.0
"""Grey levels squared: a plain wall has 1, of noise (2 grey levels of it, in ten frames); a tile with less has nothing sharp."""


def check(subject: Subject) -> CheckResult:
    if subject.reference is None:
        return not_checked(CheckName.FOCUS, "There is no reference picture to compare with.", HOW_TO_TAKE_ONE)
    if not subject.pictures:
        return not_checked(CheckName.FOCUS, "There is no picture to compare.")
    picture = subject.camera.picture if subject.camera is not None else None
    focus = picture.focus if picture is not None else 0.0
    return judge(still_picture(subject.pictures), focus, subject.reference, subject.settings.preflight.sharpness_share)


def judge(luma: Luma, focus: float, reference: Reference, least_share: float) -> CheckResult:
    """`focus` is the camera's own figure of merit (over the picture's centre), 0 from a camera that has none."""
    if luma.shape != reference.luma.shape:
        return not_checked(CheckName.FOCUS, "The reference picture has another size.", HOW_TO_TAKE_ONE)
    brightness = mean_light(luma) / max(1.0, mean_light(reference.luma))
    if not 1 / MOST_OTHER_LIGHT <= brightness <= MOST_OTHER_LIGHT:
        return warning(
            CheckName.FOCUS,
            NOT_FOCUSED,
            f"The focus cannot be judged: the picture is {brightness:.1f} times as bright as the reference.",
            "Make the light what it was, then check again. If it was changed on purpose, take a new reference picture.",
        )
    share = sharpness_share(luma, reference.luma)
    if share is None:
        return not_checked(CheckName.FOCUS, "The reference picture shows no edges to compare.", HOW_TO_TAKE_ONE)
    seen = f"The picture is {share:.0%} as sharp as the reference of {reference.numbers.taken_at:%Y-%m-%d}"
    own_share = focus / reference.numbers.focus if focus > 0 and reference.numbers.focus > 0 else None
    if own_share is not None:
        seen += f", {own_share:.0%} by the camera's own figure"
    counted = [share, own_share] if own_share is not None and abs(brightness - 1) <= OWN_FIGURE_LIGHT else [share]
    if min(counted) < least_share:
        return warning(CheckName.FOCUS, NOT_FOCUSED, f"{seen}; {least_share:.0%} is asked.")
    return passing(CheckName.FOCUS, f"{seen}.")


def sharpness_share(luma: Luma, reference: Luma) -> float | None:
    """How sharp a picture is against the reference, 1 for as sharp; None when the reference has no edges.

    Contrasts grow with the light, and the variance of their Laplacian with its square: it is divided out in every tile.
    """
    pairs = list(TILES.pairs(without_noise(luma), without_noise(reference)))
    edges = [sharpness(theirs) for _, theirs in pairs]
    least = max(FEWEST_EDGES, float(np.quantile(edges, 1 - SHARPEST_SHARE)))
    shares = [
        sharpness(ours) / theirs_edges * (mean_light(theirs) / max(1.0, mean_light(ours))) ** 2
        for (ours, theirs), theirs_edges in zip(pairs, edges, strict=True)
        if theirs_edges >= least
    ]
    return median(shares) if shares else None
