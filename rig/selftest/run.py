"""Records a self-test through the running camera process, reads it back, and puts it where no study finds it.

A self-test is a session like any other until it is judged: only so is it a test of sessions. Its study has a name that the outbox
never takes, so that it is not uploaded whenever the uploader looks; then it is moved out of the sessions.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from rich.console import Console

from rig.camera.states import Phase
from rig.control import CameraControl, CameraState
from rig.recording.open_session import SessionFolder
from rig.selftest.judgement import Evidence, judge
from rig.selftest.marking import SELF_TEST_STUDY, is_self_test
from rig.selftest.report import SelfTestReport
from rig.settings import RigSettings
from rig.waiting import record_and_wait
from shared.durable import sync_directory
from shared.faults import SESSION_EMPTY, GrimaceError
from shared.ledger import FrameRow, PacketRow, read_rows
from shared.manifest import FAU_NAME, FRAMES_NAME, MANIFEST_NAME, PACKETS_NAME, SessionManifest, StudyMetadata

SELF_TESTS_FOLDER = "selftests"

KEPT = 3
"""Self-tests: a minute is 60 MB, and a question about one is asked soon or never."""


def run_self_test(settings: RigSettings, seconds: float, console: Console | None) -> SelfTestReport:
    """Record for so long and judge it; progress is shown on `console`. Raises GrimaceError: E_RIG_DOWN without a camera process,
    E_REC_BUSY during a recording, E_SESSION_EMPTY when nothing was recorded, and what a start is refused for.
    """
    syncs = _SlowestSync()
    control = CameraControl(settings.data_folder)
    finished = record_and_wait(control, seconds, StudyMetadata(study=SELF_TEST_STUDY), console, syncs.observe)
    if finished.outcome not in {"sealed", "recovered"}:
        raise GrimaceError(SESSION_EMPTY, f"self-test {finished.session_id}: {finished.outcome}")
    findings = judge(_evidence(settings, finished.folder, seconds, syncs.longest_s))
    folder = put_self_tests_aside(settings) / finished.session_id
    return SelfTestReport(session_id=finished.session_id, folder=folder, findings=findings)


class _SlowestSync:
    """The longest that the disk was seen to take nothing while the recording ran."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    def observe(self, state: CameraState) -> None:
        if state.phase is Phase.RECORDING and state.recording is not None:
            self.longest_s = max(self.longest_s, state.recording.last_write_age_s)


def _evidence(settings: RigSettings, folder: Path, planned_s: float, longest_sync_s: float) -> Evidence:
    manifest = SessionManifest.read(folder / MANIFEST_NAME)
    checks = folder / FAU_NAME
    return Evidence(
        manifest=manifest,
        planned_s=planned_s,
        bitrate_bps=settings.camera.bitrate_bps,
        frames=list(read_rows(folder / FRAMES_NAME, FrameRow)),
        packets=list(read_rows(folder / PACKETS_NAME, PacketRow)),
        face_checks=_lines(checks) - 1 if checks.exists() else 0,
        face_rate_hz=settings.face_check.rate_hz if settings.face_check.enabled else 0.0,
        video_bytes=sum((folder / part.file).stat().st_size for part in manifest.parts),
        longest_sync_s=longest_sync_s,
    )


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def put_self_tests_aside(settings: RigSettings) -> Path:
    """Move every finished self-test out of the sessions, also one whose command was killed; the newest few are kept.

    Returns the folder that they are in.
    """
    aside = settings.data_folder / SELF_TESTS_FOLDER
    aside.mkdir(exist_ok=True)
    for path in list(settings.sessions_folder.iterdir()):
        if is_self_test(path) and not SessionFolder(path).open_document.exists():
            path.rename(aside / path.name)
    sync_directory(aside)
    sync_directory(settings.sessions_folder)
    oldest_first = sorted(aside.iterdir(), key=lambda folder: folder.stat().st_mtime_ns)
    for old in oldest_first[:-KEPT]:
        shutil.rmtree(old)
    return aside
