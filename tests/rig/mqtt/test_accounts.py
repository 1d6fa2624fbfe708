"""Who may read and write what: the shipped access control list, as Mosquitto understands it."""

from __future__ import annotations

import pytest

from shared.messages import Channel, topic
from tests.processes import until
from tests.rig.mqtt.broker import Broker, Listener

pytestmark = pytest.mark.services

OWN_TOPICS = [
    *(
        topic("rig-1", channel)
        for channel in (Channel.AVAILABILITY, Channel.STATE, Channel.HEALTH, Channel.UPLOAD, Channel.EVENT)
    ),
    topic("rig-1", Channel.ALERT, "E_DISK_FULL"),
    topic("rig-1", Channel.REPLY, "1"),
    "homeassistant/device/rig-1/config",
]
COMMAND = topic("rig-1", Channel.COMMAND, "stop")
REFUSED = "Not authorized"


def payloads_until(broker: Broker, listener: Listener, account: str, sentinel: str) -> set[tuple[str, str]]:
    """What the listener heard until this account said something on `sentinel`, which the listener may hear."""
    broker.publish(account, sentinel, "sentinel")
    until(lambda: "sentinel" in listener.on(sentinel))
    return {(heard.topic, heard.payload) for heard in listener.heard if heard.payload != "sentinel"}


def test_a_rig_writes_its_own_topics(broker: Broker):
    watcher = broker.listen("watch")
    for own in OWN_TOPICS:
        assert REFUSED not in broker.publish("rig-1", own, "mine")
    until(lambda: set(OWN_TOPICS) <= watcher.topics)


def test_a_rig_cannot_write_the_topics_of_another_one_nor_its_own_commands(broker: Broker):
    watcher = broker.listen("watch")
    foreign = [*OWN_TOPICS, COMMAND, "grimace/v1/rig-1", "grimace/v1/rig-1/state/x", "homeassistant/status", "elsewhere"]
    for forbidden in (*foreign, topic("rig-2", Channel.COMMAND, "stop")):
        assert REFUSED in broker.publish("rig-2", forbidden, "forged"), forbidden
    assert payloads_until(broker, watcher, "rig-1", OWN_TOPICS[1]) == set()


def test_a_rig_cannot_delete_what_the_broker_keeps_of_another_one(broker: Broker):
    for own in OWN_TOPICS:
        broker.publish("rig-1", own, "kept", "--retain")
        assert REFUSED in broker.publish("rig-2", own, "", "--retain")
    newcomer = broker.listen("watch")
    until(lambda: set(OWN_TOPICS) <= newcomer.topics)


def test_a_rig_cannot_leave_a_last_will_for_another_one(broker: Broker):
    watcher = broker.listen("watch")
    own = topic("rig-2", Channel.AVAILABILITY)
    for will_topic in (OWN_TOPICS[0], own):
        will = ("--will-topic", will_topic, "--will-payload", "offline", "--will-qos", "1")
        broker.listen("rig-2", "homeassistant/status", *will).kill()
    until(lambda: watcher.on(own) == ["offline"])
    assert watcher.topics == {own}


def test_a_rig_that_listens_to_everything_hears_its_commands_its_alerts_and_home_assistant(broker: Broker):
    everything, system = broker.listen("rig-2"), broker.listen("rig-2", "$SYS/#")
    for own in OWN_TOPICS:
        broker.publish("rig-1", own, "of rig-1", "--retain")
        broker.publish("rig-2", own.replace("rig-1", "rig-2"), "of rig-2")
    broker.publish("hub", COMMAND, "for rig-1")
    broker.publish("hub", topic("rig-2", Channel.COMMAND, "stop"), "for rig-2")
    heard = payloads_until(broker, everything, "homeassistant", "homeassistant/status")
    assert heard == {
        (topic("rig-2", Channel.ALERT, "E_DISK_FULL"), "of rig-2"),
        (topic("rig-2", Channel.COMMAND, "stop"), "for rig-2"),
    }
    assert system.heard == []


def test_only_the_hub_gives_commands_and_it_does_nothing_else(broker: Broker):
    watcher = broker.listen("watch")
    for account in ("rig-1", "watch", "homeassistant"):
        assert REFUSED in broker.publish(account, COMMAND, "forged")
    for other in (*OWN_TOPICS, "homeassistant/status", topic("hub", Channel.STATE), "homeassistant/device/hub/config"):
        assert REFUSED in broker.publish("hub", other, "forged")
    assert REFUSED not in broker.publish("hub", COMMAND, "a command")
    assert payloads_until(broker, watcher, "rig-1", OWN_TOPICS[1]) == {(COMMAND, "a command")}


@pytest.mark.parametrize("account", ["watch", "homeassistant"])
def test_an_account_for_watching_writes_nothing_that_a_rig_says(broker: Broker, account: str):
    for other in (*OWN_TOPICS, topic(account, Channel.STATE), f"homeassistant/device/{account}/config"):
        assert REFUSED in broker.publish(account, other, "forged")


def test_the_hub_hears_every_rig(broker: Broker):
    hub = broker.listen("hub", "grimace/v1/#")
    for rig_id in ("rig-1", "rig-2"):
        broker.publish(rig_id, topic(rig_id, Channel.STATE), "heard")
    until(lambda: {topic("rig-1", Channel.STATE), topic("rig-2", Channel.STATE)} <= hub.topics)


def test_nobody_is_let_in_without_an_account(broker: Broker):
    broker.set_password("rig-1", "another one")
    broker.stop()
    broker.start()
    assert "Not authorized" in broker.publish("rig-1", OWN_TOPICS[0], "offline")
    assert "Not authorized" in broker.publish("stranger", OWN_TOPICS[0], "offline")
