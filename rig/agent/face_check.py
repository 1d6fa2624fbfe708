"""Keeps the face-check process alive; it belongs to the agent and ends with it."""

from __future__ import annotations

import sys
import threading

from rig.settings_file import SettingsFile
from rig.supervisor import ProcessSpec, Supervisor
from shared.clock import Clock

COMMAND = "face-check"


class FaceCheckChild:
    """A supervisor with one child, in a thread of its own; a face check that cannot work here is not started again."""

    def __init__(self, file: SettingsFile, clock: Clock) -> None:
        command = [sys.executable, "-m", "rig.cli", COMMAND, *file.arguments()]
        self._supervisor = Supervisor([ProcessSpec(COMMAND, command)], clock)
        self._thread = threading.Thread(target=self._supervisor.run, name=COMMAND)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._supervisor.ask_to_end()
        self._thread.join()
