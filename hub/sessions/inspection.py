"""What a complete session folder holds: its manifest, its videos, and whether they fit together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from hub.scoring.probe import SHORTEST_S, VideoReport, check_ledger, inspect_video
from hub.sessions.views import warn
from shared.api import Warn
from shared.faults import FRAMES_DROPPED, MANIFEST_MISMATCH, SESSION_TORN, VIDEO_SHORT, GrimaceError
from shared.manifest import MANIFEST_NAME, FileRecord, SealState, SessionManifest


@dataclass(frozen=True)
class Findings:
    """A session that can be scored."""

    manifest: SessionManifest | None
    """None for a single video that came without one."""
    duration_s: float
    """Of all its videos together; the gaps between them do not count."""
    warnings: tuple[Warn, ...]


def inspect(folder: Path, session_uid: str, files: Sequence[FileRecord]) -> Findings:
    """Read through a session folder whose files have the hashes of `files`.

    Raises GrimaceError with E_MANIFEST, E_LEDGER, E_VIDEO_EMPTY, E_VIDEO_UNREADABLE or E_VIDEO_NO_FRAMES, and OSError.
    """
    if MANIFEST_NAME not in {file.name for file in files}:
        return _inspect_single_video(folder, files)
    manifest = _read_manifest(folder, session_uid, files)
    check_ledger(folder, manifest)
    reports = [inspect_video(folder / part.file) for part in manifest.parts]
    return Findings(manifest, _duration_s(reports), (*_warnings_of(manifest), *_video_warnings(reports)))


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
    if manifest.session_id != session_uid:
        raise GrimaceError(MANIFEST_MISMATCH, f"it belongs to session {manifest.session_id}")
    announced = {file for file in files if file.name != MANIFEST_NAME}
    differing = {file.name for file in announced.symmetric_difference(manifest.files)}
    if differing:
        raise GrimaceError(MANIFEST_MISMATCH, f"it lists other files than were announced: {', '.join(sorted(differing))}")
    return manifest


def _duration_s(reports: Sequence[VideoReport]) -> float:
    return sum(report.facts.duration_s for report in reports)


def _warnings_of(manifest: SessionManifest) -> list[Warn]:
    found = []
    if manifest.state is SealState.RECOVERED:
        found.append(warn(SESSION_TORN.code))
    if manifest.counts.dropped:
        longest = f"longest gap {manifest.counts.longest_gap_ms:.0f} ms"
        found.append(warn(FRAMES_DROPPED.code, f"{manifest.counts.dropped} of {manifest.counts.expected}, {longest}"))
    return found


def _video_warnings(reports: Sequence[VideoReport]) -> list[Warn]:
    """What the parts' videos have in common is said once; a short part matters only when the whole is short."""
    found = dict.fromkeys(entry for report in reports for entry in report.warnings)
    whole_is_short = _duration_s(reports) < SHORTEST_S
    return [entry for entry in found if entry.code != VIDEO_SHORT.code or whole_is_short]
