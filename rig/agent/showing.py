"""Makes of what the agent knows what people see. Pure, and the only place where a snapshot is put together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rig.agent.facts import Facts
from rig.agent.snapshot import Health, RigSnapshot
from rig.agent.states import AgentPhase
from rig.camera.states import Phase
from rig.control import CameraState, RecordingState
from shared import __version__
from shared.clock import NANOSECONDS
from shared.face_check import FaceObservation


@dataclass(frozen=True)
class Identity:
    """What never changes while the agent runs."""

    rig_id: str
    boot_id: str
    software_version: str = __version__


def snapshot_of(facts: Facts, identity: Identity, now: datetime, now_ns: int, seq: int = 0) -> RigSnapshot:
    """The snapshot at this moment. What a silent camera process said last is left out, but for the recording that goes on."""
    lost = facts.phase in {AgentPhase.FAULT, AgentPhase.STARTING}
    camera = None if lost else facts.camera
    recording = _recording(facts, now_ns)
    face = camera.face if camera is not None else None
    return RigSnapshot(
        seq=seq,
        boot_id=identity.boot_id,
        at=now,
        rig_id=identity.rig_id,
        software_version=identity.software_version,
        phase=facts.phase,
        plan=facts.plan,
        preflight=facts.preflight,
        recording=recording,
        remaining_s=_remaining_s(recording, camera),
        picture=camera.picture if camera is not None else None,
        camera_model=_model(facts.camera),
        face=face,
        face_age_s=None if face is None else _face_age_s(face, facts.face_since_ns, now_ns),
        advice=facts.advice,
        verdict=facts.verdict,
        alerts=facts.alerts,
        health=facts.health or Health(),
        queue=facts.queue,
        broker_connected=facts.broker_connected,
        settings_trouble=facts.settings_trouble,
        active_session=recording.session_id if recording is not None else None,
    )


def _recording(facts: Facts, now_ns: int) -> RecordingState | None:
    """With the age that the last write has now: a camera process that is gone cannot tell it any more."""
    if facts.camera is None or facts.camera.recording is None:
        return None
    told = facts.camera.recording
    return told.model_copy(update={"last_write_age_s": told.last_write_age_s + facts.silent_s(now_ns)})


def _remaining_s(recording: RecordingState | None, camera: CameraState | None) -> float | None:
    if recording is None or camera is None or camera.phase is Phase.SEALING:
        return None
    left_s = recording.planned_s - recording.elapsed_s
    return left_s if left_s > 0 else None


def _model(camera: CameraState | None) -> str:
    return camera.camera.model if camera is not None and camera.camera is not None else ""


def _face_age_s(face: FaceObservation, since_ns: int, now_ns: int) -> float:
    """Of the frame that was looked at; by the arrival of the check where the sensor's clock runs ahead (a replay in a hurry)."""
    return max(0, now_ns - face.sensor_ns, now_ns - since_ns) / NANOSECONDS
