"""The settings' pages, behind the PIN."""

from __future__ import annotations

import platform
from collections.abc import Callable
from functools import wraps
from pathlib import Path

from flask import Blueprint, abort, redirect, render_template, send_file
from flask.typing import ResponseReturnValue

from rig.agent.desk import Desk
from rig.preflight.reference import REFERENCE_FOLDER
from rig.screen.installation import Installation, addresses
from rig.screen.pin import Pin
from rig.screen.settings_lock import is_open
from rig.screen.texts import Texts
from rig.settings import PictureSettings

HALF_PERIOD_US = {50: 10_000, 60: 8_333}
"""The light of a lamp on the mains beats twice in a period: an exposure of whole beats gathers the same light in each frame."""
LONGEST_EXPOSURE_US = 33_000
GAINS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)


def settings_page_routes(desk: Desk, rig: Installation, pin: Pin, texts: Texts) -> Blueprint:
    routes = Blueprint("settings", __name__, url_prefix="/settings")

    def locked(page: Callable[[], ResponseReturnValue]) -> Callable[[], ResponseReturnValue]:
        """The page, or the way to the PIN."""

        @wraps(page)
        def opened() -> ResponseReturnValue:
            return page() if is_open(rig.clock) else redirect("/settings/pin")

        return opened

    @routes.get("/pin")
    def ask_pin() -> ResponseReturnValue:
        return render_template("settings/pin.html", choosing=not pin.is_chosen)

    @routes.get("/")
    @locked
    def menu() -> ResponseReturnValue:
        return render_template("settings/menu.html")

    @routes.get("/exposure")
    @locked
    def exposure() -> ResponseReturnValue:
        picture = rig.settings().camera.picture
        return render_template(
            "settings/exposure.html", picture=picture, exposures=exposures_us(picture), gains=offered_gains(picture)
        )

    @routes.get("/focus")
    @locked
    def focus() -> ResponseReturnValue:
        return render_template("settings/focus.html")

    @routes.get("/reference")
    @locked
    def reference() -> ResponseReturnValue:
        found = rig.reference()
        taken = texts("reference.taken", at=f"{found.taken_at.astimezone():%Y-%m-%d %H:%M}") if found else texts("reference.none")
        return render_template("settings/reference.html", reference=found, taken=taken)

    @routes.get("/reference.png")
    @locked
    def reference_picture() -> ResponseReturnValue:
        found = rig.reference()
        if found is None:
            abort(404)
        return send_file(Path(rig.data_folder / REFERENCE_FOLDER / found.picture).absolute(), mimetype="image/png", max_age=0)

    @routes.get("/network")
    @locked
    def network() -> ResponseReturnValue:
        snapshot = desk.snapshot()
        return render_template(
            "settings/network.html",
            addresses=addresses(),
            broker=snapshot.broker_connected,
        )

    @routes.get("/enrolment")
    @locked
    def enrolment() -> ResponseReturnValue:
        hub = rig.settings().hub
        return render_template("settings/enrolment.html", hub_url=hub.url if hub else "http://", rig_id=rig.started_with.rig_id)

    @routes.get("/about")
    @locked
    def about() -> ResponseReturnValue:
        snapshot = desk.snapshot()
        settings = rig.settings()
        return render_template(
            "settings/about.html",
            rows=(
                ("about.rig", snapshot.rig_id),
                ("about.software", snapshot.software_version),
                ("about.camera", snapshot.camera_model or texts("unit.none")),
                ("about.build", settings.face_check.build),
                ("about.system", f"{platform.machine()} · Python {platform.python_version()}"),
                ("about.settings", str(rig.settings_file.path)),
                ("about.data", str(rig.data_folder)),
            ),
        )

    return routes


def exposures_us(picture: PictureSettings) -> tuple[int, ...]:
    """The exposures that do not flicker under mains light, and the one that is set if it is another."""
    half_us = HALF_PERIOD_US[picture.mains_hz]
    steady = {half_us * count for count in range(1, LONGEST_EXPOSURE_US // half_us + 1)}
    return tuple(sorted(steady | {picture.exposure_us}))


def offered_gains(picture: PictureSettings) -> tuple[float, ...]:
    return tuple(sorted({*GAINS, picture.analogue_gain}))
