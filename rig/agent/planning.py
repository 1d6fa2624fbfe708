"""Takes a plan through its checks: each run of them in a thread of its own, so that nobody waits for a hub that is silent."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from functools import partial

from rig.agent.board import Board
from rig.agent.facts import Facts, have_checks_lapsed, with_checks_reopened, with_plan, with_preflight, with_waiver, without_plan
from rig.agent.snapshot import RecordingPlan
from rig.agent.states import AgentPhase
from rig.preflight.report import CheckName, PreflightReport, failing
from rig.preflight.run import run_preflight
from rig.preflight.subject import gather_subject
from rig.preflight.waivers import waived, with_waivers_of
from rig.settings import RigSettings
from shared.clock import Clock
from shared.faults import CHECK_BROKEN, NOT_NOW, GrimaceError

log = logging.getLogger(__name__)


class Planning:
    """See the module. `settings` answers those that are in force when the checks begin."""

    def __init__(self, board: Board, settings: Callable[[], RigSettings], clock: Clock) -> None:
        self._board = board
        self._settings = settings
        self._clock = clock

    def begin(self, plan: RecordingPlan) -> None:
        """Raises GrimaceError(E_NOT_NOW) unless the rig is idle."""
        self._check(self._board.update(partial(with_plan, plan=plan)))

    def check_again(self) -> None:
        """Raises GrimaceError(E_NOT_NOW) without a plan."""
        self._check(self._board.update(with_checks_reopened))

    def waive(self, check: CheckName, reason: str) -> None:
        """Raises GrimaceError: E_NOT_NOW for what is no warning, E_NOT_VALID for a reason that is none."""

        def waive(facts: Facts) -> Facts:
            if facts.phase is not AgentPhase.PREFLIGHT or facts.preflight is None:
                raise GrimaceError(NOT_NOW, f"the rig is in the phase {facts.phase.value}")
            return with_waiver(facts, waived(facts.preflight, check, reason))

        self._board.update(waive)

    def cancel(self) -> None:
        """Raises GrimaceError(E_NOT_NOW) without a plan."""
        self._board.update(without_plan)

    def resume(self) -> None:
        """Check anew what was planned before the camera process was away, and what was checked too long ago.

        The person need not fill it in again. A rig that somebody does something else with at this moment is left alone.
        """
        facts = self._board.facts
        with contextlib.suppress(GrimaceError):
            if facts.phase is AgentPhase.IDLE and facts.plan is not None:
                self.begin(facts.plan)
            elif have_checks_lapsed(facts, self._clock.monotonic_ns()):
                log.info("the checks before the recording are done again: they no longer hold")
                self.check_again()

    def _check(self, facts: Facts) -> None:
        threading.Thread(target=self._run, args=(facts,), name="preflight", daemon=True).start()

    def _run(self, begun: Facts) -> None:
        assert begun.plan is not None, "checks begin with a plan"
        earlier = begun.preflight or PreflightReport()

        def tell(report: PreflightReport) -> None:
            self._board.update(partial(_told, begun=begun, report=report, now_ns=self._clock.monotonic_ns()))

        try:
            run_preflight(gather_subject(self._settings(), begun.plan.duration_s), tell, earlier)
        except Exception as error:  # the rig would wait for its checks for ever, and nobody would know why
            log.exception("the checks before the recording broke")
            self._board.update(partial(_broken, begun=begun, why=repr(error), now_ns=self._clock.monotonic_ns()))


def _told(facts: Facts, begun: Facts, report: PreflightReport, now_ns: int) -> Facts:
    """The checks of a plan that was given up, or that are being done again, are over. A warning accepted meanwhile stays so."""
    if facts.planned_times != begun.planned_times:
        return facts
    return with_preflight(facts, with_waivers_of(report, facts.preflight or report), now_ns)


def _broken(facts: Facts, begun: Facts, why: str, now_ns: int) -> Facts:
    failed = failing(CheckName.CAMERA, CHECK_BROKEN, f"The checks could not be carried out: {why}.")
    return _told(facts, begun, PreflightReport(results=(failed,), done=True), now_ns)
