"""What the pre-flight checks came to, for screen, terminal and manifest."""

from __future__ import annotations

from enum import StrEnum

from shared.documents import Document
from shared.faults import Fault
from shared.manifest import CheckStatus, PreflightRecord


class CheckName(StrEnum):
    """The checks, in the order in which they run and are shown. Each has a module of this name in this folder."""

    CAMERA = "camera"
    LIGHT = "light"
    FLICKER = "flicker"
    FOCUS = "focus"
    FRAMING = "framing"
    DISK = "disk"
    CLOCK = "clock"
    PROCESSOR = "processor"
    FACE_BUILD = "face_build"
    HUB = "hub"
    BROKER = "broker"


class CheckResult(Document):
    """What one check saw. `fault_code` names the entry of the fault catalogue that a warning or failure belongs to."""

    check: CheckName
    status: CheckStatus
    seen: str
    """One plain sentence with numbers."""
    remedy: str = ""
    fault_code: str = ""
    waived_because: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether a recording may begin as far as this check goes."""
        return self.status in {CheckStatus.PASS, CheckStatus.NOT_CHECKED} or (
            self.status is CheckStatus.WARN and bool(self.waived_because)
        )

    @property
    def record(self) -> PreflightRecord:
        return PreflightRecord(check=self.check, status=self.status, seen=self.seen, waived_because=self.waived_because)


class PreflightReport(Document):
    """All checks so far; `running` is the one that is being done."""

    results: tuple[CheckResult, ...] = ()
    running: CheckName | None = None
    done: bool = False

    @property
    def passed(self) -> bool:
        return self.done and all(result.is_settled for result in self.results)


def passing(check: CheckName, seen: str) -> CheckResult:
    return CheckResult(check=check, status=CheckStatus.PASS, seen=seen)


def warning(check: CheckName, fault: Fault, seen: str, remedy: str = "") -> CheckResult:
    """Record if you must. Without a remedy of its own, the fault's is shown."""
    return _unsound(check, CheckStatus.WARN, fault, seen, remedy)


def failing(check: CheckName, fault: Fault, seen: str, remedy: str = "") -> CheckResult:
    """Recording now would waste the animal. Without a remedy of its own, the fault's is shown."""
    return _unsound(check, CheckStatus.FAIL, fault, seen, remedy)


def not_checked(check: CheckName, seen: str, remedy: str = "") -> CheckResult:
    """This machine cannot tell, or what the check needs is not there; a recording may begin."""
    return CheckResult(check=check, status=CheckStatus.NOT_CHECKED, seen=seen, remedy=remedy)


def _unsound(check: CheckName, status: CheckStatus, fault: Fault, seen: str, remedy: str) -> CheckResult:
    return CheckResult(check=check, status=status, seen=seen, remedy=remedy or fault.remedy, fault_code=fault.code)
