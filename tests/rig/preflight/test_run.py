"""Running the checks, and accepting what they warn of."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rig.preflight.network import WORKS_OFFLINE
from rig.preflight.report import CheckName, CheckResult, PreflightReport, failing, passing, warning
from rig.preflight.run import CHECKS, run_preflight
from rig.preflight.subject import Subject
from rig.preflight.waivers import waived
from rig.settings import RigSettings
from shared.faults import FLICKER, LIGHT_WRONG, PROCESSOR_HOT, Fault, GrimaceError
from shared.manifest import CheckStatus

DARK = warning(CheckName.LIGHT, LIGHT_WRONG, "Too dark.")
HOT = warning(CheckName.PROCESSOR, PROCESSOR_HOT, "The processor has 80 °C.")
NO_CAMERA = failing(CheckName.CAMERA, LIGHT_WRONG, "No camera.")


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return Subject(RigSettings(rig_id="rig-1", data_folder=tmp_path), planned_s=60, camera=None)


def answering(*results: CheckResult) -> dict[CheckName, Callable[[Subject], CheckResult]]:
    return {result.check: lambda _, result=result: result for result in results}


def report_of(*results: CheckResult) -> PreflightReport:
    return PreflightReport(results=results, done=True)


def test_every_check_has_a_module_of_its_name_and_runs_in_the_order_of_the_list(subject):
    assert list(CHECKS) == list(CheckName)
    assert [check.__module__.rpartition(".")[2] for check in CHECKS.values()] == [name.value for name in CheckName]
    report = run_preflight(subject)
    assert [result.check for result in report.results] == list(CheckName)
    assert report.done
    assert not report.passed  # there is no camera


def test_the_progress_is_told_check_by_check(subject):
    told: list[PreflightReport] = []
    run_preflight(subject, told.append, checks=answering(NO_CAMERA, DARK))
    assert [(one.running, len(one.results), one.done) for one in told] == [
        (CheckName.CAMERA, 0, False),
        (CheckName.LIGHT, 1, False),
        (None, 2, True),
    ]


def breaking(_: Subject) -> CheckResult:
    raise RuntimeError("the sensor is gone")


def test_a_check_that_breaks_fails_with_its_reason_and_the_others_are_done(subject):
    report = run_preflight(subject, checks={CheckName.FOCUS: breaking, **answering(DARK)})
    broken, dark = report.results
    assert (broken.status, broken.fault_code) == (CheckStatus.FAIL, "E_CHECK")
    assert "RuntimeError: the sensor is gone" in broken.seen
    assert dark == DARK


def test_a_check_that_hangs_is_left_behind(subject):
    never = threading.Event()
    began = time.monotonic()
    report = run_preflight(
        subject,
        checks={CheckName.DISK: lambda _: never.wait() and DARK, CheckName.HUB: breaking, **answering(DARK)},
        within_s=0.2,
    )
    never.set()
    assert time.monotonic() - began < 2
    hung, network, dark = report.results
    assert (hung.status, hung.fault_code) == (CheckStatus.FAIL, "E_CHECK")
    assert (network.status, network.waived_because) == (CheckStatus.WARN, WORKS_OFFLINE)
    assert dark == DARK


def test_a_warning_that_is_accepted_is_settled_and_goes_into_the_manifest_with_its_reason():
    report = waived(report_of(DARK, passing(CheckName.CLOCK, "Right.")), CheckName.LIGHT, " red light study ")
    assert report.passed
    assert report.results[0].record.waived_because == "red light study"


@pytest.mark.parametrize(
    ("check", "reason", "code"),
    [
        (CheckName.CAMERA, "no time", "E_NOT_NOW"),
        (CheckName.CLOCK, "no time", "E_NOT_NOW"),
        (CheckName.DISK, "no time", "E_NOT_NOW"),
        (CheckName.LIGHT, " ok ", "E_NOT_VALID"),
    ],
    ids=["failed", "passed", "not done", "no reason"],
)
def test_only_a_warning_can_be_accepted_and_only_with_a_reason(check, reason, code):
    report = report_of(NO_CAMERA, DARK, passing(CheckName.CLOCK, "Right."))
    with pytest.raises(GrimaceError) as refused:
        waived(report, check, reason)
    assert refused.value.fault.code == code


@pytest.mark.parametrize(
    ("fault", "kept"), [(LIGHT_WRONG, "red light study"), (FLICKER, "")], ids=["the same fault", "another fault"]
)
def test_a_reason_holds_when_the_checks_are_run_again_for_the_same_warning_only(subject: Subject, fault: Fault, kept: str):
    earlier = waived(report_of(DARK, HOT), CheckName.LIGHT, "red light study")
    again = warning(CheckName.LIGHT, fault, "Still.")
    report = run_preflight(subject, checks=answering(again, HOT), earlier=earlier)
    assert [result.waived_because for result in report.results] == [kept, ""]


def test_a_reason_does_not_turn_a_later_failure_into_a_warning(subject):
    earlier = waived(report_of(DARK), CheckName.LIGHT, "red light study")
    report = run_preflight(subject, checks=answering(failing(CheckName.LIGHT, LIGHT_WRONG, "Dark.")), earlier=earlier)
    assert report.results[0].waived_because == ""
    assert not report.passed
