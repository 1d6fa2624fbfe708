"""What the pages show, in words: a pure function of the rig's snapshot. The scripts only put it in its places.

Which stage of the screen is shown follows from the snapshot alone, so a page that was reloaded shows the same as before.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

from rig.agent.snapshot import Alert, RecordingPlan, RigSnapshot
from rig.agent.states import AgentPhase
from rig.preflight.report import CheckResult, PreflightReport
from rig.screen.quantities import span, timer
from rig.screen.shown_recording import ShownFace, ShownRecording, show_face, show_recording
from rig.screen.shown_uploads import ShownUploads, show_uploads
from rig.screen.shown_verdict import ShownVerdict, show_verdict
from rig.screen.texts import Texts
from shared.documents import Document
from shared.faults import Severity
from shared.manifest import CheckStatus, StudyMetadata

SILENT_DISK_S = 3.0
"""Bytes older than this are no recording, whatever anybody says."""

Tone = Literal["good", "warn", "bad", "quiet", "live"]

CHANGED_LINES = 4
"""Of the settings, that fit on the screen."""

TONE_OF_PHASE = {
    AgentPhase.SAFE_MODE: "warn",
    AgentPhase.FAULT: "bad",
    AgentPhase.RECORDING: "live",
    AgentPhase.READY: "good",
    AgentPhase.IDLE: "good",
}
TONE_OF_CHECK: dict[CheckStatus, Tone] = {
    CheckStatus.PASS: "good",
    CheckStatus.WARN: "warn",
    CheckStatus.FAIL: "bad",
    CheckStatus.NOT_CHECKED: "quiet",
}


class ShownAlert(Document):
    code: str
    href: str
    text: str
    detail: str
    since: str
    tone: Tone


class ShownCheck(Document):
    check: str
    name: str
    tone: Tone
    word: str
    seen: str
    remedy: str
    waivable: bool
    waived_because: str


class ShownPreflight(Document):
    title: str
    done: bool
    passed: bool
    progress: float
    open: tuple[ShownCheck, ...]
    """What a person has to look at, worst first."""
    settled: tuple[ShownCheck, ...]


class ShownPlan(Document):
    animal: str
    study: str
    phase: str
    operator: str
    subject_type: str
    duration: str
    goal: str


class ShownSafeMode(Document):
    mistakes: tuple[str, ...]
    changed: tuple[str, ...]
    """Lines taken out (`-`) and put in (`+`) since the settings were good."""
    last_good: str
    can_go_on: bool


class Shown(Document):
    """One look at the rig. `stage` names the section of the main page that is shown."""

    seq: int
    boot_id: str
    stage: str
    phase: str
    phase_word: str
    tone: str
    about: str
    clock: str
    rig_id: str
    space: str
    alerts: tuple[ShownAlert, ...]
    alert_count: str
    """Empty without alerts."""
    urgent: ShownAlert | None
    """What may cover the picture of a recording."""
    can_plan: bool
    face: ShownFace
    plan: ShownPlan | None = None
    preflight: ShownPreflight | None = None
    recording: ShownRecording | None = None
    verdict: ShownVerdict | None = None
    uploads: ShownUploads
    safe_mode: ShownSafeMode | None = None


def show(snapshot: RigSnapshot, now: datetime, frame_rate: float, texts: Texts) -> Shown:
    """The snapshot in words. `frame_rate` turns the last session's frames into seconds."""
    stage = stage_of(snapshot)
    phase = AgentPhase.FAULT if stage == "fault" else snapshot.phase
    study = snapshot.recording.study if snapshot.recording else snapshot.plan.study if snapshot.plan else None
    alerts = tuple(_alert(alert, now, texts) for alert in sorted(snapshot.alerts, key=_worst_first))
    recording = stage in {"recording", "opening", "finalising"} and snapshot.recording
    return Shown(
        seq=snapshot.seq,
        boot_id=snapshot.boot_id,
        stage=stage,
        phase=phase.value,
        phase_word=texts(f"phase.{phase.value}"),
        tone=TONE_OF_PHASE.get(phase, "quiet"),
        about=describe(study),
        clock=f"{now.astimezone():%H:%M}",
        rig_id=snapshot.rig_id,
        space=texts("idle.space", time=span(texts, snapshot.health.record_minutes_left * 60)),
        alerts=alerts,
        alert_count=f"{len(alerts)}" if alerts else "",
        urgent=next((alert for alert in alerts if alert.tone == "bad"), None),
        can_plan=snapshot.phase is AgentPhase.IDLE,
        face=show_face(snapshot, texts),
        plan=_plan(snapshot.plan, texts) if snapshot.plan else None,
        preflight=_preflight(snapshot.preflight, texts) if snapshot.preflight else None,
        recording=show_recording(snapshot, recording, texts) if recording else None,
        verdict=show_verdict(snapshot.verdict, snapshot.queue, frame_rate, texts) if snapshot.verdict else None,
        uploads=show_uploads(snapshot.queue, now, texts),
        safe_mode=_safe_mode(snapshot, now, texts),
    )


def stage_of(snapshot: RigSnapshot) -> str:
    """The main page's section. Never `recording` unless bytes reached the disk in the last three seconds."""
    if snapshot.phase is AgentPhase.RECORDING:
        recording = snapshot.recording
        return "recording" if recording is not None and recording.last_write_age_s <= SILENT_DISK_S else "fault"
    if snapshot.phase is AgentPhase.IDLE and snapshot.verdict is not None:
        return "verdict"
    return snapshot.phase.value


def describe(study: StudyMetadata | None) -> str:
    """Animal, study and phase in one line; never the group, which the rig does not know."""
    return " · ".join(filter(None, (study.animal, study.study, study.phase))) if study else ""


def _alert(alert: Alert, now: datetime, texts: Texts) -> ShownAlert:
    return ShownAlert(
        code=alert.code,
        href=f"/faults/{alert.code}",
        text=texts.fault(alert.code).text,
        detail=alert.detail,
        since=span(texts, (now - alert.since).total_seconds()),
        tone="bad" if alert.severity is Severity.ERROR else "warn",
    )


def _worst_first(alert: Alert) -> tuple[bool, datetime]:
    return alert.severity is not Severity.ERROR, alert.since


def _plan(plan: RecordingPlan, texts: Texts) -> ShownPlan:
    kind = "plan.ends_at_goal" if plan.end_at_goal else "plan.ends_at_time"
    return ShownPlan(
        animal=plan.study.animal,
        study=plan.study.study,
        phase=plan.study.phase,
        operator=plan.study.operator,
        subject_type=plan.study.subject_type,
        duration=timer(plan.duration_s),
        goal=texts(kind, goal=f"{plan.goal.scorable_s:.0f}"),
    )


def _preflight(report: PreflightReport, texts: Texts) -> ShownPreflight:
    shown = [_check(result, texts) for result in report.results]
    settled = [result.is_settled for result in report.results]
    left = sorted((check for check, done in zip(shown, settled, strict=True) if not done), key=lambda check: check.tone != "bad")
    if report.running is not None:
        title = texts("preflight.running", check=texts(f"check.{report.running.value}"))
    elif not report.done:
        title = texts("preflight.begins")
    elif left:
        title = texts("preflight.look", n=len(left))
    else:
        accepted = ", ".join(check.name for check in shown if check.waived_because)
        title = texts("preflight.accepted", checks=accepted) if accepted else texts("preflight.passed")
    return ShownPreflight(
        title=title,
        done=report.done,
        passed=report.passed,
        progress=len(shown) / max(1, len(shown) + (not report.done)),
        open=tuple(left),
        settled=tuple(check for check, done in zip(shown, settled, strict=True) if done),
    )


def _check(result: CheckResult, texts: Texts) -> ShownCheck:
    fault_remedy = texts.fault(result.fault_code).remedy if result.fault_code else ""
    return ShownCheck(
        check=result.check.value,
        name=texts(f"check.{result.check.value}"),
        tone=TONE_OF_CHECK[result.status],
        word=texts("status.waived") if result.waived_because else texts(f"status.{result.status.value}"),
        seen=result.seen,
        remedy=result.remedy or fault_remedy,
        waivable=result.status is CheckStatus.WARN,
        waived_because=result.waived_because,
    )


def _safe_mode(snapshot: RigSnapshot, now: datetime, texts: Texts) -> ShownSafeMode | None:
    trouble = snapshot.settings_trouble
    if trouble is None:
        return None
    last = trouble.last_good_at
    age = span(texts, (now - last).total_seconds()) if last else ""
    return ShownSafeMode(
        mistakes=tuple(re.split(r"; (?=line \d)", trouble.detail)),
        changed=trouble.changed[:CHANGED_LINES],
        last_good=texts("safe.last_good", age=age) if last else texts("safe.no_last_good"),
        can_go_on=last is not None and not trouble.accepted,
    )
