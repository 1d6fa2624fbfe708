"""The pages as one piece that the hub's application takes in: routes, static files, headers, error pages."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles

from hub.accounts.attempts import FailedAttempts
from hub.context import Hub
from hub.problems import problem_response
from hub.web import pages, sign_in
from hub.web.rendering import STATIC, page
from hub.web.security import SecurityHeaders
from shared.api import API_PREFIX, Problem
from shared.faults import TOKEN_REFUSED

HEADINGS: Mapping[int, str] = {
    HTTPStatus.NOT_FOUND: "There is no such page",
    HTTPStatus.FORBIDDEN: "You may not do this",
    HTTPStatus.UNPROCESSABLE_ENTITY: "This address or form is not valid",
}


class StaticFilesForEver(StaticFiles):
    """Static files; a page names them with the hash of their content, so a browser need never ask again."""

    def file_response(self, *arguments: object, **named: object) -> Response:
        response = super().file_response(*arguments, **named)  # type: ignore[arg-type]  # handed on as they came
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


class HideSignInLinks(logging.Filter):
    """Keeps the secrets of one-time links out of the access log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                re.sub(r"(/sign-in/)[^?\s]+", r"\1…", part) if isinstance(part, str) else part for part in record.args
            )
        return True


def install(app: FastAPI, hub: Hub) -> None:
    """Add the pages to the hub's application."""
    app.state.door = sign_in.Door(FailedAttempts(hub.clock))
    app.include_router(sign_in.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFilesForEver(directory=STATIC), name="static")
    app.add_middleware(SecurityHeaders, https=hub.settings.url.startswith("https://"))
    logging.getLogger("uvicorn.access").addFilter(HideSignInLinks())


def answer_problem(request: Request, problem: Problem, headers: dict[str, str]) -> Response:
    """An error as a page where a person reads it, else as a problem document; who is not signed in is asked to."""
    if request.url.path.startswith(API_PREFIX):
        return problem_response(problem, headers)
    if problem.code == TOKEN_REFUSED.code:
        wanted = quote(request.url.path) if request.method == "GET" and not request.url.path.startswith("/live/") else "/"
        return RedirectResponse(f"/sign-in?after={wanted}", HTTPStatus.SEE_OTHER)
    heading = HEADINGS.get(problem.status, problem.title)
    return page("error.html", status_code=problem.status, status=problem.status, heading=heading, problem=problem)
