"""What is changed on the settings' pages."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from pydantic import Field

from rig.agent.desk import Desk
from rig.agent.facts import RECORDING_PHASES
from rig.screen.actions import DONE, asked
from rig.screen.installation import Installation
from rig.screen.pin import Pin
from rig.screen.settings_lock import lock_settings, open_settings, require_open
from shared.documents import Document
from shared.faults import RECORDING_BUSY, GrimaceError


class PinRequest(Document):
    pin: Annotated[str, Field(max_length=16)]


class PictureRequest(Document):
    exposure_us: int
    analogue_gain: float


class EnrolRequest(Document):
    hub_url: Annotated[str, Field(max_length=200)]
    code: Annotated[str, Field(max_length=6)]


def settings_action_routes(desk: Desk, rig: Installation, pin: Pin) -> Blueprint:
    routes = Blueprint("settings_actions", __name__, url_prefix="/actions/settings")

    @routes.post("/choose-pin")
    def choose_pin() -> ResponseReturnValue:
        pin.choose(asked(PinRequest).pin)
        open_settings(rig.clock)
        return DONE

    @routes.post("/unlock")
    def unlock() -> ResponseReturnValue:
        pin.check(asked(PinRequest).pin)
        open_settings(rig.clock)
        return DONE

    @routes.post("/lock")
    def lock() -> ResponseReturnValue:
        lock_settings()
        return DONE

    @routes.post("/picture")
    def picture() -> ResponseReturnValue:
        require_open(rig.clock)
        wanted = asked(PictureRequest)
        require_no_recording(desk)
        rig.set_picture(wanted.exposure_us, wanted.analogue_gain)
        return DONE

    @routes.post("/reference")
    def reference() -> ResponseReturnValue:
        require_open(rig.clock)
        require_no_recording(desk)
        rig.take_reference()
        return DONE

    @routes.post("/enrol")
    def enrol() -> ResponseReturnValue:
        require_open(rig.clock)
        wanted = asked(EnrolRequest)
        enrolled = rig.enrol(wanted.hub_url, wanted.code)
        return jsonify(lab=enrolled.lab)

    return routes


def require_no_recording(desk: Desk) -> None:
    """Raises GrimaceError(E_REC_BUSY): in a recording the picture stays as it is, also while its camera is being restarted."""
    snapshot = desk.snapshot()
    if snapshot.phase in RECORDING_PHASES or snapshot.recording is not None:
        raise GrimaceError(RECORDING_BUSY)
