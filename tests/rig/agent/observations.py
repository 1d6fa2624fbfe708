"""What an agent might observe: camera states, queues and machines, each with one thing changed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rig.agent.facts import Facts
from rig.agent.snapshot import Health, RecordingPlan
from rig.agent.states import AgentPhase
from rig.camera.states import Phase
from rig.control import CameraState, FinishedSession, RecordingState
from rig.settings import RigSettings
from rig.upload.commands import QueueReport
from shared.clock import NANOSECONDS
from shared.documents import BuildReference
from shared.face_check import FaceObservation
from shared.manifest import StudyMetadata

SESSION = "11111111-2222-3333-4444-555555555555"
OTHER_SESSION = "99999999-2222-3333-4444-555555555555"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
START_NS = 1000 * NANOSECONDS
STUDY = StudyMetadata(study="S1", animal="m7")
PLAN = RecordingPlan(study=STUDY, duration_s=60)
SETTINGS = RigSettings.model_validate({"rig_id": "rig-1", "data_folder": "data"})


def after(seconds: float) -> int:
    """The monotonic clock so long after the agent's start."""
    return START_NS + round(seconds * NANOSECONDS)


def recording(**changes: object) -> RecordingState:
    content = {
        "session_id": SESSION,
        "folder": Path("/data/sessions") / SESSION,
        "planned_s": 60.0,
        "elapsed_s": 20.0,
        "part": 1,
        "part_frames_captured": 605,
        "part_frames_written": 600,
        "part_bytes": 20_000_000,
        "last_write_age_s": 0.4,
        "study": STUDY,
    }
    return RecordingState.model_validate({**content, **changes})


def camera(phase: Phase = Phase.IDLE, **changes: object) -> CameraState:
    in_session = phase in {Phase.OPENING, Phase.RECORDING, Phase.SEALING}
    content = {"rig_id": "rig-1", "phase": phase, "last_frame_age_s": 0.03, "recording": recording() if in_session else None}
    return CameraState.model_validate({**content, **changes})


def finished(**changes: object) -> FinishedSession:
    content = {"session_id": SESSION, "outcome": "sealed", "folder": Path("/data/sessions") / SESSION}
    return FinishedSession.model_validate({**content, **changes})


def face(sensor_ns: int = START_NS) -> FaceObservation:
    return FaceObservation(sensor_ns=sensor_ns, build=BuildReference(name="b", sha256="0" * 64))


def health(**changes: object) -> Health:
    return Health.model_validate({"record_minutes_left": 600.0, "uptime_s": 100.0, **changes})


def queue(**changes: object) -> QueueReport:
    content = {
        "hub_url": "http://hub",
        "uploader_runs": True,
        "hub_trouble": None,
        "hub_trouble_since": None,
        "waiting": (),
        "stopped": (),
        "on_hub": 0,
        "deleted_here": 0,
    }
    return QueueReport.model_validate({**content, **changes})


def facts(phase: AgentPhase = AgentPhase.STARTING) -> Facts:
    return Facts(phase, START_NS, heard_again_ns=START_NS)
