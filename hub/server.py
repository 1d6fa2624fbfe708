"""The web server of a hub process."""

from __future__ import annotations

import socket

import uvicorn

from hub.app import create_app
from hub.context import Hub
from hub.settings import HubSettings

GRACEFUL_SHUTDOWN_S = 5
LISTEN_BACKLOG = 2048
"""Connections that wait to be taken; uvicorn's own number."""


class HubServer(uvicorn.Server):
    """Uvicorn, but open uploads end when it is asked to stop; by itself it would wait for their last byte."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.upload_locks.stop_all()
        await super().shutdown(sockets)


def listen(settings: HubSettings) -> socket.socket:
    """The socket that the server is to serve; raises OSError when the address is taken or is not this machine's."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return socket.create_server((settings.host, settings.port), family=family, backlog=LISTEN_BACKLOG)


def server_of(settings: HubSettings) -> HubServer:
    """A server that is ready to run."""
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S,
        server_header=False,
    )
    return HubServer(config, app.state.hub)
