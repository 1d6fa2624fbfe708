"""What counts as filming with the picture that was asked for."""

from dataclasses import replace

import pytest

from rig.camera.backend import FrameInfo
from rig.camera.read_back import mismatch
from rig.settings import PictureSettings

ASKED = PictureSettings(exposure_us=10_000, analogue_gain=2.0, red_gain=2.6, blue_gain=1.8)
AS_ASKED = FrameInfo(
    sensor_us=1_000_000,
    exposure_us=9_996,
    analogue_gain=2.0,
    digital_gain=1.0004,
    frame_duration_us=33_333,
    lux=180.0,
    focus=1200.0,
    sensor_temperature_c=35.0,
    colour_gains=(2.6, 1.8),
)


def test_a_frame_within_one_line_of_its_exposure_is_as_asked():
    assert mismatch(ASKED, AS_ASKED) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"exposure_us": 9_970}, "exposure 9970 us instead of 10000 us"),
        ({"analogue_gain": 2.03}, "gain 2.03 instead of 2.00"),
        ({"colour_gains": (2.5, 1.8)}, "red gain 2.50 instead of 2.60"),
        ({"colour_gains": (2.6, 1.9)}, "blue gain 1.90 instead of 1.80"),
        ({"digital_gain": 1.03}, "digital gain 1.03 instead of 1.00"),
        ({"digital_gain": float("nan")}, "digital gain nan instead of 1.00"),
    ],
)
def test_what_differs_is_said_in_plain_words(change, words):
    assert mismatch(ASKED, replace(AS_ASKED, **change)) == words


def test_everything_that_differs_is_named():
    assert mismatch(ASKED, replace(AS_ASKED, exposure_us=33, analogue_gain=1.0)) == (
        "exposure 33 us instead of 10000 us, gain 1.00 instead of 2.00"
    )


def test_colour_gains_that_a_camera_does_not_tell_are_not_compared():
    assert mismatch(ASKED, replace(AS_ASKED, colour_gains=None)) == ""
