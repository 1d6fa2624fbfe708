"""What the checks of light, flicker, focus and framing say about pictures of a chamber."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from rig.control import PictureState
from rig.luma import Luma
from rig.preflight import flicker, focus, framing, light
from rig.preflight.pictures import TimedLuma, still_picture
from rig.preflight.reference import Reference, ReferenceNumbers
from rig.preflight.report import CheckResult
from rig.settings import CameraSettings, PictureSettings, PreflightSettings
from shared.manifest import CheckStatus
from tests.rig.preflight.scenes import Scene, blurred, burst, empty_chamber, moved, seen, turned, under_mains, with_mouse

LIMITS = PreflightSettings()
CHAMBER = empty_chamber()


def reference_of(scene: Scene, focus: float = 0.0) -> Reference:
    luma = still_picture(burst(scene, first_seed=100))
    numbers = ReferenceNumbers(
        taken_at=datetime(2026, 11, 2, tzinfo=UTC),
        taken_by="Ada",
        picture="reference.png",
        picture_sha256="0" * 64,
        width_px=luma.shape[1],
        height_px=luma.shape[0],
        light=float(luma.mean()),
        sharpness=1.0,
        focus=focus,
        exposure_us=10_000,
        analogue_gain=2.0,
    )
    return Reference(numbers, luma)


REFERENCE = reference_of(CHAMBER)


def picture(exposure_us: int) -> PictureState:
    return PictureState(
        exposure_us=exposure_us,
        analogue_gain=2.0,
        digital_gain=1.0,
        frame_duration_us=33_333,
        lux=100.0,
        focus=0.0,
        sensor_temperature_c=40.0,
    )


# Light


def test_a_lit_chamber_with_a_black_mouse_passes():
    assert light.judge(seen(with_mouse(CHAMBER)), LIMITS).status is CheckStatus.PASS


@pytest.mark.parametrize(
    ("scene", "said"),
    [
        (CHAMBER * 0.2, "Too dark"),
        (CHAMBER * 0 + 230, "Too bright"),
        (np.where(np.arange(360)[:, np.newaxis] < 20, 255, CHAMBER), "5.6% over-exposed"),
    ],
    ids=["dark", "bright", "a lamp in the picture"],
)
def test_wrong_light_warns_with_what_was_measured(scene, said):
    result = light.judge(seen(scene), LIMITS)
    assert (result.status, result.fault_code) == (CheckStatus.WARN, "W_LIGHT")
    assert said in result.seen


# Flicker


def flickering(exposure_us: int, spacing_us: int, depth: float = 0.3, mains_hz: int = 50) -> CheckResult:
    half_period_us = 1e6 / (2 * mains_hz)
    times_us = [7_000_000 + number * spacing_us for number in range(10)]
    pictures = [
        TimedLuma(time_us, seen(under_mains(CHAMBER, time_us, exposure_us, depth, half_period_us), seed=number))
        for number, time_us in enumerate(times_us)
    ]
    camera = CameraSettings(picture=PictureSettings(exposure_us=exposure_us, mains_hz=mains_hz))
    return flicker.judge(pictures, picture(exposure_us), camera, LIMITS)


def test_mains_light_beats_at_an_exposure_that_is_no_multiple_of_its_half_period():
    result = flickering(exposure_us=4_000, spacing_us=166_667)
    assert (result.status, result.fault_code) == (CheckStatus.WARN, "W_FLICKER")
    assert "beats by" in result.seen


@pytest.mark.parametrize(("exposure_us", "mains_hz"), [(10_000, 50), (20_000, 50), (8_333, 60), (16_667, 60)])
def test_an_exposure_of_whole_half_periods_evens_mains_light_out(exposure_us, mains_hz):
    assert flickering(exposure_us, spacing_us=166_667, mains_hz=mains_hz).status is CheckStatus.PASS


def test_pictures_that_meet_the_light_at_the_same_moment_cannot_show_its_beating_and_the_check_says_so():
    result = flickering(exposure_us=4_000, spacing_us=200_000)
    assert result.status is CheckStatus.WARN
    assert "cannot show" in result.seen


def test_steady_light_passes_at_any_exposure_when_the_pictures_would_show_beating():
    assert flickering(exposure_us=4_000, spacing_us=166_667, depth=0.0).status is CheckStatus.PASS


def test_light_that_brightens_as_a_whole_is_flicker_too():
    pulsing = burst(CHAMBER, CHAMBER * 1.1)
    result = flicker.judge(pulsing, None, CameraSettings(), LIMITS)
    assert result.status is CheckStatus.WARN
    assert flicker.modulation([one.luma for one in pulsing]) == pytest.approx(0.1 / 2 / 1.05, rel=0.1)


def test_a_moving_mouse_is_no_flicker():
    running = [with_mouse(CHAMBER, x, 220) for x in range(150, 450, 30)]
    assert flicker.modulation([one.luma for one in burst(*running)]) < LIMITS.flicker_share


def test_a_mouse_whose_tail_and_shadow_take_six_of_eight_strips_is_no_flicker():
    shadowed = CHAMBER.copy()
    shadowed[250:300, 80:560] *= 0.7
    assert flicker.modulation([one.luma for one in burst(CHAMBER, shadowed)]) < LIMITS.flicker_share


@pytest.mark.parametrize("shape", [(360, 640), (90, 160), (36, 64), (50, 64)])
def test_a_still_picture_of_any_size_does_not_beat(shape):
    still = np.full(shape, 100, np.uint8)
    assert flicker.modulation([still] * 5) == 0


# Focus


def test_the_same_chamber_is_as_sharp_as_its_reference():
    assert focus.sharpness_share(still_picture(burst(CHAMBER)), REFERENCE.luma) == pytest.approx(1.0, abs=0.05)


def test_a_blurred_picture_warns_with_its_share():
    result = focus.judge(still_picture(burst(blurred(CHAMBER, 1.5))), 0.0, REFERENCE, LIMITS.sharpness_share)
    assert (result.status, result.fault_code) == (CheckStatus.WARN, "W_FOCUS")
    assert "70% is asked" in result.seen


@pytest.mark.parametrize("brightness", [0.7, 1.3])
def test_other_light_is_not_taken_for_other_focus(brightness):
    share = focus.sharpness_share(still_picture(burst(CHAMBER * brightness)), REFERENCE.luma)
    assert share == pytest.approx(1.0, abs=0.15)


def test_neither_hides_a_mouse_the_blur_nor_does_it_pass_for_blur():
    sharp = focus.sharpness_share(still_picture(burst(with_mouse(CHAMBER))), REFERENCE.luma)
    soft = focus.sharpness_share(still_picture(burst(blurred(with_mouse(CHAMBER), 1.5))), REFERENCE.luma)
    assert sharp > LIMITS.sharpness_share > soft


def test_the_cameras_own_figure_of_merit_counts_when_it_has_one():
    luma = still_picture(burst(CHAMBER))
    result = focus.judge(luma, 400.0, reference_of(CHAMBER, focus=1000.0), LIMITS.sharpness_share)
    assert result.status is CheckStatus.WARN
    assert "40% by the camera's own figure" in result.seen


def test_the_cameras_own_figure_is_told_but_does_not_count_in_other_light():
    luma = still_picture(burst(CHAMBER * 0.8))
    result = focus.judge(luma, 400.0, reference_of(CHAMBER, focus=1000.0), LIMITS.sharpness_share)
    assert result.status is CheckStatus.PASS
    assert "40% by the camera's own figure" in result.seen


@pytest.mark.parametrize("brightness", [0.15, 2.1])
def test_in_light_that_is_quite_another_the_focus_cannot_be_judged(brightness):
    dim = reference_of(CHAMBER * 0.5) if brightness > 1 else REFERENCE
    luma = still_picture(burst(CHAMBER * (brightness * 0.5 if brightness > 1 else brightness)))
    result = focus.judge(luma, 0.0, dim, LIMITS.sharpness_share)
    assert (result.status, result.fault_code) == (CheckStatus.WARN, "W_FOCUS")
    assert "cannot be judged" in result.seen


def test_a_reference_without_edges_or_of_another_size_is_no_measure():
    luma = still_picture(burst(CHAMBER))
    assert focus.judge(luma, 0.0, reference_of(CHAMBER * 0 + 100), 0.7).status is CheckStatus.NOT_CHECKED
    assert focus.judge(luma[:180, :320], 0.0, REFERENCE, 0.7).status is CheckStatus.NOT_CHECKED


# Framing


def framing_of(scene: Scene) -> CheckResult:
    return framing.judge(still_picture(burst(scene)), REFERENCE, LIMITS.framing_shift_px)


def shift_of(luma: Luma) -> framing.Shift:
    shift = framing.chamber_shift(framing.tile_shifts(luma, REFERENCE.luma))
    assert shift is not None
    return shift


@pytest.mark.parametrize(("right_px", "down_px"), [(0, 0), (3, -2), (10, 4), (-30, 5), (60, 4)])
@pytest.mark.parametrize("has_mouse", [False, True], ids=["empty", "mouse"])
def test_the_chambers_shift_is_found_whether_a_mouse_is_in_it_or_not(right_px, down_px, has_mouse):
    scene = with_mouse(CHAMBER) if has_mouse else CHAMBER
    shift = shift_of(still_picture(burst(moved(scene, right_px, down_px))))
    assert (shift.right_px, shift.down_px) == (pytest.approx(right_px, abs=0.5), pytest.approx(down_px, abs=0.5))
    assert shift.agreement > framing.LEAST_AGREEMENT


def test_a_chamber_in_its_place_passes_in_other_light_and_with_a_mouse():
    assert framing_of(with_mouse(CHAMBER, 200, 210) * 0.7).status is CheckStatus.PASS


def test_a_chamber_that_was_pushed_warns_with_where_it_went():
    result = framing_of(moved(with_mouse(CHAMBER), 12, -5))
    assert (result.status, result.fault_code) == (CheckStatus.WARN, "W_FRAMING")
    assert "13.0 px" in result.seen
    assert "12.0 right, 5.0 up" in result.seen


@pytest.mark.parametrize(
    "scene",
    [
        turned(CHAMBER, 2),
        CHAMBER * 0 + 120,
        np.roll(CHAMBER[::-1, ::-1], 40, axis=1),
        CHAMBER * 0 + 18,
        np.where(np.arange(640) < 480, 255, CHAMBER),
    ],
    ids=["turned", "a white wall", "another chamber", "lights off", "hardly any of it left"],
)
def test_a_picture_that_is_not_of_the_chamber_warns_that_it_does_not_look_like_it(scene):
    result = framing_of(scene)
    assert result.status is CheckStatus.WARN
    assert "does not look like" in result.seen
