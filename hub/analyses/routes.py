"""`/api/v1/…/analyses`: starting analyses, following, cancelling and repeating them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from hub.analyses import service
from hub.analyses.builds import choose_build
from hub.authentication import HubDep, allowed
from hub.permissions import Action, Actor
from hub.sessions import service as sessions
from hub.sessions.routes import PageCursor, SessionPath
from hub.sessions.views import analysis_view
from shared.api import AnalysisPage, AnalysisRequest, AnalysisView

router = APIRouter(tags=["analyses"])

Reader = Annotated[Actor, Depends(allowed(Action.READ_RESULT))]
Starter = Annotated[Actor, Depends(allowed(Action.START_ANALYSIS))]
Canceller = Annotated[Actor, Depends(allowed(Action.CANCEL_ANALYSIS))]


@router.post("/sessions/{session_id}/analyses", status_code=201, responses={200: {"description": "It was there already"}})
def start_analysis(
    session_id: SessionPath, wanted: AnalysisRequest, response: Response, hub: HubDep, actor: Starter
) -> AnalysisView:
    """Queue an analysis of a stored session; the same build and rate again answers 200 and the analysis that there is."""
    build = choose_build(hub.settings, wanted.build)
    with hub.database.writing() as session:
        recording = sessions.find(session, actor, session_id)
        if service.find_same(session, recording, build, wanted.rate) is not None:
            response.status_code = 200
        row = service.queue(session, recording, build, wanted.rate, wanted.priority, hub.clock.now())
        view = analysis_view(row)
    hub.queued.ring()
    return view


@router.get("/sessions/{session_id}/analyses")
def list_analyses_of_session(session_id: SessionPath, hub: HubDep, actor: Reader) -> AnalysisPage:
    """All analyses of a session, the first one first."""
    with hub.database.reading() as session:
        return AnalysisPage(items=tuple(map(analysis_view, sessions.find(session, actor, session_id).analyses)))


@router.get("/analyses")
def list_analyses(
    hub: HubDep,
    actor: Reader,
    cursor: PageCursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AnalysisPage:
    """The lab's analyses, newest first."""
    with hub.database.reading() as session:
        rows = service.page(session, actor, cursor, limit)
        items = tuple(map(analysis_view, rows))
    return AnalysisPage(items=items, next_cursor=str(rows[-1].id) if len(rows) == limit else None)


@router.get("/analyses/{analysis_id}")
def read_analysis(analysis_id: str, hub: HubDep, actor: Reader) -> AnalysisView:
    """How far an analysis is, why it failed, or what it found."""
    with hub.database.reading() as session:
        return analysis_view(service.find(session, actor, analysis_id))


@router.post("/analyses/{analysis_id}/cancel")
def cancel_analysis(analysis_id: str, hub: HubDep, actor: Canceller) -> AnalysisView:
    """Cancel: a queued analysis at once, a running one within seconds; an ended one stays as it is."""
    with hub.database.writing() as session:
        row = service.find(session, actor, analysis_id)
        service.cancel(session, row, hub.clock.now())
        return analysis_view(row)


@router.post("/analyses/{analysis_id}/retry")
def retry_analysis(analysis_id: str, hub: HubDep, actor: Starter) -> AnalysisView:
    """Queue a failed or cancelled analysis again; any other stays as it is."""
    with hub.database.writing() as session:
        row = service.find(session, actor, analysis_id)
        service.retry(session, row)
        view = analysis_view(row)
    hub.queued.ring()
    return view
