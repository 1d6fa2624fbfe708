"""Training of the scorers, in a few steps. Needs the `train` extra."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: make training")
pytest.importorskip("onnx", reason="onnx is not installed: make training")

import onnx
import onnxruntime

from models.training.detector_contract import with_class_column
from models.training.plans import SCORER_PLANS, TrainingPlan
from models.training.train_scorers import manifest_tables, train_scorers
from shared.grimace import Fau

pytestmark = pytest.mark.training
TINY = TrainingPlan(stills=6, held_out_stills=3, steps=3, batch=4)


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


def one_box_a_class(output: str):
    """A network that answers its input, (B,6,5), under the name `output`."""
    values = {
        name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", 6, 5]) for name in ("image", output)
    }
    node = onnx.helper.make_node("Identity", ["image"], [output])
    graph = onnx.helper.make_graph([node], "detector", [values["image"]], [values[output]])
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)


def test_every_box_gets_the_index_of_its_class():
    session = onnxruntime.InferenceSession(with_class_column(one_box_a_class("det")).SerializeToString())
    rows = np.random.default_rng(0).uniform(0, 400, (3, 6, 5)).astype(np.float32)
    (boxes,) = session.run(["boxes"], {"image": rows})
    assert np.array_equal(boxes[..., :5], rows)
    assert np.array_equal(boxes[..., 5], np.tile(np.arange(6), (3, 1)))


def test_a_network_with_other_outputs_is_not_touched():
    with pytest.raises(ValueError, match="expected the one output 'det'"):
        with_class_column(one_box_a_class("logits"))
