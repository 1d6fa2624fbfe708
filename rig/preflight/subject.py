"""What the checks look at, gathered once: the camera's state, two seconds of small pictures, the reference, the settings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rig.camera.small_frames import small_frames
from rig.control import CameraControl, CameraState
from rig.luma import Luma, luma_of
from rig.preflight.reference import Reference, load_reference
from rig.settings import RigSettings
from shared.faults import GrimaceError

BURST_S = 2.0
"""At five small pictures a second, ten of them: enough for a median that a moving mouse and the sensor's noise do not get into."""

SILENT_AFTER_S = 1.0
ANSWER_WITHIN_S = 1.0


@dataclass(frozen=True)
class TimedLuma:
    """A small picture and the sensor's time of it."""

    sensor_us: int
    luma: Luma


@dataclass(frozen=True)
class Subject:
    """The rig as it stands before a recording. Nothing in it changes while the checks run."""

    settings: RigSettings
    planned_s: float
    camera: CameraState | None
    """None when the camera process does not answer."""
    pictures: tuple[TimedLuma, ...] = ()
    """All of one size."""
    reference: Reference | None = None
    """None until somebody takes one."""
    builds_folder: Path | None = None
    """None: the builds that are shipped."""
    machine_root: Path = Path("/")
    """Where the machine tells of itself; another folder in tests."""


def gather_subject(settings: RigSettings, planned_s: float) -> Subject:
    """Ask the running camera process for its state and watch its small pictures: takes about two seconds.

    Never raises for what is missing (no camera, no pictures, no reference): that is for the checks to say.
    """
    camera = _camera_state(settings)
    pictures = tuple(watch_pictures(settings.data_folder)) if camera is not None else ()
    return Subject(settings, planned_s, camera, pictures, load_reference(settings.data_folder))


def watch_pictures(data_folder: Path, for_s: float = BURST_S) -> Iterator[TimedLuma]:
    """The small pictures of so many seconds; those before a change of their size are left out."""
    until = time.monotonic() + for_s
    for frame in small_frames(data_folder, SILENT_AFTER_S):
        yield TimedLuma(frame.sensor_us, luma_of(frame))
        if time.monotonic() >= until:
            return


def _camera_state(settings: RigSettings) -> CameraState | None:
    try:
        return CameraControl(settings.data_folder, ANSWER_WITHIN_S).status()
    except GrimaceError:
        return None
