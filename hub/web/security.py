"""Headers that every answer carries: a page may load and send nothing but our own, and nobody may frame it."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.page_headers import PAGE_HEADERS

A_YEAR_S = 365 * 24 * 3600


class SecurityHeaders:
    """ASGI middleware that adds the headers; with `https` browsers are also told never to come without it."""

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self._app = app
        self._headers = dict(PAGE_HEADERS)
        if https:
            self._headers["Strict-Transport-Security"] = f"max-age={A_YEAR_S}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")  # what a lab sees stays out of shared caches
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
