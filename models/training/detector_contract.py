"""Give a one-box-a-class detector the output that builds promise: `boxes` with the class index as a column.

The trial detector that the bundled build starts from answers `det` (B,6,5): one row a class, x1, y1, x2, y2 and confidence. The
contract (`shared.builds.DetectorFile`) is (B,N,6) with the class index last, so that detectors with any number of boxes fit it.

    python -m models.training.detector_contract trial.onnx detector.onnx
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TRIAL_OUTPUT = "det"


def with_class_column(model: onnx.ModelProto) -> onnx.ModelProto:
    """Append its row number, the class, to every row of `det` and name the result `boxes`; ValueError for other networks."""
    graph = model.graph
    outputs = {output.name: output for output in graph.output}
    if set(outputs) != {TRIAL_OUTPUT}:
        raise ValueError(f"expected the one output {TRIAL_OUTPUT!r}, found {sorted(outputs)}")
    classes = outputs[TRIAL_OUTPUT].type.tensor_type.shape.dim[1].dim_value
    column = np.arange(classes, dtype=np.float32).reshape(1, classes, 1)
    constants = {
        "class_column": column,
        "first": np.array([0], dtype=np.int64),
        "second": np.array([1], dtype=np.int64),
        "last_axis": np.array([2], dtype=np.int64),
    }
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    graph.node.extend(
        [
            helper.make_node("Slice", [TRIAL_OUTPUT, "first", "second", "last_axis"], ["one_column"]),
            helper.make_node("Shape", ["one_column"], ["column_shape"]),
            helper.make_node("Expand", ["class_column", "column_shape"], ["class_of_row"]),
            helper.make_node("Concat", [TRIAL_OUTPUT, "class_of_row"], ["boxes"], axis=2),
        ]
    )
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["batch", classes, 6]))
    onnx.checker.check_model(model)
    return model


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    onnx.save(with_class_column(onnx.load(source)), target)
