"""Which frames are looked at, and what the camera's answers change about that. The camera's side is a list of answers."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rig.camera.states import Phase
from rig.control import CameraState, RecordingState
from rig.face.examine import Examiner
from rig.face.pace import REST_AFTER_LOSS_S
from rig.face.process import FaceCheck
from shared.clock import ManualClock
from shared.faults import RIG_NOT_RUNNING, GrimaceError

SESSION = "00000000-0000-4000-8000-000000000001"


def recording(frames_dropped):
    return CameraState(
        rig_id="rig-1",
        phase=Phase.RECORDING,
        last_frame_age_s=0,
        recording=RecordingState(
            session_id=SESSION,
            folder=Path("/nowhere"),
            planned_s=60,
            elapsed_s=1,
            part=1,
            part_frames_captured=30,
            part_frames_written=30,
            part_bytes=1,
            last_write_age_s=0,
            frames_dropped=frames_dropped,
        ),
    )


@dataclass
class Answering:
    """Takes observations and answers with a state, or not at all while it is away."""

    state: CameraState = field(default_factory=lambda: recording(0))
    away: bool = False
    observed: list = field(default_factory=list)

    def observe(self, observation):
        if self.away:
            raise GrimaceError(RIG_NOT_RUNNING, "no answer")
        self.observed.append(observation)
        return self.state


@dataclass
class Checking:
    """A face check over a clock that the test moves: one small frame every 200 ms."""

    check: FaceCheck
    clock: ManualClock
    camera: Answering
    frame: object

    def film(self, seconds):
        before = len(self.camera.observed)
        for _ in range(round(seconds * 5)):
            self.check.take(self.frame)
            self.clock.advance(0.2)
        return len(self.camera.observed) - before


@pytest.fixture
def checking(build, sample_seconds):
    clock, camera = ManualClock(), Answering()
    return Checking(FaceCheck(Examiner(build, 1, clock), camera, 1.0, clock), clock, camera, sample_seconds[5].small)


def test_of_five_frames_a_second_one_is_looked_at(checking):
    assert checking.film(seconds=4) == 4


def test_after_lost_frames_the_camera_is_left_alone_for_a_while(checking):
    checking.film(seconds=1)
    checking.camera.state = recording(frames_dropped=2)
    assert checking.film(seconds=1) == 1  # its answer tells of the loss
    assert checking.film(seconds=REST_AFTER_LOSS_S - 1) == 0
    assert checking.film(seconds=3) == 3  # nothing more was lost: back to one a second


def test_frames_lost_in_an_earlier_session_do_not_count(checking):
    checking.camera.state = recording(frames_dropped=5)
    assert checking.film(seconds=4) == 4


def test_a_camera_that_is_away_is_said_once_and_its_return_once(checking, caplog):
    caplog.set_level(logging.INFO, logger="rig.face")
    checking.camera.away = True
    checking.film(seconds=5)
    checking.check.miss_frames()
    checking.camera.away = False
    checking.film(seconds=3)
    assert [record.message.split(":")[0] for record in caplog.records] == ["waiting", "checking again"]
