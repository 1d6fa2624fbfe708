"""The live preview: the newest small frame as a JPEG, made once for all who look, and only while somebody looks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from rig.camera.backend import SmallFrame
from rig.luma import luma_of, mean_light, over_exposed_share, sharpness, under_exposed_share
from shared.clock import NANOSECONDS, Clock

log = logging.getLogger(__name__)

PICTURES_PER_S = 5.0
JPEG_QUALITY = 75
NOBODY_AFTER_S = 3.0
"""Without a request for so long, nobody looks any more."""
HISTOGRAM_BINS = 64


@dataclass(frozen=True, slots=True)
class Picture:
    """A small frame and its JPEG."""

    frame: SmallFrame
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class PictureMeasures:
    """What the exposure and focus pages show of a frame."""

    histogram: tuple[float, ...]
    """Share of the pixels in each of 64 steps of brightness."""
    mean: float
    over_exposed: float
    under_exposed: float
    sharpness: float
    """Of the middle of the picture, where the face is: not to be compared with the reference's, which is of the whole."""


class PreviewFeed:
    """Follows the small frames while somebody asks for pictures."""

    def __init__(self, frames: Callable[[], Iterator[SmallFrame]], clock: Clock) -> None:
        self._frames = frames
        self._clock = clock
        self._changed = threading.Condition()
        self._newest: Picture | None = None
        self._asked_ns = 0
        self._following = False

    def picture_after(self, sensor_us: int, timeout_s: float) -> Picture | None:
        """The newest picture as soon as it is another one than that of `sensor_us`; None when none comes in time."""
        with self._changed:
            self._asked_ns = self._clock.monotonic_ns()
            if not self._following:
                self._following = True
                self._newest = None
                threading.Thread(target=self._follow, name="preview", daemon=True).start()
            self._changed.wait_for(lambda: self._is_other_than(sensor_us), timeout_s)
            return self._newest if self._is_other_than(sensor_us) else None

    def _is_other_than(self, sensor_us: int) -> bool:
        return self._newest is not None and self._newest.frame.sensor_us != sensor_us

    def _follow(self) -> None:
        """Ends when nobody looks or no frame comes; the next request begins anew."""
        try:
            pause = threading.Event()
            for frame in self._frames():
                if self._nobody_looks():
                    return
                picture = Picture(frame, jpeg_of(frame))
                with self._changed:
                    self._newest = picture
                    self._changed.notify_all()
                pause.wait(1 / PICTURES_PER_S)
        except (OSError, ValueError, cv2.error):
            log.exception("the preview stopped; the next look at it begins anew")
        finally:
            with self._changed:
                self._following = False

    def _nobody_looks(self) -> bool:
        with self._changed:
            return self._clock.monotonic_ns() - self._asked_ns > NOBODY_AFTER_S * NANOSECONDS


def jpeg_of(frame: SmallFrame) -> bytes:
    """Raises ValueError when the frame's samples do not fit its size."""
    planes = np.frombuffer(frame.i420, np.uint8).reshape(frame.height_px * 3 // 2, frame.width_px)
    done, jpeg = cv2.imencode(".jpg", cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError("the frame cannot be made a JPEG")
    return jpeg.tobytes()


def measure(frame: SmallFrame) -> PictureMeasures:
    """Brightness over the whole picture, sharpness over its middle half."""
    luma = luma_of(frame)
    shares = np.bincount(luma.ravel(), minlength=256) / luma.size
    quarter_y, quarter_x = frame.height_px // 4, frame.width_px // 4
    return PictureMeasures(
        histogram=tuple(shares.reshape(HISTOGRAM_BINS, -1).sum(axis=1).round(5).tolist()),
        mean=mean_light(luma),
        over_exposed=over_exposed_share(luma),
        under_exposed=under_exposed_share(luma),
        sharpness=sharpness(luma[quarter_y:-quarter_y, quarter_x:-quarter_x]),
    )
