"""`/api/v1/uploads`: tus 1.0. Nothing of a body is read before who sends it, to what, and from where, was checked."""

from __future__ import annotations

import sys
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from hub.authentication import HubDep, allowed
from hub.context import Hub
from hub.permissions import Action, Actor
from hub.tables import Upload
from hub.uploads import protocol, service
from hub.uploads.body import Body
from hub.uploads.locks import Hold
from hub.uploads.reception import check_space, receive
from shared.api import TUS_PATH, TUS_VERSION
from shared.faults import UPLOAD_CONFLICT, UPLOAD_TOO_LARGE, GrimaceError


def speaks_tus(request: Request) -> None:
    """Refuse other versions of the protocol with 412, as [Tus-Resumable] asks."""
    version = request.headers.get("tus-resumable")
    if version != TUS_VERSION:
        raise HTTPException(412, f"Tus-Resumable: this hub speaks {TUS_VERSION}, not {version}", {"Tus-Version": TUS_VERSION})


router = APIRouter(prefix="/uploads", tags=["uploads"], max_body_size=sys.maxsize)  # streamed; a file's own size is its limit
spoken = [Depends(speaks_tus)]
Uploader = Annotated[Actor, Depends(allowed(Action.UPLOAD_FILE))]


@router.options("", status_code=204)
@router.options("/{upload_uid}", status_code=204)
def describe_server(response: Response, hub: HubDep) -> None:
    """What this tus server offers."""
    response.headers["Tus-Version"] = TUS_VERSION
    response.headers["Tus-Extension"] = ",".join(protocol.EXTENSIONS)
    response.headers["Tus-Max-Size"] = str(hub.settings.upload_limit_bytes)
    response.headers["Tus-Checksum-Algorithm"] = ",".join(protocol.CHECKSUM_ALGORITHMS)


@router.post("", status_code=201, dependencies=spoken)
async def create_upload(request: Request, hub: HubDep, actor: Uploader) -> Response:
    """Create the upload of an announced file, or find the one that there is; its first bytes may come along."""
    checksum = _checksum(request)
    upload = await run_in_threadpool(_create, request, hub, actor)
    brings_bytes = request.headers.get("content-type") == protocol.CONTENT_TYPE
    if upload.offset_bytes == 0 and (brings_bytes or upload.size_bytes == 0):
        async with hub.upload_locks.holding(upload.uid) as hold:
            upload = await _receive(request, hub, actor, hold, upload.uid, 0, checksum)
    return _answer(201, upload, {"Location": f"{TUS_PATH}/{upload.uid}"})


@router.head("/{upload_uid}", dependencies=spoken)
async def read_offset(upload_uid: str, hub: HubDep, actor: Uploader) -> Response:
    """Where to go on. A connection that still holds the upload is ended first, so the offset is the last word."""
    await run_in_threadpool(_find, hub, actor, upload_uid)
    async with hub.upload_locks.holding(upload_uid):
        upload = await run_in_threadpool(_find, hub, actor, upload_uid)
    told = {"Upload-Length": str(upload.size_bytes), "Cache-Control": "no-store"}
    if upload.metadata_header:
        told["Upload-Metadata"] = upload.metadata_header
    return _answer(200, upload, told)


@router.patch("/{upload_uid}", status_code=204, dependencies=spoken)
async def append_bytes(upload_uid: str, request: Request, hub: HubDep, actor: Uploader) -> Response:
    """Take the bytes from `Upload-Offset` on."""
    if request.headers.get("content-type") != protocol.CONTENT_TYPE:
        raise HTTPException(415, f"Content-Type: {protocol.CONTENT_TYPE} is needed")
    offset_bytes = protocol.number(request.headers.get("upload-offset"), "Upload-Offset")
    checksum = _checksum(request)
    await run_in_threadpool(_find, hub, actor, upload_uid)  # only who may know of an upload may end another's connection to it
    async with hub.upload_locks.holding(upload_uid) as hold:
        upload = await _receive(request, hub, actor, hold, upload_uid, offset_bytes, checksum)
    return _answer(204, upload)


@router.delete("/{upload_uid}", status_code=204, dependencies=spoken)
async def terminate_upload(upload_uid: str, hub: HubDep, actor: Uploader) -> None:
    """Give an unfinished upload up; its bytes are deleted, and its file can be uploaded anew."""
    await run_in_threadpool(_find, hub, actor, upload_uid)
    async with hub.upload_locks.holding(upload_uid):
        await run_in_threadpool(_give_up, hub, actor, upload_uid)


async def _receive(
    request: Request, hub: Hub, actor: Actor, hold: Hold, upload_uid: str, offset_bytes: int, checksum: protocol.Checksum | None
) -> Upload:
    """Check everything that can be known before the first byte, then take the body."""
    upload = await run_in_threadpool(_find, hub, actor, upload_uid)
    if offset_bytes != upload.offset_bytes:
        raise GrimaceError(UPLOAD_CONFLICT, f"the hub has {upload.offset_bytes} bytes, the request begins at {offset_bytes}")
    announced = request.headers.get("content-length", "0")
    if offset_bytes + protocol.number(announced, "Content-Length") > upload.size_bytes:
        raise GrimaceError(UPLOAD_TOO_LARGE, f"{offset_bytes} and {announced} bytes are more than {upload.size_bytes}")
    if upload.file.state not in service.ARRIVED:
        await receive(hub, upload, checksum, Body(request.receive, hold, hub.settings.upload_stall_s), hold)
    return upload


def _checksum(request: Request) -> protocol.Checksum | None:
    header = request.headers.get("upload-checksum")
    return protocol.checksum(header) if header is not None else None


def _create(request: Request, hub: Hub, actor: Actor) -> Upload:
    size_bytes = protocol.number(request.headers.get("upload-length"), "Upload-Length")
    header = request.headers.get("upload-metadata", "")
    target = protocol.target(header)
    with hub.database.writing() as session:
        upload = service.create(session, actor, target, size_bytes, header, hub.settings, hub.clock.now())
        check_space(hub, upload.size_bytes - upload.offset_bytes)
    return upload


def _find(hub: Hub, actor: Actor, upload_uid: str) -> Upload:
    with hub.database.reading() as session:
        return service.find(session, actor, upload_uid, hub.clock.now())


def _give_up(hub: Hub, actor: Actor, upload_uid: str) -> None:
    with hub.database.writing() as session:
        service.give_up(session, service.find(session, actor, upload_uid, hub.clock.now()))
    hub.storage.incoming_file(upload_uid).unlink(missing_ok=True)


def _answer(status: int, upload: Upload, headers: dict[str, str] | None = None) -> Response:
    told = {"Upload-Offset": str(upload.offset_bytes), **(headers or {})}
    if upload.offset_bytes < upload.size_bytes:
        told["Upload-Expires"] = protocol.expires(upload.expires_at)
    return Response(status_code=status, headers=told)
