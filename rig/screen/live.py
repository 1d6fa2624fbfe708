"""What changes by itself: the rig's state, as soon as it changes, and the preview's pictures."""

from __future__ import annotations

import threading
from dataclasses import asdict

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from rig.agent.desk import Desk
from rig.agent.snapshot import RigSnapshot
from rig.screen.installation import Installation
from rig.screen.preview import PreviewFeed, measure
from rig.screen.shown import show
from rig.screen.texts import Texts

NEWS_WITHIN_S = 2.0
"""The longest that a request waits for news: a page that hears nothing for longer knows that the rig does not answer."""
PICTURE_WITHIN_S = 1.0
WAITING_AT_ONCE = 4
"""Requests that may wait at a time; the others are answered at once, so that a tap always finds a thread."""


def live_routes(desk: Desk, rig: Installation, preview: PreviewFeed, texts: Texts) -> Blueprint:
    routes = Blueprint("live", __name__)
    waiting = threading.BoundedSemaphore(WAITING_AT_ONCE)

    def newest() -> RigSnapshot:
        """The rig after `after_seq`, as soon as there is news; without `after_seq`, now."""
        after_seq = request.args.get("after_seq", type=int)
        if after_seq is None or not waiting.acquire(blocking=False):
            return desk.snapshot()
        try:
            return desk.wait_for_change(after_seq, NEWS_WITHIN_S)
        finally:
            waiting.release()

    @routes.get("/state")
    def state() -> ResponseReturnValue:
        """The snapshot itself, for programs."""
        return Response(newest().model_dump_json(), mimetype="application/json")

    @routes.get("/shown")
    def shown() -> ResponseReturnValue:
        """The snapshot in words, for the pages."""
        words = show(newest(), rig.clock.now(), rig.started_with.camera.frame_rate, texts)
        return Response(words.model_dump_json(), mimetype="application/json")

    @routes.get("/healthz")
    def healthz() -> ResponseReturnValue:
        """Whether the screen can be shown: the kiosk waits for it."""
        snapshot = desk.snapshot()
        return jsonify(status="ok", phase=snapshot.phase.value, rig_id=snapshot.rig_id)

    @routes.get("/preview.jpg")
    def preview_picture() -> ResponseReturnValue:
        """The newest picture; `X-Sensor-Us` tells which, and `?after=` it waits for another one."""
        picture = preview.picture_after(request.args.get("after", default=-1, type=int), PICTURE_WITHIN_S)
        if picture is None:
            return "", 204
        return Response(picture.jpeg, mimetype="image/jpeg", headers={"X-Sensor-Us": str(picture.frame.sensor_us)})

    @routes.get("/preview/measures")
    def preview_measures() -> ResponseReturnValue:
        """Histogram, clipping and sharpness of the newest picture, for the settings' pages."""
        picture = preview.picture_after(request.args.get("after", default=-1, type=int), PICTURE_WITHIN_S)
        if picture is None:
            return "", 204
        return jsonify(sensor_us=picture.frame.sensor_us, **asdict(measure(picture.frame)))

    return routes
