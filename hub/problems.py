"""Errors as people and programs see them: RFC 9457 problem answers with our fault codes."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import cast
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shared import faults
from shared.api import Problem
from shared.faults import Fault, GrimaceError

log = logging.getLogger(__name__)

STATUS_OF: dict[str, int] = {
    faults.TOKEN_REFUSED.code: 401,
    faults.NOT_ALLOWED.code: 403,
    faults.NOT_FOUND.code: 404,
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
    faults.UPLOAD_CHECKSUM.code: 460,  # tus 1.0, checksum extension
    faults.HUB_DISK_FULL.code: 507,
}
"""The HTTP status of a fault that a request met; one that is not listed is our own failure, 500."""


def problem_response(fault: Fault, detail: str, status: int, headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer for a fault."""
    problem = Problem(
        title=fault.text, status=status, code=fault.code, detail=detail, remedy=fault.remedy, request_id=uuid4().hex
    )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request failed", extra={"code": fault.code, "detail": detail, "request_id": problem.request_id})
    return JSONResponse(problem.model_dump(), status, headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Make the app answer every error as a problem."""
    app.add_exception_handler(GrimaceError, _answer_fault)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)


async def _answer_fault(_request: Request, error: Exception) -> JSONResponse:
    ours = cast(GrimaceError, error)
    headers = {"WWW-Authenticate": "Bearer"} if ours.fault is faults.TOKEN_REFUSED else None
    return problem_response(ours.fault, ours.detail, STATUS_OF.get(ours.fault.code, 500), headers)


async def _answer_invalid(_request: Request, error: Exception) -> JSONResponse:
    invalid = cast(RequestValidationError, error)
    named = "; ".join(f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}" for entry in invalid.errors())
    return problem_response(faults.NOT_VALID, named, 422)


async def _answer_http(_request: Request, error: Exception) -> JSONResponse:
    raised = cast(HTTPException, error)
    fault = faults.NOT_FOUND if raised.status_code == HTTPStatus.NOT_FOUND else faults.NOT_VALID
    return problem_response(fault, str(raised.detail), raised.status_code, dict(raised.headers or {}))
