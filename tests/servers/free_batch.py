"""Frees the first dimension of an ONNX detector that was exported for one picture: free_batch.py IN.onnx OUT.onnx.

Run by an environment that has the package onnx. The input's and output's first dimension get a name, and every Reshape
to a constant [1, ...] takes over what came in instead. Weights stay as they are.
"""

from __future__ import annotations

import sys

import onnx
from onnx import numpy_helper


def main(path: str, made: str) -> int:
    model = onnx.load(path)
    graph = model.graph
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    constants = {one.name: one for one in graph.initializer}
    for node in graph.node:
        if node.op_type == "Reshape" and node.input[1] in constants:
            shape = numpy_helper.to_array(constants[node.input[1]]).copy()
            shape[0] = 0
            constants[node.input[1]].CopyFrom(numpy_helper.from_array(shape, node.input[1]))
    del graph.value_info[:]
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, made)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
