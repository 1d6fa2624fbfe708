"""What is said and heard on one connection to the broker."""

from __future__ import annotations

from dataclasses import dataclass

from rig.mqtt.commands import Received
from rig.mqtt.connection import Acknowledged, BrokerConnection, Delivered
from rig.mqtt.discovery import STATUS_TOPIC
from rig.mqtt.outgoing import Outgoing, outgoing
from rig.mqtt.publisher import Publisher
from rig.mqtt.spool import Said
from rig.mqtt.taking import CommandTaker
from shared.messages import ONLINE, TOPIC_ROOT, Channel, ReplyMessage, topic

TURN_S = 0.2
UNACKNOWLEDGED = 20
"""So many events and replies are under way at once."""


@dataclass(frozen=True)
class _Sent:
    """Something that the broker has not acknowledged yet; `key` is the spool's, if it came from there."""

    what: str
    key: int | None = None


class Conversation:
    """From a fresh login on: subscribes, has everything retained said anew, goes on in steps. Raises GrimaceError(W_BROKER)."""

    def __init__(self, rig_id: str, connection: BrokerConnection, publisher: Publisher, commands: CommandTaker) -> None:
        self.refusal = ""
        """The first thing that the broker did not let this rig do; empty when it takes everything."""
        self._rig_id = rig_id
        self._connection = connection
        self._publisher = publisher
        self._commands = commands
        self._sent: dict[int, _Sent] = {}
        publisher.renew()
        for wanted in (topic(rig_id, Channel.COMMAND, "+"), topic(rig_id, Channel.ALERT, "+"), STATUS_TOPIC):
            self._sent[connection.subscribe(wanted)] = _Sent(f"listen to {wanted}")

    def step(self) -> None:
        """Say what is due, wait a moment for what comes, and do what was commanded.

        A command is acted upon in the step after the one in which it was heard, when its sender knows that it was accepted.
        """
        self._say()
        self._connection.turn(TURN_S)
        self._count_acknowledged()
        if (reply := self._commands.carry_out()) is not None:
            self._publisher.spool.add(reply)
        while self._connection.delivered:
            self._hear(self._connection.delivered.popleft())

    def _say(self) -> None:
        for message in self._publisher.due():
            self._publish(message)
        under_way = {sent.key for sent in self._sent.values()}
        for key, said in self._publisher.spool.waiting().items():
            if key not in under_way and len(self._sent) < UNACKNOWLEDGED:
                self._publish(self._outgoing(said), key)

    def _publish(self, message: Outgoing, key: int | None = None) -> None:
        self._sent[self._connection.publish(message)] = _Sent(f"write {message.topic}", key)

    def _outgoing(self, said: Said) -> Outgoing:
        if isinstance(said, ReplyMessage):
            return outgoing(self._rig_id, Channel.REPLY, said, said.id)
        return outgoing(self._rig_id, Channel.EVENT, said)

    def _count_acknowledged(self) -> None:
        while self._connection.acknowledged:
            self._settle(self._connection.acknowledged.popleft())

    def _settle(self, acknowledged: Acknowledged) -> None:
        sent = self._sent.pop(acknowledged.number, None)
        if sent is None:
            return
        if acknowledged.refusal and not self.refusal:
            self.refusal = f"it does not let {self._rig_id} {sent.what}: {acknowledged.refusal}"
        if sent.key is not None:  # what was refused once would be refused again
            self._publisher.spool.delivered(sent.key)

    def _hear(self, message: Delivered) -> None:
        channel, leaf = self._place(message.topic)
        if message.topic == STATUS_TOPIC and message.payload == ONLINE.encode():
            self._publisher.renew()
        elif channel == Channel.ALERT and message.payload:
            self._publisher.found_alert(leaf)
        elif channel == Channel.COMMAND:
            reply = self._commands.take(Received(leaf, message.payload, message.retained))
            if reply is not None:
                self._publisher.spool.add(reply)

    def _place(self, of_topic: str) -> tuple[str, str]:
        """Channel and leaf of a topic of this rig; empty for any other."""
        tree = f"{TOPIC_ROOT}/{self._rig_id}/"
        channel, _, leaf = of_topic.removeprefix(tree).partition("/") if of_topic.startswith(tree) else ("", "", "")
        return channel, leaf
