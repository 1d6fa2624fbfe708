"""What a rig looks like in the states that the screen has to show."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from rig.agent.snapshot import Advice, AdviceKind, Alert, Health, RecordingPlan, SettingsTrouble, Verdict
from rig.agent.states import AgentPhase
from rig.control import FinishedSession
from rig.outbox.states import State
from rig.preflight.report import CheckName, CheckResult, PreflightReport
from rig.upload.commands import QueuedSession, QueueReport, Trouble
from shared.clock import SystemClock
from shared.detections import Part
from shared.documents import BuildReference
from shared.face_check import Coverage, FaceObservation, SeenPart, SufficiencyGoal
from shared.faults import Severity
from shared.grimace import Fau
from shared.manifest import CheckStatus, FrameCounts, StudyMetadata
from tests.rig.screen.desk_in_memory import SESSION, recording_of

NOW = SystemClock().now()
STUDY = StudyMetadata(study="Laparotomy 2026", animal="A-17", phase="baseline", operator="Kim")
PLAN = RecordingPlan(study=STUDY, duration_s=1800.0)

BOXES = {
    Part.FACE: (0.36, 0.22, 0.64, 0.8),
    Part.ORBITAL: (0.41, 0.36, 0.47, 0.46),
    Part.NOSE: (0.47, 0.6, 0.53, 0.7),
    Part.EARS: (0.37, 0.2, 0.45, 0.34),
    Part.WHISKERS: (0.4, 0.6, 0.47, 0.72),
}


def face(*visible: Fau) -> FaceObservation:
    """A check that saw the face and these units."""
    wanted = {Part.FACE, *(Part(fau.value) for fau in visible)}
    return FaceObservation(
        sensor_ns=1,
        build=BuildReference(name="synthetic-2026.11", sha256="0" * 64),
        parts=tuple(
            SeenPart(part=part, left=box[0], top=box[1], right=box[2], bottom=box[3], confidence=0.9)
            for part, box in BOXES.items()
            if part in wanted
        ),
        visible=visible,
        sharpness=180.0,
        light=70.0,
    )


ALL_FOUR = (Fau.ORBITAL, Fau.NOSE, Fau.EARS, Fau.WHISKERS)
COVERAGE = Coverage(checks=500, checks_all_faus=355, scorable_s=213.0, scorable_s_in_time=61.0, last_check_s=500.0)
HUB_AWAY = Alert(code="W_HUB_UNREACHABLE", severity=Severity.WARNING, since=NOW - timedelta(hours=5), detail="no answer")
CAMERA_STALLED = Alert(code="E_CAM_STALLED", severity=Severity.ERROR, since=NOW, detail="no frame for 3 s")
HEALTH = Health(record_minutes_left=2600.0, disk_free_bytes=160 * 10**9, cpu_temperature_c=52.0)


def queue(**values: Any) -> QueueReport:
    settled: dict[str, Any] = {
        "hub_url": "http://hub.lab",
        "uploader_runs": True,
        "hub_trouble": None,
        "hub_trouble_since": None,
        "waiting": (),
        "stopped": (),
        "on_hub": 41,
        "deleted_here": 12,
    }
    return QueueReport.model_validate({**settled, **values})


def queued(state: State, hours: float, trouble: Trouble | None = None) -> QueuedSession:
    since = NOW - timedelta(hours=hours)
    return QueuedSession(
        session_id=SESSION,
        state=state,
        recorded_at=since,
        since=since,
        size_bytes=1_800_000_000,
        sent_bytes=700_000_000,
        attempts=2,
        next_try_at=None,
        trouble=trouble,
    )


CHANGED = Trouble(code="E_FILE_CHANGED", text="", detail="part-1.mp4", remedy="")
BUSY_QUEUE = queue(
    waiting=(queued(State.UPLOADING, 5), queued(State.QUEUED, 1)), stopped=(queued(State.QUARANTINED, 30, CHANGED),)
)

SOME_CHECKS = PreflightReport(
    results=(
        CheckResult(check=CheckName.CAMERA, status=CheckStatus.PASS, seen="IMX477 at 1920x1080, 30 frames/s, read back equal"),
        CheckResult(
            check=CheckName.LIGHT,
            status=CheckStatus.FAIL,
            seen="Mean brightness 12 of 255; 40 is the least.",
            remedy="Switch the chamber's lights on and check both.",
            fault_code="W_LIGHT",
        ),
        CheckResult(
            check=CheckName.FOCUS,
            status=CheckStatus.WARN,
            seen="Sharpness is 61 % of the reference picture's; 70 % is the least.",
            remedy="Clean the lens and the window, then use the focus aid in the settings.",
            fault_code="W_FOCUS",
        ),
        CheckResult(check=CheckName.DISK, status=CheckStatus.PASS, seen="118 GB free, room for 43 h"),
        CheckResult(check=CheckName.CLOCK, status=CheckStatus.PASS, seen="set by a time server"),
        CheckResult(check=CheckName.PROCESSOR, status=CheckStatus.PASS, seen="52 °C, not slowed down"),
        CheckResult(check=CheckName.FACE_BUILD, status=CheckStatus.PASS, seen="synthetic-2026.11, verified"),
        CheckResult(check=CheckName.BROKER, status=CheckStatus.NOT_CHECKED, seen="no broker is set"),
    ),
    done=True,
)


PASSED = PreflightReport(
    results=(
        CheckResult(check=CheckName.CAMERA, status=CheckStatus.PASS, seen="as asked"),
        CheckResult(check=CheckName.FOCUS, status=CheckStatus.WARN, seen="61 %", fault_code="W_FOCUS", waived_because="I looked"),
    ),
    done=True,
)


def verdict(sufficient: bool | None = True, **values: Any) -> Verdict:
    session = FinishedSession(
        session_id=SESSION,
        outcome="sealed",
        folder=Path("/data/sessions/x"),
        counts=FrameCounts(expected=18000, captured=18000, written=17997, dropped=3),
        coverage=None if sufficient is None else Coverage(checks=600, checks_all_faus=431, scorable_s=431.0),
        goal=SufficiencyGoal(),
    )
    return Verdict.model_validate({"session": session, "study": STUDY, "ended_at": NOW, "sufficient": sufficient, **values})


STATES: dict[str, dict[str, Any]] = {
    "safe-mode": {
        "phase": AgentPhase.SAFE_MODE,
        "settings_trouble": SettingsTrouble(
            detail="/etc/grimace/rig.toml: line 14: camera.exposure: unknown key; did you mean camera.picture.exposure_us?; "
            "line 31: screen.port: Input should be less than or equal to 65535",
            last_good_at=NOW - timedelta(hours=20),
            changed=("-port = 8080", "+port = 80800"),
        ),
    },
    "starting": {"phase": AgentPhase.STARTING},
    "idle": {"phase": AgentPhase.IDLE},
    "idle-troubled": {"phase": AgentPhase.IDLE, "alerts": (HUB_AWAY,), "queue": BUSY_QUEUE},
    "checking": {
        "phase": AgentPhase.PREFLIGHT,
        "plan": PLAN,
        "preflight": PreflightReport(results=SOME_CHECKS.results[:1], running=CheckName.LIGHT),
    },
    "preflight": {"phase": AgentPhase.PREFLIGHT, "plan": PLAN, "preflight": SOME_CHECKS},
    "ready": {"phase": AgentPhase.READY, "plan": PLAN, "preflight": PASSED, "face": face(*ALL_FOUR), "face_age_s": 0.4},
    "opening": {"phase": AgentPhase.OPENING, "plan": PLAN, "recording": recording_of(PLAN, elapsed_s=0.0)},
    "recording": {
        "phase": AgentPhase.RECORDING,
        "recording": recording_of(PLAN, elapsed_s=512.0, bytes_written=512_000_000, coverage=COVERAGE, markers=2),
        "remaining_s": 1288.0,
        "face": face(*ALL_FOUR),
        "face_age_s": 0.4,
    },
    "recording-advice": {
        "phase": AgentPhase.RECORDING,
        "recording": recording_of(PLAN, elapsed_s=512.0, bytes_written=512_000_000, coverage=COVERAGE, frames_dropped=3),
        "remaining_s": 1288.0,
        "face": face(Fau.ORBITAL, Fau.NOSE, Fau.WHISKERS),
        "face_age_s": 0.4,
        "advice": (Advice(kind=AdviceKind.FAU_HIDDEN, fau=Fau.EARS, for_s=42.0),),
    },
    "finalising": {"phase": AgentPhase.FINALISING, "recording": recording_of(PLAN, elapsed_s=1800.0)},
    "verdict": {"phase": AgentPhase.IDLE, "verdict": verdict()},
    "verdict-too-little": {
        "phase": AgentPhase.IDLE,
        "verdict": verdict(False, scored_mean=3.4, scored_frames=40, scored_placeholder=True),
    },
    "fault": {"phase": AgentPhase.FAULT, "alerts": (CAMERA_STALLED,)},
}
"""Every stage of the main page, by the name of a picture of it."""
