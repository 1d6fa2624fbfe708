"""Who is asking: from a bearer token (rigs, workers, scripts) or a browser's cookie to an `Actor`, before a handler runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request

from hub.accounts import tokens
from hub.context import Hub
from hub.permissions import RULES, Action, Actor
from hub.tables import TokenKind
from shared.faults import NOT_ALLOWED, TOKEN_REFUSED, GrimaceError

COOKIE = "grimace_session"
BEARER_KINDS = frozenset({TokenKind.RIG, TokenKind.WORKER, TokenKind.API})
COOKIE_KINDS = frozenset({TokenKind.BROWSER})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def hub_of(request: Request) -> Hub:
    """The hub that serves the request."""
    return cast(Hub, request.app.state.hub)


def authenticate(request: Request, hub: Hub) -> Actor:
    """The actor of a request; raises E_TOKEN_REFUSED. A cookie counts only for requests that our own pages made."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    kinds = BEARER_KINDS
    if scheme.lower() != "bearer":
        secret, kinds = request.cookies.get(COOKIE, ""), COOKIE_KINDS
        if secret and request.method not in SAFE_METHODS and not from_our_own_page(request):
            raise GrimaceError(TOKEN_REFUSED, "the request comes from another site")
    if not secret:
        raise GrimaceError(TOKEN_REFUSED, "no token was sent")
    return _actor_with(secret, kinds, hub)


def _actor_with(secret: str, kinds: frozenset[TokenKind], hub: Hub) -> Actor:
    now = hub.clock.now()
    with hub.database.reading() as session:
        token = tokens.find(session, secret, kinds, now)
        actor = tokens.actor_of(session, token) if token else None
        if token is None or actor is None:
            raise GrimaceError(TOKEN_REFUSED, "unknown, expired or revoked")
        stale = tokens.use_is_stale(token, now)
    if stale:
        with hub.database.writing() as session:
            tokens.record_use(session, actor.token_id, now)
    return actor


def from_our_own_page(request: Request) -> bool:
    """Cross-site request forgery: browsers state where a request comes from; scripts of other sites cannot fake it.

    Our own are the address that was asked and the public one, because a proxy in front may ask by another name.
    """
    origin = request.headers.get("origin")
    own = {request.headers.get("host"), urlsplit(hub_of(request).settings.url).netloc}
    return origin is not None and origin.split("://", 1)[-1] in own


def allowed(action: Action) -> Callable[[Request], Actor]:
    """A dependency that lets only those through whom the permission table names for the action."""
    assert action in RULES

    def check(request: Request) -> Actor:
        actor = authenticate(request, hub_of(request))
        if not actor.may(action):
            raise GrimaceError(NOT_ALLOWED, f"{actor.who} may not {action.replace('_', ' ')}")
        return actor

    return check


HubDep = Annotated[Hub, Depends(hub_of)]
