"""The camera process as a whole: commanded over its socket, killed, stalled, restarted."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import psutil
import pytest

from hub.scoring.probe import check_ledger
from rig.camera.process import EXIT_RESTART
from rig.camera.small_frames import small_frames
from rig.camera.states import RECORDING_PHASES, Phase
from rig.control import StartCommand
from rig.recording.salvage import EMPTY_SESSIONS_NAME
from rig.supervisor import EXIT_FOR_GOOD
from shared.face_check import CHECKED_FAUS, SufficiencyGoal
from shared.faults import GrimaceError
from shared.grimace import Fau
from shared.hashing import sha256_of_file
from shared.manifest import CheckStatus, GapCause, PreflightRecord, SealState, SessionManifest, StudyMetadata
from tests.processes import until
from tests.rig.bench import BUILD, decodable_frames, packets_of, seen_in
from tests.rig.rig_process import RigProcess

pytestmark = pytest.mark.system

PACED = 'source = "pattern"\nwidth_px = 160\nheight_px = 90\nbitrate_bps = 300000\n'
ABOUT = StudyMetadata(study="S1", animal="m1")


def session_id_of(rig: RigProcess, seconds: float) -> str:
    rig.wait_for_phase(Phase.IDLE)
    recording = rig.control.start(seconds, ABOUT).recording
    assert recording is not None
    return recording.session_id


def assert_sealed_well(rig: RigProcess, session_id: str) -> SessionManifest:
    """Whatever happened: hashes agree, the ledger balances (for the hub too), and every part can be read to its end."""
    folder, manifest = rig.session(session_id), rig.manifest(session_id)
    for record in manifest.files:
        assert sha256_of_file(folder.finished(record.name)) == record.sha256
    check_ledger(folder.path, manifest)
    counts = manifest.counts
    assert counts.expected == counts.written + counts.dropped
    assert counts.dropped == sum(gap.frames_missing for gap in manifest.gaps)
    for part in manifest.parts:
        video = folder.finished(part.file)
        assert decodable_frames(video) == len(packets_of(video)) == part.frames_written
    assert {path.name for path in folder.path.iterdir()} == {"session.json", *(record.name for record in manifest.files)}
    return manifest


def test_a_commanded_recording_is_sealed_with_every_frame(rig_process: RigProcess):
    rig_process.configure(PACED)
    rig_process.start("camera")
    session_id = session_id_of(rig_process, 1.5)
    rig_process.wait_for_frames(15)
    rig_process.wait_for_phase(Phase.RECORDING)
    rig_process.control.mark("door opened")
    finished = rig_process.wait_until_finished(session_id)
    manifest = assert_sealed_well(rig_process, session_id)
    assert (finished.outcome, manifest.counts.written, manifest.counts.dropped) == ("sealed", 45, 0)
    assert manifest.study == ABOUT


def test_commands_that_do_not_fit_are_refused_with_their_fault(rig_process: RigProcess):
    rig_process.configure(PACED)
    rig_process.start("camera")
    rig_process.wait_for_phase(Phase.IDLE)
    with pytest.raises(GrimaceError, match="E_REC_IDLE"):
        rig_process.control.stop()
    session_id = session_id_of(rig_process, 30)
    with pytest.raises(GrimaceError, match="E_REC_BUSY"):
        rig_process.control.start(1, ABOUT)
    rig_process.control.stop()
    assert rig_process.wait_until_finished(session_id).outcome in {"sealed", "empty"}


def test_what_the_face_check_sees_is_told_counted_and_kept_and_ends_the_recording_at_its_goal(rig_process: RigProcess):
    rig_process.configure(PACED + "preview_rate_hz = 10\n")
    rig_process.start("camera")
    rig_process.wait_for_phase(Phase.IDLE)
    goal = SufficiencyGoal(frames=1, within_s=60, sampling_rate_hz=1.0)
    waived = PreflightRecord(check="light", status=CheckStatus.WARN, seen="mean 30", waived_because="dark strain")
    command = StartCommand(planned_s=60, study=ABOUT, goal=goal, end_at_goal=True, preflight=(waived,))
    pictures = small_frames(rig_process.data_folder, silent_after_s=10)
    first = next(pictures)
    assert (first.width_px, first.height_px, len(first.i420)) == (160, 90, 160 * 90 * 3 // 2)
    early = rig_process.control.observe(seen_in(first.sensor_us, Fau.NOSE))
    assert early.face is not None
    assert early.face.visible == (Fau.NOSE,), "told while nobody records"
    recording = rig_process.control.begin(command).recording
    assert recording is not None
    assert (recording.goal, recording.end_at_goal, recording.study, recording.coverage.checks) == (goal, True, ABOUT, 0)
    rig_process.wait_for_frames(15)
    rig_process.control.mark("noise")
    seen = []
    for picture in pictures:
        seen.append(rig_process.control.observe(seen_in(picture.sensor_us, *CHECKED_FAUS)))
        if seen[-1].phase not in RECORDING_PHASES:
            break
    finished = rig_process.wait_until_finished(recording.session_id)
    manifest = assert_sealed_well(rig_process, recording.session_id)
    told = [state.recording for state in seen if state.recording is not None]
    assert told[-1].markers == 1
    assert told[-1].bytes_written == told[-1].part_bytes > 0
    assert manifest.coverage == finished.coverage
    assert manifest.coverage is not None
    assert manifest.coverage.goal_reached_at_s == pytest.approx(1.0, abs=0.7)
    assert manifest.counts.written < 30 * 10, "long before its planned end"
    assert (manifest.goal, manifest.preflight, manifest.builds) == (goal, (waived,), (BUILD,))


def test_a_restart_is_carried_out_when_nobody_records(rig_process: RigProcess):
    rig_process.configure(PACED)
    process = rig_process.start("camera")
    session_id = session_id_of(rig_process, 60)
    rig_process.wait_for_frames(15)
    with pytest.raises(GrimaceError, match="E_REC_BUSY"):
        rig_process.control.restart()
    rig_process.control.stop()
    rig_process.wait_until_finished(session_id)
    rig_process.wait_for_phase(Phase.IDLE)
    rig_process.control.restart()
    assert process.wait(20) == EXIT_RESTART


def test_without_a_camera_process_the_client_says_so(rig_process: RigProcess):
    with pytest.raises(GrimaceError, match="E_RIG_DOWN"):
        rig_process.control.status()


def test_a_second_camera_process_is_refused(rig_process: RigProcess):
    rig_process.configure(PACED)
    rig_process.start("camera")
    command = [sys.executable, "-m", "rig.cli", "camera", "--config", str(rig_process.config)]
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == EXIT_FOR_GOOD
    assert "E_RIG_RUNS" in second.stderr


def test_a_stopped_recording_is_sealed_with_what_there_is(rig_process: RigProcess):
    rig_process.configure(PACED)
    rig_process.start("camera")
    session_id = session_id_of(rig_process, 60)
    rig_process.wait_for_frames(15)
    rig_process.control.stop()
    assert rig_process.wait_until_finished(session_id).outcome == "sealed"
    manifest = assert_sealed_well(rig_process, session_id)
    assert manifest.counts.dropped == 0
    assert manifest.counts.written >= 15


def test_a_terminated_process_seals_before_it_ends(rig_process: RigProcess):
    rig_process.configure(PACED)
    process = rig_process.start("camera")
    session_id = session_id_of(rig_process, 60)
    rig_process.wait_for_frames(15)
    process.terminate()
    assert process.wait(20) == 0
    assert assert_sealed_well(rig_process, session_id).state is SealState.SEALED


@pytest.mark.parametrize("round_number", range(4))
def test_a_killed_recording_loses_at_most_its_last_second(rig_process: RigProcess, round_number: int):
    rig_process.configure(PACED)
    process = rig_process.start("camera")
    session_id = session_id_of(rig_process, 60)
    state = rig_process.wait_for_frames(15 + 15 * round_number)
    time.sleep(random.Random(round_number).uniform(0, 0.6))
    seen = rig_process.state() or state
    process.send_signal(signal.SIGKILL)
    process.wait()
    command = [sys.executable, "-m", "rig.cli", "salvage", "--config", str(rig_process.config)]
    subprocess.run(command, check=True, capture_output=True)
    manifest = assert_sealed_well(rig_process, session_id)
    assert manifest.state is SealState.RECOVERED
    assert seen.recording is not None
    assert manifest.counts.written >= seen.recording.part_frames_written, "what was told to be on the disk is there"
    assert manifest.counts.dropped <= 30
    assert {gap.cause for gap in manifest.gaps} <= {GapCause.END}
    assert "W_SESSION_TORN" in {fault.code for fault in manifest.faults}


def test_a_session_killed_before_its_end_goes_on_as_part_two(rig_process: RigProcess):
    rig_process.configure(PACED)
    supervisor = rig_process.start("run")
    session_id = session_id_of(rig_process, 8)
    rig_process.wait_for_frames(30)
    kill_camera(supervisor)
    assert rig_process.wait_until_finished(session_id).outcome == "recovered"
    manifest = assert_sealed_well(rig_process, session_id)
    assert [part.recovered for part in manifest.parts] == [True, False]
    assert [gap.cause for gap in manifest.gaps] == [GapCause.RESTART]
    assert manifest.counts.expected == 240, "the planned end did not move"
    assert supervisor.poll() is None
    supervisor.terminate()
    assert supervisor.wait(20) == 0


def kill_camera(supervisor: subprocess.Popen[bytes]) -> None:
    """Signal 9 to the supervisor's camera process."""
    (camera,) = (child for child in psutil.Process(supervisor.pid).children() if "camera" in child.cmdline())
    camera.kill()


def test_a_camera_that_hangs_is_noticed_and_the_session_goes_on(rig_process: RigProcess):
    rig_process.configure(PACED + "[camera.faults]\nstall_after_frames = 45\n")
    process = rig_process.start("camera")
    session_id = session_id_of(rig_process, 10)
    rig_process.wait_for_frames(30)
    stalled_at = time.monotonic()
    assert process.wait(20) == EXIT_RESTART
    assert time.monotonic() - stalled_at < 0.6 + 5
    first = rig_process.session(session_id).finished("part-1.mp4")
    assert decodable_frames(first) == 45, "nothing of what was encoded is lost"
    rig_process.start("camera").wait(20)
    rig_process.start("camera")
    rig_process.wait_until_finished(session_id)
    manifest = assert_sealed_well(rig_process, session_id)
    assert [part.frames_written for part in manifest.parts] == [45, 45]
    assert manifest.gaps[0].cause is GapCause.RESTART
    assert {fault.code for fault in manifest.faults} == {"E_CAM_STALLED", "W_FRAMES_DROPPED"}


def test_a_session_killed_before_its_first_fragment_is_set_aside(rig_process: RigProcess):
    rig_process.configure(PACED)
    process = rig_process.start("camera")
    session_id = session_id_of(rig_process, 1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(1.0)
    rig_process.start("camera")
    assert rig_process.wait_until_finished(session_id).outcome == "empty"
    assert (rig_process.data_folder / EMPTY_SESSIONS_NAME / session_id).is_dir()


def test_a_session_killed_before_its_first_fragment_goes_on_while_there_is_time(rig_process: RigProcess):
    rig_process.configure(PACED)
    process = rig_process.start("camera")
    session_id = session_id_of(rig_process, 6)
    until(lambda: rig_process.session(session_id).video(1))
    process.send_signal(signal.SIGKILL)
    process.wait()
    rig_process.start("camera")
    assert rig_process.wait_until_finished(session_id).outcome == "recovered"
    manifest = assert_sealed_well(rig_process, session_id)
    assert [part.number for part in manifest.parts] in ([2], [1, 2])
    assert manifest.counts.expected <= 180


def test_the_technician_records_from_the_command_line(rig_process: RigProcess):
    rig_process.configure(PACED + "paced = false\n")
    rig_process.start("camera")
    rig_process.wait_for_phase(Phase.IDLE)
    command = [sys.executable, "-m", "rig.cli", "record", "--seconds", "4", "--config", str(rig_process.config), "--study", "S1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    session_id, folder = done.stdout.split()
    assert rig_process.manifest(session_id).counts.written == 120
    assert folder == str(rig_process.session(session_id).path)
