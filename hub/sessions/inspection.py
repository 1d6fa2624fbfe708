"""What a complete session folder holds: its manifest, its videos, and whether they fit together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from hub.scoring.probe import check_ledger, inspect_video
from hub.scoring.recording import open_recording
from shared.api import Warn
from shared.faults import MANIFEST_MISMATCH, GrimaceError
from shared.manifest import MANIFEST_NAME, FileRecord, SessionManifest


@dataclass(frozen=True)
class Findings:
    """A session that can be scored."""

    manifest: SessionManifest | None
    """None for a single video that came without one."""
    duration_s: float
    """From its first frame to its last, gaps included."""
    warnings: tuple[Warn, ...]


def inspect(folder: Path, session_uid: str, files: Sequence[FileRecord]) -> Findings:
    """Read through a session folder whose files have the hashes of `files`.

    Raises GrimaceError with E_MANIFEST, E_LEDGER, E_VIDEO_EMPTY, E_VIDEO_UNREADABLE or E_VIDEO_NO_FRAMES, and OSError.
    """
    if MANIFEST_NAME not in {file.name for file in files}:
        return _inspect_single_video(folder, files)
    manifest = _read_manifest(folder, session_uid, files)
    try:
        check_ledger(folder, manifest)
        for part in manifest.parts:
            inspect_video(folder / part.file)
        recording = open_recording(folder)
    except ArithmeticError as error:  # a frame rate or time that no camera has: it would fail again for ever
        raise GrimaceError(MANIFEST_MISMATCH, f"its numbers cannot be: {error}") from error
    return Findings(manifest, recording.frames.duration_s, recording.warnings)


def _inspect_single_video(folder: Path, files: Sequence[FileRecord]) -> Findings:
    video = next(file.name for file in files if file.name.lower().endswith(".mp4"))
    report = inspect_video(folder / video)
    return Findings(None, report.facts.duration_s, report.warnings)


def _read_manifest(folder: Path, session_uid: str, files: Sequence[FileRecord]) -> SessionManifest:
    try:
        manifest = SessionManifest.read(folder / MANIFEST_NAME)
    except ValidationError as error:
        first = error.errors()[0]
        raise GrimaceError(MANIFEST_MISMATCH, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    if not _is_finite(manifest):
        raise GrimaceError(MANIFEST_MISMATCH, "a number in it is infinite or none at all")
    if manifest.session_id != session_uid:
        raise GrimaceError(MANIFEST_MISMATCH, f"it belongs to session {manifest.session_id}")
    announced = {file for file in files if file.name != MANIFEST_NAME}
    differing = {file.name for file in announced.symmetric_difference(manifest.files)}
    if differing:
        raise GrimaceError(MANIFEST_MISMATCH, f"it lists other files than were announced: {', '.join(sorted(differing))}")
    return manifest


def _is_finite(manifest: SessionManifest) -> bool:
    """JSON has no other numbers, and so no database has; Python's reader takes them."""
    try:
        json.dumps(manifest.model_dump(mode="json"), allow_nan=False)
    except ValueError:
        return False
    return True
