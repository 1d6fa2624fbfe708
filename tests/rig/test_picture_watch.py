"""A picture that differs for a moment is nothing; one that stays different is a fault."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import pytest

from rig.camera.backend import FrameInfo
from rig.camera.picture_watch import PictureWatch
from rig.camera.process import EXIT_RESTART
from rig.camera.simulated.faults import SimulatedFault
from rig.camera.simulated.orders import FaultOrder, order_fault
from rig.camera.states import Phase
from rig.settings import PictureSettings
from shared.faults import GrimaceError
from shared.manifest import CameraRecord, StudyMetadata
from tests.processes import until
from tests.rig.rig_process import RigProcess

SECOND = 1_000_000_000
ASKED = PictureSettings(exposure_us=10_000, analogue_gain=2.0)
RIGHT = FrameInfo(0, 10_000, 2.0, 1.0, 33_333, 0.0, 0.0, 0.0)
WRONG = replace(RIGHT, exposure_us=33)
RECORD = CameraRecord(
    backend="sim", model="imx477", width_px=1920, height_px=1080, frame_rate=30, read_back={"exposure_us": 10_000}
)


def looks(*frames: FrameInfo, every_ns: int = SECOND) -> list[str]:
    """What the watch says of frames that it meets at this pace."""
    watch = PictureWatch(ASKED, RECORD)
    return [watch.look(frame, number * every_ns) for number, frame in enumerate(frames)]


def test_a_picture_as_asked_is_no_fault():
    assert looks(RIGHT, RIGHT, RIGHT) == ["", "", ""]


def test_a_difference_that_lasts_two_looks_is_told_in_words():
    assert looks(RIGHT, WRONG, WRONG) == ["", "", "exposure 33 us instead of 10000 us"]


def test_a_difference_of_a_moment_is_none():
    assert looks(WRONG, RIGHT, WRONG, RIGHT) == ["", "", "", ""]


def test_frames_within_a_second_are_one_look():
    assert looks(*[WRONG] * 25, every_ns=SECOND // 30) == [""] * 25


def test_a_camera_that_reads_nothing_back_is_not_verified():
    watch = PictureWatch(ASKED, RECORD.model_copy(update={"read_back": {}}))
    assert not watch.verifies
    assert watch.difference(WRONG) == ""


needs_picamera2 = pytest.mark.skipif(find_spec("picamera2") is None, reason="picamera2 is not installed: `make picamera`")
SIMULATED = 'backend = "sim"\nwidth_px = 640\nheight_px = 360\nbitrate_bps = 500000\n'


def expose_wrongly(rig: RigProcess) -> None:
    order_fault(rig.data_folder, FaultOrder(fault=SimulatedFault.WRONG_EXPOSURE))


def picture_differs(rig: RigProcess) -> bool:
    state = rig.state()
    return state is not None and state.picture is not None and bool(state.picture.mismatch)


@needs_picamera2
@pytest.mark.system
def test_no_recording_begins_while_the_picture_differs(rig_process: RigProcess):
    rig_process.configure(SIMULATED)
    rig_process.start("camera")
    rig_process.wait_for_phase(Phase.IDLE)
    expose_wrongly(rig_process)
    until(lambda: picture_differs(rig_process))
    with pytest.raises(GrimaceError, match=r"E_CAM_SETTINGS.*exposure \d+ us instead of 10000 us"):
        rig_process.control.start(5, StudyMetadata())
    order_fault(rig_process.data_folder, FaultOrder(fault=None))
    until(lambda: not picture_differs(rig_process))
    assert rig_process.control.start(60, StudyMetadata()).recording is not None


@needs_picamera2
@pytest.mark.system
def test_a_picture_that_changes_while_recording_is_set_anew_once_and_the_session_goes_on(rig_process: RigProcess):
    rig_process.configure(SIMULATED)
    process = rig_process.start("camera")
    rig_process.wait_for_phase(Phase.IDLE)
    recording = rig_process.control.start(60, StudyMetadata()).recording
    assert recording is not None
    rig_process.wait_for_frames(15)
    expose_wrongly(rig_process)
    assert process.wait(20) == EXIT_RESTART
    process = rig_process.start("camera")
    assert rig_process.wait_for_frames(15).faults[0].code == "E_CAM_SETTINGS"
    expose_wrongly(rig_process)
    until(lambda: picture_differs(rig_process))
    state = rig_process.wait_for_frames(100)
    assert (process.poll(), state.recording and state.recording.part) == (None, 2), "an animal's recording is not given up"
    rig_process.control.stop()
    rig_process.wait_until_finished(recording.session_id)
    manifest = rig_process.manifest(recording.session_id)
    assert [part.number for part in manifest.parts] == [1, 2]
    assert [fault.code for fault in manifest.faults if fault.code.startswith("E_")] == ["E_CAM_SETTINGS"]
