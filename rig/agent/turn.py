"""The agent's turn, twice a second: time has passed, so what is shown may be true no longer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rig.agent.alerts import alerts_of
from rig.agent.board import Board
from rig.agent.facts import PLANNING_PHASES, SILENT_AFTER_S, Facts, with_time, with_trouble
from rig.agent.planning import Planning
from rig.agent.snapshot import Advice
from rig.agent.states import AgentPhase
from rig.face.advice import AdviceKeeper
from rig.mqtt.link import MqttLink
from rig.settings import RigSettings
from shared.clock import NANOSECONDS, Clock

ADVISED_PHASES = PLANNING_PHASES | {AgentPhase.IDLE, AgentPhase.OPENING, AgentPhase.RECORDING}


class Turn:
    """See the module. `take` never waits; one thread calls it."""

    def __init__(
        self, board: Board, settings: Callable[[], RigSettings], mqtt: MqttLink, planning: Planning, clock: Clock
    ) -> None:
        self._board = board
        self._settings = settings
        self._mqtt = mqtt
        self._planning = planning
        self._clock = clock
        self._advice = AdviceKeeper(self._now_s())

    def take(self) -> None:
        """Show what is so now, and check anew what was planned where that is due."""
        advice = self._advise(self._board.facts)
        self._board.update(lambda facts: self._turned(facts, advice))
        self._planning.resume()

    def _turned(self, facts: Facts, advice: tuple[Advice, ...]) -> Facts:
        now_ns = self._clock.monotonic_ns()
        turned = with_time(facts, now_ns)
        turned = with_trouble(turned, "broker", self._mqtt.trouble)
        turned = replace(turned, broker_connected=self._mqtt.connected, advice=advice)
        return replace(turned, alerts=alerts_of(turned, self._settings(), self._clock.now(), now_ns))

    def _advise(self, facts: Facts) -> tuple[Advice, ...]:
        """None while nobody can act on it; after a silence of the camera process, advice begins anew."""
        silent = facts.camera is None or facts.silent_s(self._clock.monotonic_ns()) > SILENT_AFTER_S
        if silent or not self._settings().face_check.enabled:
            self._advice = AdviceKeeper(self._now_s())
            return ()
        if facts.camera is not None and facts.camera.face is not None:
            self._advice.observe(facts.face_since_ns / NANOSECONDS, facts.camera.face)
        return self._advice.advice(self._now_s()) if facts.phase in ADVISED_PHASES else ()

    def _now_s(self) -> float:
        return self._clock.monotonic_ns() / NANOSECONDS
