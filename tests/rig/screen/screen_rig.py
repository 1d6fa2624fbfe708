"""The screen of a rig without a camera: the real pages and server, a desk in memory, and small frames that somebody sends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from rig.camera.backend import SmallFrame
from rig.camera.small_frames import SmallFrameSender
from rig.screen.installation import Installation
from rig.screen.server import URL_NAME, ScreenServer, make_app
from rig.settings import load_settings
from rig.settings_file import SettingsFile
from shared.api import Roster, RosterAnimal, RosterStudy
from shared.bundled import sample_clip
from shared.clock import SystemClock
from tests.processes import until
from tests.rig.screen.desk_in_memory import DeskInMemory

SETTINGS = """\
rig_id = "rig-1"
data_folder = "data"
[screen]
port = 0
[hub]
url = "http://hub.lab:8000"
token_file = "rig.token"
"""
ROSTER = Roster(
    made_at=SystemClock().now(),
    studies=(
        RosterStudy(
            name="Laparotomy 2026",
            subject_type="c57bl/6",
            phases=("baseline", "post 1 h", "post 24 h"),
            animals=tuple(RosterAnimal(code=f"A-{number}", sex="female", strain="C57BL/6J") for number in range(11, 21)),
        ),
        RosterStudy(
            name="Carprofen dose", subject_type="c57bl/6", phases=("baseline", "post"), animals=(RosterAnimal(code="C-1"),)
        ),
    ),
)


@dataclass
class ScreenRig:
    """The settings on disk, and everything that `make_app` needs."""

    folder: Path
    desk: DeskInMemory
    installation: Installation

    @classmethod
    def installed(cls, folder: Path, **state: Any) -> ScreenRig:
        path = folder / "grimace-rig.toml"
        path.write_text(SETTINGS, encoding="utf-8")
        settings = load_settings(path)
        (settings.data_folder / "news").mkdir(parents=True)
        return cls(folder, DeskInMemory.idle(**state), Installation(settings, SettingsFile(path), SystemClock()))

    @property
    def data_folder(self) -> Path:
        return self.installation.data_folder

    def hub_told_the_roster(self) -> None:
        ROSTER.write(self.data_folder / "news" / "roster.json")

    @contextmanager
    def served(self) -> Iterator[str]:
        """The screen's address, while it is served."""
        server = ScreenServer(
            make_app(self.desk, self.installation), self.installation.started_with.screen, self.data_folder, lambda _fault: None
        )
        server.start()
        try:
            yield until(lambda: (path := self.data_folder / URL_NAME).exists() and path.read_text().strip())
        finally:
            self.desk.becomes()  # whoever waits for news gets an answer before the end
            server.close()

    @contextmanager
    def filmed(self, rate_hz: float = 10.0) -> Iterator[None]:
        """The bundled mouse in front of the camera."""
        end = threading.Event()
        thread = threading.Thread(target=self._send, args=(end, 1 / rate_hz))
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()

    def _send(self, end: threading.Event, pause_s: float) -> None:
        sender = SmallFrameSender(self.data_folder)
        with av.open(str(sample_clip())) as clip:
            frame = next(clip.decode(video=0)).reformat(640, 360, format="yuv420p").to_ndarray().tobytes()
        sensor_us = 0
        while not end.wait(pause_s):
            sensor_us += round(pause_s * 1e6)
            sender.send(SmallFrame(sensor_us, 640, 360, frame))
        sender.close()
