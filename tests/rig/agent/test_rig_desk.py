"""The desk over a real camera process: from the plan to the verdict, and what is shown when the camera dies."""

from __future__ import annotations

import signal

import pytest

from rig.agent.states import AgentPhase
from rig.camera.process import EXIT_RESTART
from rig.settings_file import SettingsFile, change_settings
from shared.faults import GrimaceError
from tests.processes import until
from tests.rig.agent.agent_rig import ABOUT, PACED, SCREEN_ONLY, desk_of, make_ready, plan, wait_for, wait_for_phase
from tests.rig.rig_process import RigProcess

pytestmark = pytest.mark.system


def test_from_a_plan_to_a_verdict(rig_process: RigProcess):
    rig_process.configure(PACED)
    rig_process.start("camera")
    with desk_of(rig_process) as desk:
        wait_for_phase(desk, AgentPhase.IDLE)
        with pytest.raises(GrimaceError, match="E_PREFLIGHT"):
            desk.start("screen")
        make_ready(desk, seconds=3)
        desk.start("screen")
        assert desk.snapshot().phase in {AgentPhase.OPENING, AgentPhase.RECORDING}
        shown = wait_for_phase(desk, AgentPhase.RECORDING)
        assert shown.recording is not None
        assert shown.recording.part_frames_written > 0
        assert (shown.plan, shown.recording.study) == (None, ABOUT)
        with pytest.raises(GrimaceError, match="E_NOT_NOW"):
            desk.plan(plan(3))
        desk.mark("noise", "screen")
        desk.mark("door", "mqtt:Ada")
        verdict = wait_for(desk, lambda snapshot: snapshot.verdict is not None).verdict
        assert verdict is not None
        assert (verdict.study, verdict.session.outcome, verdict.sufficient) == (ABOUT, "sealed", None)
        manifest = rig_process.manifest(verdict.session.session_id)
        assert {record.check for record in manifest.preflight} >= {"camera", "disk"}
        assert all(record.waived_because == "a test" for record in manifest.preflight if record.status == "warn")
        events = (rig_process.session(manifest.session_id).path / "events.jsonl").read_text(encoding="utf-8")
        assert '"noise"' in events
        assert '"door (mqtt:Ada)"' in events
        desk.dismiss_verdict()
        assert desk.snapshot().verdict is None


def test_a_stop_ends_the_recording_and_says_who_asked(rig_process: RigProcess):
    rig_process.configure(PACED)
    rig_process.start("camera")
    with desk_of(rig_process) as desk:
        make_ready(desk, seconds=60)
        desk.start("mqtt:Ada")
        wait_for_phase(desk, AgentPhase.RECORDING)
        desk.stop("mqtt:Ada")
        verdict = wait_for(desk, lambda snapshot: snapshot.verdict is not None).verdict
        assert verdict is not None
        events = (verdict.session.folder / "events.jsonl").read_text(encoding="utf-8")
        assert "started by mqtt:Ada" in events
        assert "stopped by mqtt:Ada" in events


def test_a_camera_process_that_is_killed_is_a_fault_until_the_recording_goes_on(rig_process: RigProcess):
    rig_process.configure(PACED)
    camera = rig_process.start("camera")
    with desk_of(rig_process) as desk:
        wait_for_phase(desk, AgentPhase.IDLE)
        rig_process.control.start(60, ABOUT)
        wait_for_phase(desk, AgentPhase.RECORDING)
        camera.send_signal(signal.SIGKILL)
        camera.wait()
        lost = wait_for(desk, lambda snapshot: snapshot.phase is AgentPhase.FAULT and bool(snapshot.alerts))
        assert lost.alerts[0].code == "E_RIG_DOWN"
        assert "goes on as its next part" in lost.alerts[0].detail
        rig_process.start("camera")
        back = wait_for_phase(desk, AgentPhase.RECORDING)
        assert back.recording is not None
        assert back.recording.part == 2
        wait_for(desk, lambda snapshot: "E_RIG_DOWN" not in {alert.code for alert in snapshot.alerts})
        desk.stop("screen")


def test_a_plan_waits_for_a_camera_process_that_restarts_and_is_checked_anew(rig_process: RigProcess):
    rig_process.configure(PACED)
    camera = rig_process.start("camera")
    with desk_of(rig_process) as desk:
        wait_for_phase(desk, AgentPhase.IDLE)
        desk.plan(plan(60))
        camera.kill()
        camera.wait()
        assert wait_for_phase(desk, AgentPhase.FAULT).plan == plan(60)
        rig_process.start("camera")
        assert wait_for_phase(desk, AgentPhase.PREFLIGHT).plan == plan(60)
        desk.cancel()
        assert desk.snapshot().phase is AgentPhase.IDLE


def test_a_changed_exposure_restarts_the_camera_process_as_soon_as_nobody_records(rig_process: RigProcess):
    rig_process.configure(PACED)
    camera = rig_process.start("camera")
    with desk_of(rig_process) as desk:
        wait_for_phase(desk, AgentPhase.IDLE)
        rig_process.control.start(60, ABOUT)
        before = wait_for_phase(desk, AgentPhase.RECORDING).recording
        change_settings(rig_process.config, {"camera.picture.exposure_us": 8000})
        assert before is not None
        rig_process.wait_for_frames(before.part_frames_written + 45)  # longer than the pause between two looks at the file
        assert camera.poll() is None
        desk.stop("screen")
        assert until(lambda: camera.poll() is not None)
        assert camera.returncode == EXIT_RESTART
        assert desk.snapshot().settings_trouble is None


def test_a_broken_settings_file_is_told_with_its_line_and_nobody_records_until_it_is_mended(rig_process: RigProcess):
    rig_process.configure(PACED)
    rig_process.start("camera")
    good = rig_process.config.read_text(encoding="utf-8")
    with desk_of(rig_process) as desk:
        wait_for_phase(desk, AgentPhase.IDLE)
        until(SettingsFile(rig_process.config).last_good.exists)
        rig_process.config.write_text(good.replace("width_px", "widht_px"), encoding="utf-8")
        trouble = wait_for_phase(desk, AgentPhase.SAFE_MODE).settings_trouble
        assert trouble is not None
        assert "camera.widht_px: there is no such setting; did you mean width_px?" in trouble.detail
        assert trouble.changed == ("-width_px = 160", "+widht_px = 160")
        with pytest.raises(GrimaceError, match="E_NOT_NOW"):
            desk.plan(plan(3))
        desk.accept_last_good_settings()
        wait_for_phase(desk, AgentPhase.IDLE)
        rig_process.config.write_text(good, encoding="utf-8")
        assert wait_for(desk, lambda snapshot: snapshot.settings_trouble is None).phase is AgentPhase.IDLE


def test_without_a_data_folder_the_screen_still_says_what_is_wrong(rig_process: RigProcess):
    rig_process.configure(PACED, SCREEN_ONLY)
    rig_process.data_folder.write_text("in the way of the folder", encoding="utf-8")
    with desk_of(rig_process) as desk:
        shown = wait_for(desk, lambda snapshot: "E_DISK_STALLED" in {alert.code for alert in snapshot.alerts})
        assert "data_folder" in next(alert.detail for alert in shown.alerts if alert.code == "E_DISK_STALLED")
