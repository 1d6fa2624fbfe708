"""`check-settings`: whether the settings can be used, before a rig is started with them. `reset-pin`: who may change them."""

from __future__ import annotations

from rig.commands.options import DEFAULT_CONFIG, Camera, Config, faults_explained
from rig.screen.pin import forget_pin
from rig.settings_file import SettingsFile


def check_settings(config: Config = DEFAULT_CONFIG, camera: Camera = None) -> None:
    """Look for mistakes in the settings; say OK, or each with its line and what was probably meant."""
    with faults_explained():
        SettingsFile(config, camera).load()
    print(f"OK: {config}")


def reset_pin(config: Config = DEFAULT_CONFIG, camera: Camera = None) -> None:
    """Forget the PIN of the touchscreen's settings: whoever opens them next chooses one."""
    with faults_explained():
        existed = forget_pin(SettingsFile(config, camera).load().data_folder)
    print("The PIN is forgotten." if existed else "There was no PIN.")
