"""The ids of the last commands, kept on the disk: a command that comes again after a restart is known."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from shared.documents import Document
from shared.messages import CommandId

log = logging.getLogger(__name__)

FILE_NAME = "mqtt-commands.json"
KEPT = 256
"""Older ones have expired long since."""


class _File(Document):
    schema_version: Literal[1] = 1
    ids: Annotated[tuple[CommandId, ...], Field(max_length=KEPT)] = ()


class TakenIds:
    """The last 256 ids in a rig's data folder; used by one thread."""

    def __init__(self, data_folder: Path) -> None:
        self._path = data_folder / FILE_NAME
        self._ids = self._read()

    def __contains__(self, command_id: object) -> bool:
        return command_id in self._ids

    def add(self, command_id: str) -> None:
        """Returns when the id is on the disk; raises OSError, and the id is not known then."""
        ids = (*self._ids, command_id)[-KEPT:]
        _File(ids=ids).write(self._path)
        self._ids = ids

    def _read(self) -> tuple[str, ...]:
        try:
            return _File.read(self._path).ids
        except FileNotFoundError:
            return ()
        except (OSError, ValidationError):
            log.exception("%s cannot be read: commands of before are known by their expiry only", self._path)
            return ()
