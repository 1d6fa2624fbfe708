"""`/api/v1/rig`: what a rig tells about itself."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import update

from hub.authentication import HubDep, allowed
from hub.permissions import Action, Actor
from hub.tables import Rig
from shared.api import RigHeartbeat

router = APIRouter(prefix="/rig", tags=["rigs"])


@router.post("/heartbeat", status_code=204)
def take_heartbeat(
    heartbeat: RigHeartbeat, hub: HubDep, actor: Annotated[Actor, Depends(allowed(Action.REPORT_HEARTBEAT))]
) -> None:
    """Note that the rig lives and what it does."""
    with hub.database.writing() as session:
        alive = {"last_seen_at": hub.clock.now(), "last_heartbeat": heartbeat.model_dump(mode="json")}
        session.execute(update(Rig).where(Rig.lab_id == actor.lab_id, Rig.id == actor.rig_id).values(alive))
