"""Reads the filmed scene ahead of the camera, in a thread: a sensor does not wait for a decoder."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Mapping, Sequence

import av.error
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from rig.camera.sources import PIXEL_FORMAT, Scene
from shared.faults import GrimaceError

log = logging.getLogger(__name__)

AHEAD = 8
"""Pictures kept ready; eight of 1080 rows are 28 MB."""

FIRST_PICTURE_WITHIN_S = 5.0

PictureSize = tuple[int, int]
Picture = Mapping[PictureSize, VideoFrame]
"""The same moment in every size that a stream has."""


class SceneReader:
    """Has the scene's pictures ready in `sizes` (width, height). One that is late is replaced by the one before it."""

    def __init__(self, scene: Scene, sizes: Sequence[PictureSize]) -> None:
        self._scene = scene
        self._reformatters = {size: VideoReformatter() for size in sizes}
        self._ready: deque[tuple[int, Picture]] = deque()
        self._newest: Picture | None = None
        self._wanted = 0
        self._over = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, name="scene-reader", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._thread.join()
        self._scene.close()

    def picture(self, number: int) -> Picture | None:
        """The picture of that number, or the last one before it; None when the scene could not be read."""
        with self._changed:
            self._wanted = number
            self._changed.notify_all()
            if self._newest is None:
                self._changed.wait_for(lambda: bool(self._ready) or self._over, FIRST_PICTURE_WITHIN_S)
            while self._ready and (self._newest is None or self._ready[0][0] <= number):
                self._newest = self._ready.popleft()[1]
            return None if self._over else self._newest

    def _read(self) -> None:
        try:
            self._read_ahead()
        except (GrimaceError, OSError, av.error.FFmpegError):
            log.exception("the simulated camera sees nothing more")
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _read_ahead(self) -> None:
        number = 0
        while self._wait_until_due(number):
            number = max(number, self._wanted)
            picture = self._in_all_sizes(self._scene.frame(number))
            with self._changed:
                self._ready.append((number, picture))
                self._changed.notify_all()
            number += 1

    def _wait_until_due(self, number: int) -> bool:
        """Until this picture may be read; False when nothing is to be read any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or number < self._wanted + AHEAD)
            return not self._over

    def _in_all_sizes(self, frame: VideoFrame) -> Picture:
        return {
            size: frame
            if size == (frame.width, frame.height)
            else reformatter.reformat(frame, *size, format=PIXEL_FORMAT, interpolation=Interpolation.AREA)
            for size, reformatter in self._reformatters.items()
        }
