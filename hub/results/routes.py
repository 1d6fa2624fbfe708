"""`/api/v1/analyses/{analysis_id}/…`: what an analysis found, in every form in which it leaves the hub."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import FileResponse, StreamingResponse

from hub.analyses import service
from hub.authentication import HubDep, allowed
from hub.context import Hub
from hub.permissions import Action, Actor
from hub.results.archive import archive_of
from hub.results.painface_csv import csv_of
from hub.results.pictures import frame_picture, jpeg_of
from hub.results.table import read_table
from shared.api import AnalysisState, ScoreSummary
from shared.faults import NOT_FOUND, GrimaceError

router = APIRouter(prefix="/analyses/{analysis_id}", tags=["results"])

UNCHANGING = {"Cache-Control": "private, max-age=31536000, immutable"}
"""A finished analysis never changes; only the person who asked may keep a copy."""

PARQUET = "application/vnd.apache.parquet"
JPEG = "image/jpeg"


@dataclass(frozen=True)
class Finished:
    """A finished analysis that the actor may see, and where its things lie."""

    name: str
    """What its downloads are called: the animal, the session, the build."""
    table: Path
    recording: Path
    summary: ScoreSummary


def finished(analysis_id: str, hub: HubDep, actor: Annotated[Actor, Depends(allowed(Action.READ_RESULT))]) -> Finished:
    """The finished analysis of that id; raises E_NOT_FOUND for one of another lab, or one without a result."""
    return find_finished(hub, actor, analysis_id)


def find_finished(hub: Hub, actor: Actor, analysis_id: str) -> Finished:
    """See `finished`."""
    with hub.database.reading() as session:
        row = service.find(session, actor, analysis_id)
        if row.state is not AnalysisState.DONE or row.summary is None:
            raise GrimaceError(NOT_FOUND, f"analysis {analysis_id} is {row.state} and has no result")
        animal = row.session.announcement["study"]["animal"]
        return Finished(
            name=file_stem(animal, row.session.uid, row.build),
            table=hub.storage.result_table(row.uid),
            recording=hub.storage.session_folder(row.session.lab.uid, row.session.uid),
            summary=ScoreSummary.model_validate(row.summary),
        )


def file_stem(animal: str, session_uid: str, build: str) -> str:
    """A file name that tells what is in it, with nothing that a file system or a header could take amiss."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", f"{animal or 'session'}-{session_uid[:8]}-{build}").strip("-.")


FinishedDep = Annotated[Finished, Depends(finished)]


def _as_download(name: str) -> dict[str, str]:
    return {**UNCHANGING, "Content-Disposition": f'attachment; filename="{name}"'}


@router.get("/scores.csv")
def download_csv(analysis: FinishedDep) -> Response:
    """One line per analysed frame, in PainFace's columns."""
    pieces = csv_of(read_table(analysis.table))
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=_as_download(f"{analysis.name}.csv"))


@router.get("/archive.zip")
def download_archive(analysis: FinishedDep) -> Response:
    """Scores, summary, manifest and the analysed frames, with the checksums of all of them; made while it is sent."""
    pieces = archive_of(read_table(analysis.table), analysis.summary, analysis.recording)
    return StreamingResponse(pieces, media_type="application/zip", headers=_as_download(f"{analysis.name}.zip"))


@router.get("/summary.json")
def read_summary(analysis: FinishedDep, response: Response) -> ScoreSummary:
    """The means, and how many frames they rest on."""
    response.headers.update(UNCHANGING)
    return analysis.summary


@router.get("/scores.parquet")
def download_parquet(analysis: FinishedDep) -> Response:
    """The table as it is kept: every column, with types, provenance and the boxes."""
    return FileResponse(analysis.table, media_type=PARQUET, headers=_as_download(f"{analysis.name}.parquet"))


@router.get("/frames/{frame_index}.jpg")
def show_frame(
    analysis: FinishedDep,
    frame_index: int,
    width_px: Annotated[int | None, Query(ge=16, le=4096, description="scale down to this width")] = None,
) -> Response:
    """A frame of the recording as a picture."""
    picture = frame_picture(analysis.recording, frame_index)
    return Response(jpeg_of(picture, width_px), media_type=JPEG, headers=UNCHANGING)
