"""Accepting a warning, with a reason that goes into the manifest."""

from __future__ import annotations

from rig.preflight.report import CheckName, CheckResult, PreflightReport
from shared.faults import NOT_NOW, NOT_VALID, GrimaceError
from shared.manifest import CheckStatus

SHORTEST_REASON = 3
"""Characters: less explains nothing."""


def waived(report: PreflightReport, check: CheckName, reason: str) -> PreflightReport:
    """The report with this warning accepted.

    Raises GrimaceError: E_NOT_NOW when the check does not warn (a failure cannot be waived), E_NOT_VALID for a reason of fewer
    than three characters.
    """
    if len(reason.strip()) < SHORTEST_REASON:
        raise GrimaceError(NOT_VALID, f"the reason needs {SHORTEST_REASON} characters at least")
    found = next((result for result in report.results if result.check is check), None)
    if found is None or found.status is not CheckStatus.WARN:
        raise GrimaceError(
            NOT_NOW, f"{check}: only a warning can be accepted, not {found.status if found else 'what was not checked'}"
        )
    return _with(report, found, reason.strip())


def with_waivers_of(report: PreflightReport, earlier: PreflightReport) -> PreflightReport:
    """The report with the waivers of an earlier one, for every check that still warns, and of the same fault."""
    given = {(result.check, result.fault_code): result.waived_because for result in earlier.results if result.waived_because}
    for result in report.results:
        reason = given.get((result.check, result.fault_code))
        if reason is not None and result.status is CheckStatus.WARN and not result.waived_because:
            report = _with(report, result, reason)
    return report


def _with(report: PreflightReport, found: CheckResult, reason: str) -> PreflightReport:
    accepted = found.model_copy(update={"waived_because": reason})
    return report.model_copy(update={"results": tuple(accepted if one is found else one for one in report.results)})
