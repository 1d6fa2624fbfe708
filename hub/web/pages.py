"""The pages that a signed-in person reads: the lab's sessions, and one session with its scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from hub.authentication import HubDep, allowed
from hub.context import Hub
from hub.permissions import Action, Actor
from hub.sessions import service
from hub.sessions.routes import PageCursor, SessionPath
from hub.sessions.views import session_view
from hub.web.rendering import page, viewer_of
from hub.web.result_view import ResultView, view_result
from hub.web.words import Status, newest_analysis, status_of
from shared.api import AnalysisState, AnalysisView, ScoreSummary, SessionView, Warn
from shared.builds import BuildManifest, builds_in, read_manifest
from shared.bundled import bundled_builds_folder
from shared.faults import FAULTS, NOT_FOUND, SCORES_PLACEHOLDER, GrimaceError, Severity
from shared.manifest import SessionManifest

SESSIONS_A_PAGE = 50
BUSY_MS = 1500
IDLE_MS = 5000
"""How often the list of sessions looks for news: while something is under way, and otherwise."""

router = APIRouter(include_in_schema=False)

Reader = Annotated[Actor, Depends(allowed(Action.READ_SESSION))]


@dataclass(frozen=True)
class SessionRow:
    """A line of the list of sessions."""

    view: SessionView
    status: Status
    summary: ScoreSummary | None


@router.get("/")
def list_sessions(request: Request, hub: HubDep, actor: Reader, cursor: PageCursor = None) -> HTMLResponse:
    """The lab's sessions."""
    return _sessions("sessions.html", request, hub, actor, cursor)


@router.get("/live/sessions")
def list_sessions_part(request: Request, hub: HubDep, actor: Reader, cursor: PageCursor = None) -> HTMLResponse:
    """The list alone, for a page that is open."""
    return _sessions("sessions_part.html", request, hub, actor, cursor)


def _sessions(template: str, request: Request, hub: Hub, actor: Actor, cursor: int | None) -> HTMLResponse:
    with hub.database.reading() as session:
        found = service.page(session, actor, cursor, SESSIONS_A_PAGE)
        rows = [_row(session_view(row)) for row in found]
    return page(
        template,
        viewer_of(request, actor),
        rows=rows,
        cursor=cursor,
        next_cursor=found[-1].id if len(found) == SESSIONS_A_PAGE else None,
        every_ms=IDLE_MS if all(row.status.settled for row in rows) else BUSY_MS,
        hub_url=hub.settings.url,
    )


def _row(view: SessionView) -> SessionRow:
    analysis = newest_analysis(view)
    return SessionRow(view, status_of(view), analysis.summary if analysis else None)


@router.get("/live/sessions/{session_id}")
def show_status_part(session_id: SessionPath, hub: HubDep, actor: Reader) -> HTMLResponse:
    """Where the session stands, for a page that is open."""
    with hub.database.reading() as session:
        view = session_view(service.find(session, actor, session_id))
    return page("status_part.html", view=view, status=status_of(view))


@router.get("/sessions/{session_id}")
def show_session(
    session_id: SessionPath,
    request: Request,
    hub: HubDep,
    actor: Reader,
    analysis: Annotated[str | None, Query(description="the analysis to show")] = None,
    frames: Annotated[int, Query(ge=1, description="page of the score table")] = 1,
) -> HTMLResponse:
    """Everything about one session."""
    with hub.database.reading() as session:
        row = service.find(session, actor, session_id)
        view = session_view(row)
        manifest = SessionManifest.model_validate(row.manifest) if row.manifest else None
        verified_at = {file.name: file.verified_at for file in row.files}
    shown = _chosen(view, analysis)
    return page(
        "session.html",
        viewer_of(request, actor),
        view=view,
        status=status_of(view),
        manifest=manifest,
        notes=_notes(view, shown, manifest),
        verified_at=verified_at,
        shown=shown,
        result=_result(hub, actor, shown, manifest, frames) if shown else None,
        build=_manifest_of(hub, shown.build) if shown else None,
    )


def _notes(view: SessionView, shown: AnalysisView | None, manifest: SessionManifest | None) -> list[Warn]:
    """What was raised by rig, hub and scoring, each once. That the scores are placeholders stands at the page's head."""
    raised = [Warn.of(FAULTS[fault.code], fault.detail) for fault in manifest.faults if fault.code in FAULTS] if manifest else []
    of_analysis = shown.summary.warnings if shown and shown.summary else ()
    by_code = {note.code: note for note in (*raised, *of_analysis, *view.warnings)}
    by_code.pop(SCORES_PLACEHOLDER.code, None)
    return sorted(by_code.values(), key=_severity)


def _severity(note: Warn) -> Severity:
    """Of a note that a newer worker raised, and whose code this hub does not know yet: it did not stop the work."""
    return FAULTS[note.code].severity if note.code in FAULTS else Severity.WARNING


def _chosen(view: SessionView, analysis_id: str | None) -> AnalysisView | None:
    if analysis_id is None:
        return newest_analysis(view)
    chosen = next((analysis for analysis in view.analyses if analysis.analysis_id == analysis_id), None)
    if chosen is None:
        raise GrimaceError(NOT_FOUND, f"analysis {analysis_id}")
    return chosen


def _result(
    hub: Hub, actor: Actor, analysis: AnalysisView, manifest: SessionManifest | None, page_number: int
) -> ResultView | None:
    if analysis.state is not AnalysisState.DONE or analysis.summary is None or not actor.may(Action.READ_RESULT):
        return None
    table = hub.storage.result_table(analysis.analysis_id)
    return view_result(analysis.analysis_id, table, analysis.summary, manifest, page_number)


def _manifest_of(hub: Hub, build: str) -> BuildManifest | None:
    """The manifest of a build that is installed beside the hub; one that was removed since has none to show."""
    folder = builds_in(hub.settings.builds_folder or bundled_builds_folder()).get(build)
    return read_manifest(folder) if folder else None
