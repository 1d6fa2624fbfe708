"""A hub that does nothing by itself, and sessions whose files have all arrived."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.accounts.service import create_lab
from hub.app import create_app
from hub.context import Hub
from hub.permissions import Actor, Who
from hub.schema import migrate
from hub.sessions import service as sessions
from hub.sessions.views import session_view
from hub.settings import HubSettings
from hub.uploads import service as uploads
from hub.uploads.protocol import Target
from shared.api import SessionAnnouncement, SessionView
from shared.clock import ManualClock
from shared.hashing import sha256_of_file
from shared.manifest import FileRecord, StudyMetadata


class QuietHub:
    """The parts of a hub without its loops and its server: a test does their work, one step at a time."""

    def __init__(self, folder: Path, **settings: object) -> None:
        builds = folder / "builds"
        (builds / "build-a").mkdir(parents=True, exist_ok=True)
        (builds / "build-a" / "build.toml").write_text('created = "2026-01-01"\n')
        chosen = {"data_folder": folder / "hub", "builds_folder": builds, "free_bytes_reserve": 0, **settings}
        self.settings = HubSettings(**chosen)  # type: ignore[arg-type]
        self.parts: Hub = create_app(self.settings, ManualClock()).state.hub
        self.parts.storage.prepare()
        migrate(self.settings.database)
        with self.parts.database.writing() as session:
            lab = create_lab(session, "Lab", self.parts.clock.now())
            self.lab_uid, self._actor = lab.uid, Actor(Who.STANDARD, token_id=1, lab_id=lab.id)

    def announce(self, paths: list[Path], session_id: str | None = None) -> str:
        """Announce a session of these files; its id."""
        session_id = session_id or str(uuid.uuid4())
        files = tuple(FileRecord(name=path.name, size_bytes=path.stat().st_size, sha256=sha256_of_file(path)) for path in paths)
        announcement = SessionAnnouncement(study=StudyMetadata(), recorded_at=self.parts.clock.now(), files=files)
        with self.parts.database.writing() as session:
            sessions.announce(session, self._actor, session_id, announcement, self.parts.clock.now())
        return session_id

    def receive(self, session_id: str, name: str, content: bytes) -> None:
        """Let a file arrive whole, with this content whatever was announced."""
        parts = self.parts
        with parts.database.writing() as session:
            [size] = [file.size_bytes for file in sessions.find(session, self._actor, session_id).files if file.name == name]
            target = Target(session_id, name, None)
            upload = uploads.create(session, self._actor, target, size, "", parts.settings, parts.clock.now())
            parts.storage.incoming_file(upload.uid).write_bytes(content)
            uploads.move_offset(session, upload, size, upload.expires_at)
            uploads.mark_received(session, upload)

    def receive_all(self, paths: list[Path], session_id: str | None = None) -> str:
        """Announce a session and let all its files arrive; its id."""
        session_id = self.announce(paths, session_id)
        for path in paths:
            self.receive(session_id, path.name, path.read_bytes())
        return session_id

    def view(self, session_id: str) -> SessionView:
        with self.parts.database.reading() as session:
            return session_view(sessions.find(session, self._actor, session_id))

    def stored_file(self, session_id: str, name: str) -> Path:
        return self.parts.storage.session_file(self.lab_uid, session_id, name)

    def start_again(self) -> None:
        """What a new process after a crash has: the disk and the database, nothing else."""
        self.close()
        self.parts = create_app(self.settings, ManualClock()).state.hub

    def close(self) -> None:
        self.parts.database.close()


@pytest.fixture
def hub(tmp_path) -> Iterator[QuietHub]:
    quiet = QuietHub(tmp_path)
    yield quiet
    quiet.close()


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())
