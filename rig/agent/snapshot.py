"""The rig at a glance: one document that the touchscreen, MQTT and the command line show. Everything in it was observed."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat

from rig.agent.states import AgentPhase
from rig.control import FinishedSession, PictureState, RecordingState
from rig.preflight.report import PreflightReport
from rig.upload.commands import QueueReport
from shared.documents import Document, SessionId, UtcTime
from shared.face_check import FaceObservation, SufficiencyGoal
from shared.faults import Severity
from shared.grimace import Fau
from shared.manifest import StudyMetadata


class RecordingPlan(Document):
    """What a person wants to record."""

    study: StudyMetadata
    duration_s: Annotated[float, Field(gt=0, le=24 * 3600)]
    goal: SufficiencyGoal = SufficiencyGoal()
    end_at_goal: bool = False


class AdviceKind(StrEnum):
    """Why the face cannot be scored at the moment; the text catalogue says it in plain words."""

    NO_FACE = "no-face"
    FACING_AWAY = "facing-away"
    TOO_DARK = "too-dark"
    TOO_BRIGHT = "too-bright"
    BLURRED = "blurred"
    FAU_HIDDEN = "fau-hidden"
    NO_CHECK = "no-check"  # the face check is silent


class Advice(Document):
    """Something that a technician can act on, and for how long it has been so."""

    kind: AdviceKind
    fau: Fau | None = None
    for_s: NonNegativeFloat = 0.0


class Alert(Document):
    """A fault that lasts."""

    code: str
    severity: Severity
    since: UtcTime
    detail: str = ""


class Verdict(Document):
    """What became of the last recording: shown until somebody has seen it."""

    session: FinishedSession
    study: StudyMetadata
    ended_at: UtcTime
    sufficient: bool | None
    """Whether the goal was reached; None when the face check saw nothing of the session."""
    scored_mean: float | None = None
    """Mean MGS, once the hub has it."""
    scored_frames: NonNegativeInt | None = None
    scored_placeholder: bool = False
    """The build's scores are placeholders."""


class Health(Document):
    """The machine; None where it cannot tell."""

    cpu_temperature_c: float | None = None
    throttled_now: tuple[str, ...] = ()
    throttled_since_boot: tuple[str, ...] = ()
    load_1m: NonNegativeFloat = 0.0
    memory_free_bytes: NonNegativeInt = 0
    disk_free_bytes: NonNegativeInt = 0
    record_minutes_left: NonNegativeFloat = 0.0
    uptime_s: NonNegativeFloat = 0.0
    clock_synchronised: bool | None = None


class SettingsTrouble(Document):
    """The settings file cannot be used; `last_good_at` is set when the rig works on with the last good copy."""

    detail: str
    last_good_at: UtcTime | None = None
    changed: tuple[str, ...] = ()
    """The lines taken out (`-`) and put in (`+`) since then."""
    accepted: bool = False
    """A person chose to go on with the last good copy."""


class RigSnapshot(Document):
    """See the module. `seq` grows with every change, so that a reader can wait for the next one."""

    seq: NonNegativeInt
    boot_id: str
    at: UtcTime
    rig_id: str
    software_version: str
    phase: AgentPhase
    plan: RecordingPlan | None = None
    preflight: PreflightReport | None = None
    recording: RecordingState | None = None
    remaining_s: PositiveFloat | None = None
    picture: PictureState | None = None
    camera_model: str = ""
    face: FaceObservation | None = None
    face_age_s: NonNegativeFloat | None = None
    advice: tuple[Advice, ...] = ()
    verdict: Verdict | None = None
    alerts: tuple[Alert, ...] = ()
    health: Health = Health()
    queue: QueueReport | None = None
    broker_connected: bool | None = None
    """None without a broker in the settings."""
    settings_trouble: SettingsTrouble | None = None
    active_session: SessionId | None = None
