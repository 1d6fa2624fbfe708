"""What picamera2 is asked for."""

import numpy as np
import pytest

from rig.camera.encoder import SecondGrid
from rig.camera.picamera.configuration import choose_camera, controls, small_size, video_configuration
from rig.camera.picamera.frames import small_frame
from rig.settings import CameraSettings
from shared.faults import GrimaceError


def test_the_imx477_is_chosen_wherever_it_is_listed():
    cameras = [{"Model": "ov5647", "Id": "/usb/1"}, {"Model": "imx477", "Id": "/base/imx477@1a"}]
    assert choose_camera(cameras) == 1


@pytest.mark.parametrize(
    ("cameras", "found"), [([], "no camera at all"), ([{"Model": "ov5647", "Id": "/base/ov5647"}], "ov5647 at /base/ov5647")]
)
def test_without_an_imx477_it_is_said_what_is_there(cameras, found):
    with pytest.raises(GrimaceError, match=f"no imx477 is connected; found: {found}"):
        choose_camera(cameras)


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((1920, 1080), (640, 360)),
        ((1440, 1080), (640, 480)),
        ((160, 90), (128, 72)),
        ((32, 18), (32, 18)),
    ],
)
def test_the_small_stream_has_the_large_ones_shape_and_unpadded_rows(size, small):
    assert small_size(*size) == small


def test_nothing_automatic_is_named_beside_what_is_fixed():
    asked = controls(CameraSettings())
    assert {"ExposureTime", "AnalogueGain", "ColourGains", "FrameDurationLimits", "Contrast"} <= set(asked)
    assert not {"AeEnable", "AwbEnable"} & set(asked)


def test_the_sensors_mode_is_pinned_and_no_raw_stream_is_asked_for():
    asked = video_configuration(CameraSettings())
    assert asked["sensor"] == {"output_size": (2028, 1080), "bit_depth": 12}
    assert asked["raw"] is None


def test_a_small_frame_loses_the_padding_of_its_rows():
    luma = np.arange(2 * 8, dtype=np.uint8).reshape(2, 8)
    colours = np.arange(100, 108, dtype=np.uint8).reshape(2, 4)
    small = small_frame(5, np.concatenate([luma.ravel(), colours.ravel()]), size=(4, 2), stride=8)
    assert list(small.i420) == [0, 1, 2, 3, 8, 9, 10, 11, 100, 101, 104, 105]


def test_the_frame_nearest_to_each_second_begins_a_group_even_when_frames_are_missing():
    grid = SecondGrid(30)
    times_us = [number * 33_321 for number in range(120) if not 55 < number < 65]
    taken = [round(us / 33_321) for us in times_us if grid.takes(us)]
    assert taken == [0, 30, 65, 90]
