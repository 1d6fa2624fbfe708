"""The hub's web application: everything is wired here, and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from hub import problems
from hub.accounts.attempts import FailedAttempts
from hub.analyses.doorbell import Doorbell, make_celery
from hub.analyses.reconcile import forget_rings, reconcile
from hub.analyses.routes import router as analyses
from hub.analyses.worker_routes import router as workers
from hub.bell import Bell, Loop
from hub.context import Hub
from hub.database import Database
from hub.results.routes import router as results
from hub.rigs.enrolment_routes import WRONG_CODES_WITHIN_S
from hub.rigs.enrolment_routes import router as enrolments
from hub.rigs.routes import router as rigs
from hub.schema import migrate
from hub.sessions.downloads import router as downloads
from hub.sessions.finishing import LOOK_EVERY_S, finish_received
from hub.sessions.routes import router as sessions
from hub.settings import HubSettings
from hub.storage import Storage
from hub.uploads.collecting import COLLECT_EVERY_S, collect
from hub.uploads.locks import UploadLocks
from hub.uploads.middleware import TusMessages
from hub.uploads.routes import router as uploads
from hub.web import site
from hub.worker.embedded import embedded_worker
from shared import __version__
from shared.api import API_PREFIX
from shared.clock import Clock, SystemClock

BODY_LIMIT_BYTES = 1024 * 1024
"""Of requests that are read whole, which happens before anybody asks who sends them; uploads and tables stream, and say so."""

API_ROUTERS = (sessions, uploads, rigs, enrolments, downloads, results, analyses, workers)


def create_app(settings: HubSettings | None = None, clock: Clock | None = None) -> FastAPI:
    """The application of one hub process; its database and folders are prepared when it starts."""
    settings = settings or HubSettings()
    clock = clock or SystemClock()
    hub = Hub(
        settings=settings,
        database=Database(settings.database),
        storage=Storage(settings.data_folder),
        clock=clock,
        received=Bell(),
        queued=Bell(),
        upload_locks=UploadLocks(),
        wrong_codes=FailedAttempts(clock, WRONG_CODES_WITHIN_S),
    )
    loops = (
        Loop("finishing", partial(finish_received, hub), hub.received, LOOK_EVERY_S),
        Loop("collecting", partial(collect, hub), Bell(), COLLECT_EVERY_S),
        Loop("dispatch", partial(reconcile, hub, Doorbell(make_celery(settings.broker_url))), hub.queued, settings.reconcile_s),
    )
    worker = embedded_worker(hub) if settings.embedded_worker else None

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        hub.storage.prepare()
        migrate(settings.database)
        with hub.database.writing() as session:
            forget_rings(session)
        for loop in loops:
            loop.start()
        if worker is not None:
            worker.start()
        yield
        if worker is not None:
            worker.stop()
        for loop in loops:
            loop.stop()
        hub.database.close()

    # FastAPI's own pages of the API load scripts from elsewhere, which our pages' policy forbids; /openapi.json stays.
    app = FastAPI(
        title="grimace hub",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        max_body_size=BODY_LIMIT_BYTES,
    )
    app.state.hub = hub
    problems.install(app, site.answer_problem)
    app.add_middleware(TusMessages)
    for router in API_ROUTERS:
        app.include_router(router, prefix=API_PREFIX)
    site.install(app, hub)
    return app
