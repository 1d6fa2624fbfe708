"""The desk of a rig: takes what people ask for, by touchscreen and MQTT, to the camera process, the plan and the settings."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from rig.agent.board import Board
from rig.agent.facts import Facts, have_checks_lapsed, with_camera, with_settings_trouble
from rig.agent.last_recording import LastRecording
from rig.agent.planning import Planning
from rig.agent.snapshot import RecordingPlan, RigSnapshot
from rig.agent.states import AgentPhase
from rig.control import CameraControl, StartCommand
from rig.preflight.report import CheckName
from shared.clock import Clock
from shared.faults import NOT_NOW, PREFLIGHT_MISSING, SETTINGS_INVALID, GrimaceError

SCREEN = "screen"
"""The issuer that stands at the rig: what it does needs no name in the session's events."""


class RigDesk:
    """The `Desk` of a real rig; see `rig/agent/desk.py` for what each method promises."""

    def __init__(self, board: Board, control: CameraControl, planning: Planning, last: LastRecording, clock: Clock) -> None:
        self._board = board
        self._control = control
        self._planning = planning
        self._last = last
        self._clock = clock

    def snapshot(self) -> RigSnapshot:
        return self._board.snapshot()

    def wait_for_change(self, after_seq: int, timeout_s: float) -> RigSnapshot:
        return self._board.wait_for_change(after_seq, timeout_s)

    def plan(self, plan: RecordingPlan) -> None:
        self._planning.begin(plan)
        self._last.dismiss()

    def check_again(self) -> None:
        self._planning.check_again()

    def waive(self, check: CheckName, reason: str) -> None:
        self._planning.waive(check, reason)

    def cancel(self) -> None:
        self._planning.cancel()

    def start(self, issuer: str) -> None:
        facts = self._board.facts
        if facts.phase is not AgentPhase.READY or facts.plan is None or facts.preflight is None:
            raise GrimaceError(PREFLIGHT_MISSING, f"the rig is in the phase {facts.phase.value}")
        if have_checks_lapsed(facts, self._clock.monotonic_ns()):
            raise GrimaceError(PREFLIGHT_MISSING, "they no longer hold, and are done again")
        command = StartCommand(
            planned_s=facts.plan.duration_s,
            study=facts.plan.study,
            goal=facts.plan.goal,
            end_at_goal=facts.plan.end_at_goal,
            preflight=tuple(result.record for result in facts.preflight.results),
        )
        state = self._control.begin(command)
        self._board.update(lambda now: with_camera(now, state, self._clock.monotonic_ns()))
        self._note_stranger("started", issuer)

    def stop(self, issuer: str) -> None:
        self._note_stranger("stopped", issuer)
        state = self._control.stop()
        self._board.update(lambda now: with_camera(now, state, self._clock.monotonic_ns()))

    def mark(self, text: str, issuer: str) -> None:
        self._control.mark(text if issuer == SCREEN else f"{text} ({issuer})")

    def _note_stranger(self, what: str, issuer: str) -> None:
        """Who did it from afar stands in the session's events; without that note it is done all the same."""
        if issuer != SCREEN:
            with contextlib.suppress(GrimaceError):
                self._control.mark(f"{what} by {issuer}")

    def dismiss_verdict(self) -> None:
        self._last.dismiss()
        self._board.update(lambda facts: replace(facts, verdict=None))

    def accept_last_good_settings(self) -> None:
        self._board.update(_accepted)


def _accepted(facts: Facts) -> Facts:
    trouble = facts.settings_trouble
    if trouble is None:
        raise GrimaceError(NOT_NOW, "the settings can be used")
    if trouble.last_good_at is None:
        raise GrimaceError(SETTINGS_INVALID, "there is no last good copy")
    return with_settings_trouble(facts, trouble.model_copy(update={"accepted": True}))
