"""Enrolment: for a code of six digits the rig becomes a lab's, with a token of its own and settings that name the hub."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from rig.settings import RigSettings
from rig.settings_file import SettingsFile, change_settings
from shared.api import Enrolled, EnrolmentRequest
from shared.client import Hub
from shared.durable import replacing
from shared.faults import NOT_VALID, SETTINGS_INVALID, GrimaceError

OWNER_ONLY = 0o600


def enrol(settings_path: Path, hub_url: str, code: str, camera: str | None = None) -> Enrolled:
    """Redeem the code at the hub, keep the token beside the settings, and name both in `[hub]`; the uploader notices by itself.

    A rig that is enrolled at the same hub again gets a new token in the same file, and the hub takes the old one no more. Another
    hub's token goes into a file of its own, so that on a failure settings and token are still those that belong together.
    `camera` is as for `load_settings`. Raises GrimaceError: E_CODE or E_TRIES from the hub, W_HUB_UNREACHABLE, E_NOT_VALID for
    what is no code, E_SETTINGS when the settings cannot be used or written.
    """
    settings = SettingsFile(settings_path, camera).load()
    hub_url = hub_url.rstrip("/")
    token_file = _token_file(settings, settings_path, hub_url)
    if not os.access(token_file.parent, os.W_OK):  # before the code is used up
        raise GrimaceError(SETTINGS_INVALID, f"{token_file.parent} cannot be written to")
    is_new = not token_file.exists()
    enrolled = _redeem_into(token_file, settings, hub_url, _request(code, settings.rig_id))
    try:
        if not _is_at(settings, hub_url):
            change_settings(settings_path, {"hub.url": hub_url, "hub.token_file": token_file.name}, camera)
    except BaseException:
        if is_new:
            token_file.unlink()
        raise
    return enrolled


def _is_at(settings: RigSettings, hub_url: str) -> bool:
    """Whether the settings name this hub already."""
    return settings.hub is not None and settings.hub.url.rstrip("/") == hub_url


def _token_file(settings: RigSettings, settings_path: Path, hub_url: str) -> Path:
    if settings.hub is not None and _is_at(settings, hub_url):
        return settings.hub.token_file
    host = re.sub(r"[^A-Za-z0-9.-]+", "-", urlsplit(hub_url).netloc)
    return settings_path.absolute().parent / f"{host}.token"


def _request(code: str, rig_id: str) -> EnrolmentRequest:
    try:
        return EnrolmentRequest(code=re.sub(r"\s", "", code), rig_id=rig_id)
    except ValueError as error:
        raise GrimaceError(NOT_VALID, "a code has six digits") from error


def _redeem_into(token_file: Path, settings: RigSettings, hub_url: str, wanted: EnrolmentRequest) -> Enrolled:
    hub = Hub(hub_url, token=None)
    try:
        with replacing(token_file, mode=OWNER_ONLY) as file:
            enrolled = hub.redeem(wanted)
            file.write(enrolled.token.encode("ascii") + b"\n")
            _give_to_the_rigs_user(file.fileno(), settings.data_folder)
    except OSError as error:
        raise GrimaceError(SETTINGS_INVALID, f"{token_file.name} cannot be written: {error}") from error
    finally:
        hub.close()
    return enrolled


def _give_to_the_rigs_user(descriptor: int, data_folder: Path) -> None:
    """An administrator enrols as root; the uploader has to read the token."""
    if os.geteuid() == 0 and data_folder.exists():
        owner = data_folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
