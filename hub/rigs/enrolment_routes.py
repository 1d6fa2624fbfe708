"""`/api/v1/enrolments`: codes for new rigs, and what a rig gets for one."""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from hub.authentication import HubDep, allowed
from hub.permissions import Action, Actor
from hub.rigs import enrolment
from hub.tables import Lab
from shared.api import Enrolled, EnrolmentCode, EnrolmentRequest
from shared.faults import CODE_REFUSED, TOO_MANY_TRIES, GrimaceError

log = logging.getLogger(__name__)

WRONG_CODES_WITHIN_S = 60.0
ANY_RIG = "enrolment"
"""Wrong codes are counted per address alone: whoever guesses makes rig names up."""

router = APIRouter(prefix="/enrolments", tags=["rigs"])


@router.post("", status_code=201)
def make_code(hub: HubDep, actor: Annotated[Actor, Depends(allowed(Action.ENROL_RIG))]) -> EnrolmentCode:
    """A code of six digits for a rig of the supervisor's lab. It works once and for 15 minutes."""
    with hub.database.writing() as session:
        lab = session.get_one(Lab, actor.lab_id)
        return enrolment.make_code(session, lab, actor.user_id, hub.clock.now())


@router.post("/redeem")
def redeem_code(wanted: EnrolmentRequest, request: Request, hub: HubDep) -> Enrolled:
    """Make a rig the lab's: who holds an open code needs no token, and gets the rig's. An old token of this rig is void then."""
    address = request.client.host if request.client else ""
    if hub.wrong_codes.too_many(ANY_RIG, address):
        raise GrimaceError(TOO_MANY_TRIES)
    enrolled = enrolment.redeem(hub.database, wanted, hub.clock.now())
    if enrolled is None:
        hub.wrong_codes.record(ANY_RIG, address)
        log.warning("wrong enrolment code", extra={"address": address, "rig": wanted.rig_id})
        raise GrimaceError(CODE_REFUSED)
    log.info("rig enrolled", extra={"lab": enrolled.lab, "rig": enrolled.rig_id})
    return enrolled
