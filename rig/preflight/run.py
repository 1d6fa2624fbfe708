"""Runs the checks: all at once, told in order, each with its time limit, and none can keep the others from being done."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

from rig.preflight import broker, camera, clock, disk, face_build, flicker, focus, framing, hub, light, processor
from rig.preflight.network import NETWORK_CHECKS, unreachable
from rig.preflight.report import CheckName, CheckResult, PreflightReport, failing
from rig.preflight.subject import Subject
from rig.preflight.waivers import with_waivers_of
from shared.faults import CHECK_BROKEN

log = logging.getLogger(__name__)

Check = Callable[[Subject], CheckResult]

CHECKS: Mapping[CheckName, Check] = {
    CheckName.CAMERA: camera.check,
    CheckName.LIGHT: light.check,
    CheckName.FLICKER: flicker.check,
    CheckName.FOCUS: focus.check,
    CheckName.FRAMING: framing.check,
    CheckName.DISK: disk.check,
    CheckName.CLOCK: clock.check,
    CheckName.PROCESSOR: processor.check,
    CheckName.FACE_BUILD: face_build.check,
    CheckName.HUB: hub.check,
    CheckName.BROKER: broker.check,
}

WITHIN_S = 4.0
"""For all of them together: more than twice what the slowest, a hub that is silent, takes."""


def run_preflight(
    subject: Subject,
    on_report: Callable[[PreflightReport], None] | None = None,
    earlier: PreflightReport | None = None,
    checks: Mapping[CheckName, Check] = CHECKS,
    within_s: float = WITHIN_S,
) -> PreflightReport:
    """Do every check on `subject` (`gather_subject` makes one) and return the finished report; takes `within_s` at most.

    `on_report` hears of every step, from the caller's thread: the results so far and which check is running. Waivers in
    `earlier` are kept for checks that warn of the same again. A check that breaks or hangs becomes a failure with its reason.
    """
    tell = on_report or (lambda _: None)
    deadline = time.monotonic() + within_s
    attempts = [_Attempt(name, check, subject) for name, check in checks.items()]
    report = PreflightReport()
    for attempt in attempts:
        report = report.model_copy(update={"running": attempt.name})
        tell(report)
        result = attempt.result(max(0.0, deadline - time.monotonic()))
        report = report.model_copy(update={"results": (*report.results, result)})
        if earlier is not None:
            report = with_waivers_of(report, earlier)
    report = report.model_copy(update={"running": None, "done": True})
    tell(report)
    return report


class _Attempt:
    """One check in a thread of its own, which is left behind when it hangs: a disk or a name server may answer never."""

    def __init__(self, name: CheckName, check: Check, subject: Subject) -> None:
        self.name = name
        self._result: CheckResult | None = None
        self._thread = threading.Thread(target=self._do, args=(check, subject), name=f"check-{name}", daemon=True)
        self._thread.start()

    def result(self, timeout_s: float) -> CheckResult:
        self._thread.join(timeout_s)
        return self._result or _broken(self.name, "it did not end in time")

    def _do(self, check: Check, subject: Subject) -> None:
        try:
            self._result = check(subject)
        except Exception as error:  # a check that breaks must not keep the others, or the rig, from working
            log.exception("the check %s broke", self.name)
            self._result = _broken(self.name, f"{type(error).__name__}: {error}")


def _broken(name: CheckName, reason: str) -> CheckResult:
    seen = f"The check could not be carried out: {reason}."
    return unreachable(name, CHECK_BROKEN, seen) if name in NETWORK_CHECKS else failing(name, CHECK_BROKEN, seen)
