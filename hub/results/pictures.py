"""Frames of a stored recording as pictures."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from hub.scoring.frame_reader import Picture, read_frames
from hub.scoring.frame_table import FrameTable
from hub.scoring.recording import open_recording
from shared.faults import NOT_FOUND, VIDEO_DAMAGED, GrimaceError

JPEG_QUALITY = 92
RECORDINGS_KEPT_OPEN = 8


def frame_picture(recording: Path, frame_index: int) -> Picture:
    """The frame of that index; raises E_NOT_FOUND when the recording has none, W_VIDEO_DAMAGED when it does not decode."""
    frames = _frames_of(recording)
    rows = np.flatnonzero(frames.frame_index == frame_index)
    if not len(rows):
        raise GrimaceError(NOT_FOUND, f"frame {frame_index}")
    picture = next(read_frames(frames, rows)).picture
    if picture is None:
        raise GrimaceError(VIDEO_DAMAGED, f"frame {frame_index}")
    return picture


@lru_cache(maxsize=RECORDINGS_KEPT_OPEN)
def _frames_of(recording: Path) -> FrameTable:
    """Where the frames are: worth remembering, because a page asks for several and a stored session never changes."""
    return open_recording(recording).frames


def jpeg_of(picture: Picture, width_px: int | None = None) -> bytes:
    """The picture as JPEG, scaled down when it is wider than `width_px`."""
    import cv2  # here, so that a hub whose frames nobody looks at does not hold OpenCV in memory

    height, width = picture.shape[:2]
    if width_px is not None and width_px < width:
        size = (width_px, max(1, round(height * width_px / width)))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError(f"a picture of {picture.shape} cannot be written as JPEG")
    return encoded.tobytes()
