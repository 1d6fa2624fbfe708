"""The real face-check process beside a real camera process that films the sample clip."""

import os
import subprocess
import sys

import psutil
import pytest

from rig.fault_note import read_fault_note
from rig.supervisor import EXIT_FOR_GOOD
from shared.face_check import FauRow
from shared.faults import BUILD_UNKNOWN
from shared.ledger import FrameRow, read_rows
from shared.manifest import FAU_NAME, FRAMES_NAME, StudyMetadata
from tests.processes import until

pytestmark = pytest.mark.system

FILMED = 'source = "sample"\nwidth_px = 960\nheight_px = 540\n'
PARENT = "import subprocess, sys; child = subprocess.Popen(sys.argv[1:]); print(child.pid, flush=True); child.wait()"


@pytest.fixture
def filming(rig_process):
    rig_process.configure(FILMED)
    rig_process.camera = rig_process.start("camera")
    return rig_process


def newest_check(rig):
    state = rig.state()
    return state.face if state is not None else None


def test_what_the_check_sees_is_counted_while_recording_and_joined_to_the_frames(filming):
    filming.start("face-check")
    until(lambda: newest_check(filming))
    state = filming.control.start(4, StudyMetadata())
    session_id = state.recording.session_id
    until(lambda: (now := filming.state()) and now.recording and now.recording.coverage.checks >= 1)
    finished = filming.wait_until_finished(session_id)

    rows = list(read_rows(filming.session(session_id).path / FAU_NAME, FauRow))
    frames = {frame.frame_index: frame for frame in read_rows(filming.session(session_id).path / FRAMES_NAME, FrameRow)}
    assert finished.coverage.checks == len(rows) >= 3
    assert all(frames[row.frame_index].sensor_ns == row.sensor_ns for row in rows)
    assert finished.coverage.checks_all_faus == sum(row.faus_visible == 4 for row in rows)


def test_the_check_goes_on_when_the_camera_process_comes_back(filming):
    check = filming.start("face-check")
    before = until(lambda: newest_check(filming))
    filming.camera.kill()
    filming.camera.wait()
    filming.start("camera")
    assert until(lambda: (now := newest_check(filming)) and now.sensor_ns > before.sensor_ns)
    assert check.poll() is None


def test_the_check_ends_with_the_process_that_started_it(filming):
    command = [sys.executable, "-m", "rig.cli", "face-check", "--config", str(filming.config)]
    parent = subprocess.Popen([sys.executable, "-c", PARENT, *command], stdout=subprocess.PIPE, text=True)
    child = psutil.Process(int(parent.stdout.readline()))
    until(lambda: newest_check(filming))
    assert child.nice() == 10
    assert os.sched_getscheduler(child.pid) == os.SCHED_BATCH
    parent.kill()
    parent.wait()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, within_s=10)


def test_a_build_that_is_not_there_ends_the_check_for_good_and_is_named(rig_process):
    rig_process.configure(FILMED, agent='[face_check]\nbuild = "nobodys-build"')
    done = subprocess.run([sys.executable, "-m", "rig.cli", "face-check", "--config", str(rig_process.config)], check=False)
    note = read_fault_note(rig_process.data_folder, "face-check")
    assert done.returncode == EXIT_FOR_GOOD
    assert note.fault is BUILD_UNKNOWN
    assert "nobodys-build" in note.detail
