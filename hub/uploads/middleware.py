"""What every tus request and answer has in common, before a route is chosen and after it has answered."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.api import TUS_PATH, TUS_VERSION

BODY_METHODS = frozenset({"POST", "PATCH"})


class TusMessages:
    """Wraps the application for the addresses under `TUS_PATH`.

    - `X-HTTP-Method-Override` replaces the method, for clients behind proxies that know no PATCH.
    - Every answer carries `Tus-Resumable`.
    - An answer that comes before the body was read whole closes the connection: else the server would go on to read, and throw
      away, gigabytes that a client sends without looking at the answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(TUS_PATH):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        method = headers.get("x-http-method-override", scope["method"]).upper()
        body_is_read = method not in BODY_METHODS or not _announces_body(headers)

        async def receive_and_watch() -> Message:
            nonlocal body_is_read
            message = await receive()
            body_is_read = body_is_read or not message.get("more_body", False)
            return message

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer["Tus-Resumable"] = TUS_VERSION
                if not body_is_read:
                    answer["Connection"] = "close"
            await send(message)

        await self._app({**scope, "method": method}, receive_and_watch, send_with_headers)


def _announces_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
