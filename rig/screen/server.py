"""The touchscreen's web server: the Flask app, and the thread of the agent that serves it and lives on when its port is taken."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from jinja2 import StrictUndefined
from waitress.server import create_server
from werkzeug.exceptions import HTTPException

from rig.agent.desk import Desk
from rig.screen.actions import action_routes
from rig.screen.guard import guard
from rig.screen.installation import Installation
from rig.screen.live import live_routes
from rig.screen.pages import page_routes
from rig.screen.pin import Pin
from rig.screen.preview import PreviewFeed
from rig.screen.problems import told
from rig.screen.settings_actions import settings_action_routes
from rig.screen.settings_pages import settings_page_routes
from rig.screen.texts import load_texts
from rig.settings import ScreenSettings
from shared.durable import replacing
from shared.faults import SCREEN_PORT, GrimaceError

log = logging.getLogger(__name__)

URL_NAME = "screen.url"
THREADS = 8
"""One waits for news, one for a picture; the rest is for taps and for a second browser."""
TRY_AGAIN_S = 5.0
END_WITHIN_S = 3.0
STATIC = Path(__file__).parent / "static"


def make_app(desk: Desk, rig: Installation) -> Flask:
    """All pages and actions of one rig's screen."""
    app = Flask(__name__, static_folder=str(STATIC), static_url_path="/static")
    app.secret_key = secrets.token_bytes(32)  # of this process only: a restart locks the settings
    app.config.update(SESSION_COOKIE_SAMESITE="Strict", SESSION_COOKIE_HTTPONLY=True, MAX_CONTENT_LENGTH=64 * 1024)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    texts = load_texts(rig.started_with.screen.language)
    app.jinja_env.globals.update(t=texts)
    pin = Pin(rig.data_folder, rig.clock)
    preview = PreviewFeed(rig.small_frames, rig.clock)
    guard(app)
    app.register_blueprint(live_routes(desk, rig, preview, texts))
    app.register_blueprint(page_routes(desk, rig, texts))
    app.register_blueprint(action_routes(desk, rig))
    app.register_blueprint(settings_page_routes(desk, rig, pin, texts))
    app.register_blueprint(settings_action_routes(desk, rig, pin))

    @app.errorhandler(GrimaceError)
    def tell_fault(error: GrimaceError) -> ResponseReturnValue:
        return jsonify(told(error, texts)), 409

    @app.errorhandler(HTTPException)
    def tell_refusal(error: HTTPException) -> ResponseReturnValue:
        log.info("%s %s: %s", request.method, request.path, error)
        return error

    return app


class ScreenServer:
    """Serves the screen from a thread. `tell` hears of E_SCREEN_PORT while the port is taken, and None when it is served."""

    def __init__(
        self, app: Flask, settings: ScreenSettings, data_folder: Path, tell: Callable[[GrimaceError | None], None]
    ) -> None:
        self._app = app
        self._settings = settings
        self._url_path = data_folder / URL_NAME
        self._tell = tell
        self._end = threading.Event()
        self._server: Any = None
        self._thread = threading.Thread(target=self._serve, name="screen", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Serve no more; returns when requests at work have been answered, or after three seconds."""
        self._end.set()
        if self._server is not None:
            self._server.task_dispatcher.shutdown(timeout=END_WITHIN_S)
            self._server.close()
        self._thread.join(END_WITHIN_S)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _serve(self) -> None:
        while not self._end.is_set():
            try:
                self._server = create_server(
                    self._app, host=self._settings.host, port=self._settings.port, threads=THREADS, ident=None
                )
            except OSError as error:
                self._tell(GrimaceError(SCREEN_PORT, f"{self._settings.host}:{self._settings.port}: {error}"))
                self._end.wait(TRY_AGAIN_S)
                continue
            self._tell(None)
            url = f"http://{_reachable(self._settings.host)}:{self._server.effective_port}"
            self._leave_address(url)
            self._run()

    def _leave_address(self, url: str) -> None:
        """On a disk that takes nothing the screen is needed most."""
        log.info("the touchscreen is at %s", url)
        try:
            with replacing(self._url_path) as file:
                file.write(url.encode() + b"\n")
        except OSError as error:
            log.warning("%s cannot be written: %s", self._url_path, error)

    def _run(self) -> None:
        try:
            self._server.run()
        except OSError:
            if not self._end.is_set():  # closing the listening socket ends the server with such an error
                log.exception("the touchscreen's server stopped; it is started again")


def _reachable(host: str) -> str:
    """An address that a browser on this machine can open: a wildcard is none."""
    if host in {"0.0.0.0", "::", ""}:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
