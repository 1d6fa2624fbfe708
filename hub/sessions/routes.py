"""`/api/v1/sessions`: announcing a session, and asking what became of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from hub.authentication import HubDep, allowed
from hub.permissions import Action, Actor
from hub.sessions import service
from hub.sessions.views import session_view
from shared.api import SessionAnnouncement, SessionPage, SessionView
from shared.documents import SessionId

router = APIRouter(prefix="/sessions", tags=["sessions"])

SessionPath = Annotated[SessionId, Path(description="The session's id, made by whoever recorded it")]
PageCursor = Annotated[int | None, Query(ge=0, lt=2**63, description="`next_cursor` of the page before")]


@router.put("/{session_id}", status_code=201, responses={200: {"description": "It was announced before"}})
def announce_session(
    session_id: SessionPath,
    announcement: SessionAnnouncement,
    response: Response,
    hub: HubDep,
    actor: Annotated[Actor, Depends(allowed(Action.ANNOUNCE_SESSION))],
) -> SessionView:
    """Announce a session and its files; the same again answers 200 and where its uploads stand."""
    with hub.database.writing() as session:
        created = service.announce(session, actor, session_id, announcement, hub.clock.now())
        session.flush()
        view = session_view(service.find(session, actor, session_id))
    if not created:
        response.status_code = 200
    return view


@router.get("/{session_id}")
def read_session(
    session_id: SessionPath, hub: HubDep, actor: Annotated[Actor, Depends(allowed(Action.READ_SESSION))]
) -> SessionView:
    """What became of a session: its files, its receipt once it is stored, its analyses."""
    with hub.database.reading() as session:
        return session_view(service.find(session, actor, session_id))


@router.get("")
def list_sessions(
    hub: HubDep,
    actor: Annotated[Actor, Depends(allowed(Action.READ_SESSION))],
    cursor: PageCursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> SessionPage:
    """The lab's sessions, newest first."""
    with hub.database.reading() as session:
        rows = service.page(session, actor, cursor, limit)
        items = tuple(map(session_view, rows))
    return SessionPage(items=items, next_cursor=str(rows[-1].id) if len(rows) == limit else None)
