"""`/api/v1/worker`: what workers on other machines ask. Everything about a claimed analysis carries its fence as a header."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
from fastapi.responses import FileResponse

from hub.analyses import claims
from hub.analyses.completion import complete
from hub.authentication import HubDep, allowed
from hub.context import Hub
from hub.permissions import Action
from shared.api import FENCE_HEADER, ClaimedAnalysis, ClaimRequest, Completion, Failure, ProgressReport
from shared.durable import replacing
from shared.faults import HUB_DISK_FULL, UPLOAD_TOO_LARGE, Fault, GrimaceError

router = APIRouter(prefix="/worker", tags=["workers"], dependencies=[Depends(allowed(Action.SCORE))])

Fence = Annotated[str, Header(alias=FENCE_HEADER, description="The claim's `fence`")]

TABLE_LIMIT_BYTES = 512 * 1024 * 1024
"""Far above any table: an hour at 30 frames/s takes some 10 MB."""


def _answer(ending: Fault | None, analysis_id: str) -> None:
    if ending is not None:
        raise GrimaceError(ending, f"analysis {analysis_id}")


@router.post("/claim", response_model=ClaimedAnalysis, responses={204: {"description": "Nothing is queued"}})
def claim_analysis(request: ClaimRequest, hub: HubDep) -> ClaimedAnalysis | Response:
    """Take the named analysis, or the most urgent one."""
    with hub.database.writing() as session:
        claimed = claims.claim(session, request, hub.settings.lease_s, hub.clock.now())
    return claimed or Response(status_code=204)


@router.get("/analyses/{analysis_id}/files/{name}")
def read_file(analysis_id: str, name: str, fence: Fence, hub: HubDep) -> FileResponse:
    """A file of the session, whole or by ranges."""
    with hub.database.reading() as session:
        row = claims.held(session, analysis_id, fence)
        return FileResponse(claims.file_of(session, row, name, hub.storage), media_type="application/octet-stream")


@router.post("/analyses/{analysis_id}/progress", status_code=204)
def report_progress(analysis_id: str, report: ProgressReport, fence: Fence, hub: HubDep) -> None:
    """Renew the lease; E_CANCELLED and E_LEASE_LOST tell the worker to stop."""
    with hub.database.writing() as session:
        ending = claims.progress(session, analysis_id, fence, report, hub.settings.lease_s, hub.clock.now())
    _answer(ending, analysis_id)


@router.put("/analyses/{analysis_id}/table", status_code=204, max_body_size=sys.maxsize)  # streamed; see TABLE_LIMIT_BYTES
async def receive_table(analysis_id: str, fence: Fence, hub: HubDep, request: Request) -> None:
    """Keep the Parquet table until it is completed; put again, it replaces what was put."""
    place = await run_in_threadpool(_place_for_table, hub, analysis_id, fence)
    try:
        await _write(request.stream(), place)
    except OSError as error:
        raise GrimaceError(HUB_DISK_FULL, error.strerror or str(error)) from error


def _place_for_table(hub: Hub, analysis_id: str, fence: str) -> Path:
    with hub.database.reading() as session:
        row = claims.held(session, analysis_id, fence)  # the fence is ours from here on: it may become a file name
        return hub.storage.received_table(row.uid, fence)


async def _write(body: AsyncIterator[bytes], path: Path) -> None:
    received = 0
    async with contextmanager_in_threadpool(replacing(path)) as file:  # its fsync would hold up every other request
        async for block in body:
            received += len(block)
            if received > TABLE_LIMIT_BYTES:
                raise GrimaceError(UPLOAD_TOO_LARGE, f"a table of more than {TABLE_LIMIT_BYTES} bytes")
            await run_in_threadpool(file.write, block)


@router.post("/analyses/{analysis_id}/complete", status_code=204)
def complete_analysis(analysis_id: str, completion: Completion, fence: Fence, hub: HubDep) -> None:
    """The table that was put is the result; the same again answers the same."""
    _answer(complete(hub, analysis_id, fence, completion), analysis_id)


@router.post("/analyses/{analysis_id}/fail", status_code=204)
def fail_analysis(analysis_id: str, failure: Failure, fence: Fence, hub: HubDep) -> None:
    """This attempt failed; it is tried again unless the failure is final or there were enough attempts."""
    with hub.database.writing() as session:
        ending = claims.fail(session, analysis_id, fence, failure, hub.settings.attempts, hub.clock.now())
    hub.queued.ring()
    _answer(ending, analysis_id)


@router.post("/analyses/{analysis_id}/give-back", status_code=204)
def give_analysis_back(analysis_id: str, fence: Fence, hub: HubDep) -> None:
    """The worker shuts down: the analysis is queued again and the attempt not counted."""
    with hub.database.writing() as session:
        ending = claims.give_back(session, analysis_id, fence, hub.clock.now())
    hub.queued.ring()
    _answer(ending, analysis_id)
