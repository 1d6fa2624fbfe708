"""Is the camera there, is it the right one, does it film, and with the picture that was asked for?"""

from __future__ import annotations

from collections.abc import Mapping

from rig.camera.backend import MICROSECONDS
from rig.control import CameraState, PictureState
from rig.preflight.report import CheckName, CheckResult, failing, passing
from rig.preflight.subject import Subject
from rig.settings import CameraSettings
from shared.faults import CAMERA_SETTINGS, CAMERA_SOURCE, CAMERA_STALLED, RIG_NOT_RUNNING
from shared.manifest import CameraRecord

OLDEST_FRAME_S = 1.0
"""A camera that films delivers thirty frames in this time; a process that is busy for a moment is forgiven."""

RATE_TOLERANCE = 0.005
"""Sensors time frames in whole lines, which is 0.1 % at most; half a percent is nine frames in a minute."""

EXPECTED_MODEL: Mapping[str, str] = {"picamera": "imx477", "sim": "imx477"}
"""The sensor that a backend was made and tuned for. The others take what there is."""


def check(subject: Subject) -> CheckResult:
    return judge(subject.camera, subject.settings.camera, len(subject.pictures))


def judge(state: CameraState | None, asked: CameraSettings, pictures: int) -> CheckResult:
    """`pictures` counts the small pictures that came while the checks were prepared."""
    if state is None:
        return failing(CheckName.CAMERA, RIG_NOT_RUNNING, "The camera process does not answer.")
    if state.camera is None:
        return failing(CheckName.CAMERA, CAMERA_SOURCE, "The camera process has no camera.")
    if state.last_frame_age_s > OLDEST_FRAME_S:
        return failing(CheckName.CAMERA, CAMERA_STALLED, f"The last frame is {state.last_frame_age_s:.1f} s old.")
    if pictures == 0:
        return failing(CheckName.CAMERA, CAMERA_STALLED, "The camera delivers frames, but no small picture came of them.")
    if wrong := _wrong_camera(state.camera, asked) or _wrong_picture(state.picture, asked):
        return failing(CheckName.CAMERA, CAMERA_SETTINGS, wrong)
    return passing(CheckName.CAMERA, _films(state.camera, state.picture))


def _wrong_camera(found: CameraRecord, asked: CameraSettings) -> str:
    expected = EXPECTED_MODEL.get(found.backend, "")
    if expected not in found.model.lower():
        return f"The camera is {found.model}, not {expected}."
    if (found.width_px, found.height_px, found.frame_rate) != (asked.width_px, asked.height_px, asked.frame_rate):
        return (
            f"The camera films {found.width_px}x{found.height_px} at {found.frame_rate:g} frames/s"
            f" instead of {asked.width_px}x{asked.height_px} at {asked.frame_rate:g}."
        )
    return ""


def _wrong_picture(picture: PictureState | None, asked: CameraSettings) -> str:
    if picture is None:
        return ""
    if picture.mismatch:
        return f"The picture is not as asked: {picture.mismatch}."
    asked_us = MICROSECONDS / asked.frame_rate
    if abs(picture.frame_duration_us - asked_us) > RATE_TOLERANCE * asked_us:
        return f"A frame takes {picture.frame_duration_us} us instead of {asked_us:.0f} us."
    return ""


def _films(camera: CameraRecord, picture: PictureState | None) -> str:
    films = f"{camera.model} films {camera.width_px}x{camera.height_px} at {camera.frame_rate:g} frames/s"
    if picture is None or not camera.read_back:
        return f"{films}."
    return f"{films}, with {picture.exposure_us} us and a gain of {picture.analogue_gain:.2f} as asked."
