"""What the agent makes of what it observes: above all, that it never says "recording" when nothing is recorded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rig.agent.facts import (
    CHECKS_HOLD_S,
    Facts,
    have_checks_lapsed,
    with_camera,
    with_checks_reopened,
    with_plan,
    with_preflight,
    with_settings_trouble,
    with_time,
    with_waiver,
    without_plan,
)
from rig.agent.showing import Identity, snapshot_of
from rig.agent.snapshot import SettingsTrouble
from rig.agent.states import AgentPhase
from rig.camera.states import Phase
from rig.preflight.report import CheckName, PreflightReport, failing, passing, warning
from rig.preflight.waivers import waived
from shared.faults import DISK_FULL, LIGHT_WRONG, GrimaceError
from tests.rig.agent.observations import NOW, PLAN, START_NS, after, camera, face, facts, recording

PASSED = PreflightReport(results=(passing(CheckName.DISK, "There is room."),), done=True)
TROUBLE = SettingsTrouble(detail="line 3: …", last_good_at=NOW)


def shown(known: Facts, now_ns: int):
    return snapshot_of(known, Identity("rig-1", "boot"), NOW, now_ns)


@pytest.mark.parametrize(
    ("told", "phase"),
    [
        (camera(Phase.SALVAGING), AgentPhase.FINALISING),
        (camera(Phase.IDLE), AgentPhase.IDLE),
        (camera(Phase.OPENING), AgentPhase.OPENING),
        (camera(Phase.RECORDING), AgentPhase.RECORDING),
        (camera(Phase.SEALING), AgentPhase.FINALISING),
    ],
)
def test_a_restarted_agent_takes_up_whatever_the_camera_process_does(told, phase):
    assert with_camera(facts(), told, after(1)).phase is phase


def test_a_recording_is_shown_only_while_bytes_reach_the_disk():
    stale = camera(Phase.RECORDING, recording=recording(last_write_age_s=3.1))
    assert with_camera(facts(), stale, after(1)).phase is AgentPhase.FAULT


def test_a_write_grows_old_while_the_camera_process_is_silent():
    told = with_camera(facts(), camera(Phase.RECORDING, recording=recording(last_write_age_s=1.0)), after(1))
    assert with_time(told, after(2.9)).phase is AgentPhase.RECORDING
    assert with_time(told, after(3.1)).phase is AgentPhase.FAULT


def test_a_camera_that_films_nothing_is_a_fault_also_while_nobody_records():
    assert with_camera(facts(), camera(last_frame_age_s=3.2), after(1)).phase is AgentPhase.FAULT


def test_three_seconds_of_silence_are_a_fault_and_the_next_word_ends_it():
    lost = with_time(with_camera(facts(), camera(), after(1)), after(4.1))
    assert lost.phase is AgentPhase.FAULT
    assert with_camera(lost, camera(), after(5)).phase is AgentPhase.IDLE


def test_a_camera_process_may_take_its_time_to_start():
    assert with_time(facts(), after(14)).phase is AgentPhase.STARTING
    assert with_time(facts(), after(16)).phase is AgentPhase.FAULT


def test_while_the_camera_process_is_gone_the_recording_stays_in_view_and_its_last_write_grows_old():
    lost = with_time(with_camera(facts(), camera(Phase.RECORDING), after(1)), after(6))
    snapshot = shown(lost, after(6))
    assert snapshot.recording is not None
    assert snapshot.recording.last_write_age_s == pytest.approx(5.4)
    assert snapshot.remaining_s is None


def test_of_a_silent_camera_process_neither_picture_nor_face_is_shown():
    told = with_camera(facts(), camera(face=face()), after(1))
    assert shown(told, after(2)).face is not None
    assert shown(with_time(told, after(5)), after(5)).face is None


def test_a_check_grows_old_from_the_frame_that_it_looked_at():
    told = with_camera(facts(), camera(face=face(START_NS)), after(1))
    assert shown(told, after(2.5)).face_age_s == pytest.approx(2.5)


def test_the_remaining_time_is_told_of_a_running_recording_only():
    assert shown(with_camera(facts(), camera(Phase.RECORDING), after(1)), after(1)).remaining_s == pytest.approx(40.0)
    assert shown(with_camera(facts(), camera(Phase.SEALING), after(1)), after(1)).remaining_s is None


def test_checks_hold_for_five_minutes():
    ready = with_preflight(with_plan(facts(AgentPhase.IDLE), PLAN), PASSED, after(1))
    assert not have_checks_lapsed(ready, after(1 + CHECKS_HOLD_S))
    assert have_checks_lapsed(ready, after(1.1 + CHECKS_HOLD_S))
    assert not have_checks_lapsed(without_plan(ready), after(1.1 + CHECKS_HOLD_S))


def test_a_waiver_makes_the_checks_no_younger():
    warned = PreflightReport(results=(warning(CheckName.LIGHT, LIGHT_WRONG, "It is dark."),), done=True)
    held = with_preflight(with_plan(facts(AgentPhase.IDLE), PLAN), warned, after(1))
    ready = with_waiver(held, waived(warned, CheckName.LIGHT, "night phase"))
    assert have_checks_lapsed(ready, after(1.1 + CHECKS_HOLD_S))


def test_a_warning_of_before_that_is_accepted_while_the_checks_are_done_again_makes_nothing_ready():
    warned = PreflightReport(results=(warning(CheckName.LIGHT, LIGHT_WRONG, "It is dark."),), done=True)
    held = with_preflight(with_plan(facts(AgentPhase.IDLE), PLAN), warned, after(1))
    again = with_checks_reopened(held)
    assert again.preflight is not None
    assert with_waiver(again, waived(again.preflight, CheckName.LIGHT, "night phase")).phase is AgentPhase.PREFLIGHT


def test_checks_lapse_when_the_camera_process_was_away_if_only_for_two_seconds():
    idle = with_camera(facts(), camera(), after(1))
    ready = with_preflight(with_plan(idle, PLAN), PASSED, after(1.1))
    still_there = with_camera(ready, camera(), after(1.6))
    assert not have_checks_lapsed(still_there, after(1.6))
    back = with_camera(still_there, camera(), after(3.6))
    assert back.phase is AgentPhase.READY
    assert have_checks_lapsed(back, after(3.6))


def test_a_plan_is_ready_when_every_check_passed():
    planned = with_plan(facts(AgentPhase.IDLE), PLAN)
    assert planned.phase is AgentPhase.PREFLIGHT
    assert with_preflight(planned, PASSED, after(1)).phase is AgentPhase.READY


def test_a_warning_holds_the_plan_up_until_it_is_waived_and_a_failure_for_good():
    warned = PreflightReport(results=(warning(CheckName.LIGHT, LIGHT_WRONG, "It is dark."),), done=True)
    held = with_preflight(with_plan(facts(AgentPhase.IDLE), PLAN), warned, after(1))
    assert held.phase is AgentPhase.PREFLIGHT
    assert with_waiver(held, waived(warned, CheckName.LIGHT, "night phase")).phase is AgentPhase.READY
    failed = PreflightReport(results=(failing(CheckName.DISK, DISK_FULL, "No room."),), done=True)
    assert with_preflight(held, failed, after(2)).phase is AgentPhase.PREFLIGHT


@pytest.mark.parametrize("phase", [phase for phase in AgentPhase if phase is not AgentPhase.IDLE])
def test_a_recording_is_planned_only_when_the_rig_is_idle(phase):
    with pytest.raises(GrimaceError, match="E_NOT_NOW"):
        with_plan(facts(phase), PLAN)


def test_a_plan_can_be_given_up_and_its_checks_done_again():
    ready = with_preflight(with_plan(facts(AgentPhase.IDLE), PLAN), PASSED, after(1))
    assert without_plan(ready).phase is AgentPhase.IDLE
    assert with_checks_reopened(ready).phase is AgentPhase.PREFLIGHT
    with pytest.raises(GrimaceError, match="E_NOT_NOW"):
        without_plan(facts(AgentPhase.RECORDING))


def test_a_plan_outlives_a_restart_of_the_camera_process_but_not_the_recording():
    ready = replace(with_preflight(with_plan(facts(AgentPhase.IDLE), PLAN), PASSED, after(1)), camera=camera())
    back = with_camera(with_time(ready, after(5)), camera(), after(6))
    assert (back.phase, back.plan) == (AgentPhase.IDLE, PLAN)
    assert with_camera(ready, camera(Phase.OPENING), after(1)).plan is None


def test_broken_settings_end_planning_but_never_a_recording():
    assert with_settings_trouble(facts(AgentPhase.READY), TROUBLE).phase is AgentPhase.SAFE_MODE
    held = with_settings_trouble(with_camera(facts(), camera(Phase.RECORDING), after(1)), TROUBLE)
    assert held.phase is AgentPhase.RECORDING
    assert with_camera(held, camera(Phase.SEALING), after(2)).phase is AgentPhase.FINALISING
    assert with_camera(held, camera(), after(3)).phase is AgentPhase.SAFE_MODE


def test_in_safe_mode_a_recording_that_runs_on_is_shown():
    safe = with_settings_trouble(facts(), TROUBLE)
    assert safe.phase is AgentPhase.SAFE_MODE
    assert with_camera(safe, camera(), after(1)).phase is AgentPhase.SAFE_MODE
    assert with_camera(safe, camera(Phase.RECORDING), after(1)).phase is AgentPhase.RECORDING


def test_safe_mode_ends_when_the_settings_are_mended_or_the_last_good_copy_is_accepted():
    safe = with_settings_trouble(facts(AgentPhase.IDLE), TROUBLE)
    assert with_settings_trouble(safe, None).phase is AgentPhase.STARTING
    accepted = with_settings_trouble(safe, TROUBLE.model_copy(update={"accepted": True}))
    assert with_camera(accepted, camera(), after(1)).phase is AgentPhase.IDLE
