"""Random streams: one for each part of a scene, so that more hairs on the back do not change the pose."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, part: str) -> np.random.Generator:
    """The random numbers of one named part of the scene with this seed; the same on every machine."""
    return np.random.default_rng([seed, zlib.crc32(part.encode())])
