"""A picture that differs for a moment is nothing; one that stays different is a fault."""

from __future__ import annotations

from dataclasses import replace

from rig.camera.backend import FrameInfo
from rig.camera.picture_watch import PictureWatch
from rig.settings import PictureSettings
from shared.manifest import CameraRecord

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
