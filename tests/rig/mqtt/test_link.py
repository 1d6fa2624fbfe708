"""A lab watches its rig over a real broker, with the files that we ship for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rig.agent.snapshot import Alert, RecordingPlan
from rig.agent.states import AgentPhase
from rig.mqtt.link import MqttLink
from rig.settings import RigSettings
from shared.clock import SystemClock
from shared.faults import Severity
from shared.manifest import StudyMetadata
from shared.messages import Channel
from tests.processes import until
from tests.rig.mqtt.broker import Broker, Listener
from tests.rig.mqtt.linked_rig import RIG, LinkedRig, rig_topic, start_process
from tests.rig.screen.desk_in_memory import DeskInMemory, recording_of

pytestmark = pytest.mark.services

AVAILABILITY = rig_topic(Channel.AVAILABILITY)
STATE = rig_topic(Channel.STATE)
HEALTH = rig_topic(Channel.HEALTH)
DISK_FULL = rig_topic(Channel.ALERT, "E_DISK_FULL")
DISCOVERY = f"homeassistant/device/{RIG}/config"
RETAINED = {AVAILABILITY, STATE, HEALTH, DISCOVERY}
PLAN = RecordingPlan(study=StudyMetadata(animal="mouse-12", operator="Ada"), duration_s=600)

NewRig = Callable[..., LinkedRig]


def alert(code: str) -> Alert:
    return Alert(code=code, severity=Severity.ERROR, since=SystemClock().now(), detail="/data is full")


def phase_heard(watcher: Listener) -> str | None:
    state = watcher.last(STATE)
    return json.loads(state)["phase"] if state else None


def retained_now(broker: Broker, account: str = "watch") -> dict[str, str]:
    """What a newcomer is told at once."""
    newcomer = broker.listen(account)
    broker.publish("homeassistant", "homeassistant/status", "the end of what was retained")
    until(lambda: newcomer.on("homeassistant/status"))
    return {heard.topic: heard.payload for heard in newcomer.heard if heard.retained}


def test_a_rig_appears_to_whoever_watches_and_to_whoever_comes_later(broker: Broker, new_rig: NewRig):
    watcher = broker.listen("watch")
    rig = new_rig()
    rig.desk.becomes(alerts=(alert("E_DISK_FULL"),))
    rig.link.start()
    until(lambda: {*RETAINED, DISK_FULL} <= watcher.topics)
    assert rig.link.connected is True
    assert rig.link.trouble is None
    told = retained_now(broker)
    assert set(told) == {*RETAINED, DISK_FULL}
    assert told[AVAILABILITY] == "online"
    assert json.loads(told[STATE])["phase"] == "idle"
    assert json.loads(told[DISK_FULL])["what_to_do"].startswith("Free space")
    assert json.loads(told[DISCOVERY])["dev"]["ids"] == ["grimace_rig-1"]


def test_what_happens_is_told_at_once_and_kept_by_nobody(broker: Broker, new_rig: NewRig):
    watcher = broker.listen("watch")
    rig = new_rig()
    rig.link.start()
    until(lambda: rig.link.connected)
    recording = recording_of(PLAN)
    rig.desk.becomes(phase=AgentPhase.RECORDING, plan=PLAN, recording=recording)
    until(lambda: phase_heard(watcher) == "recording")
    rig.desk.becomes(recording=recording.model_copy(update={"markers": 1}))
    events = until(lambda: len(heard := watcher.on(rig_topic(Channel.EVENT))) == 2 and heard)
    assert [json.loads(event)["kind"] for event in events] == ["session_started", "marker"]
    assert rig_topic(Channel.EVENT) not in retained_now(broker)
    assert not any("mouse-12" in heard.payload or "Ada" in heard.payload for heard in watcher.heard)


def test_an_alert_disappears_with_what_was_wrong(broker: Broker, new_rig: NewRig):
    watcher = broker.listen("watch")
    rig = new_rig()
    rig.desk.becomes(alerts=(alert("E_DISK_FULL"),))
    rig.link.start()
    until(lambda: watcher.on(DISK_FULL))
    rig.desk.becomes(alerts=())
    until(lambda: watcher.last(DISK_FULL) == "")
    assert DISK_FULL not in retained_now(broker)


def test_an_alert_of_a_former_life_is_taken_back(broker: Broker, new_rig: NewRig):
    watcher = broker.listen("watch")
    broker.publish(RIG, DISK_FULL, "the process that said so was killed", "--retain")
    new_rig().link.start()
    until(lambda: watcher.last(DISK_FULL) == "")
    assert DISK_FULL not in retained_now(broker)


def test_a_killed_rig_is_offline(broker: Broker, tmp_path: Path):
    watcher = broker.listen("watch")
    process = start_process(tmp_path / "rig", broker)
    until(lambda: watcher.last(AVAILABILITY) == "online")
    process.kill()
    process.wait()
    until(lambda: watcher.last(AVAILABILITY) == "offline", within_s=5)
    assert retained_now(broker)[AVAILABILITY] == "offline"


def test_a_rig_that_is_ended_says_offline_itself(broker: Broker, new_rig: NewRig):
    watcher = broker.listen("watch")
    rig = new_rig()
    rig.link.start()
    until(lambda: watcher.last(AVAILABILITY) == "online")
    rig.link.close()
    assert rig.link.connected is False
    until(lambda: watcher.last(AVAILABILITY) == "offline", within_s=5)
    assert "Client grimace-rig-1 disconnected." in broker.log, "and not by its last will"


def test_home_assistant_is_told_again_when_it_has_restarted(broker: Broker, new_rig: NewRig):
    watcher = broker.listen("watch")
    new_rig().link.start()
    until(lambda: watcher.on(DISCOVERY) and watcher.on(AVAILABILITY))
    broker.publish("homeassistant", "homeassistant/status", "online")
    until(lambda: len(watcher.on(DISCOVERY)) == 2 and len(watcher.on(STATE)) == 2 and len(watcher.on(AVAILABILITY)) == 2)


def test_a_broker_that_lost_everything_is_told_everything(broker: Broker, new_rig: NewRig):
    rig = new_rig()
    rig.desk.becomes(alerts=(alert("E_DISK_FULL"),))
    rig.link.start()
    until(lambda: rig.link.connected)
    broker.stop()
    until(lambda: rig.link.trouble)
    assert rig.link.connected is False
    rig.desk.becomes(phase=AgentPhase.PREFLIGHT)
    broker.lose_everything()
    broker.start()
    watcher = broker.listen("watch")
    until(lambda: {*RETAINED, DISK_FULL} <= watcher.topics)
    assert phase_heard(watcher) == "preflight"
    assert rig.link.trouble is None


def test_what_happened_while_the_broker_was_away_is_told_afterwards(stopped_broker: Broker, new_rig: NewRig):
    rig = new_rig()
    rig.link.start()
    assert "refused" in until(lambda: rig.link.trouble).detail
    rig.desk.becomes(recording=recording_of(PLAN))
    stopped_broker.start()
    watcher = stopped_broker.listen("watch")
    (event,) = until(lambda: watcher.on(rig_topic(Channel.EVENT)))
    assert json.loads(event)["kind"] == "session_started"
    assert until(lambda: rig.link.connected)


def test_a_refused_password_is_trouble_until_the_file_is_mended(broker: Broker, new_rig: NewRig, tmp_path: Path):
    wrong = tmp_path / "mqtt.password"
    wrong.write_text("guess")
    rig = new_rig(password_file=wrong)
    rig.link.start()
    trouble = until(lambda: rig.link.trouble)
    assert trouble.fault.code == "W_BROKER"
    assert "it refused the login of rig-1: Not authorized" in trouble.detail
    assert rig.link.connected is False
    wrong.write_text("secret of rig-1")
    until(lambda: rig.link.connected)
    assert rig.link.trouble is None


def test_a_broker_with_another_authoritys_certificate_is_not_spoken_to(broker: Broker, new_rig: NewRig, tmp_path: Path):
    rig = new_rig(ca_file=None)
    rig.link.start()
    assert "certificate verify failed" in until(lambda: rig.link.trouble).detail
    assert "rig-1" not in broker.log, "it has not heard of the rig, nor of its password"


def test_a_missing_password_file_is_trouble_that_names_it(broker: Broker, new_rig: NewRig, tmp_path: Path):
    rig = new_rig(password_file=tmp_path / "nowhere")
    rig.link.start()
    assert "nowhere" in until(lambda: rig.link.trouble).detail


def test_a_broker_that_takes_nothing_is_trouble_though_connected(stopped_broker: Broker, new_rig: NewRig):
    stopped_broker.acl.write_text("user watch\ntopic read #\n")
    stopped_broker.start()
    rig = new_rig()
    rig.link.start()
    trouble = until(lambda: rig.link.trouble)
    assert "it does not let rig-1 write homeassistant/device/rig-1/config: Not authorized" in trouble.detail
    assert rig.link.connected is True


def test_a_rig_without_a_broker_in_its_settings_is_neither_connected_nor_in_trouble(tmp_path: Path):
    link = MqttLink(RigSettings(rig_id=RIG, data_folder=tmp_path), DeskInMemory.idle(), SystemClock())
    link.start()
    assert link.connected is None
    assert link.trouble is None
    link.close()
