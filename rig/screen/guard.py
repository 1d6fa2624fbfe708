"""Who may talk to the screen: our own pages, under an address that cannot be turned on the rig from outside.

A page of somebody else's, open in any browser that reaches the rig, could otherwise stop a recording. Requests that change
something must come from our own pages (Fetch Metadata, `Origin`, a header that foreign pages cannot send), and every request must
name the rig by an address or by its own name: a foreign name that was made to point here (DNS rebinding) is refused.
"""

from __future__ import annotations

import ipaddress
import re
import socket

from flask import Flask, Request, Response, abort, request

from shared.page_headers import PAGE_HEADERS

OUR_HEADER = "X-Grimace-Screen"


def guard(app: Flask) -> None:
    """Look at every request before, and add the headers after."""

    @app.before_request
    def refuse_strangers() -> None:
        if not is_our_name(request.host):
            abort(421)
        if request.method not in {"GET", "HEAD"} and not is_our_page(request):
            abort(403)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in PAGE_HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def is_our_name(host: str) -> bool:
    """Whether a `Host` header names this machine by address, as localhost, or by its own name."""
    name = re.sub(r":\d+$", "", host).strip("[]").lower()
    own = socket.gethostname().lower()
    if name in {"localhost", own, f"{own}.local"}:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_our_page(asked: Request) -> bool:
    """Whether a request that changes something was made by a script of ours."""
    origin = asked.headers.get("Origin")
    return (
        OUR_HEADER in asked.headers
        and asked.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        and (origin is None or origin == f"{asked.scheme}://{asked.host}")
    )
