"""`/api/v1/rig`: what a rig tells about itself, and what it is told."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import update

from hub.authentication import HubDep, allowed
from hub.permissions import Action, Actor
from hub.rigs import roster
from hub.tables import Rig
from shared.api import RigHeartbeat, Roster

router = APIRouter(prefix="/rig", tags=["rigs"])


@router.post("/heartbeat", status_code=204)
def take_heartbeat(
    heartbeat: RigHeartbeat, hub: HubDep, actor: Annotated[Actor, Depends(allowed(Action.REPORT_HEARTBEAT))]
) -> None:
    """Note that the rig lives and what it does."""
    with hub.database.writing() as session:
        alive = {"last_seen_at": hub.clock.now(), "last_heartbeat": heartbeat.model_dump(mode="json")}
        session.execute(update(Rig).where(Rig.lab_id == actor.lab_id, Rig.id == actor.rig_id).values(alive))


@router.get("/roster")
def read_roster(hub: HubDep, actor: Annotated[Actor, Depends(allowed(Action.READ_ROSTER))]) -> Roster:
    """The lab's studies with their phases and animals, so that nobody has to type them. The rig is blind: no groups."""
    assert actor.lab_id is not None, "a rig belongs to a lab"
    with hub.database.reading() as session:
        filmed = roster.filmed_lately(session, actor.lab_id)
    return roster.roster_of(filmed, hub.clock.now())
