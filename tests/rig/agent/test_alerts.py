"""Which faults last at a moment, and since when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rig.agent.alerts import alerts_of
from rig.agent.facts import Facts, with_camera, with_time, with_trouble
from rig.agent.snapshot import Alert, SettingsTrouble
from rig.camera.states import Phase
from rig.control import PictureState
from rig.upload.commands import Trouble
from shared.faults import BROKER_UNREACHABLE, GrimaceError, Severity
from shared.manifest import FaultRecord
from tests.rig.agent.observations import (
    NOW,
    OTHER_SESSION,
    SETTINGS,
    after,
    camera,
    face,
    facts,
    finished,
    health,
    queue,
    recording,
)

WITH_HUB = SETTINGS.model_validate(
    {"rig_id": "rig-1", "data_folder": "data", "hub": {"url": "http://hub", "token_file": "t"}, "face_check": {"enabled": False}}
)
PICTURE = PictureState(
    exposure_us=8000, analogue_gain=2, digital_gain=1, frame_duration_us=33333, lux=0, focus=0, sensor_temperature_c=0
)


def alerts(known: Facts, seconds: float = 1, settings=WITH_HUB) -> tuple[Alert, ...]:
    return alerts_of(known, settings, NOW, after(seconds))


def codes(known: Facts, seconds: float = 1, settings=WITH_HUB) -> list[str]:
    return [alert.code for alert in alerts(known, seconds, settings)]


def seen(**changes: object) -> Facts:
    return with_camera(facts(), camera(**changes), after(1))


def test_a_healthy_rig_has_no_alert():
    assert codes(replace(seen(), health=health(), queue=queue())) == []


def test_a_camera_process_that_is_gone_is_told_with_what_happens_to_the_recording():
    (alert,) = alerts(with_time(seen(phase=Phase.RECORDING), after(5)), 5)
    assert alert.code == "E_RIG_DOWN"
    assert alert.detail == "the camera is being restarted; the recording goes on as its next part"


def test_a_disk_that_takes_nothing_is_told_as_such():
    known = seen(phase=Phase.RECORDING, recording=recording(last_write_age_s=4))
    assert codes(known) == ["E_DISK_STALLED"]


def test_a_camera_without_frames_is_told_as_such():
    assert codes(seen(last_frame_age_s=4)) == ["E_CAM_STALLED"]


def test_a_camera_process_that_ended_for_want_of_frames_is_told_as_such_while_it_is_restarted():
    known = seen(phase=Phase.RECORDING, recording=recording(last_write_age_s=3), last_frame_age_s=2.9)
    (alert,) = alerts(with_time(known, after(5)), 5)
    assert alert.code == "E_CAM_STALLED"
    assert alert.detail == "no frame came any more; the camera is being restarted; the recording goes on as its next part"


def test_a_picture_that_is_not_as_asked_is_a_fault():
    (alert,) = alerts(seen(picture=PICTURE.model_copy(update={"mismatch": "exposure is 8000 us, not 10000 us"})))
    assert (alert.code, alert.detail) == ("E_CAM_SETTINGS", "exposure is 8000 us, not 10000 us")


def test_faults_of_a_running_recording_are_alerts_and_those_of_a_finished_one_belong_to_its_verdict():
    fault = FaultRecord(code="E_DISK_FULL", at=NOW - timedelta(minutes=1))
    (alert,) = alerts(seen(phase=Phase.RECORDING, faults=(fault,)))
    assert (alert.code, alert.since) == ("E_DISK_FULL", fault.at)
    assert codes(seen(faults=(fault,), last_session=finished(faults=(fault,)))) == []
    assert codes(seen(faults=(fault,), last_session=finished(outcome="unsealed", faults=(fault,)))) == ["E_DISK_FULL"]


@pytest.mark.parametrize(("dropped", "expected"), [(9, []), (11, ["W_FRAMES_DROPPED"])])
def test_more_than_one_lost_frame_in_a_thousand_is_an_alert_while_it_can_still_be_mended(dropped, expected):
    lossy = recording(frames_written=10_000, frames_dropped=dropped)
    assert codes(seen(phase=Phase.RECORDING, recording=lossy)) == expected


def test_a_session_that_cannot_be_repaired_is_named():
    (alert,) = alerts(seen(unrepaired=(OTHER_SESSION,)))
    assert (alert.code, alert.detail) == ("E_UNREPAIRED", OTHER_SESSION)


def test_a_face_check_that_is_silent_is_told_once_it_cannot_be_chance():
    assert codes(seen(), 10, SETTINGS) == []
    heard_all_along = replace(seen(), heard_ns=after(17))
    assert codes(heard_all_along, 17, SETTINGS) == ["W_FACE_CHECK"]
    assert codes(with_camera(heard_all_along, camera(face=face()), after(17)), 17, SETTINGS) == []


@pytest.mark.parametrize(
    ("machine", "code"),
    [
        (health(clock_synchronised=False), "W_CLOCK"),
        (health(cpu_temperature_c=80), "W_HOT"),
        (health(throttled_now=("under-voltage",)), "W_HOT"),
        (health(record_minutes_left=29), "W_DISK_LOW"),
        (health(record_minutes_left=0.5), "E_DISK_FULL"),
    ],
)
def test_a_machine_that_may_spoil_a_recording_is_told(machine, code):
    assert codes(replace(seen(), health=machine)) == [code]


def test_what_the_machine_cannot_tell_is_no_alert():
    assert codes(replace(seen(), health=health(clock_synchronised=None, cpu_temperature_c=None))) == []


def test_a_hub_that_is_away_is_told_since_when():
    trouble = Trouble(code="W_HUB_UNREACHABLE", text="", detail="no route", remedy="")
    (alert,) = alerts(replace(seen(), queue=queue(hub_trouble=trouble, hub_trouble_since=NOW - timedelta(hours=2))))
    assert (alert.code, alert.since) == ("W_HUB_UNREACHABLE", NOW - timedelta(hours=2))


def test_an_uploader_that_is_gone_matters_only_to_a_rig_with_a_hub():
    gone = replace(seen(), queue=queue(uploader_runs=False))
    assert codes(gone) == ["W_UPLOADER"]
    assert codes(gone, settings=SETTINGS) == []


def test_what_a_part_of_the_agent_cannot_do_is_told():
    assert codes(with_trouble(seen(), "broker", GrimaceError(BROKER_UNREACHABLE, "refused"))) == ["W_BROKER"]


def test_errors_come_before_warnings():
    known = replace(seen(), health=health(clock_synchronised=False), settings_trouble=SettingsTrouble(detail="line 3"))
    assert [alert.severity for alert in alerts(known)] == [Severity.ERROR, Severity.WARNING]


def test_an_alert_keeps_its_beginning_while_it_lasts():
    before = Alert(code="W_CLOCK", severity=Severity.WARNING, since=NOW - timedelta(minutes=5))
    (alert,) = alerts(replace(seen(), health=health(clock_synchronised=False), alerts=(before,)))
    assert alert.since == before.since
