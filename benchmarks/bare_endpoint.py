"""The least that can take an upload durably: an ASGI application that writes what comes and syncs once. For comparison only."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import uvicorn

Message = MutableMapping[str, Any]


class BareEndpoint:
    """Writes every body to a new file in the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._requests = 0

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        assert scope["type"] == "http"
        self._requests += 1
        descriptor = os.open(self._folder / str(self._requests), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            more = True
            while more:
                message = await receive()
                os.write(descriptor, message.get("body", b""))
                more = message.get("more_body", False)
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


def main(port: int, folder: Path) -> None:
    uvicorn.run(BareEndpoint(folder), host="127.0.0.1", port=port, lifespan="off", access_log=False, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
