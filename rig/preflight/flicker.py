"""Does the light beat? Mains light brightens twice in every mains period, and pictures that catch it at different moments differ.

Under a rolling shutter the beating is a pattern of bands across the picture, which moves from frame to frame. It shows in the
difference between frames, where the scene is gone. A band goes from the left edge to the right, which a mouse, its tail and its
shadow together do not: only what nearly all strips of a band share is counted.

Frames that are whole half periods apart catch the light at the same moment each time, and their difference shows nothing, however
much it beats: at 50 Hz every third frame of 30 a second is like that, at 60 Hz every one. Then only the exposure can tell: over a
whole number of half periods, mains light adds up to the same in every row of every frame.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rig.camera.backend import MICROSECONDS
from rig.control import PictureState
from rig.preflight.pictures import TimedLuma
from rig.preflight.report import CheckName, CheckResult, not_checked, passing, warning
from rig.preflight.subject import Subject
from rig.settings import CameraSettings, PreflightSettings
from shared.faults import FLICKER

BANDS = 40
"""Strips across the picture that are averaged: a 1080-row readout of 20 ms holds two half periods, 20 bands each."""

STRIPS = 8
"""Columns that have to agree on a band."""

DISSENTERS = 1
"""Strips that need not agree: a cable, or a lamp of its own, at an edge."""

DARKEST_BLOCK = 40.0
"""Mean luma; in a darker piece of the picture, beating cannot be told from the sensor's noise."""

SAME_MOMENT = 0.95
"""Phases of the light whose mean vector is longer than this are all but the same (1: equal, 0: spread over the half period)."""

EXPOSURE_TOLERANCE = 0.01
"""Of a half period: an exposure in whole sensor lines comes this near, and then less than 1 % of the light's beating is left."""

FEWEST_PICTURES = 3


def check(subject: Subject) -> CheckResult:
    picture = subject.camera.picture if subject.camera is not None else None
    return judge(subject.pictures, picture, subject.settings.camera, subject.settings.preflight)


def judge(
    pictures: Sequence[TimedLuma], picture: PictureState | None, camera: CameraSettings, limits: PreflightSettings
) -> CheckResult:
    if len(pictures) < FEWEST_PICTURES:
        return not_checked(CheckName.FLICKER, f"{len(pictures)} pictures are too few to compare.")
    half_period_us = MICROSECONDS / (2 * camera.picture.mains_hz)
    beating = modulation([one.luma for one in pictures])
    measured = f"brightness beats by {beating:.1%} between pictures"
    if beating > limits.flicker_share:
        return warning(CheckName.FLICKER, FLICKER, f"The {measured}; {limits.flicker_share:.1%} is allowed.")
    exposure_us = picture.exposure_us if picture is not None else 0
    if exposure_us == 0:
        return passing(CheckName.FLICKER, f"The {measured}; this camera does not tell its exposure.")
    if adds_up(exposure_us, half_period_us):
        return passing(
            CheckName.FLICKER,
            f"The {measured}, and the exposure of {exposure_us} us evens {camera.picture.mains_hz} Hz light out.",
        )
    if caught_at_one_moment([one.sensor_us for one in pictures], half_period_us):
        return warning(
            CheckName.FLICKER,
            FLICKER,
            f"An exposure of {exposure_us} us is no multiple of {half_period_us:.0f} us, so mains light would beat;"
            " the small pictures are whole half periods apart and cannot show whether it does.",
        )
    return passing(CheckName.FLICKER, f"The {measured}, at an exposure of {exposure_us} us.")


def modulation(lumas: Sequence[NDArray[np.uint8]]) -> float:
    """How much the brightness beats between frames, in bands or as a whole: half its range as a share of the mean.

    This is percent flicker (IEEE Std 1789-2015, section 3), measured on the encoded luma. 0 where too little is lit to tell.
    """
    grids = np.stack([_grid(luma) for luma in lumas])
    middle = np.median(grids, axis=0)
    beating = [0.0]
    for band, lit in enumerate(middle >= DARKEST_BLOCK):
        if np.count_nonzero(lit) > STRIPS / 2:
            beating += (shared_by_strips(now[band, lit] / middle[band, lit] - 1) for now in grids)
    return float(np.ptp(beating) / 2)


def shared_by_strips(changes: NDArray[np.float64]) -> float:
    """The change of brightness that all strips but the dissenters have at least; 0 when some went up and others down."""
    ordered = np.sort(changes)
    least, most = ordered[DISSENTERS], ordered[-1 - DISSENTERS]
    return float(max(least, 0.0) + min(most, 0.0))


def _grid(luma: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean luma of every band in every strip: (at most BANDS, STRIPS). Rows and columns that do not fill one are left out."""
    height_px, width_px = luma.shape
    rows, columns = math.ceil(height_px / BANDS), width_px // STRIPS
    bands = height_px // rows
    blocks = luma[: rows * bands, : columns * STRIPS].reshape(bands, rows, STRIPS, columns)
    grid: NDArray[np.float64] = blocks.mean(axis=(1, 3))
    return grid


def adds_up(exposure_us: int, half_period_us: float) -> bool:
    """Whether the exposure is a whole number of half periods."""
    half_periods = exposure_us / half_period_us
    return half_periods > 1 / 2 and abs(half_periods - round(half_periods)) <= EXPOSURE_TOLERANCE


def caught_at_one_moment(sensor_us: Sequence[int], half_period_us: float) -> bool:
    """Whether frames at these times all meet the light at the same moment of its half period."""
    phases = np.exp(2j * np.pi * (np.asarray(sensor_us, np.float64) - sensor_us[0]) / half_period_us)
    return bool(abs(phases.mean()) > SAME_MOMENT)
