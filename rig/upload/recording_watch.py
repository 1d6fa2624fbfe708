"""Whether the camera records: as its process says twice a second. One that says nothing does not record."""

from __future__ import annotations

import threading
from pathlib import Path

from rig.camera.states import Phase
from rig.control import CameraControl

SILENT_AFTER_S = 2.0
LISTEN_AGAIN_AFTER_S = 0.5
BUSY = frozenset({Phase.OPENING, Phase.RECORDING, Phase.SEALING})
"""Sealing reads the whole video again: the disk is its own until then."""


class RecordingWatch:
    """Asked by the uploader before each block; told by a thread that calls `listen` again and again."""

    def __init__(self, data_folder: Path) -> None:
        self._control = CameraControl(data_folder)
        self._heard = threading.Event()
        self._recording = False

    def is_recording(self) -> bool:
        return self._recording

    def listen(self) -> None:
        """Follow the camera's states until it falls silent."""
        try:
            for state in self._control.states(SILENT_AFTER_S):
                self._recording = state.phase in BUSY
                self._heard.set()
        finally:
            self._recording = False
            self._heard.set()

    def wait_for_first_word(self) -> None:
        """Until it is known whether a recording runs: an uploader that starts in the middle of one must not begin to send."""
        self._heard.wait(2 * SILENT_AFTER_S)
