"""Training of the scorers, in a few steps. Needs the `train` extra."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install --editable '.[train]'")
pytest.importorskip("onnx", reason="onnx is not installed: pip install --editable '.[train]'")

import onnxruntime

from models.training.crops import Crops, painted_crops, plain, varied
from models.training.plans import SCORER_PLANS, TrainingPlan
from models.training.train_scorers import confusion_of, manifest_tables, train_scorers
from shared.grimace import Fau

pytestmark = pytest.mark.training
TINY = TrainingPlan(stills=6, held_out_stills=3, steps=3, batch=4)


@pytest.fixture(scope="module")
def nose_crops() -> Crops:
    return painted_crops(range(6), {Fau.NOSE: SCORER_PLANS[Fau.NOSE]})[Fau.NOSE]


def test_crops_have_the_networks_size_and_scores_of_the_scale(nose_crops):
    plan = SCORER_PLANS[Fau.NOSE]
    assert plain(nose_crops, plan).shape == (len(nose_crops), plan.height_px, plan.width_px, 3)
    assert set(nose_crops.scores.tolist()) <= {0, 2}


def test_variation_is_repeatable_by_its_random_stream(nose_crops):
    chosen = np.array([0, 1, 1])
    first, again = (varied(nose_crops, chosen, SCORER_PLANS[Fau.NOSE], np.random.default_rng(2)) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first[1], first[2])


def test_a_trained_scorer_runs_in_onnxruntime_with_any_batch(tmp_path: Path):
    (trained,) = train_scorers(tmp_path, TINY, {Fau.NOSE: SCORER_PLANS[Fau.NOSE]})
    session = onnxruntime.InferenceSession(trained.path)
    for batch in (1, 5):
        crops = np.random.default_rng(0).uniform(0, 255, (batch, 3, 64, 48)).astype(np.float32)
        (probabilities,) = session.run(["probabilities"], {"crop": crops})
        assert probabilities.shape == (batch, 2)
        assert np.allclose(probabilities.sum(1), 1, atol=1e-5)
    assert 0 <= trained.accuracy <= 1
    assert str(tmp_path).encode() not in trained.path.read_bytes()
    assert trained.sha256 in manifest_tables([trained])


def test_confusion_counts_every_crop_once(nose_crops):
    from models.training.scorer_network import ThreeBranchScorer

    plan = SCORER_PLANS[Fau.NOSE]
    assert confusion_of(ThreeBranchScorer(plan), nose_crops, plan).sum() == len(nose_crops)
