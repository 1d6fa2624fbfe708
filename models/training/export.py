"""Export of trained scorers to ONNX, as builds want them: input `crop`, output `probabilities`, any batch size."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch

from models.training.plans import ScorerPlan
from models.training.scorer_network import Probabilities, ThreeBranchScorer

OPSET = 18
LARGEST_BATCH = 4096


def export_scorer(network: ThreeBranchScorer, plan: ScorerPlan, path: Path) -> None:
    """Write one scorer; the file says nothing about the machine it was made on."""
    example = torch.zeros(2, 3, plan.height_px, plan.width_px)
    torch.onnx.export(
        Probabilities(network).eval(),
        (example,),
        str(path),
        input_names=["crop"],
        output_names=["probabilities"],
        opset_version=OPSET,
        dynamic_shapes={"crop": {0: torch.export.Dim("batch", min=1, max=LARGEST_BATCH)}},
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    onnx.save(_without_traces(onnx.load(path)), path)


def _without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """torch writes the source lines of every node into the file, with their paths."""
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        del value.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.metadata_props[:]
    return model
