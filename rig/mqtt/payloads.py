"""From the rig at a glance to what it says over MQTT. Nothing here tells who or what is recorded, only how it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rig.agent.snapshot import Alert, RigSnapshot
from rig.upload.commands import QueueReport
from shared.face_check import CHECKED_FAUS
from shared.faults import FAULTS, Severity
from shared.messages import AlertMessage, HealthMessage, StateMessage, UploadMessage

BITS = 8
UNDER_VOLTAGE = "under-voltage"
"""How `Health.throttled_since_boot` calls a supply that was too weak."""


@dataclass(frozen=True)
class Stamp:
    """What `Message` wants of every message."""

    ts: datetime
    boot_id: str
    seq: int


def state_message(stamp: Stamp, rig: RigSnapshot) -> StateMessage:
    recording = rig.recording
    written = recording.frames_written if recording else 0
    dropped = recording.frames_dropped if recording else 0
    return StateMessage(
        ts=stamp.ts,
        boot_id=stamp.boot_id,
        seq=stamp.seq,
        phase=rig.phase.value,
        session_id=recording.session_id if recording else None,
        planned_s=recording.planned_s if recording else None,
        elapsed_s=max(0.0, recording.elapsed_s) if recording else 0.0,
        frames_expected=written + dropped,
        frames_written=written,
        frames_dropped=dropped,
        longest_gap_ms=recording.longest_gap_ms if recording else 0.0,
        last_write_age_s=max(0.0, recording.last_write_age_s) if recording else None,
        bytes_written=recording.bytes_written if recording else 0,
        fau_visible=len(set(CHECKED_FAUS) & set(rig.face.visible)) if rig.face else None,
        scorable_s=recording.coverage.scorable_s if recording else None,
        clock_synced=rig.health.clock_synchronised,
        faults=tuple(alert.code for alert in rig.alerts),
        fault_text="; ".join(_text(alert) for alert in sorted(rig.alerts, key=_gravest_first)),
    )


def health_message(stamp: Stamp, rig: RigSnapshot, config_hash: str) -> HealthMessage:
    """`config_hash` is that of the settings the rig works with."""
    health, face = rig.health, rig.face
    return HealthMessage(
        ts=stamp.ts,
        boot_id=stamp.boot_id,
        seq=stamp.seq,
        cpu_temp_c=health.cpu_temperature_c,
        throttled_now=health.throttled_now,
        throttled_since_boot=health.throttled_since_boot,
        under_voltage_seen=any(UNDER_VOLTAGE in flag for flag in health.throttled_since_boot),
        load_1m=health.load_1m,
        mem_free_bytes=health.memory_free_bytes,
        disk_free_bytes=health.disk_free_bytes,
        record_minutes_left=health.record_minutes_left,
        camera_model=rig.camera_model,
        light_level=face.light if face else None,
        sharpness=face.sharpness if face else None,
        sw_version=rig.software_version,
        config_hash=config_hash,
        model_hash=face.build.sha256 if face else "",
        uptime_s=health.uptime_s,
    )


def upload_message(stamp: Stamp, rig: RigSnapshot, queue: QueueReport) -> UploadMessage:
    active = next((session for session in queue.waiting if session.session_id == queue.active_session), None)
    since = [session.since for session in (*queue.waiting, *queue.stopped)]
    tries = [session.next_try_at for session in queue.waiting if session.next_try_at is not None]
    return UploadMessage(
        ts=stamp.ts,
        boot_id=stamp.boot_id,
        seq=stamp.seq,
        queued_sessions=len(queue.waiting),
        queued_bytes=sum(session.size_bytes - session.sent_bytes for session in queue.waiting),
        active_session=active.session_id if active else None,
        offset_bytes=active.sent_bytes if active else 0,
        size_bytes=active.size_bytes if active else 0,
        rate_bps=BITS * (queue.rate_bytes_per_s or 0.0),
        cap_bps=None if queue.cap_bytes_per_s is None else BITS * queue.cap_bytes_per_s,
        eta_s=queue.eta_s,
        oldest_unconfirmed_s=max(0.0, (rig.at - min(since)).total_seconds()) if since else None,
        last_confirmed_ts=queue.last_confirmed_at,
        last_error_code=_trouble_of(queue),
        next_try_ts=min(tries) if tries else None,
    )


def alert_message(stamp: Stamp, alert: Alert) -> AlertMessage:
    """What is wrong, and what to do. The detail stays at the rig: it may name files and people."""
    return AlertMessage(
        ts=stamp.ts,
        boot_id=stamp.boot_id,
        seq=stamp.seq,
        code=alert.code,
        severity=alert.severity,
        since=alert.since,
        text=_text(alert),
        what_to_do=FAULTS[alert.code].remedy if alert.code in FAULTS else "",
    )


def _trouble_of(queue: QueueReport) -> str | None:
    """The hub's own trouble, else that of the first session that has one."""
    troubles = [queue.hub_trouble, *(session.trouble for session in (*queue.waiting, *queue.stopped))]
    return next((trouble.code for trouble in troubles if trouble is not None), None)


def _text(alert: Alert) -> str:
    return FAULTS[alert.code].text if alert.code in FAULTS else alert.code


def _gravest_first(alert: Alert) -> bool:
    return alert.severity is not Severity.ERROR
