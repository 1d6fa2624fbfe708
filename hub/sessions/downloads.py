"""`/api/v1/sessions/{session_id}/files/{name}`: the stored files of a session, whole or in ranges."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse

from hub.authentication import HubDep, allowed
from hub.permissions import Action, Actor
from hub.sessions import service
from hub.sessions.routes import SessionPath
from shared.api import FileState
from shared.documents import FileName
from shared.faults import NOT_FOUND, GrimaceError

router = APIRouter(prefix="/sessions/{session_id}/files", tags=["sessions"])


@router.get("/{name}", response_class=FileResponse)
def download_file(
    session_id: SessionPath, name: FileName, hub: HubDep, actor: Annotated[Actor, Depends(allowed(Action.READ_RESULT))]
) -> FileResponse:
    """A verified file as it came; its ETag is its SHA-256."""
    with hub.database.reading() as session:
        row = service.find(session, actor, session_id)
        file = next((file for file in row.files if file.name == name and file.state is FileState.VERIFIED), None)
        if file is None:
            raise GrimaceError(NOT_FOUND, f"file {name}")
        path = hub.storage.session_file(row.lab.uid, row.uid, file.name)
        headers = {"ETag": f'"{file.sha256}"', "Cache-Control": "private, no-cache"}
        return FileResponse(path, filename=file.name, headers=headers)
