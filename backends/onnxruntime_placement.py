"""Where a session's nodes really run: ONNX Runtime's own assignment, checked against what a profiled run executed.

The assignment (`session.record_ep_graph_assignment_info`, from 1.24 on) names every node of the graph after its basic
optimisations. The profile says which kernels ran and where; older builds have it alone. Format of the profile: Chrome
trace events; those of category "Node" carry `args.provider`, `args.op_name` and the tensors' element types.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

RECORD = "session.record_ep_graph_assignment_info"
_COPIES = {"MemcpyFromHost", "MemcpyToHost"}
"""Put in by ONNX Runtime between two providers: no nodes of the model."""
_HEAVY = ("Conv", "MatMul", "Gemm")
_QUANTISED = ("QLinear", "Integer", "QGemm", "QuantizeLinear")  # DequantizeLinear, too
_TYPES = {"float": "f32", "float16": "f16", "bfloat16": "bf16", "double": "f64"}


@dataclass(frozen=True, slots=True)
class Node:
    """A node, or a kernel made of several.

    Attributes:
        name: its name; nodes without one are numbered.
        operator: its kind, such as Conv.
        types: its inputs' element types as ONNX Runtime names them; empty where it is not known.
    """

    name: str
    operator: str
    types: tuple[str, ...] = ()


Nodes = Mapping[str, Sequence[Node]]
"""Nodes by the provider that executes them."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What was read back: nodes by provider, and how many compute in which precision."""

    nodes: Nodes
    precision: str
    precisions: Mapping[str, int] = field(default_factory=dict)


def recorded(settings: Any) -> Path | None:
    """Have a session that is made with these SessionOptions record its assignment and profile.

    Returns:
        The profile's folder; None where no file can be written: then there is none.
    """
    settings.add_session_config_entry(RECORD, "1")
    try:
        folder = Path(mkdtemp(prefix="sightdesk-profile-"))
    except OSError:
        return None
    settings.enable_profiling = True
    settings.profile_file_prefix = str(folder / "run")
    return folder


def read_back(session: Any, folder: Path | None) -> Ran:
    """What ran where until now. The session runs on and records no more; the folder is deleted."""
    try:
        return ran(assigned(session), executed(session.end_profiling()) if folder else {})
    finally:
        forget(folder)


def forget(folder: Path | None) -> None:
    """Delete a profile's folder, whether it is there or not."""
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def assigned(session: Any) -> Nodes:
    """ONNX Runtime's own assignment; empty where this build records none."""
    if not hasattr(session, "get_provider_graph_assignment_info"):
        return {}
    try:
        parts = session.get_provider_graph_assignment_info()
    except Exception:  # its exceptions share no base class but Exception; older builds raise, having recorded nothing
        return {}
    nodes: dict[str, list[Node]] = {}
    for part in parts:
        nodes.setdefault(part.ep_name, []).extend(Node(node.name, node.op_type) for node in part.get_nodes())
    return _named(nodes)


def executed(profile: str) -> Nodes:
    """The kernels that a profile's runs executed."""
    nodes: dict[str, dict[str, Node]] = {}
    try:
        events = json.loads(Path(profile).read_text(errors="replace"))
    except (OSError, ValueError):
        return {}
    for event in events:
        told = event.get("args", {})
        if event.get("cat") != "Node" or not told.get("provider") or told.get("op_name") in _COPIES:
            continue
        if not event["name"].endswith("_kernel_time"):  # also: the fences before and after, in older builds
            continue
        types = tuple(kind for tensor in told.get("input_type_shape") or [] for kind in tensor)
        name = event["name"].removesuffix("_kernel_time")
        nodes.setdefault(told["provider"], {})[name] = Node(name, told.get("op_name", ""), types)
    return _named({provider: list(by_name.values()) for provider, by_name in nodes.items()})


def ran(given: Nodes, seen: Nodes) -> Ran:
    """Both together. The assignment names the nodes; where the run contradicts it, the run is right.

    A provider that was given nodes and executed none (it handed them on without a word) counts for nothing; one that
    executed what nobody gave it is added.
    """
    if not given or any(provider not in seen for provider in given if seen):
        nodes = dict(seen or given)
    else:
        nodes = dict(given) | {provider: kernels for provider, kernels in seen.items() if provider not in given}
    precisions, precision = _computed(given, seen)
    return Ran(nodes, precision, precisions)


def _computed(given: Nodes, seen: Nodes) -> tuple[dict[str, int], str]:
    """Kernels per precision, and that of the heavy ones.

    A provider that compiles a part of the graph into one kernel is judged by the nodes it was given: those of
    quantised graphs quantise and dequantise there.
    """
    all_of, heavy = Counter[str](), Counter[str]()
    for provider, kernels in seen.items():
        compiled = any(_quantised(node.operator) for node in given.get(provider, ()))
        for kernel in kernels:
            opaque = kernel.name.startswith(provider)
            precision = "int8" if opaque and compiled else _precision(kernel)
            if not precision:
                continue
            all_of[precision] += 1
            if opaque or any(part in kernel.operator for part in _HEAVY):
                heavy[precision] += 1
    return dict(all_of), (heavy or all_of or Counter(["unknown"])).most_common(1)[0][0]


def _precision(kernel: Node) -> str:
    if _quantised(kernel.operator):
        return "int8"
    return next((_TYPES[kind] for kind in kernel.types if kind in _TYPES), "")


def _quantised(operator: str) -> bool:
    return any(part in operator for part in _QUANTISED) or "quantizeLinear" in operator


def _named(nodes: Mapping[str, Sequence[Node]]) -> dict[str, list[Node]]:
    """The same with a name for every node, each once: a file may name none or two alike."""
    used: set[str] = set()
    out: dict[str, list[Node]] = {}
    for provider, several in nodes.items():
        for node in several:
            name, number = node.name or node.operator, 2
            while name in used:
                name, number = f"{node.name or node.operator} #{number}", number + 1
            used.add(name)
            out.setdefault(provider, []).append(Node(name, node.operator, node.types))
    return out
