"""`check-settings`: whether the settings can be used, before a rig is started with them."""

from __future__ import annotations

from rig.commands.options import DEFAULT_CONFIG, Camera, Config, faults_explained
from rig.settings_file import SettingsFile


def check_settings(config: Config = DEFAULT_CONFIG, camera: Camera = None) -> None:
    """Look for mistakes in the settings; say OK, or each with its line and what was probably meant."""
    with faults_explained():
        SettingsFile(config, camera).load()
    print(f"OK: {config}")
