"""Commands of the hub, over a real broker: taken once, while they are valid, and never from what the broker kept."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from rig.agent.states import AgentPhase
from shared.messages import Channel
from tests.processes import until
from tests.rig.mqtt.broker import Broker, Listener
from tests.rig.mqtt.linked_rig import LinkedRig, rig_topic

pytestmark = pytest.mark.services

MARKER = rig_topic(Channel.COMMAND, "marker")
STOP = rig_topic(Channel.COMMAND, "stop")

NewRig = Callable[..., LinkedRig]


def statuses(hub: Listener, number: int) -> list[str]:
    return [json.loads(reply)["status"] for reply in hub.on(rig_topic(Channel.REPLY, f"command-{number}"))]


def connected(rig: LinkedRig) -> LinkedRig:
    rig.link.start()
    until(lambda: rig.link.connected)
    return rig


def test_a_command_is_accepted_done_and_seen_at_the_rig(broker: Broker, new_rig: NewRig):
    hub, rig = broker.listen("hub"), connected(new_rig())
    broker.publish("hub", MARKER, rig.command(1, text="noise in the corridor"))
    until(lambda: statuses(hub, 1) == ["accepted", "done"])
    assert rig.desk.asked == [("mark", ("noise in the corridor", "mqtt:ada"))]


def test_a_recording_is_stopped_only_by_force_with_a_reason_that_goes_into_it(broker: Broker, new_rig: NewRig):
    hub, rig = broker.listen("hub"), connected(new_rig(allow_commands=True))
    rig.desk.becomes(phase=AgentPhase.RECORDING)
    broker.publish("hub", STOP, rig.command(1))
    until(lambda: statuses(hub, 1) == ["refused"])
    broker.publish("hub", STOP, rig.command(2, force=True, reason="fire alarm"))
    until(lambda: statuses(hub, 2) == ["accepted", "done"])
    assert rig.desk.asked == [("mark", ("stopped from afar: fire alarm", "mqtt:ada")), ("stop", "mqtt:ada")]


def test_a_command_that_the_broker_was_told_to_keep_is_never_obeyed(broker: Broker, new_rig: NewRig):
    rig = connected(new_rig())
    broker.publish("hub", MARKER, rig.command(1, text="while it is connected"), "--retain")
    rig.link.close()
    again = connected(new_rig())
    broker.publish("hub", MARKER, again.command(2, text="sentinel"))
    until(lambda: again.desk.asked)
    assert rig.desk.asked == []
    assert again.desk.asked == [("mark", ("sentinel", "mqtt:ada"))]


def test_a_command_that_comes_again_is_done_once_even_by_the_next_process(broker: Broker, new_rig: NewRig):
    hub, rig = broker.listen("hub"), connected(new_rig())
    command = rig.command(1, text="once")
    broker.publish("hub", MARKER, command)
    broker.publish("hub", MARKER, command)
    until(lambda: statuses(hub, 1) == ["accepted", "done"])
    rig.link.close()
    again = connected(new_rig())
    broker.publish("hub", MARKER, command)
    broker.publish("hub", MARKER, again.command(2, text="sentinel"))
    until(lambda: again.desk.asked)
    assert rig.desk.asked == [("mark", ("once", "mqtt:ada"))]
    assert again.desk.asked == [("mark", ("sentinel", "mqtt:ada"))]


def test_a_command_that_waited_for_the_rig_too_long_is_refused(broker: Broker, new_rig: NewRig):
    hub, rig = broker.listen("hub"), connected(new_rig())
    late, timely = rig.command(1, valid_s=30, text="late"), rig.command(2, valid_s=3600, text="timely")
    rig.link.close()
    broker.publish("hub", MARKER, late)
    broker.publish("hub", MARKER, timely)
    again = new_rig()
    again.clock.advance(60)
    connected(again)
    until(lambda: statuses(hub, 2) == ["accepted", "done"])
    assert statuses(hub, 1) == ["refused"]
    assert again.desk.asked == [("mark", ("timely", "mqtt:ada"))]
