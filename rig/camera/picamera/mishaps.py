"""Exceptions in picamera2's own threads: one that escapes ends the thread, and with it the camera, without a word."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shared.faults import CAMERA_CALLBACK, Fault

log = logging.getLogger(__name__)


class Mishaps:
    """Catches and counts them. The first since `begin_anew` is logged and told, as W_CAM_CALLBACK."""

    def __init__(self, tell: Callable[[Fault, str], None]) -> None:
        self._tell = tell
        self.count = 0

    def begin_anew(self) -> None:
        """For a new session, which has to be told too."""
        self.count = 0

    @contextmanager
    def caught(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.count += 1
            if self.count == 1:
                log.exception("while a frame was handled; more of these are only counted")
                self._tell(CAMERA_CALLBACK, f"{type(error).__name__}: {error}")
