"""The hub's application served from the test's own process: real sockets, and a clock that the test moves."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn

from hub.accounts import service, tokens
from hub.app import create_app
from hub.context import Hub
from hub.server import HubServer
from hub.settings import HubSettings
from hub.tables import Role, TokenKind
from shared.clock import ManualClock
from tests.processes import until


class LiveHub:
    """A running hub; `parts` are what it works with."""

    def __init__(self, folder: Path, **settings: object) -> None:
        chosen = {"data_folder": folder / "hub", "free_bytes_reserve": 0, "embedded_worker": False, **settings}
        self.clock = ManualClock()
        folder.mkdir(parents=True, exist_ok=True)
        app = create_app(HubSettings(**chosen), self.clock)  # type: ignore[arg-type]
        self.parts: Hub = app.state.hub
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._socket.getsockname()
        self.url = f"http://127.0.0.1:{self.address[1]}"
        self._server = HubServer(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=5), self.parts)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        until(lambda: self._server.started)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End as a SIGTERM would make it end."""
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()

    def add_lab(self, name: str = "Lab") -> None:
        with self.parts.database.writing() as session:
            service.create_lab(session, name, self.clock.now())

    def add_rig(self, name: str = "rig-1", lab: str = "Lab") -> str:
        """A rig's token."""
        with self.parts.database.writing() as session:
            home = service.find_lab(session, lab)
            added = service.add_rig(session, home, name, self.clock.now())
            return tokens.issue(session, TokenKind.RIG, name, self.clock.now(), lab=home, rig=added)

    def add_person(self, email: str = "ada@example.org", lab: str = "Lab", role: Role = Role.STANDARD) -> str:
        """A person's API token."""
        with self.parts.database.writing() as session:
            home = service.find_lab(session, lab)
            person = service.add_user(session, home, email, "", role, self.clock.now())
            return tokens.issue(session, TokenKind.API, email, self.clock.now(), lab=home, user=person)

    def add_worker(self, label: str = "worker-1") -> str:
        """A worker's token."""
        with self.parts.database.writing() as session:
            return tokens.issue(session, TokenKind.WORKER, label, self.clock.now())
