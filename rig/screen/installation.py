"""This rig's files and camera, as far as pages need them beyond the desk: settings, roster, small frames, reference picture."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from rig.camera.backend import SmallFrame
from rig.camera.small_frames import small_frames
from rig.preflight.reference import ReferenceNumbers, load_reference, take_reference
from rig.screen.choices import Choices, offer, read_chosen
from rig.settings import RigSettings
from rig.settings_file import SettingsFile, change_settings
from rig.upload.commands import retry_session
from rig.upload.enrolment import enrol
from rig.upload.news import read_roster
from shared.api import Enrolled, Roster
from shared.clock import Clock
from shared.faults import GrimaceError

CAMERA_SILENT_AFTER_S = 1.0


@dataclass(frozen=True)
class Installation:
    """The rig as it is installed. `started_with` are the settings that the agent works with."""

    started_with: RigSettings
    settings_file: SettingsFile
    clock: Clock

    @property
    def data_folder(self) -> Path:
        return self.started_with.data_folder

    def settings(self) -> RigSettings:
        """The settings as the file has them now; those of the start while it cannot be used."""
        try:
            return self.settings_file.load()
        except GrimaceError:
            return self.started_with

    def small_frames(self) -> Iterator[SmallFrame]:
        return small_frames(self.data_folder, CAMERA_SILENT_AFTER_S)

    def roster(self) -> Roster | None:
        return read_roster(self.data_folder)

    def choices(self) -> Choices:
        return offer(self.settings().recording, self.roster(), read_chosen(self.data_folder))

    def set_picture(self, exposure_us: int, analogue_gain: float) -> None:
        """Film so from now on: the agent notices, and has the camera restarted. Raises GrimaceError(E_SETTINGS)."""
        change_settings(
            self.settings_file.path,
            {"camera.picture.exposure_us": exposure_us, "camera.picture.analogue_gain": analogue_gain},
            self.settings_file.camera,
        )

    def retry_upload(self, session_id: str) -> None:
        retry_session(self.settings(), session_id, self.clock)

    def enrol(self, hub_url: str, code: str) -> Enrolled:
        return enrol(self.settings_file.path, hub_url, code, self.settings_file.camera)

    def reference(self) -> ReferenceNumbers | None:
        reference = load_reference(self.data_folder)
        return reference.numbers if reference else None

    def take_reference(self) -> ReferenceNumbers:
        return take_reference(self.settings(), "screen", self.clock)


def addresses() -> tuple[str, ...]:
    """This machine's addresses in the networks that it is in."""
    return tuple(
        f"{name}: {address.address}"
        for name, found in sorted(psutil.net_if_addrs().items())
        for address in found
        if address.family is socket.AF_INET and not address.address.startswith("127.")
    )
