"""Accepting a warning, with a reason that goes into the manifest."""

from __future__ import annotations

from rig.preflight.report import CheckName, PreflightReport


def waived(report: PreflightReport, check: CheckName, reason: str) -> PreflightReport:
    """The report with this warning accepted.

    Raises GrimaceError: E_NOT_NOW when the check does not warn (a failure cannot be waived), E_NOT_VALID for a reason of fewer
    than three characters.
    """
    raise NotImplementedError


def with_waivers_of(report: PreflightReport, earlier: PreflightReport) -> PreflightReport:
    """The report with the waivers of an earlier one, for every check that still warns, and of the same fault."""
    raise NotImplementedError
