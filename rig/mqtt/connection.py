"""One connection to the broker, from the login to its end. The only place that knows the MQTT library.

MQTT 5, because it says what 3.1.1 hides: which messages and subscriptions the broker refuses, and that a command was published to
be kept, even when it arrives at once (`retain as published`).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from rig.mqtt.outgoing import Outgoing
from rig.settings import MqttSettings
from shared.faults import BROKER_UNREACHABLE, GrimaceError

KEEPALIVE_S = 20
"""A rig that vanished without a word is told as offline after one and a half times this."""

SESSION_KEPT_S = 3600
"""How long the broker keeps commands for a rig that is away."""

CONNECT_WITHIN_S = 10.0
TURN_S = 0.2
LARGEST_PACKET_BYTES = 64 * 1024
"""What the broker may send us: commands, and alerts that we sent ourselves."""


@dataclass(frozen=True)
class Delivered:
    """A message from the broker."""

    topic: str
    payload: bytes
    retained: bool


@dataclass(frozen=True)
class Acknowledged:
    """The broker's answer to a message or a subscription; `refusal` says why it did not take it."""

    number: int
    refusal: str = ""


class BrokerConnection:
    """Used by one thread, which calls `turn` again and again. Every method but `close` raises GrimaceError(W_BROKER).

    Making one reads password and certificates as they are now, so that a mended file is used at the next try.
    """

    def __init__(self, settings: MqttSettings, rig_id: str, last_will: Outgoing) -> None:
        self.delivered: deque[Delivered] = deque()
        self.acknowledged: deque[Acknowledged] = deque()
        self._settings = settings
        self._rig_id = rig_id
        self._answer: ReasonCode | None = None
        self._farewell = ""
        self._client = client = paho.Client(CallbackAPIVersion.VERSION2, f"grimace-{rig_id}", protocol=MQTTProtocolVersion.MQTTv5)
        client.connect_timeout = CONNECT_WITHIN_S
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.will_set(last_will.topic, last_will.payload, last_will.delivery.qos, last_will.delivery.retain)
        try:
            client.username_pw_set(rig_id, _password(settings.password_file))
            if settings.tls:
                client.tls_set(ca_certs=str(settings.ca_file) if settings.ca_file else None)
        except (OSError, ValueError) as error:
            raise GrimaceError(BROKER_UNREACHABLE, f"password_file or ca_file of [mqtt]: {error}") from error

    def open(self) -> None:
        """Returns when the broker has accepted the login, and at no other time."""
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types there
        session.SessionExpiryInterval = SESSION_KEPT_S
        session.MaximumPacketSize = LARGEST_PACKET_BYTES
        try:
            self._client.connect(self._settings.host, self._settings.port, KEEPALIVE_S, clean_start=False, properties=session)
        except (OSError, ValueError) as error:
            raise self._trouble(str(error)) from error
        deadline = time.monotonic() + CONNECT_WITHIN_S
        while self._answer is None:
            if time.monotonic() > deadline:
                raise self._trouble(f"no answer within {CONNECT_WITHIN_S:g} s")
            self.turn(TURN_S)
        if self._answer.is_failure:
            raise self._refused_login()

    def subscribe(self, topic: str) -> int:
        """Have messages on this topic delivered, but not those that we send ourselves; the number of its acknowledgement."""
        number = self._client.subscribe(topic, options=SubscribeOptions(qos=1, noLocal=True, retainAsPublished=True))[1]
        if number is None:
            raise self._trouble("the connection broke")
        return number

    def publish(self, message: Outgoing) -> int:
        """Hand a message over for sending; the number under which it is acknowledged."""
        delivery = message.delivery
        return self._client.publish(message.topic, message.payload, delivery.qos, delivery.retain).mid

    def turn(self, wait_s: float) -> None:
        """Send and receive what there is; wait so long when there is nothing."""
        outcome = self._client.loop(wait_s)
        if self._answer is not None and self._answer.is_failure:
            raise self._refused_login()
        if outcome is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise self._trouble(f"the connection broke: {self._farewell or paho.error_string(outcome)}")

    def close(self) -> None:
        """End it, and have the broker tell the last will: whatever the reason is, the rig is not watched any more."""
        self._client.disconnect(ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message"))

    def _on_connect(
        self, _client: paho.Client, _data: object, _flags: paho.ConnectFlags, answer: ReasonCode, _properties: Properties | None
    ) -> None:
        self._answer = answer

    def _on_disconnect(
        self, _client: paho.Client, _data: object, flags: paho.DisconnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._farewell = str(reason)

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self.delivered.append(Delivered(message.topic, bytes(message.payload), message.retain))

    def _on_publish(self, _client: paho.Client, _data: object, number: int, answer: ReasonCode, _properties: Properties) -> None:
        self.acknowledged.append(Acknowledged(number, _refusal([answer])))

    def _on_subscribe(
        self, _client: paho.Client, _data: object, number: int, answers: list[ReasonCode], _properties: Properties | None
    ) -> None:
        self.acknowledged.append(Acknowledged(number, _refusal(answers)))

    def _refused_login(self) -> GrimaceError:
        return self._trouble(f"it refused the login of {self._rig_id}: {self._answer}")

    def _trouble(self, detail: str) -> GrimaceError:
        return GrimaceError(BROKER_UNREACHABLE, f"{self._settings.host}:{self._settings.port}: {detail}")


def _refusal(answers: Sequence[ReasonCode]) -> str:
    return "; ".join(str(answer) for answer in answers if answer.is_failure)


def _password(file: Path | None) -> str | None:
    return file.read_text(encoding="utf-8").strip() if file else None
