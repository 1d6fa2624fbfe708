"""The server in the agent: it says where it is, and lives on when its port is taken."""

from __future__ import annotations

import socket

import requests

from rig.screen import server as screen_server
from rig.screen.server import URL_NAME, ScreenServer, make_app
from rig.settings import ScreenSettings
from shared.faults import SCREEN_PORT, GrimaceError
from tests.processes import until


def test_the_data_folder_tells_the_address(rig):
    with rig.served() as url:
        assert requests.get(f"{url}/healthz", timeout=5).json()["status"] == "ok"


def test_a_taken_port_is_a_fault_that_ends_when_the_port_is_free(rig, monkeypatch):
    monkeypatch.setattr(screen_server, "TRY_AGAIN_S", 0.1)
    told: list[GrimaceError | None] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = ScreenSettings(port=taken.getsockname()[1])
        server = ScreenServer(make_app(rig.desk, rig.installation), settings, rig.data_folder, told.append)
        server.start()
        until(lambda: told, 5.0)
        assert server.is_alive
    until(lambda: told[-1] is None, 5.0)
    until(lambda: (rig.data_folder / URL_NAME).exists(), 5.0)
    server.close()
    assert told[0] is not None
    assert told[0].fault is SCREEN_PORT
    assert not server.is_alive
