"""A model's configuration for Triton: `config.pbtxt`.

Format: text of the protobuf message ModelConfig of Triton's model_config.proto; what its fields mean, by Triton's
"Model Configuration". Where `max_batch_size` is above 0 the first dimension is the server's and stands in no `dims`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from backends.kserve_wire import their_name
from console.cloud.errors import CloudError
from models.manifest import ModelFacts, TensorFacts
from models.words import _

Backend = Literal["onnxruntime", "openvino"]
Kind = Literal["auto", "cpu", "gpu"]
_TYPES = {"BYTES": "TYPE_STRING"}
_KNOWN = frozenset(
    ("BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BF16",
     "BYTES")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Serving:
    """How a server is to run a model.

    Attributes:
        batch: pictures it may put together, where the model takes several.
        delay_us: so long a picture waits for others, in microseconds.
        instances: of the model; on GPUs so many on each.
        kind: where they run; auto: on the GPUs, where there are any.
    """

    batch: int = 8
    delay_us: int = 2000
    instances: int = 1
    kind: Kind = "auto"


def config_text(
    name: str, backend: Backend, facts: ModelFacts, serving: Serving, parameters: Mapping[str, str], *, batches: bool
) -> str:
    """The configuration's text.

    Args:
        name: the model's, and that of its folder.
        backend: of Triton, which runs it.
        facts: what the file says of itself.
        serving: how it is to be run.
        parameters: what else is to be known of it.
        batches: the file takes several pictures at once, and answers each.

    Raises:
        CloudError: it has numbers that Triton does not know.
    """
    lines = [
        f"name: {_quoted(name)}",
        f"backend: {_quoted(backend)}",
        f"max_batch_size: {serving.batch if batches else 0}",
        *_tensors("input", facts.inputs, batches=batches),
        *_tensors("output", facts.outputs, batches=batches),
    ]
    if batches:
        sizes = preferred(serving.batch)
        lines += [
            "dynamic_batching {",
            f"  preferred_batch_size: [ {', '.join(map(str, sizes))} ]",
            f"  max_queue_delay_microseconds: {serving.delay_us}",
            "}",
        ]
    kind = "CPU" if backend == "openvino" else serving.kind.upper()  # Triton's OpenVINO runs on CPUs alone
    lines += ["instance_group [", "  {", f"    count: {serving.instances}", f"    kind: KIND_{kind}", "  }", "]"]
    for key, value in sorted(parameters.items()):
        lines += ["parameters {", f"  key: {_quoted(key)}", "  value {", f"    string_value: {_quoted(value)}", "  }"]
        lines.append("}")
    return "\n".join(lines) + "\n"


def preferred(batch: int) -> list[int]:
    """The sizes of batches that are worth waiting for: the largest, and half of it."""
    return sorted({max(batch // 2, 1), batch})


def _tensors(what: str, tensors: Iterable[TensorFacts], *, batches: bool) -> list[str]:
    lines = [f"{what} ["]
    for number, tensor in enumerate(tensors):
        lines += ["  {" if number == 0 else "  ,{", f"    name: {_quoted(tensor.name)}"]
        lines += [f"    data_type: {_type(tensor)}", *_dims(tensor.shape, batches=batches), "  }"]
    return [*lines, "]"]


def _dims(shape: Sequence[int | None], *, batches: bool) -> list[str]:
    """A tensor's dimensions; one of none is a plain number, which Triton writes as one of one that is reshaped."""
    dims = [-1 if side is None else side for side in (shape[1:] if batches else shape)]
    if not dims:
        return ["    dims: [ 1 ]", "    reshape { shape: [ ] }"]
    return [f"    dims: [ {', '.join(map(str, dims))} ]"]


def _type(tensor: TensorFacts) -> str:
    theirs = their_name(tensor.dtype)
    if theirs not in _KNOWN:
        raise CloudError(
            _("{tensor} has numbers of the kind {dtype}, which Triton does not know.").format(
                tensor=tensor.name, dtype=tensor.dtype
            )
        )
    return _TYPES.get(theirs, f"TYPE_{theirs}")


def _quoted(text: str) -> str:
    """A string of protobuf's text format: whatever is no plain letter as its UTF-8 bytes, in octal."""
    escaped = {0x22: '\\"', 0x5C: "\\\\"}
    plain = (escaped.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in text.encode())
    return f'"{"".join(plain)}"'
