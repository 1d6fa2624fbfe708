"""Training crops: cut from painted mice, and varied as the detector errs. Needs no torch."""

import numpy as np
import pytest

from models.training.crops import Crops, painted_crops, plain, varied
from models.training.plans import SCORER_PLANS
from shared.grimace import Fau

PLAN = SCORER_PLANS[Fau.NOSE]


@pytest.fixture(scope="module")
def nose_crops() -> Crops:
    return painted_crops(range(4), {Fau.NOSE: PLAN})[Fau.NOSE]


def test_crops_have_the_networks_size_and_scores_of_the_scale(nose_crops):
    assert plain(nose_crops, PLAN).shape == (len(nose_crops), PLAN.height_px, PLAN.width_px, 3)
    assert set(nose_crops.scores.tolist()) <= {0, 2}


def test_variation_is_repeatable_by_its_random_stream(nose_crops):
    chosen = np.array([0, 1, 1])
    first, again = (varied(nose_crops, chosen, PLAN, np.random.default_rng(2)) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first[1], first[2])


def test_the_input_sizes_fit_the_networks_reduction():
    assert all(plan.width_px % 16 == 0 and plan.height_px % 16 == 0 for plan in SCORER_PLANS.values())
