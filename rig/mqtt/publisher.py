"""Decides what the broker is told, and when: a change at once, the rest on its schedule, everything after a new connection."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Set
from dataclasses import dataclass
from uuid import uuid4

from rig.agent.snapshot import RigSnapshot
from rig.agent.states import AgentPhase
from rig.mqtt.discovery import Device, discovery_message
from rig.mqtt.happenings import Happening, Observer
from rig.mqtt.outgoing import Outgoing, outgoing
from rig.mqtt.payloads import Stamp, alert_message, health_message, state_message, upload_message
from rig.mqtt.spool import Spool
from rig.settings import RigSettings
from shared.clock import NANOSECONDS, Clock
from shared.hashing import sha256_of_bytes
from shared.messages import ONLINE, Channel, EventMessage, HealthMessage, Message, topic

STATE_EVERY_S = 5.0
HEALTH_EVERY_S = 30.0
UPLOAD_EVERY_S = 30.0

_STAMPED = frozenset({"ts", "seq"})
NO_NEWS_IN_STATE = _STAMPED | {
    "elapsed_s",
    "frames_expected",
    "frames_written",
    "last_write_age_s",
    "bytes_written",
    "scorable_s",
}
"""What always changes during a recording; it goes along on the schedule."""
NO_NEWS_IN_UPLOAD = _STAMPED | {"queued_bytes", "offset_bytes", "rate_bps", "eta_s", "oldest_unconfirmed_s"}
NO_NEWS_IN_HEALTH = frozenset(HealthMessage.model_fields)


@dataclass(frozen=True)
class _Told:
    """What the broker has been told on a topic, and when."""

    news: object
    at_ns: int


class Publisher:
    """What is to be said. `observe` may be called by one thread and the rest by another one; no method waits."""

    def __init__(self, settings: RigSettings, serial_number: str, clock: Clock) -> None:
        self.spool = Spool()
        self._settings = settings
        self._config_hash = sha256_of_bytes(settings.model_dump_json().encode())
        self._serial_number = serial_number
        self._clock = clock
        self._observer = Observer()
        self._latest: RigSnapshot | None = None
        self._numbers = itertools.count()
        self._told: dict[str, _Told] = {}
        self._alerts_kept: set[str] = set()
        """Codes of the alerts that the broker may hold."""

    def observe(self, rig: RigSnapshot) -> None:
        """Take note of the rig as it is now; what happened since the last time becomes events."""
        for happening in self._observer.observe(rig):
            self.spool.add(self._event(happening, rig))
        self._latest = rig

    def renew(self) -> None:
        """Say everything that is retained once more: the connection is new, or a listener is."""
        self._told.clear()

    def found_alert(self, code: str) -> None:
        """The broker holds an alert, perhaps of a former life of this process: it is removed if nothing is wrong any more."""
        self._alerts_kept.add(code)

    def due(self) -> list[Outgoing]:
        """What is to be said now. It counts as said: after a broken connection call `renew`."""
        rig = self._latest
        if rig is None:
            return []
        return [
            *self._if_changed(discovery_message(self._device(rig))),
            *self._alerts(rig),
            *self._state(rig),
            *self._health(rig),
            *self._upload(rig),
            *self._if_changed(outgoing(rig.rig_id, Channel.AVAILABILITY, ONLINE)),
        ]

    def _alerts(self, rig: RigSnapshot) -> Iterator[Outgoing]:
        for alert in rig.alerts:
            yield from self._if_news(rig, Channel.ALERT, alert_message(_unnumbered(rig), alert), _STAMPED, leaf=alert.code)
        raised = {alert.code for alert in rig.alerts}
        for code in self._alerts_kept - raised:
            cleared = outgoing(rig.rig_id, Channel.ALERT, "", code)
            self._told.pop(cleared.topic, None)
            yield cleared
        self._alerts_kept = raised

    def _state(self, rig: RigSnapshot) -> Iterator[Outgoing]:
        every_s = STATE_EVERY_S if rig.phase is AgentPhase.RECORDING else None
        return self._if_news(rig, Channel.STATE, state_message(_unnumbered(rig), rig), NO_NEWS_IN_STATE, every_s=every_s)

    def _health(self, rig: RigSnapshot) -> Iterator[Outgoing]:
        message = health_message(_unnumbered(rig), rig, self._config_hash)
        return self._if_news(rig, Channel.HEALTH, message, NO_NEWS_IN_HEALTH, every_s=HEALTH_EVERY_S)

    def _upload(self, rig: RigSnapshot) -> Iterator[Outgoing]:
        if rig.queue is None:
            return iter(())
        message = upload_message(_unnumbered(rig), rig, rig.queue)
        every_s = UPLOAD_EVERY_S if message.active_session else None
        return self._if_news(rig, Channel.UPLOAD, message, NO_NEWS_IN_UPLOAD, every_s=every_s)

    def _if_news(
        self,
        rig: RigSnapshot,
        channel: Channel,
        message: Message,
        no_news: Set[str],
        *,
        leaf: str = "",
        every_s: float | None = None,
    ) -> Iterator[Outgoing]:
        """The message when it says something new, or when the last one is `every_s` old."""
        key, now_ns = topic(rig.rig_id, channel, leaf), self._clock.monotonic_ns()
        told, news = self._told.get(key), message.model_dump(exclude=set(no_news))
        late = told is not None and every_s is not None and now_ns - told.at_ns >= every_s * NANOSECONDS
        if told is None or told.news != news or late:
            self._told[key] = _Told(news, now_ns)
            yield outgoing(rig.rig_id, channel, message.model_copy(update={"seq": next(self._numbers)}), leaf)

    def _if_changed(self, message: Outgoing) -> Iterator[Outgoing]:
        told = self._told.get(message.topic)
        if told is None or told.news != message.payload:
            self._told[message.topic] = _Told(message.payload, self._clock.monotonic_ns())
            yield message

    def _event(self, happening: Happening, rig: RigSnapshot) -> EventMessage:
        return EventMessage(
            ts=rig.at,
            boot_id=rig.boot_id,
            seq=next(self._numbers),
            event_id=uuid4().hex,
            mono_ns=self._clock.monotonic_ns(),
            kind=happening.kind,
            session_id=happening.session_id,
            data=happening.data,
        )

    def _device(self, rig: RigSnapshot) -> Device:
        return Device(
            rig_id=rig.rig_id,
            software_version=rig.software_version,
            camera_model=rig.camera_model,
            serial_number=self._serial_number,
            page_url=self._settings.hub.url if self._settings.hub else "",
        )


def _unnumbered(rig: RigSnapshot) -> Stamp:
    """Only what is sent gets a number."""
    return Stamp(rig.at, rig.boot_id, seq=0)
