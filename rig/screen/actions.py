"""What a finger asks for: each action is a POST that answers with nothing, or with the fault that kept it from being done."""

from __future__ import annotations

import logging
from typing import Annotated, TypeVar

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import Field, ValidationError

from rig.agent.desk import Desk
from rig.agent.snapshot import RecordingPlan
from rig.preflight.report import CheckName
from rig.screen.choices import keep_chosen
from rig.screen.installation import Installation
from rig.screen.scanned import read_scan
from shared.api import Roster
from shared.documents import Document
from shared.faults import NOT_VALID, GrimaceError
from shared.manifest import StudyMetadata

log = logging.getLogger(__name__)

ISSUER = "screen"
DONE: ResponseReturnValue = ("", 204)

Typed = Annotated[str, Field(max_length=64)]
Asked = TypeVar("Asked", bound=Document)


class PlanRequest(Document):
    """A filled-in new recording."""

    study: Annotated[str, Field(min_length=1, max_length=64)]
    animal: Annotated[str, Field(min_length=1, max_length=64)]
    phase: Typed = ""
    operator: Typed = ""
    subject_type: Typed = "c57bl/6"
    duration_min: Annotated[float, Field(gt=0, le=1440)]
    end_at_goal: bool = False


class WaiveRequest(Document):
    check: CheckName
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class MarkRequest(Document):
    text: Annotated[str, Field(min_length=1, max_length=200)]


class ScanRequest(Document):
    code: Annotated[str, Field(max_length=1000)]


class RetryRequest(Document):
    session_id: Annotated[str, Field(min_length=8, max_length=36)]


def action_routes(desk: Desk, rig: Installation) -> Blueprint:
    routes = Blueprint("actions", __name__, url_prefix="/actions")

    @routes.post("/plan")
    def plan() -> ResponseReturnValue:
        wanted = plan_of(asked(PlanRequest), rig)
        desk.plan(wanted)
        try:
            keep_chosen(rig.data_folder, wanted)
        except OSError as error:  # the next person chooses anew; the recording does not depend on it
            log.warning("what was chosen cannot be remembered: %s", error)
        return DONE

    @routes.post("/check-again")
    def check_again() -> ResponseReturnValue:
        desk.check_again()
        return DONE

    @routes.post("/waive")
    def waive() -> ResponseReturnValue:
        wanted = asked(WaiveRequest)
        desk.waive(wanted.check, wanted.reason)
        return DONE

    @routes.post("/cancel")
    def cancel() -> ResponseReturnValue:
        desk.cancel()
        return DONE

    @routes.post("/start")
    def start() -> ResponseReturnValue:
        desk.start(ISSUER)
        return DONE

    @routes.post("/stop")
    def stop() -> ResponseReturnValue:
        desk.stop(ISSUER)
        return DONE

    @routes.post("/mark")
    def mark() -> ResponseReturnValue:
        desk.mark(asked(MarkRequest).text, ISSUER)
        return DONE

    @routes.post("/dismiss-verdict")
    def dismiss_verdict() -> ResponseReturnValue:
        desk.dismiss_verdict()
        return DONE

    @routes.post("/accept-last-good-settings")
    def accept_last_good_settings() -> ResponseReturnValue:
        desk.accept_last_good_settings()
        return DONE

    @routes.post("/scan")
    def scan() -> ResponseReturnValue:
        """What the code says, for the form that is being filled in."""
        return jsonify(read_scan(asked(ScanRequest).code).model_dump(exclude_none=True))

    @routes.post("/retry-upload")
    def retry_upload() -> ResponseReturnValue:
        rig.retry_upload(asked(RetryRequest).session_id)
        return DONE

    return routes


def asked(kind: type[Asked]) -> Asked:
    """The request's JSON; raises GrimaceError(E_NOT_VALID), which names the field."""
    try:
        return kind.model_validate_json(request.get_data())
    except ValidationError as error:
        named = "; ".join(f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors())
        raise GrimaceError(NOT_VALID, named) from error


def plan_of(wanted: PlanRequest, rig: Installation) -> RecordingPlan:
    """The plan, with the animal's sex and strain as the hub knows them. Raises GrimaceError(E_NOT_VALID)."""
    sex, strain = known_of(rig.roster(), wanted.study, wanted.animal)
    try:
        study = StudyMetadata.model_validate(
            {
                **wanted.model_dump(include={"study", "animal", "phase", "operator", "subject_type"}),
                "sex": sex,
                "strain": strain,
            }
        )
    except ValidationError as error:
        raise GrimaceError(NOT_VALID, f"subject_type: {wanted.subject_type}") from error
    return RecordingPlan(
        study=study,
        duration_s=wanted.duration_min * 60,
        goal=rig.settings().recording.goal,
        end_at_goal=wanted.end_at_goal,
    )


def known_of(roster: Roster | None, study: str, animal: str) -> tuple[str, str]:
    """Sex and strain of an animal on the roster; empty for one that was typed."""
    for listed in roster.studies if roster else ():
        for known in listed.animals:
            if listed.name == study and known.code == animal:
                return known.sex, known.strain
    return "", ""
