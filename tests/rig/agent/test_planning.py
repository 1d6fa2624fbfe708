"""Plans that wait: for a camera process, or for a person who takes long."""

from __future__ import annotations

from dataclasses import replace

from rig.agent.board import Board
from rig.agent.facts import CHECKS_HOLD_S, Facts
from rig.agent.planning import Planning
from rig.agent.showing import Identity
from rig.agent.states import AgentPhase
from rig.preflight.report import PreflightReport
from shared.clock import ManualClock
from tests.processes import until
from tests.rig.agent.observations import PLAN, SETTINGS


class Planned:
    """A rig without a camera process, that is ready by checks of this moment."""

    def __init__(self, folder) -> None:
        self.clock = ManualClock()
        now_ns = self.clock.monotonic_ns()
        facts = Facts(AgentPhase.READY, now_ns, plan=PLAN, preflight=PreflightReport(done=True), checked_ns=now_ns)
        self.board = Board(facts, Identity("rig-1", "boot"), self.clock)
        settings = SETTINGS.model_copy(update={"data_folder": folder})
        self.planning = Planning(self.board, lambda: settings, self.clock)


def test_what_was_checked_too_long_ago_is_checked_again_before_anybody_can_start(tmp_path):
    rig = Planned(tmp_path)
    rig.planning.resume()
    assert rig.board.facts.phase is AgentPhase.READY
    rig.clock.advance(CHECKS_HOLD_S + 1)
    rig.planning.resume()
    assert rig.board.facts.phase is AgentPhase.PREFLIGHT
    report = until(lambda: (told := rig.board.snapshot().preflight) and told.done and told)
    assert report.results[0].status == "fail", "no camera process answers"


def test_a_rig_that_somebody_does_something_else_with_at_the_same_moment_is_left_alone(tmp_path, monkeypatch):
    rig = Planned(tmp_path)
    rig.board.update(lambda facts: replace(facts, phase=AgentPhase.IDLE))
    seen = rig.board.facts
    rig.board.update(lambda facts: replace(facts, phase=AgentPhase.FAULT))
    monkeypatch.setattr(Board, "facts", property(lambda _: seen))
    rig.planning.resume()
    assert rig.board.snapshot().phase is AgentPhase.FAULT
