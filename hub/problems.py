"""Errors as people and programs see them: RFC 9457 problem answers with our fault codes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from uuid import uuid4

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from shared import faults
from shared.api import Problem
from shared.faults import Fault, GrimaceError

log = logging.getLogger(__name__)

STATUS_OF: dict[str, int] = {
    faults.TOKEN_REFUSED.code: 401,
    faults.NOT_ALLOWED.code: 403,
    faults.CODE_REFUSED.code: 403,
    faults.NOT_FOUND.code: 404,
    faults.VIDEO_DAMAGED.code: 404,
    faults.SESSION_CONFLICT.code: 409,
    faults.UPLOAD_CONFLICT.code: 409,
    faults.LEASE_LOST.code: 409,
    faults.ANALYSIS_CANCELLED.code: 409,
    faults.UPLOAD_GONE.code: 410,
    faults.UPLOAD_TOO_LARGE.code: 413,
    faults.NOT_VALID.code: 422,
    faults.BUILD_UNKNOWN.code: 422,
    faults.BUILD_CHANGED.code: 422,
    faults.BUILD_INVALID.code: 422,
    faults.SUBJECT_TYPE_UNSUPPORTED.code: 422,
    faults.UPLOAD_BUSY.code: 423,
    faults.TOO_MANY_TRIES.code: 429,
    faults.UPLOAD_CHECKSUM.code: 460,  # tus 1.0, checksum extension
    faults.UPLOAD_INTERRUPTED.code: 503,
    faults.HUB_DISK_FULL.code: 507,
}
"""The HTTP status of a fault that a request met; one that is not listed is our own failure, 500."""


def problem_of(error: Exception) -> tuple[Problem, dict[str, str]]:
    """An error as it is told, and the headers that go with it; what we did not foresee is our own failure, 500."""
    match error:
        case GrimaceError():
            status = STATUS_OF.get(error.fault.code, HTTPStatus.INTERNAL_SERVER_ERROR)
            headers = {"WWW-Authenticate": "Bearer"} if error.fault is faults.TOKEN_REFUSED else {}
            return _problem(error.fault, error.detail, status), headers
        case RequestValidationError() if all(entry["loc"][0] == "path" for entry in error.errors()):
            return _problem(faults.NOT_FOUND, "nothing can have this address", HTTPStatus.NOT_FOUND), {}
        case RequestValidationError():
            named = "; ".join(f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}" for entry in error.errors())
            return _problem(faults.NOT_VALID, named, HTTPStatus.UNPROCESSABLE_ENTITY), {}
        case DataError():  # a NUL in a text, which PostgreSQL does not keep
            return _problem(faults.NOT_VALID, f"the database cannot keep it: {error.orig}", HTTPStatus.UNPROCESSABLE_ENTITY), {}
        case HTTPException():
            fault = faults.NOT_FOUND if error.status_code == HTTPStatus.NOT_FOUND else faults.NOT_VALID
            return _problem(fault, str(error.detail), error.status_code), dict(error.headers or {})
        case _:
            return _problem(faults.HUB_FAILED, "", HTTPStatus.INTERNAL_SERVER_ERROR), {}


def _problem(fault: Fault, detail: str, status: int) -> Problem:
    problem = Problem(
        title=fault.text, status=status, code=fault.code, detail=detail, remedy=fault.remedy, request_id=uuid4().hex
    )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request failed", extra={"code": fault.code, "detail": detail, "request_id": problem.request_id})
    return problem


def problem_response(problem: Problem, headers: dict[str, str]) -> JSONResponse:
    """The answer to a program."""
    return JSONResponse(problem.model_dump(), problem.status, headers, media_type="application/problem+json")


def install(app: FastAPI, answer: Callable[[Request, Problem, dict[str, str]], Response] | None = None) -> None:
    """Make the app answer every error as a problem; `answer` may choose another form for some requests."""

    async def handle(request: Request, error: Exception) -> Response:
        problem, headers = problem_of(error)
        return answer(request, problem, headers) if answer else problem_response(problem, headers)

    for kind in (GrimaceError, RequestValidationError, HTTPException, DataError, Exception):
        app.add_exception_handler(kind, handle)
