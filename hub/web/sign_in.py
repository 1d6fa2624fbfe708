"""Signing in and out: by a one-time link or with e-mail and password, to a cookie that names a browser token."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from hub.accounts import service, tokens
from hub.accounts.attempts import FailedAttempts
from hub.authentication import COOKIE, COOKIE_KINDS, HubDep, allowed, from_our_own_page, hub_of
from hub.context import Hub
from hub.permissions import Action, Actor
from hub.tables import Lab, Membership, TokenKind, User
from hub.web.rendering import page
from shared.faults import NOT_ALLOWED, NOT_FOUND, GrimaceError

SIGNED_IN_FOR = timedelta(days=14)
PASSWORD_CHECKS_AT_ONCE = 2
"""An argon2 check takes 64 MiB and a core for 0.2 s: more at once would let a few sign-ins stall the hub."""

LONGEST_EMAIL = 320
"""What the column holds (RFC 5321: 64 + @ + 255); failed attempts are remembered under it."""
LONGEST_PASSWORD = 1000

LINK_WORTHLESS = "This link was used before or is older than a day. Ask your lab's supervisor for a new one."
WRONG_PASSWORD = "E-mail address and password do not fit together."
TOO_MANY = "Too many failed attempts. Wait 15 minutes, or ask your lab's supervisor for a sign-in link."


@dataclass(frozen=True)
class Door:
    """What signing in remembers between requests."""

    attempts: FailedAttempts
    password_checks: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PASSWORD_CHECKS_AT_ONCE))


def door_of(request: Request) -> Door:
    """The door of the hub that serves the request."""
    return cast(Door, request.app.state.door)


def sent_from_our_own_page(request: Request) -> None:
    """Refuse forms of other sites: they could sign a person in as somebody else, or out."""
    if not from_our_own_page(request):
        raise GrimaceError(NOT_ALLOWED, "the request comes from another site")


router = APIRouter(include_in_schema=False)
own_page = [Depends(sent_from_our_own_page)]


@router.get("/sign-in")
def show_form(after: str = "/") -> Response:
    """The form for e-mail and password."""
    return page("sign_in.html", after=_own_path(after), email="", error="")


@router.post("/sign-in", dependencies=own_page)
async def sign_in_with_password(
    request: Request,
    hub: HubDep,
    email: Annotated[str, Form(max_length=LONGEST_EMAIL)],
    password: Annotated[str, Form(max_length=LONGEST_PASSWORD)],
    after: Annotated[str, Form()] = "/",
) -> Response:
    """Sign in to the person's first lab by name."""
    door = door_of(request)
    address = request.client.host if request.client else ""
    account = email.strip().lower()
    async with door.password_checks:  # before the attempts are counted, so that many requests at once are not many guesses
        if door.attempts.too_many(account, address):
            return page("sign_in.html", status_code=429, after=_own_path(after), email=email, error=TOO_MANY)
        if not await run_in_threadpool(_password_opens, hub, account, password):
            door.attempts.record(account, address)
            return page("sign_in.html", status_code=403, after=_own_path(after), email=email, error=WRONG_PASSWORD)
    door.attempts.forget(account, address)
    return await run_in_threadpool(_enter, request, hub, account, _own_path(after))


@router.get("/sign-in/{secret}")
def show_link(secret: str, after: str = "/") -> Response:
    """What a one-time link opens: a button. Opening it uses nothing up, so a mail program's preview cannot spend the link."""
    return page("sign_in_link.html", secret=secret, after=_own_path(after), error="")


@router.post("/sign-in/{secret}", dependencies=own_page)
def sign_in_by_link(request: Request, hub: HubDep, secret: str, after: Annotated[str, Form()] = "/") -> Response:
    """Use the link up."""
    now = hub.clock.now()
    with hub.database.writing() as session:
        link = tokens.take_sign_in(session, secret, now)
        user = session.get(User, link.user_id) if link else None
        lab = session.get(Lab, link.lab_id) if link else None
        if user is not None and lab is not None:
            return _with_cookie(request, _open_browser_session(session, request, hub, user, lab), _own_path(after))
    return page("sign_in_link.html", status_code=403, secret=secret, after=_own_path(after), error=LINK_WORTHLESS)


@router.post("/sign-out", dependencies=own_page)
def sign_out(request: Request, hub: HubDep) -> Response:
    """Make the browser's token worthless."""
    with hub.database.writing() as session:
        _revoke_current(session, request, hub)
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(COOKIE)
    return response


@router.post("/lab", dependencies=own_page)
def change_lab(
    request: Request, hub: HubDep, actor: Annotated[Actor, Depends(allowed(Action.READ_SESSION))], lab: Annotated[str, Form()]
) -> Response:
    """Go to another lab of which the person is a member."""
    with hub.database.writing() as session:
        member = select(Lab).join(Membership).where(Lab.uid == lab, Membership.user_id == actor.user_id)
        chosen, user = session.scalar(member), session.get(User, actor.user_id)
        if chosen is None or user is None:
            raise GrimaceError(NOT_FOUND, "lab")
        return _with_cookie(request, _open_browser_session(session, request, hub, user, chosen), "/")


def _password_opens(hub: Hub, account: str, password: str) -> bool:
    with hub.database.reading() as session:
        user = session.scalar(select(User).where(User.email == account))
    return service.password_fits(user, password)


def _enter(request: Request, hub: Hub, account: str, after: str) -> Response:
    with hub.database.writing() as session:
        user = service.find_user(session, account)
        home = session.scalar(select(Lab).join(Membership).where(Membership.user_id == user.id).order_by(Lab.name).limit(1))
        if home is None:
            raise GrimaceError(NOT_ALLOWED, "you are not a member of any lab")
        return _with_cookie(request, _open_browser_session(session, request, hub, user, home), after)


def _open_browser_session(session: Session, request: Request, hub: Hub, user: User, lab: Lab) -> str:
    """A new secret at every sign-in, and the one that the browser had before is worthless."""
    _revoke_current(session, request, hub)
    return tokens.issue(session, TokenKind.BROWSER, "browser", hub.clock.now(), lab=lab, user=user, lives=SIGNED_IN_FOR)


def _revoke_current(session: Session, request: Request, hub: Hub) -> None:
    current = tokens.find(session, request.cookies.get(COOKIE, ""), COOKIE_KINDS, hub.clock.now())
    if current is not None:
        tokens.revoke(session, current.id, hub.clock.now())


def _with_cookie(request: Request, secret: str, after: str) -> Response:
    response = RedirectResponse(after, status_code=303)
    https = request.url.scheme == "https" or hub_of(request).settings.url.startswith("https://")
    response.set_cookie(COOKIE, secret, max_age=int(SIGNED_IN_FOR.total_seconds()), httponly=True, samesite="lax", secure=https)
    return response


def _own_path(after: str) -> str:
    """Where to go after signing in: a path of ours, never another site's address."""
    return after if after.startswith("/") and not after.startswith(("//", "/\\")) else "/"
