"""A rig with an uploader whose time the test moves, and a real hub on the other side."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from rig.outbox.journal import JOURNAL_NAME, Journal, OutboxSession
from rig.outbox.states import State
from rig.settings import HubSettings, RetentionSettings, RigSettings, UploadSettings
from rig.upload.process import connect_to_hub
from rig.upload.traffic import Traffic
from rig.upload.uploader import Uploader
from shared.client import Hub, HubRefused
from shared.clock import ManualClock
from tests.processes import until
from tests.rig.upload.fault_proxy import Fault
from tests.sealed_sessions import RECORDED_AT, seal_session

VIDEO_NEVER_BEGINS = Fault(drop_on=b64encode(b"part-1.mp4"))
"""Kills the connection that creates the video's upload: its metadata name the file."""


class Rig:
    """A rig's data folder and uploader. Time passes only between its looks, so pauses cost the test nothing."""

    def __init__(self, folder: Path, url: str, token: str) -> None:
        self.token_file = folder / "token"
        self.token_file.write_text(token + "\n")
        self.settings = RigSettings(
            rig_id="rig-1",
            data_folder=folder / "data",
            hub=HubSettings(url=url, token_file=self.token_file),
            upload=UploadSettings(chunk_bytes=64 * 1024),
            retention=RetentionSettings(keep_days=14, min_free_bytes=0),
        )
        self.settings.data_folder.mkdir()
        self.journal = Journal(self.settings.data_folder / JOURNAL_NAME)
        self.clock = ManualClock(datetime.now(UTC))
        self.hub = Hub(url, token)
        self.recording = False
        self.uploader = self.new_uploader()

    def new_uploader(self, **changes: object) -> Uploader:
        """As after a restart of the process, with `changes` of the settings."""
        settings = self.settings.model_copy(update=changes)
        hub = settings.hub
        connect = partial(connect_to_hub, hub) if hub else partial(pytest.fail, "there is no hub")
        traffic = Traffic(settings.upload, lambda: self.recording, self.clock, self.clock.advance)
        return Uploader(settings, self.journal, connect, traffic, self.clock, pause=self.clock.advance)

    def seal(self, age_h: float = 0, **changes: object) -> Path:
        return seal_session(self.settings.sessions_folder, recorded_at=RECORDED_AT - timedelta(hours=age_h), **changes)

    def row(self, folder: Path) -> OutboxSession:
        return self.journal.session(folder.name)

    def until(self, condition: Callable[[], bool]) -> None:
        """Let the uploader look again and again; the hub's own work takes real time."""

        def look() -> bool:
            self.uploader.run_once()
            self.clock.advance(5)
            return condition()

        until(look)

    def until_state(self, folder: Path, state: State) -> OutboxSession:
        self.until(lambda: self.row(folder).state is state)
        return self.row(folder)

    def until_fault(self, folder: Path, code: str) -> OutboxSession:
        self.until(lambda: self.row(folder).fault_code == code)
        return self.row(folder)


def unknown_to_hub(rig: Rig, folder: Path) -> bool:
    try:
        rig.hub.session(folder.name)
    except HubRefused as error:
        return error.fault.code == "E_NOT_FOUND"
    return False


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def encoded(text: str) -> str:
    """As tus's Upload-Metadata wants it."""
    return b64encode(text.encode()).decode()
