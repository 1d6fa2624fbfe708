"""The pages that everybody may open: the rig, a new recording, the uploads, and what a fault means."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from rig.agent.desk import Desk
from rig.screen.installation import Installation
from rig.screen.texts import Texts
from shared.faults import FAULTS


def page_routes(desk: Desk, rig: Installation, texts: Texts) -> Blueprint:
    routes = Blueprint("pages", __name__)

    @routes.get("/")
    def home() -> ResponseReturnValue:
        """The rig: which of its sections is shown follows from the state that the page asks for."""
        recording = rig.settings().recording
        return render_template("rig.html", markers=recording.markers, reasons=WAIVER_REASONS)

    @routes.get("/new")
    def new_recording() -> ResponseReturnValue:
        return render_template("new.html", choices=rig.choices())

    @routes.get("/uploads")
    def uploads() -> ResponseReturnValue:
        return render_template("uploads.html")

    @routes.get("/faults/<code>")
    def fault(code: str) -> ResponseReturnValue:
        if code not in FAULTS:
            abort(404)
        alerts = desk.snapshot().alerts
        detail = [alert.detail for alert in alerts if alert.code == code]
        return render_template(
            "fault.html",
            fault=texts.fault(code),
            detail=detail[0] if detail else "",
            raised=bool(detail),
            others=[texts.fault(alert.code) for alert in alerts if alert.code != code],
        )

    return routes


WAIVER_REASONS = ("expected", "checked", "hurry", "support")
"""Keys of the reasons offered for going on in spite of a warning; another one can be typed."""
