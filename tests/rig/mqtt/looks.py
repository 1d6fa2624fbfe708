"""Rigs to look at: snapshots with what a test is about, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rig.agent.snapshot import Alert, RecordingPlan, RigSnapshot
from rig.outbox.states import State
from rig.upload.commands import QueuedSession, QueueReport
from shared.faults import Severity
from shared.manifest import StudyMetadata
from tests.rig.screen.desk_in_memory import DeskInMemory

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
PLAN = RecordingPlan(
    study=StudyMetadata(
        study="study-of-pain",
        animal="mouse-12",
        phase="baseline",
        operator="Ada Lovelace",
        sex="female",
        strain="burrowing",
        notes="limping",
    ),
    duration_s=600,
)


def alert(code: str, severity: Severity, detail: str = "") -> Alert:
    return Alert(code=code, severity=severity, since=NOON, detail=detail)


def queued(number: int, **values: object) -> QueuedSession:
    content = {
        "session_id": f"00000000-0000-4000-8000-{number:012}",
        "state": State.QUEUED,
        "recorded_at": NOON,
        "since": NOON - timedelta(hours=number),
        "size_bytes": 1000,
        "sent_bytes": 0,
        "attempts": 0,
        "next_try_at": None,
        "trouble": None,
    }
    return QueuedSession.model_validate({**content, **values})


def queue_of(*waiting: QueuedSession, **values: object) -> QueueReport:
    content = {
        "hub_url": "http://hub",
        "uploader_runs": True,
        "hub_trouble": None,
        "hub_trouble_since": None,
        "waiting": waiting,
        "stopped": (),
        "on_hub": 0,
        "deleted_here": 0,
    }
    return QueueReport.model_validate({**content, **values})


def rig_now(**values: object) -> RigSnapshot:
    desk = DeskInMemory.idle()
    desk.becomes(**values)
    return desk.snapshot().model_copy(update={"at": NOON})
