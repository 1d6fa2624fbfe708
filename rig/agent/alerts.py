"""The faults that last at this moment, each with the time since when. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rig.agent.facts import SILENT_AFTER_S, Facts
from rig.agent.snapshot import Alert
from rig.agent.states import AgentPhase
from rig.control import CameraState, RecordingState
from rig.settings import RigSettings
from rig.upload.commands import QueueReport, Trouble
from shared import faults
from shared.clock import NANOSECONDS
from shared.faults import FAULTS, Fault, Severity
from shared.ledger import REPORTED_LOSS

LEAST_MINUTES = 1.0
"""With room for less, no recording is begun."""

MISSED_AFTER_S = 1.5
"""The camera process tells twice a second: after this long it is its own silence that is told, not what it said last."""

NO_FRAME_AFTER_S = 1.0
"""A camera process that was lost after so long without a frame ended for want of frames, even if it could not say so any more."""

CHECKS_MISSED = 15
"""So many checks may fail to come, under load or while the detector is loaded, before the face check counts as down."""


@dataclass(frozen=True)
class Found:
    """A fault that lasts; `since` when somebody else knows the beginning."""

    fault: Fault
    detail: str = ""
    since: datetime | None = None


def alerts_of(facts: Facts, settings: RigSettings, now: datetime, now_ns: int) -> tuple[Alert, ...]:
    """Errors first; one alert a fault, which keeps its `since` while the fault lasts."""
    merged: dict[str, Found] = {}
    for found in _found(facts, settings, now_ns):
        known = merged.get(found.fault.code)
        merged[found.fault.code] = found if known is None else _joined(known, found)
    began = {alert.code: alert.since for alert in facts.alerts}
    alerts = [
        Alert(code=code, severity=found.fault.severity, since=began.get(code) or found.since or now, detail=found.detail)
        for code, found in merged.items()
    ]
    return tuple(sorted(alerts, key=lambda alert: alert.severity is not Severity.ERROR))


def _joined(known: Found, other: Found) -> Found:
    details = dict.fromkeys(filter(None, (known.detail, other.detail)))
    return Found(known.fault, "; ".join(details), known.since)


def _found(facts: Facts, settings: RigSettings, now_ns: int) -> Iterator[Found]:
    if facts.settings_trouble is not None:
        yield Found(faults.SETTINGS_INVALID, facts.settings_trouble.detail)
    yield from _of_camera(facts, now_ns)
    yield from _of_face_check(facts, settings, now_ns)
    yield from _of_machine(facts, settings)
    yield from _of_queue(facts.queue, settings)
    yield from (Found(trouble.fault, trouble.detail) for trouble in facts.troubles.values())


def _of_camera(facts: Facts, now_ns: int) -> Iterator[Found]:
    camera = facts.camera
    if facts.phase is AgentPhase.FAULT:
        yield _why_lost(camera, facts.silent_s(now_ns))
    if camera is None:
        return
    if camera.picture is not None and camera.picture.mismatch:
        yield Found(faults.CAMERA_SETTINGS, camera.picture.mismatch)
    if not _are_told_by_the_verdict(camera):
        yield from (Found(FAULTS[record.code], record.detail, record.at) for record in camera.faults)
    if camera.recording is not None and _loses_frames(camera.recording):
        yield Found(faults.FRAMES_DROPPED)
    if camera.unrepaired:
        yield Found(faults.SESSION_UNREPAIRED, ", ".join(camera.unrepaired))


def _why_lost(camera: CameraState | None, silent_s: float) -> Found:
    """Without numbers that would change every second: what people read must hold still."""
    goes_on = "; the recording goes on as its next part" if camera is not None and camera.recording is not None else ""
    if camera is not None and camera.last_frame_age_s > NO_FRAME_AFTER_S:
        return Found(faults.CAMERA_STALLED, f"no frame came any more; the camera is being restarted{goes_on}")
    if camera is None or silent_s > MISSED_AFTER_S:
        return Found(faults.RIG_NOT_RUNNING, f"the camera is being restarted{goes_on}")
    return Found(faults.DISK_STALLED, f"nothing has reached the disk for {SILENT_AFTER_S:g} s{goes_on}")


def _loses_frames(recording: RecordingState) -> bool:
    return recording.frames_dropped > REPORTED_LOSS * (recording.frames_written + recording.frames_dropped)


def _are_told_by_the_verdict(camera: CameraState) -> bool:
    """A finished session's faults are over: they belong to its verdict."""
    last = camera.last_session
    return camera.recording is None and last is not None and last.outcome != "unsealed" and camera.faults == last.faults


def _of_face_check(facts: Facts, settings: RigSettings, now_ns: int) -> Iterator[Found]:
    if not settings.face_check.enabled or facts.phase in {AgentPhase.FAULT, AgentPhase.STARTING} or facts.camera is None:
        return
    silent_s = (now_ns - max(facts.face_since_ns, facts.heard_again_ns)) / NANOSECONDS
    if silent_s > CHECKS_MISSED / settings.face_check.rate_hz:
        yield Found(faults.FACE_CHECK_DOWN)


def _of_machine(facts: Facts, settings: RigSettings) -> Iterator[Found]:
    health = facts.health
    if health is None:
        return
    if health.clock_synchronised is False:
        yield Found(faults.CLOCK_UNSYNCED)
    hot = health.cpu_temperature_c is not None and health.cpu_temperature_c > settings.preflight.hottest_c
    if hot or health.throttled_now:
        degrees = [f"over {settings.preflight.hottest_c:g} °C"] if hot else []
        yield Found(faults.PROCESSOR_HOT, ", ".join([*degrees, *health.throttled_now]))
    if health.record_minutes_left < LEAST_MINUTES:
        yield Found(faults.DISK_FULL)
    elif health.record_minutes_left < settings.recording.default_duration_min:
        yield Found(faults.SPACE_LOW, f"less than {settings.recording.default_duration_min:g} min of recording fit")


def _of_queue(queue: QueueReport | None, settings: RigSettings) -> Iterator[Found]:
    if queue is None or settings.hub is None:
        return
    if not queue.uploader_runs:
        yield Found(faults.UPLOADER_DOWN)
    if queue.hub_trouble is not None:
        yield Found(_fault(queue.hub_trouble), queue.hub_trouble.detail, queue.hub_trouble_since)
    for session in queue.stopped:
        if session.trouble is not None:
            yield Found(_fault(session.trouble), f"{session.session_id}: {session.trouble.detail}", session.since)


def _fault(trouble: Trouble) -> Fault:
    return FAULTS.get(trouble.code, faults.UPLOAD_FAILED)
