"""The settings file of a running rig: its last good copy, and changes that a person makes on the screen.

A mistake in the file must not end a recording: what runs goes on with the last copy that was good. The copy lies beside the file,
because it must be found when nothing that stands in the file can be trusted, the data folder included.
"""

from __future__ import annotations

import difflib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import tomlkit
import tomlkit.exceptions
from tomlkit.items import Table

from rig.settings import RigSettings, parse_settings, read_settings_text
from shared.durable import replacing
from shared.faults import SETTINGS_INVALID, GrimaceError

LAST_GOOD_SUFFIX = ".last-good"

Value = str | int | float | bool | Sequence[str] | Sequence[float] | None
"""What a setting can be changed to; None takes the key out, so that its default counts."""

_changing = threading.Lock()


@dataclass(frozen=True)
class UsableSettings:
    """Settings to work with; `mistake` says why those in the file cannot be used, and these are the last good copy then."""

    settings: RigSettings
    mistake: GrimaceError | None = None
    last_good_at: datetime | None = None


@dataclass(frozen=True)
class SettingsFile:
    """Where a process takes its settings from. `camera` is a backend that is used instead of the one in the file."""

    path: Path
    camera: str | None = None

    def load(self) -> RigSettings:
        """Raises GrimaceError(E_SETTINGS)."""
        return parse_settings(self.text(), self.path, self.camera)

    def load_usable(self) -> UsableSettings:
        """The settings, or else the last good copy; raises GrimaceError(E_SETTINGS) of the file itself when there is neither."""
        try:
            return UsableSettings(self.load())
        except GrimaceError as mistake:
            good = self._load_last_good()
            if good is None:
                raise
            return UsableSettings(good, mistake, self.last_good_at())

    def text(self) -> str:
        return read_settings_text(self.path, self.camera)

    @property
    def last_good(self) -> Path:
        return self.path.with_name(self.path.name + LAST_GOOD_SUFFIX)

    def last_good_at(self) -> datetime | None:
        """When the copy was kept; None without one."""
        try:
            return datetime.fromtimestamp(self.last_good.stat().st_mtime, UTC)
        except OSError:
            return None

    def keep_last_good(self) -> None:
        """Keep the file as it is now, durably, if it is good and differs from what is kept.

        Raises GrimaceError(E_SETTINGS) when it is not good, and OSError when its folder cannot be written to.
        """
        text = self.text()
        parse_settings(text, self.path, self.camera)
        if self.path.exists() and text != self._last_good_text():
            _write(self.last_good, text)

    def changes_since_last_good(self) -> tuple[str, ...]:
        """The lines that were taken out (`-`) and put in (`+`) since; empty without a copy."""
        before = self._last_good_text()
        try:
            now = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ()
        if before is None:
            return ()
        lines = difflib.unified_diff(before.splitlines(), now.splitlines(), n=0, lineterm="")
        return tuple(line for line in lines if not line.startswith(("---", "+++", "@@")))

    def arguments(self) -> list[str]:
        """The options that make another of our commands use the same settings."""
        return ["--config", str(self.path.absolute()), *(["--camera", self.camera] if self.camera is not None else [])]

    def _load_last_good(self) -> RigSettings | None:
        text = self._last_good_text()
        try:
            return None if text is None else parse_settings(text, self.path, self.camera)
        except GrimaceError:  # kept by another version of the software
            return None

    def _last_good_text(self) -> str | None:
        try:
            return self.last_good.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None


def change_settings(path: Path, changes: Mapping[str, Value], camera: str | None = None) -> RigSettings:
    """Change keys of the settings file at `path`, named like `camera.picture.exposure_us`; comments and order are kept.

    The file changes only when all of it is valid then, and durably. Returns the settings as they are now; the rig's processes
    notice by themselves. `camera` is as for `load_settings`: a rig that was started without a file gets one by its first change.
    Raises GrimaceError(E_SETTINGS) when a value is refused, or when the file cannot be read or written.
    """
    file = SettingsFile(path, camera)
    with _changing:
        try:
            document = tomlkit.parse(file.text())
        except tomlkit.exceptions.TOMLKitError as error:
            raise GrimaceError(SETTINGS_INVALID, f"{file.path}: {error}") from error
        for key, value in changes.items():
            _put(document, key.split("."), value)
        text = tomlkit.dumps(document)
        settings = parse_settings(text, file.path, file.camera)
        try:
            _write(file.path, text)
            file.keep_last_good()
        except OSError as error:
            raise GrimaceError(SETTINGS_INVALID, f"cannot be written: {error}") from error
    return settings


def _put(document: tomlkit.TOMLDocument, names: Sequence[str], value: Value) -> None:
    *sections, key = names
    place: tomlkit.TOMLDocument | Table = document
    for section in sections:
        if section not in place:
            place[section] = tomlkit.table()
        inner = place[section]
        if not isinstance(inner, Table):
            raise GrimaceError(SETTINGS_INVALID, f"{'.'.join(sections)} is not a section")
        place = inner
    if value is None:
        place.pop(key, None)
    else:
        place[key] = value


def _write(path: Path, text: str) -> None:
    with replacing(path) as file:
        file.write(text.encode())
