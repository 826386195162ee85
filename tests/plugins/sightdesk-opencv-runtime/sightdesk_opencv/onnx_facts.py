"""Names, shapes and element types of an ONNX file's inputs and outputs, which OpenCV does not tell.

Format: the ONNX protobuf schema (onnx.proto3); of its wire format, varints and length-delimited fields.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.manifest import ModelFacts, TensorFacts

_TYPES = {1: "f32", 2: "u8", 3: "i8", 6: "i32", 7: "i64", 10: "f16", 11: "f64"}


def facts_of(content: bytes) -> ModelFacts:
    """What the file says of itself.

    Raises:
        ValueError: it is no ONNX file, or there is no network in it.
    """
    graphs = [value for number, value in _fields(content) if number == 7 and isinstance(value, bytes)]
    if not graphs:
        raise ValueError("there is no network in it")
    graph = [*_fields(graphs[-1])]
    weights = {_text(value, 8) for number, value in graph if number == 5 and isinstance(value, bytes)}
    inputs, outputs = (
        tuple(_tensor(value) for number, value in graph if number == wanted and isinstance(value, bytes))
        for wanted in (11, 12)
    )
    if not inputs or not outputs:
        raise ValueError("there is no network in it")
    return ModelFacts(tuple(tensor for tensor in inputs if tensor.name not in weights), outputs)


def _tensor(value: bytes) -> TensorFacts:
    kind = _part(_part(value, 2), 1)
    sizes = [dict(_fields(size)).get(1) for number, size in _fields(_part(kind, 2)) if isinstance(size, bytes)]
    shape = tuple(size if isinstance(size, int) and size > 0 else None for size in sizes)
    number = dict(_fields(kind)).get(1)
    return TensorFacts(_text(value, 1), shape, _TYPES.get(number, "") if isinstance(number, int) else "")


def _part(message: bytes, wanted: int) -> bytes:
    part = dict(_fields(message)).get(wanted)
    return part if isinstance(part, bytes) else b""


def _text(message: bytes, wanted: int) -> str:
    return _part(message, wanted).decode(errors="replace")


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """A message's fields: numbers from varints, bytes from whatever has a length; others are left out."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
        elif wire == 2:
            length, at = _varint(message, at)
            if at + length > len(message):
                raise ValueError("it ends too soon")
            yield key >> 3, message[at : at + length]
            at += length
        elif wire in {1, 5}:
            at += 8 if wire == 1 else 4
        else:
            raise ValueError("it is no ONNX file")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (message[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not message[at - 1] & 0x80:
            return value, at
