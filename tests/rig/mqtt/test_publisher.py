"""When the broker is told what: changes at once, counters on a schedule, everything to a new connection."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rig.agent.snapshot import RigSnapshot
from rig.agent.states import AgentPhase
from rig.mqtt.publisher import Publisher
from rig.settings import RigSettings
from shared.clock import ManualClock
from shared.faults import Severity
from shared.messages import Channel, topic
from tests.rig.mqtt.looks import PLAN, alert, queue_of, queued, rig_now
from tests.rig.screen.desk_in_memory import recording_of

DISK_FULL = "alert/E_DISK_FULL"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def publisher(clock: ManualClock, tmp_path: Path) -> Publisher:
    return Publisher(RigSettings(rig_id="rig-1", data_folder=tmp_path), "serial-7", clock)


def said(publisher: Publisher, rig: RigSnapshot | None = None) -> dict[str, str]:
    """What is due, by the end of its topic."""
    if rig is not None:
        publisher.observe(rig)
    tree = topic("rig-1", Channel.STATE).removesuffix("state")
    return {message.topic.removeprefix(tree): message.payload.decode() for message in publisher.due()}


def recording_rig(**values: object) -> RigSnapshot:
    return rig_now(phase=AgentPhase.RECORDING, recording=recording_of(PLAN, **values))


def test_before_the_first_look_nothing_is_said(publisher: Publisher):
    assert said(publisher) == {}


def test_a_new_connection_is_told_everything_and_last_that_the_rig_is_there(publisher: Publisher):
    rig = rig_now(alerts=(alert("E_DISK_FULL", Severity.ERROR),), queue=queue_of(queued(1)))
    first = said(publisher, rig)
    assert list(first) == ["homeassistant/device/rig-1/config", DISK_FULL, "state", "health", "upload", "availability"]
    assert said(publisher) == {}
    publisher.renew()
    assert list(said(publisher)) == list(first)


def test_a_new_connection_is_told_how_things_are_now_not_how_they_were(publisher: Publisher):
    said(publisher, rig_now())
    publisher.observe(rig_now(phase=AgentPhase.FAULT))
    publisher.renew()
    assert json.loads(said(publisher)["state"])["phase"] == "fault"


def test_a_change_is_said_at_once(publisher: Publisher):
    said(publisher, rig_now())
    assert list(said(publisher, rig_now(phase=AgentPhase.PREFLIGHT))) == ["state"]


def test_counters_of_a_recording_are_said_every_five_seconds(publisher: Publisher, clock: ManualClock):
    said(publisher, recording_rig(frames_written=30))
    clock.advance(4.9)
    assert said(publisher, recording_rig(frames_written=177)) == {}
    clock.advance(0.1)
    assert json.loads(said(publisher, recording_rig(frames_written=180))["state"])["frames_written"] == 180


def test_a_dropped_frame_does_not_wait_for_the_schedule(publisher: Publisher):
    said(publisher, recording_rig())
    assert list(said(publisher, recording_rig(frames_dropped=1))) == ["state"]


def test_an_idle_rig_says_only_how_its_health_is(publisher: Publisher, clock: ManualClock):
    said(publisher, rig_now(queue=queue_of()))
    for _ in range(29):
        clock.advance(1)
        assert said(publisher) == {}
    clock.advance(1)
    assert list(said(publisher)) == ["health"]


def test_an_upload_under_way_is_told_every_half_minute(publisher: Publisher, clock: ManualClock):
    session = queued(1)
    said(publisher, rig_now(queue=queue_of(session, active_session=session.session_id)))
    clock.advance(29)
    further = queue_of(queued(1, sent_bytes=500), active_session=session.session_id, rate_bytes_per_s=17.0)
    assert said(publisher, rig_now(queue=further)) == {}
    clock.advance(1)
    assert json.loads(said(publisher)["upload"])["offset_bytes"] == 500


def test_what_is_numbered_has_no_holes(publisher: Publisher, clock: ManualClock):
    publisher.observe(rig_now())
    publisher.observe(recording_rig())
    payloads = [*said(publisher).values()]
    clock.advance(30)
    payloads += said(publisher).values()
    payloads += [message.model_dump_json() for message in publisher.spool.waiting().values()]
    numbers = [json.loads(payload)["seq"] for payload in payloads if '"seq"' in payload]
    assert sorted(numbers) == list(range(5))


def test_an_alert_is_raised_once_and_cleared_with_an_empty_message(publisher: Publisher):
    wrong, well = rig_now(alerts=(alert("E_DISK_FULL", Severity.ERROR),)), rig_now()
    said(publisher, well)
    assert set(said(publisher, wrong)) == {DISK_FULL, "state"}
    assert said(publisher, wrong) == {}
    assert said(publisher, well)[DISK_FULL] == ""
    assert said(publisher, well) == {}
    assert DISK_FULL in said(publisher, wrong), "it can come back"


def test_an_alert_cleared_while_the_broker_was_away_is_cleared_there_afterwards(publisher: Publisher):
    said(publisher, rig_now(alerts=(alert("E_DISK_FULL", Severity.ERROR),)))
    publisher.observe(rig_now())
    publisher.renew()
    assert said(publisher)[DISK_FULL] == ""


def test_an_alert_found_at_the_broker_goes_unless_it_is_true_again(publisher: Publisher):
    publisher.found_alert("E_DISK_FULL")
    assert said(publisher, rig_now())[DISK_FULL] == ""
    publisher.found_alert("E_DISK_FULL")
    assert said(publisher, rig_now(alerts=(alert("E_DISK_FULL", Severity.ERROR),)))[DISK_FULL] != ""
