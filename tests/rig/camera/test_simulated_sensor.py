"""The simulated IMX477 does what the real one's lines and gain steps allow."""

import numpy as np
import pytest
from av.video.frame import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from rig.camera.simulated.faults import FaultBook, SimulatedFault
from rig.camera.simulated.optics import View, focus_measure, seen
from rig.camera.simulated.sensor import MODES, exposure, mode_of


@pytest.mark.parametrize(
    ("size", "frames_per_s"), [((1332, 990), 120.05), ((2028, 1080), 50.03), ((2028, 1520), 40.01), ((4056, 3040), 10.0)]
)
def test_the_modes_reach_the_frame_rates_that_rpicam_lists(size, frames_per_s):
    assert round(1e6 / mode_of(*size).shortest_frame_us, 2) == pytest.approx(frames_per_s, abs=0.06)


@given(st.sampled_from(MODES), st.integers(100, 33_000), st.floats(1.0, 22.0))
def test_an_exposure_is_at_most_a_line_shorter_than_asked_and_digital_gain_makes_up_for_it(mode, asked_us, gain):
    got = exposure(mode, 33_333, asked_us, gain)
    assert got.exposure_us <= max(asked_us, mode.line_ns / 1000)
    assert got.analogue_gain <= gain + 1e-9
    if got.exposure_us < asked_us:
        assert got.exposure_us * got.analogue_gain * got.digital_gain == pytest.approx(asked_us * gain)


def test_a_fault_befalls_as_many_frames_as_were_ordered_and_others_last_until_they_are_called_off():
    book = FaultBook()
    book.order(SimulatedFault.DROP, 2)
    book.order(SimulatedFault.DARK)
    assert [book.befalls(SimulatedFault.DROP) for _ in range(4)] == [True, True, False, False]
    assert all(book.befalls(SimulatedFault.DARK) for _ in range(100))
    book.call_off()
    assert not book.befalls(SimulatedFault.DARK)


def chequered() -> VideoFrame:
    """Squares of 8 pixels, dark and bright."""
    y, x = np.mgrid[0:96, 0:128]
    luma = np.where((x // 8 + y // 8) % 2, 180, 60).astype(np.uint8)
    return VideoFrame.from_ndarray(np.concatenate([luma, np.full((48, 128), 140, np.uint8)]), format="yuv420p")


def test_twice_the_light_doubles_what_is_above_black_up_to_white():
    luma = seen(chequered(), View(brightness=2.0))[0]
    assert set(np.unique(luma)) == {16 + 2 * (60 - 16), 235}


def test_a_turned_lens_lowers_the_focus_measure():
    sharp, blurred = seen(chequered(), View())[0], seen(chequered(), View(is_defocused=True))[0]
    assert focus_measure(blurred) < 0.7 * focus_measure(sharp)


def test_a_pushed_chamber_is_seen_aside():
    luma, shifted = seen(chequered(), View())[0], seen(chequered(), View(is_shifted=True))[0]
    np.testing.assert_array_equal(shifted[:, 8:], luma[:, :-8])
