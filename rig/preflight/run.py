"""Runs the checks: in order, each with its time limit, and none can keep the others from being done."""

from __future__ import annotations

from collections.abc import Callable

from rig.preflight.report import PreflightReport
from rig.preflight.subject import Subject


def run_preflight(
    subject: Subject, on_report: Callable[[PreflightReport], None] | None = None, earlier: PreflightReport | None = None
) -> PreflightReport:
    """Do every check on `subject` (`gather_subject` makes one) and return the finished report; takes three seconds at most.

    `on_report` hears of every step, from the caller's thread: the results so far and which check is running. Waivers in `earlier`
    are kept for checks that warn of the same again. A check that breaks or hangs is a failure with its reason, never an exception.
    """
    raise NotImplementedError
