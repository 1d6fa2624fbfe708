"""What a rig says of itself: numbers and states, never who or what is recorded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rig.agent.snapshot import Health, RigSnapshot, Verdict
from rig.agent.states import AgentPhase
from rig.control import FinishedSession
from rig.mqtt.discovery import Device, discovery_message
from rig.mqtt.happenings import Observer
from rig.mqtt.payloads import Stamp, alert_message, health_message, state_message, upload_message
from rig.outbox.states import State
from rig.upload.commands import Trouble
from shared.documents import BuildReference
from shared.face_check import Coverage, FaceObservation
from shared.faults import Severity
from shared.grimace import Fau
from tests.rig.mqtt.looks import NOON, PLAN, alert, queue_of, queued, rig_now
from tests.rig.screen.desk_in_memory import SESSION, recording_of

STAMP = Stamp(NOON, "boot-1", 7)
SECRETS = ("mouse-12", "Ada Lovelace", "study-of-pain", "c57bl", "female", "burrowing", "limping", "baseline", "/data/sessions")
FACE = FaceObservation(
    sensor_ns=1,
    build=BuildReference(name="synthetic", sha256="a" * 64),
    visible=(Fau.ORBITAL, Fau.NOSE, Fau.EARS),
    sharpness=120.0,
    light=96.5,
)


def recording_rig(**values: object) -> RigSnapshot:
    recording = recording_of(
        PLAN, frames_written=300, frames_dropped=3, longest_gap_ms=133.3, coverage=Coverage(scorable_s=8.0), elapsed_s=10.1
    )
    return rig_now(phase=AgentPhase.RECORDING, plan=PLAN, recording=recording, face=FACE, **values)


def test_a_recording_is_told_in_frames_bytes_and_scorable_seconds():
    message = state_message(STAMP, recording_rig())
    assert (message.phase, message.session_id, message.planned_s) == ("recording", SESSION, 600)
    assert (message.frames_written, message.frames_dropped, message.frames_expected) == (300, 3, 303)
    assert (message.bytes_written, message.longest_gap_ms, message.last_write_age_s) == (10_000_000, 133.3, 0.4)
    assert (message.fau_visible, message.scorable_s, message.elapsed_s) == (3, 8.0, 10.1)
    assert (message.ts, message.boot_id, message.seq) == (NOON, "boot-1", 7)


def test_an_idle_rig_claims_nothing_of_a_recording():
    message = state_message(STAMP, rig_now())
    assert message.phase == "idle"
    assert (message.session_id, message.planned_s, message.last_write_age_s, message.scorable_s) == (None,) * 4
    assert (message.frames_expected, message.bytes_written, message.fau_visible) == (0, 0, None)


def test_faults_are_told_by_code_and_in_words_the_gravest_first():
    rig = rig_now(alerts=(alert("W_HOT", Severity.WARNING), alert("E_DISK_FULL", Severity.ERROR)))
    message = state_message(STAMP, rig)
    assert message.faults == ("W_HOT", "E_DISK_FULL")
    assert message.fault_text == "The disk is full; The processor is hot or slowed down"


def test_an_alert_says_what_to_do_and_keeps_its_detail_to_itself():
    message = alert_message(STAMP, alert("E_DISK_FULL", Severity.ERROR, detail="/home/ada/mouse-12 is full"))
    assert (message.code, message.text, message.since) == ("E_DISK_FULL", "The disk is full", NOON)
    assert message.what_to_do.startswith("Free space")
    assert "mouse-12" not in message.model_dump_json()


def test_health_tells_the_machine_and_what_the_newest_face_check_saw():
    health = Health(cpu_temperature_c=61.5, throttled_since_boot=("under-voltage",), disk_free_bytes=5, record_minutes_left=0.5)
    message = health_message(STAMP, rig_now(health=health, face=FACE, camera_model="IMX477"), "c" * 64)
    assert (message.cpu_temp_c, message.disk_free_bytes, message.record_minutes_left) == (61.5, 5, 0.5)
    assert message.under_voltage_seen
    assert (message.light_level, message.sharpness, message.model_hash) == (96.5, 120.0, "a" * 64)
    assert (message.camera_model, message.config_hash) == ("IMX477", "c" * 64)


def test_health_leaves_open_what_this_machine_cannot_tell():
    message = health_message(STAMP, rig_now(), "")
    assert (message.cpu_temp_c, message.light_level, message.sharpness, message.disk_wear_pct) == (None,) * 4
    assert not message.under_voltage_seen


def test_the_upload_is_told_in_bits_a_second_and_the_oldest_sessions_age():
    sending = queued(1, state=State.UPLOADING, sent_bytes=400)
    later = queued(2, next_try_at=NOON + timedelta(minutes=1))
    queue = queue_of(
        sending,
        later,
        active_session=sending.session_id,
        rate_bytes_per_s=100.0,
        cap_bytes_per_s=250,
        eta_s=16.0,
        last_confirmed_at=NOON,
    )
    message = upload_message(STAMP, rig_now(), queue)
    assert (message.queued_sessions, message.queued_bytes) == (2, 1600)
    assert (message.active_session, message.offset_bytes, message.size_bytes) == (sending.session_id, 400, 1000)
    assert (message.rate_bps, message.cap_bps, message.eta_s) == (800, 2000, 16)
    assert (message.oldest_unconfirmed_s, message.last_confirmed_ts) == (7200, NOON)
    assert message.next_try_ts == NOON + timedelta(minutes=1)


@pytest.mark.parametrize(
    "where",
    [
        {"hub_trouble": Trouble(code="W_HUB_UNREACHABLE", text="", detail="", remedy="")},
        {"waiting": (queued(1, trouble=Trouble(code="W_HUB_UNREACHABLE", text="", detail="", remedy="")),)},
        {"stopped": (queued(1, trouble=Trouble(code="W_HUB_UNREACHABLE", text="", detail="", remedy="")),)},
    ],
)
def test_the_uploads_trouble_is_told_wherever_it_is(where: dict[str, object]):
    assert upload_message(STAMP, rig_now(), queue_of(**where)).last_error_code == "W_HUB_UNREACHABLE"


def test_nothing_that_is_sent_names_animal_person_study_or_place():
    verdict = Verdict(
        session=FinishedSession(session_id=SESSION, outcome="sealed", folder="/data/sessions/x"),
        study=PLAN.study,
        ended_at=NOON,
        sufficient=True,
    )
    rig = recording_rig(
        alerts=(alert("E_DISK_FULL", Severity.ERROR, detail="/data/sessions/mouse-12"),), queue=queue_of(queued(1))
    )
    observer = Observer()
    observer.observe(rig_now())
    said = [
        state_message(STAMP, rig).model_dump_json(),
        health_message(STAMP, rig, "").model_dump_json(),
        upload_message(STAMP, rig, queue_of(queued(1))).model_dump_json(),
        alert_message(STAMP, rig.alerts[0]).model_dump_json(),
        discovery_message(Device("rig-1", "0.1.0")).payload.decode(),
        *(str(happening) for happening in observer.observe(rig)),
        *(str(happening) for happening in observer.observe(rig.model_copy(update={"recording": None, "verdict": verdict}))),
    ]
    assert len(said) >= 8
    for text in said:
        assert not any(secret in text for secret in SECRETS), text
