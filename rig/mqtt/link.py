"""The rig's line to the MQTT broker, kept in two threads of its own: nothing else ever waits for the broker."""

from __future__ import annotations

import logging
import random
import threading
from pathlib import Path

from rig.agent.desk import Desk
from rig.mqtt.connection import BrokerConnection
from rig.mqtt.conversation import Conversation
from rig.mqtt.outgoing import outgoing
from rig.mqtt.publisher import Publisher
from rig.mqtt.taken_ids import TakenIds
from rig.mqtt.taking import CommandTaker, Confirm
from rig.settings import MqttSettings, RigSettings
from shared.clock import Clock
from shared.faults import BROKER_UNREACHABLE, GrimaceError
from shared.messages import OFFLINE, Channel, CommandMessage

log = logging.getLogger(__name__)

SHORTEST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
LOOK_EVERY_S = 0.25
END_WITHIN_S = 3.0
SERIAL_NUMBER = Path("/sys/firmware/devicetree/base/serial-number")
"""Of a Raspberry Pi; other machines have none there."""


def pause_s(failures: int, chance: float) -> float:
    """How long to wait after so many failures in a row: at random (`chance` of 0 to 1) between a second and a limit that doubles.

    At random, so that the rigs of a lab do not all come back in the same moment after the broker was restarted.
    """
    limit_s = min(LONGEST_PAUSE_S, 2.0 ** min(failures, 6))
    return SHORTEST_PAUSE_S + chance * (limit_s - SHORTEST_PAUSE_S)


def nobody_confirms(_command: CommandMessage) -> bool:
    """For a rig that cannot ask the hub."""
    return False


class MqttLink:
    """Says over MQTT what `desk` shows, and asks `desk` for what the broker's commands want.

    Wiring: make it once in the agent process, `start()` it, read `connected` and `trouble` into the snapshot and its alerts at
    every turn, `close()` it last. Without `[mqtt]` in the settings every method does nothing. No method blocks but `close`, which
    takes a few seconds at most.
    """

    def __init__(self, settings: RigSettings, desk: Desk, clock: Clock, confirm: Confirm = nobody_confirms) -> None:
        self._settings = settings
        self._desk = desk
        self._clock = clock
        self._confirm = confirm
        self._publisher = Publisher(settings, _serial_number(), clock)
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._connected = False
        self._trouble: GrimaceError | None = None
        self._failures = 0
        """Connections in a row that could not be opened, or broke."""

    def start(self) -> None:
        """Begin to connect; a broker that is away is tried again for ever."""
        if self._settings.mqtt is None:
            return
        self._threads = [
            threading.Thread(target=self._watch, name="mqtt-watch", daemon=True),
            threading.Thread(target=self._keep_connected, args=(self._settings.mqtt,), name="mqtt-link", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End, and be told as `offline`."""
        self._closing.set()
        for thread in self._threads:
            thread.join(END_WITHIN_S)

    @property
    def connected(self) -> bool | None:
        """Whether the broker accepted this rig's login and the line stands; None without a broker in the settings."""
        return self._connected if self._settings.mqtt else None

    @property
    def trouble(self) -> GrimaceError | None:
        """Why the lab cannot watch this rig at the moment (W_BROKER with what was observed); None when all is well."""
        return self._trouble

    def _watch(self) -> None:
        """Follow the desk; a look that fails must not end the watching."""
        seq = -1
        while not self._closing.is_set():
            try:
                rig = self._desk.wait_for_change(seq, LOOK_EVERY_S)
                self._publisher.observe(rig)
                seq = rig.seq
            except Exception:  # a mistake of ours with one snapshot: the next one is looked at again
                log.exception("what the rig shows could not be put into messages")
                self._closing.wait(LOOK_EVERY_S)

    def _keep_connected(self, mqtt: MqttSettings) -> None:
        commands = CommandTaker(self._desk, mqtt.allow_commands, TakenIds(self._settings.data_folder), self._confirm, self._clock)
        while not self._closing.is_set():
            self._failures += 1
            try:
                self._converse(mqtt, commands)
            except GrimaceError as error:
                self._meet(error)
            except Exception as error:  # a mistake of ours: the lab's view of the rig comes back with the next connection
                log.exception("the line to the broker failed")
                self._trouble = GrimaceError(BROKER_UNREACHABLE, f"a program's mistake: {error}")
            self._closing.wait(pause_s(self._failures, random.random()))

    def _converse(self, mqtt: MqttSettings, commands: CommandTaker) -> None:
        """Connect, and talk until this link is closed; raises GrimaceError when the broker cannot be reached, or no longer."""
        rig_id = self._settings.rig_id
        connection = BrokerConnection(mqtt, rig_id, last_will=outgoing(rig_id, Channel.AVAILABILITY, OFFLINE))
        try:
            connection.open()
            log.info("the broker %s:%d accepted %s", mqtt.host, mqtt.port, rig_id)
            self._connected, self._trouble, self._failures = True, None, 1
            conversation = Conversation(rig_id, connection, self._publisher, commands)
            while not self._closing.is_set():
                conversation.step()
                if conversation.refusal and self._trouble is None:
                    self._meet(GrimaceError(BROKER_UNREACHABLE, f"{mqtt.host}:{mqtt.port}: {conversation.refusal}"))
        finally:
            self._connected = False
            connection.close()

    def _meet(self, trouble: GrimaceError) -> None:
        """Remember it; logged when it is another one than before, not at every try."""
        if self._trouble is None or self._trouble.detail != trouble.detail:
            log.warning("%s", trouble)
        self._trouble = trouble


def _serial_number() -> str:
    try:
        return SERIAL_NUMBER.read_text(encoding="ascii").strip("\0\n ")
    except (OSError, UnicodeDecodeError):
        return ""
