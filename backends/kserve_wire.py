"""What both ways to a KServe v2 server share: what it says of a model, and the names of its number formats.

Format: the KServe v2 inference protocol ("Open Inference Protocol"): server and model metadata, datatypes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from backends.base import Outputs
from models.manifest import TensorFacts

ASK_S = 5.0
"""How long a server may take to say something of itself."""
INFER_S = 10.0
"""How long it may take for an inference, waiting in its queue included."""
FIRST_S = 60.0
"""And for the warm-up: some servers read the model only then."""
_NAMES = {
    "BOOL": "boolean", "UINT8": "u8", "UINT16": "u16", "UINT32": "u32", "UINT64": "u64", "INT8": "i8", "INT16": "i16",
    "INT32": "i32", "INT64": "i64", "FP16": "f16", "FP32": "f32", "FP64": "f64", "BF16": "bf16", "BYTES": "string",
}  # fmt: skip
_NUMPY = {
    "boolean": "?", "u8": "<u1", "u16": "<u2", "u32": "<u4", "u64": "<u8", "i8": "<i1", "i16": "<i2", "i32": "<i4",
    "i64": "<i8", "f16": "<f2", "f32": "<f4", "f64": "<f8",
}  # fmt: skip


def our_name(datatype: str) -> str:
    """A datatype of the protocol as Sightdesk names it; one that nobody knows stays as it is."""
    return _NAMES.get(datatype, datatype)


def their_name(dtype: str) -> str:
    """The protocol's datatype of one of Sightdesk's names."""
    return next((theirs for theirs, ours in _NAMES.items() if ours == dtype), dtype)


def numpy_of(datatype: str) -> np.dtype[Any] | None:
    """The numpy dtype of a datatype as it travels, little-endian; None: no plain numbers (BF16, BYTES)."""
    kind = _NUMPY.get(our_name(datatype))
    return None if kind is None else np.dtype(kind)


def numbers(raw: bytes, datatype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """A tensor from its bytes, of memory of its own. bf16 becomes float32, which numpy knows and which loses nothing.

    Raises:
        ValueError: the bytes don't fill the shape, or they are no numbers.
    """
    if datatype == "BF16":
        wide = np.frombuffer(raw, "<u2").astype("<u4") << 16
        return wide.view("<f4").reshape(shape)
    kind = numpy_of(datatype)
    if kind is None:
        raise ValueError(f"{datatype} are no numbers")
    return np.frombuffer(raw, kind).reshape(shape).copy()


@dataclass(frozen=True, slots=True)
class Served:
    """What a server says of itself and of one of its models.

    Attributes:
        server: its name, such as triton.
        release: its version, such as 2.51.0; may be empty.
        versions: the model's versions there; empty where the server knows none.
        platform: what runs the model, in the server's words; may be empty.
        inputs: as the metadata states them; a None in a shape is a free dimension.
        outputs: the same.
        most: pictures the server takes in one request by its own configuration; 0: it says none; None: it can't say.
        manifest: what the model's own configuration says its numbers mean; empty: nothing.
    """

    server: str
    release: str
    versions: tuple[str, ...]
    platform: str
    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]
    most: int | None
    manifest: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to one request: the outputs, and the version of the model that made them ("" where not said)."""

    outputs: Outputs
    version: str


class Wire(Protocol):
    """A connection to one model on a server; any thread may use it. It connects again by itself."""

    def served(self) -> Served:
        """Ask whether server and model are ready, and what they are.

        Raises:
            BackendError: they can't be reached, or are not ready; in words.
        """

    def infer(self, name: str, tensor: NDArray[Any], datatype: str, timeout_s: float) -> Answered:
        """One inference: `tensor` goes to the input `name`, as `datatype` of the protocol.

        Raises:
            BackendError: no answer, an answer that is none, or the server's refusal; in words.
        """

    def close(self) -> None:
        """Hang up."""


def facts(name: str, datatype: str, shape: list[int]) -> TensorFacts:
    """An input or output of the metadata."""
    return TensorFacts(str(name), tuple(d if d > 0 else None for d in map(int, shape)), our_name(str(datatype)))
