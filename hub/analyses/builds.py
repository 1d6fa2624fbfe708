"""Which builds the hub can have analyses made by: those installed beside it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from hub.settings import HubSettings
from shared.builds import BUILD_MANIFEST_NAME, builds_in
from shared.bundled import bundled_builds_folder
from shared.faults import BUILD_UNKNOWN, GrimaceError


def choose_build(settings: HubSettings, name: str | None = None) -> str:
    """The build of that name, else the one the settings name, else the newest installed; raises E_BUILD_UNKNOWN."""
    installed = builds_in(settings.builds_folder or bundled_builds_folder())
    wanted = name or settings.default_build
    if not installed or (wanted and wanted not in installed):
        raise GrimaceError(BUILD_UNKNOWN, f"{wanted or 'none named'}; installed: {', '.join(sorted(installed)) or 'none'}")
    return wanted or max(installed, key=lambda found: (_created(installed[found]), found))


def _created(build: Path) -> str:
    """The build's date; one whose manifest cannot be read counts as the oldest, and is refused when it is opened."""
    try:
        return str(tomllib.loads((build / BUILD_MANIFEST_NAME).read_text(encoding="utf-8")).get("created", ""))
    except (OSError, tomllib.TOMLDecodeError):
        return ""
