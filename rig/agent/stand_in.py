"""Settings for a rig whose own cannot be used, and that has no last good copy: enough to serve the screen that says so."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rig.settings import RigSettings
from rig.settings_file import SettingsFile
from shared.faults import GrimaceError

KEPT = ("rig_id", "screen")
"""What is taken over from the file as far as it is good there: the kiosk's browser looks for the screen at its own address."""


def stand_in_settings(file: SettingsFile, folder: Path) -> RigSettings:
    """Nothing is recorded with them; the agent keeps what it must in `folder`."""
    settings = RigSettings.model_validate({"rig_id": "not-known", "data_folder": folder, "face_check": {"enabled": False}})
    written = _written(file)
    for name in KEPT:
        try:
            settings = RigSettings.model_validate({**settings.model_dump(), name: written[name]})
        except (KeyError, ValidationError):
            continue
    return settings


def _written(file: SettingsFile) -> dict[str, Any]:
    try:
        return tomllib.loads(file.text())
    except (GrimaceError, tomllib.TOMLDecodeError):
        return {}
