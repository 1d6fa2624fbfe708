"""Why a process cannot work here: its last word before it ends, left in the data folder for the agent to show."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from shared.documents import Document
from shared.faults import FAULTS, GrimaceError

NotingProcess = Literal["camera", "face-check"]


class FaultNote(Document):
    """A fault's code and what exactly was observed."""

    code: str
    detail: str


def leave_fault_note(data_folder: Path, process: NotingProcess, error: GrimaceError) -> None:
    """Durably; raises OSError."""
    data_folder.mkdir(parents=True, exist_ok=True)
    FaultNote(code=error.fault.code, detail=error.detail).write(_path(data_folder, process))


def remove_fault_note(data_folder: Path, process: NotingProcess) -> None:
    """It works; raises OSError."""
    _path(data_folder, process).unlink(missing_ok=True)


def read_fault_note(data_folder: Path, process: NotingProcess) -> GrimaceError | None:
    """What the process could not get over; None when it has left no note that can be read."""
    try:
        note = FaultNote.read(_path(data_folder, process))
    except (OSError, ValidationError):
        return None
    return GrimaceError(FAULTS[note.code], note.detail) if note.code in FAULTS else None


def _path(data_folder: Path, process: NotingProcess) -> Path:
    return data_folder / f"{process}-fault.json"
