"""What the checks look at, gathered once: the camera's state, two seconds of small pictures, the reference, the settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rig.control import CameraControl, CameraState
from rig.preflight.pictures import CAMERA_ANSWERS_WITHIN_S, TimedLuma, watch_pictures
from rig.preflight.reference import Reference, load_reference
from rig.settings import RigSettings
from shared.faults import GrimaceError


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
    pictures = watch_pictures(settings.data_folder) if camera is not None else ()
    return Subject(settings, planned_s, camera, pictures, load_reference(settings.data_folder))


def _camera_state(settings: RigSettings) -> CameraState | None:
    try:
        return CameraControl(settings.data_folder, CAMERA_ANSWERS_WITHIN_S).status()
    except GrimaceError:
        return None
