"""What a small picture's luma tells: light, clipping, sharpness. Checks, face check and focus aid measure alike."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.camera.backend import SmallFrame

Luma = NDArray[np.uint8]
"""The Y plane of a picture, (height, width)."""

BLACK, WHITE = 16, 235
"""The ends of limited-range luma (ITU-R BT.709), which the rig's cameras deliver: at or beyond them, what was there is lost."""


def luma_of(frame: SmallFrame) -> Luma:
    """The Y plane of a small frame, without a copy."""
    return np.frombuffer(frame.i420, np.uint8, frame.width_px * frame.height_px).reshape(frame.height_px, frame.width_px)


def mean_light(luma: Luma) -> float:
    """0 to 255."""
    return float(luma.mean())


def over_exposed_share(luma: Luma) -> float:
    """Share of the pixels that are white."""
    return float((luma >= WHITE).mean())


def under_exposed_share(luma: Luma) -> float:
    """Share of the pixels that are black."""
    return float((luma <= BLACK).mean())


def sharpness(luma: Luma) -> float:
    """Variance of the Laplacian, in grey levels squared.

    Source: Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield microscopy".
    """
    return float(cv2.Laplacian(luma, cv2.CV_64F).var())
