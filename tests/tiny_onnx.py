"""Writes very small ONNX files, so that backends are tested on a real graph without any download.

Format: the ONNX protobuf schema (onnx.proto3, IR version 8, opset 13), encoded by hand: varints and length-delimited
fields are all it takes.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

FLOAT, UINT8, INT64, STRING = 1, 2, 7, 8


def _varint(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def _int(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(raw)) + raw


def _value(name: str, dtype: int, shape: Sequence[int | str]) -> bytes:
    dims = b"".join(_bytes(1, _int(1, d) if isinstance(d, int) else _bytes(2, d)) for d in shape)
    tensor = _int(1, dtype) + _bytes(2, dims)
    return _bytes(1, name) + _bytes(2, _bytes(1, tensor))


def _attribute(name: str, value: int | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _bytes(1, name) + _int(3, value) + _int(20, 2)
    return _bytes(1, name) + b"".join(_int(8, v) for v in value) + _int(20, 7)


def _node(op: str, inputs: Sequence[str], output: str | Sequence[str], **attributes: int | Sequence[int]) -> bytes:
    outputs = [output] if isinstance(output, str) else output
    return (
        b"".join(_bytes(1, name) for name in inputs)
        + b"".join(_bytes(2, name) for name in outputs)
        + _bytes(3, f"make {outputs[0]}")
        + _bytes(4, op)
        + b"".join(_bytes(5, _attribute(k, v)) for k, v in attributes.items())
    )


def _integers(name: str, values: Sequence[int]) -> bytes:
    """A constant of int64 values."""
    return _int(1, len(values)) + _int(2, 7) + _bytes(8, name) + _bytes(9, struct.pack(f"<{len(values)}q", *values))


def _write(
    path: Path, nodes: Sequence[bytes], graph_input: bytes, graph_output: bytes, constants: Sequence[bytes] = ()
) -> Path:
    graph = b"".join(_bytes(1, n) for n in nodes) + _bytes(2, "tiny") + b"".join(_bytes(5, c) for c in constants)
    graph += _bytes(11, graph_input) + _bytes(12, graph_output)
    path.write_bytes(_int(1, 8) + _bytes(8, _bytes(1, "") + _int(2, 13)) + _bytes(7, graph))
    return path


def mean_color(path: Path, *, size: int = 32, layout: str = "NCHW", dtype: int = FLOAT, batch: int | str = 1) -> Path:
    """A model that answers with the mean of each channel of its input, as output "mean" (batch, 3, 1, 1).

    A `batch` that is a name is a free dimension.
    """
    shape = [batch, 3, size, size] if layout == "NCHW" else [batch, size, size, 3]
    nodes, last = [], "picture"
    if dtype == UINT8:
        nodes.append(_node("Cast", [last], "floats", to=FLOAT))
        last = "floats"
    if layout == "NHWC":
        nodes.append(_node("Transpose", [last], "planes", perm=[0, 3, 1, 2]))
        last = "planes"
    nodes.append(_node("GlobalAveragePool", [last], "mean"))
    return _write(path, nodes, _value("picture", dtype, shape), _value("mean", FLOAT, [batch, 3, 1, 1]))


def one_at_a_time(path: Path, *, size: int = 32) -> Path:
    """`mean_color`, but its answer is reshaped to (1, 3, 1, 1): it can't hold two pictures' answers."""
    nodes = [_node("GlobalAveragePool", ["picture"], "means"), _node("Reshape", ["means", "shape"], "mean")]
    constants = [_integers("shape", [1, 3, 1, 1])]
    picture, output = _value("picture", FLOAT, [1, 3, size, size]), _value("mean", FLOAT, [1, 3, 1, 1])
    return _write(path, nodes, picture, output, constants)


def splits(path: Path, *, size: int = 32) -> Path:
    """`mean_color` with two steps in its middle that no accelerator takes: what comes before and after does run there.

    The picture's means are written as strings and read again (the two steps), then doubled and halved.
    """
    nodes = [
        _node("AveragePool", ["picture"], "smooth", kernel_shape=[1, 1]),
        _node("GlobalAveragePool", ["smooth"], "means"),
        _node("Cast", ["means"], "written", to=STRING),
        _node("Cast", ["written"], "read", to=FLOAT),
        _node("Add", ["read", "read"], "twice"),
        _node("Sub", ["twice", "read"], "mean"),
    ]
    return _write(path, nodes, _value("picture", FLOAT, [1, 3, size, size]), _value("mean", FLOAT, [1, 3, 1, 1]))


def quantised(path: Path, *, size: int = 32) -> Path:
    """`mean_color` of a uint8 picture through a convolution of 8-bit integers that leaves it as it is."""
    identity = bytes(int(row == column) for row in range(3) for column in range(3))
    weights = b"".join(_int(1, n) for n in (3, 3, 1, 1)) + _int(2, UINT8) + _bytes(8, "weights") + _bytes(9, identity)
    nodes = [
        _node("ConvInteger", ["picture", "weights"], "whole"),
        _node("Cast", ["whole"], "floats", to=FLOAT),
        _node("GlobalAveragePool", ["floats"], "mean"),
    ]
    picture, output = _value("picture", UINT8, [1, 3, size, size]), _value("mean", FLOAT, [1, 3, 1, 1])
    return _write(path, nodes, picture, output, [weights])


def fails_on_blue(path: Path, *, size: int = 32, limit: int = 200) -> Path:
    """`mean_color` (NCHW, float), but its inference fails on a picture whose mean blue is `limit` or more.

    The three means are split into one and 2 + blue // limit numbers, which only works out while that is 2.
    """
    nodes = [
        _node("GlobalAveragePool", ["picture"], "means"),
        _node("Reshape", ["means", "flat"], "three"),
        _node("Slice", ["three", "zero", "one"], "blue"),
        _node("Cast", ["blue"], "whole", to=INT64),
        _node("Div", ["whole", "limit"], "surplus"),
        _node("Add", ["surplus", "two"], "rest"),
        _node("Concat", ["one", "rest"], "lengths", axis=0),
        _node("Split", ["three", "lengths"], ["head", "tail"], axis=0),
        _node("Concat", ["tail", "head"], "turned", axis=0),
        _node("Concat", ["turned", "turned"], "twice", axis=0),
        _node(
            "Slice", ["twice", "two", "five"], "again"
        ),  # not the split's own input: a runtime would see through that
        _node("Reshape", ["again", "shape"], "mean"),
    ]
    constants = [
        _integers("flat", [-1]), _integers("zero", [0]), _integers("one", [1]), _integers("limit", [limit]),
        _integers("two", [2]), _integers("five", [5]), _integers("shape", [1, 3, 1, 1]),
    ]  # fmt: skip
    picture, output = _value("picture", FLOAT, [1, 3, size, size]), _value("mean", FLOAT, [1, 3, 1, 1])
    return _write(path, nodes, picture, output, constants)


def yolox(path: Path, *, size: int = 64, blind: bool = False) -> Path:
    """A model with the shapes of a YOLOX of `size` and 80 classes. Its rows are the picture's own first numbers.

    So a black picture holds nothing, and every cell of a white one is sure of everything. A `blind` one takes pictures
    and never sees anything in them.
    """
    rows, columns = sum((size // stride) ** 2 for stride in (8, 16, 32)), 85
    nodes = [
        _node("Reshape", ["images", "flat"], "numbers"),
        _node("Slice", ["numbers", "from", "to"], "first"),
        _node("Reshape", ["first", "table"], "rows" if blind else "output"),
    ]
    if blind:
        nodes.append(_node("Sub", ["rows", "rows"], "output"))
    constants = [
        _integers("flat", [-1]), _integers("from", [0]), _integers("to", [rows * columns]),
        _integers("table", [1, rows, columns]),
    ]  # fmt: skip
    picture, output = _value("images", FLOAT, [1, 3, size, size]), _value("output", FLOAT, [1, rows, columns])
    return _write(path, nodes, picture, output, constants)
