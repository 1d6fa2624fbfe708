"""The labelled seconds of the sample clip, as the camera's small stream shows them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from models.labelled_clip import LabelledFrame, labelled_frames
from rig.camera.backend import SmallFrame
from shared.builds import Build, open_build
from shared.bundled import sample_clip

SIZE_PX = (640, 360)


@dataclass(frozen=True)
class SampleSecond:
    """A labelled second of the sample clip as the camera's small stream shows it."""

    truth: LabelledFrame
    small: SmallFrame


def small_frame_of(image: np.ndarray, sensor_us: int = 0) -> SmallFrame:
    reduced = cv2.resize(image, SIZE_PX, interpolation=cv2.INTER_AREA)
    return SmallFrame(sensor_us, *SIZE_PX, cv2.cvtColor(reduced, cv2.COLOR_RGB2YUV_I420).tobytes())


@pytest.fixture(scope="session")
def build() -> Build:
    return open_build("synthetic-2026.11")


@pytest.fixture(scope="session")
def sample_seconds() -> list[SampleSecond]:
    return [
        SampleSecond(frame, small_frame_of(frame.image, 1_000_000 * frame.second)) for frame in labelled_frames(sample_clip())
    ]
