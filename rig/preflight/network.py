"""The network is never needed for a recording: what cannot be reached is told, and settled at once."""

from __future__ import annotations

from rig.preflight.report import CheckName, CheckResult, warning
from shared.faults import Fault

WORKS_OFFLINE = "the rig works offline"

ANSWER_WITHIN_S = 2.0

NETWORK_CHECKS = frozenset({CheckName.HUB, CheckName.BROKER})


def unreachable(check: CheckName, fault: Fault, seen: str) -> CheckResult:
    """A warning that nobody has to waive."""
    return warning(check, fault, seen).model_copy(update={"waived_because": WORKS_OFFLINE})
