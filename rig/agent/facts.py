"""What the agent knows at a moment, and how each observation changes it. Pure: time comes in as a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rig.agent.snapshot import Advice, Alert, Health, RecordingPlan, SettingsTrouble, Verdict
from rig.agent.states import AgentPhase, Occurrence, next_phase
from rig.camera.states import Phase
from rig.control import CameraState
from rig.preflight.report import PreflightReport
from rig.upload.commands import QueueReport
from shared.clock import NANOSECONDS
from shared.faults import NOT_NOW, GrimaceError

SILENT_AFTER_S = 3.0
"""Twice a second the camera process tells its state, and twice a second frames reach the disk: three seconds are not chance."""

STARTS_WITHIN_S = 15.0
"""A camera process that was never heard of may still be starting: Python and the driver need this long on a cold card."""

AWAY_AFTER_S = 1.5
"""A camera process that was silent for longer may be another one, with other settings: a start takes at least so long."""

CHECKS_HOLD_S = 300.0
"""Somebody switches the light off, or touches the lens: what was checked longer ago is checked again before a recording."""

RECORDING_PHASES = frozenset({AgentPhase.OPENING, AgentPhase.RECORDING, AgentPhase.FINALISING})
PLANNING_PHASES = frozenset({AgentPhase.PREFLIGHT, AgentPhase.READY})

_SEEN_AS: Mapping[Phase, Occurrence] = {
    Phase.SALVAGING: Occurrence.SEEN_SALVAGING,
    Phase.IDLE: Occurrence.SEEN_IDLE,
    Phase.OPENING: Occurrence.SEEN_OPENING,
    Phase.RECORDING: Occurrence.SEEN_RECORDING,
    Phase.SEALING: Occurrence.SEEN_SEALING,
}


@dataclass(frozen=True)
class Facts:
    """See the module. `heard_ns` is when the camera process told its state, or when the agent started."""

    phase: AgentPhase
    heard_ns: int
    camera: CameraState | None = None
    heard_again_ns: int = 0
    """When the camera process was first heard after it was away."""
    face_since_ns: int = 0
    """When the newest check was first heard of."""
    advice: tuple[Advice, ...] = ()
    plan: RecordingPlan | None = None
    preflight: PreflightReport | None = None
    planned_times: int = 0
    """Tells the checks of one plan from those of an earlier one."""
    checked_ns: int = 0
    """When the checks were all done."""
    verdict: Verdict | None = None
    queue: QueueReport | None = None
    health: Health | None = None
    broker_connected: bool | None = None
    troubles: Mapping[str, GrimaceError] = field(default_factory=dict)
    """What a part of the agent cannot do at the moment, by the part's name."""
    alerts: tuple[Alert, ...] = ()
    settings_trouble: SettingsTrouble | None = None

    def silent_s(self, now_ns: int) -> float:
        """For how long the camera process has told nothing."""
        return max(0, now_ns - self.heard_ns) / NANOSECONDS

    @property
    def in_safe_mode(self) -> bool:
        return self.settings_trouble is not None and not self.settings_trouble.accepted


def seen(facts: Facts, now_ns: int) -> Occurrence | None:
    """What the camera process shows now; None while it has not been heard of yet.

    A recording is one only while its bytes reach the disk, an idle camera one only while it films.
    """
    silent_s = facts.silent_s(now_ns)
    if facts.camera is None:
        return Occurrence.CAMERA_LOST if silent_s > STARTS_WITHIN_S else None
    if silent_s > SILENT_AFTER_S:
        return Occurrence.CAMERA_LOST
    if facts.camera.phase is Phase.RECORDING:
        recording = facts.camera.recording
        if recording is None or recording.last_write_age_s + silent_s > SILENT_AFTER_S:
            return Occurrence.CAMERA_LOST
    if facts.camera.phase is Phase.IDLE and facts.camera.last_frame_age_s + silent_s > SILENT_AFTER_S:
        return Occurrence.CAMERA_LOST
    return _SEEN_AS[facts.camera.phase]


def with_camera(facts: Facts, camera: CameraState, now_ns: int) -> Facts:
    """The camera process told its state."""
    is_new = camera.face is not None and (facts.camera is None or facts.camera.face != camera.face)
    is_back = facts.camera is None or facts.silent_s(now_ns) > AWAY_AFTER_S
    heard = replace(
        facts,
        camera=camera,
        heard_ns=now_ns,
        heard_again_ns=now_ns if is_back else facts.heard_again_ns,
        face_since_ns=now_ns if is_new else facts.face_since_ns,
    )
    return with_time(heard, now_ns)


def with_time(facts: Facts, now_ns: int) -> Facts:
    """Time has passed, with or without news."""
    occurrence = seen(facts, now_ns)
    phase = next_phase(facts.phase, occurrence) if occurrence is not None else None
    changed = replace(facts, phase=phase or facts.phase)
    if changed.phase in RECORDING_PHASES:
        changed = replace(changed, plan=None, preflight=None)
    if changed.phase in {AgentPhase.OPENING, AgentPhase.RECORDING}:
        changed = replace(changed, verdict=None)
    return _into_safe_mode(changed)


def with_settings_trouble(facts: Facts, trouble: SettingsTrouble | None) -> Facts:
    """The settings file was looked at, or a person accepted its last good copy."""
    changed = replace(facts, settings_trouble=trouble)
    if facts.phase is AgentPhase.SAFE_MODE and not changed.in_safe_mode:
        return replace(changed, phase=required(facts.phase, Occurrence.SETTINGS_MENDED))
    return _into_safe_mode(changed)


def _into_safe_mode(facts: Facts) -> Facts:
    if not facts.in_safe_mode:
        return facts
    phase = next_phase(facts.phase, Occurrence.SETTINGS_BROKEN)
    return facts if phase is None else replace(facts, phase=phase, plan=None, preflight=None)


def with_plan(facts: Facts, plan: RecordingPlan) -> Facts:
    """A person planned a recording: its checks begin. Raises GrimaceError(E_NOT_NOW)."""
    return replace(
        facts,
        phase=required(facts.phase, Occurrence.PLANNED),
        plan=plan,
        preflight=PreflightReport(),
        planned_times=facts.planned_times + 1,
        verdict=None,
    )


def with_checks_reopened(facts: Facts) -> Facts:
    """The checks of the plan begin anew: the results of before make nothing ready any more. Raises GrimaceError(E_NOT_NOW)."""
    phase = facts.phase if facts.phase is AgentPhase.PREFLIGHT else required(facts.phase, Occurrence.CHECKS_REOPENED)
    before = (facts.preflight or PreflightReport()).model_copy(update={"done": False})
    return replace(facts, phase=phase, preflight=before, planned_times=facts.planned_times + 1)


def with_preflight(facts: Facts, report: PreflightReport, now_ns: int) -> Facts:
    """The checks went on."""
    if facts.phase is not AgentPhase.PREFLIGHT:
        return facts
    phase = required(facts.phase, Occurrence.CHECKS_PASSED) if report.passed else facts.phase
    return replace(facts, preflight=report, phase=phase, checked_ns=now_ns if report.done else facts.checked_ns)


def with_waiver(facts: Facts, report: PreflightReport) -> Facts:
    """A warning of the checks was accepted: they are as old as they were."""
    return with_preflight(facts, report, facts.checked_ns)


def have_checks_lapsed(facts: Facts, now_ns: int) -> bool:
    """Whether the rig is ready by checks that say nothing of it any more: too old, or of a camera process that was away since."""
    too_old = now_ns - facts.checked_ns > CHECKS_HOLD_S * NANOSECONDS
    return facts.phase is AgentPhase.READY and (too_old or facts.heard_again_ns > facts.checked_ns)


def without_plan(facts: Facts) -> Facts:
    """A person gave the plan up. Raises GrimaceError(E_NOT_NOW)."""
    return replace(facts, phase=required(facts.phase, Occurrence.CANCELLED), plan=None, preflight=None)


def with_trouble(facts: Facts, part: str, trouble: GrimaceError | None) -> Facts:
    """A part of the agent cannot work, or can again."""
    others = {name: known for name, known in facts.troubles.items() if name != part}
    return replace(facts, troubles=others if trouble is None else {**others, part: trouble})


def required(phase: AgentPhase, occurrence: Occurrence) -> AgentPhase:
    """The phase that follows; raises GrimaceError(E_NOT_NOW) when this cannot happen now."""
    following = next_phase(phase, occurrence)
    if following is None:
        raise GrimaceError(NOT_NOW, f"the rig is in the phase {phase.value}")
    return following
