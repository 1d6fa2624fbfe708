"""The hub's web application: everything is wired here, and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from hub import problems
from hub.bell import Bell
from hub.context import Hub
from hub.database import Database
from hub.rigs.routes import router as rigs
from hub.schema import migrate
from hub.sessions.routes import router as sessions
from hub.settings import HubSettings
from hub.storage import Storage
from shared import __version__
from shared.api import API_PREFIX
from shared.clock import Clock, SystemClock

API_ROUTERS = (sessions, rigs)


def create_app(settings: HubSettings | None = None, clock: Clock | None = None) -> FastAPI:
    """The application of one hub process; its database and folders are prepared when it starts."""
    settings = settings or HubSettings()
    hub = Hub(
        settings=settings,
        database=Database(settings.database),
        storage=Storage(settings.data_folder),
        clock=clock or SystemClock(),
        received=Bell(),
        queued=Bell(),
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        hub.storage.prepare()
        migrate(settings.database)
        yield
        hub.database.close()

    app = FastAPI(title="grimace hub", version=__version__, lifespan=lifespan)
    app.state.hub = hub
    problems.install(app)
    for router in API_ROUTERS:
        app.include_router(router, prefix=API_PREFIX)
    return app
