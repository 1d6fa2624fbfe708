"""Is the clock right? Video times do not depend on it, the dates of recordings do."""

from __future__ import annotations

from rig.preflight.report import CheckName, CheckResult, not_checked, passing, warning
from rig.preflight.subject import Subject
from shared.faults import CLOCK_UNSYNCED


def check(subject: Subject) -> CheckResult:
    return judge(subject.camera.clock_synchronised if subject.camera is not None else None)


def judge(synchronised: bool | None) -> CheckResult:
    if synchronised is None:
        return not_checked(CheckName.CLOCK, "This machine does not tell whether its clock is right.")
    if not synchronised:
        return warning(CheckName.CLOCK, CLOCK_UNSYNCED, "The clock follows no time server.")
    return passing(CheckName.CLOCK, "The clock follows a time source.")
