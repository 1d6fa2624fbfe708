"""The rig's line to the MQTT broker, kept in threads of its own: nothing else ever waits for the broker."""

from __future__ import annotations

from rig.agent.desk import Desk
from rig.settings import RigSettings
from shared.clock import Clock
from shared.faults import GrimaceError


class MqttLink:
    """Says over MQTT what `desk` shows, and asks `desk` for what the broker's commands want.

    Wiring: make it once in the agent process, `start()` it, read `connected` and `trouble` into the snapshot and its alerts at
    every turn, `close()` it last. Without `[mqtt]` in the settings every method does nothing. No method blocks but `close`, which
    takes three seconds at most.
    """

    def __init__(self, settings: RigSettings, desk: Desk, clock: Clock) -> None: ...

    def start(self) -> None:
        """Begin to connect; a broker that is away is tried again for ever."""

    def close(self) -> None:
        """Say `offline`, and end."""

    @property
    def connected(self) -> bool | None:
        """Whether the broker accepted this rig's login and the line stands; None without a broker in the settings."""
        return None

    @property
    def trouble(self) -> GrimaceError | None:
        """Why the lab cannot watch this rig at the moment (W_BROKER with what was observed); None when all is well."""
        return None
