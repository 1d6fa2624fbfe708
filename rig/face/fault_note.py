"""Why the face check cannot work here: the last word of a process that ended for good, for the agent that started it."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import ValidationError

from shared.documents import Document
from shared.faults import GrimaceError

FAULT_NOTE_NAME = "face-check-fault.json"


class FaultNote(Document):
    """A fault's code and what exactly was observed."""

    code: str
    detail: str

    @classmethod
    def of(cls, error: GrimaceError) -> Self:
        return cls(code=error.fault.code, detail=error.detail)


def leave_fault_note(data_folder: Path, note: FaultNote) -> None:
    data_folder.mkdir(parents=True, exist_ok=True)
    note.write(data_folder / FAULT_NOTE_NAME)


def remove_fault_note(data_folder: Path) -> None:
    (data_folder / FAULT_NOTE_NAME).unlink(missing_ok=True)


def read_fault_note(data_folder: Path) -> FaultNote | None:
    """None when the face check has left none that can be read."""
    try:
        return FaultNote.read(data_folder / FAULT_NOTE_NAME)
    except (OSError, ValidationError):
        return None
