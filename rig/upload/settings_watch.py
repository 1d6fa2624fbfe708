"""Notices that the settings or the token were changed: somebody enrolled the rig, or set another cap."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from rig.settings import RigSettings
from rig.settings_file import SettingsFile
from shared.faults import GrimaceError
from shared.hashing import sha256_of_bytes

log = logging.getLogger(__name__)

LOOK_AT_SETTINGS_EVERY_S = 2.0


class SettingsWatch:
    """Calls `changed` when settings or token have another content than at the beginning.

    Settings that cannot be used are no reason to stop uploading: the former ones stay in force until somebody has mended them.
    """

    def __init__(self, settings: RigSettings, file: SettingsFile, changed: Callable[[], None]) -> None:
        self._file = file
        self._files = (file.path, *((settings.hub.token_file,) if settings.hub else ()))
        self._changed = changed
        self._seen = self._contents()

    def look(self) -> None:
        """Compare once; raises OSError when a file cannot be read, other than one that is not there."""
        contents = self._contents()
        if contents == self._seen:
            return
        self._seen = contents
        try:
            self._file.load()
        except GrimaceError as error:
            log.warning("the settings changed and cannot be used; the former ones stay in force: %s", error)
            return
        log.info("the settings changed: starting again")
        self._changed()

    def _contents(self) -> tuple[str | None, ...]:
        return tuple(map(_hash, self._files))


def _hash(path: Path) -> str | None:
    try:
        return sha256_of_bytes(path.read_bytes())
    except FileNotFoundError:
        return None
