"""What a compiled OpenVINO model really computes with, and where: read from the graph that the device executes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PRECISIONS = {"f32", "f16", "bf16", "i8", "u8", "i4"}
_HEAVY = {"Convolution", "GroupConvolution", "MatMul", "FullyConnected"}
_NO_WORK = {"Input", "Output", "Const"}
"""Kinds of nodes in an executed graph that only hold what goes in and out."""
_PASSIVE = {"Parameter", "Result", "Constant"}
"""The same in a model's own graph."""
TOGETHER = {"AUTO", "MULTI", "HETERO"}
"""OpenVINO's names for several devices as one: the best of them, all side by side, a network spread over them."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What was read back.

    Attributes:
        devices: that execute.
        precision: of the heavy nodes.
        precisions: nodes by precision.
        placement: nodes' names by device.
        astray: names of the nodes that the CPU executes although an accelerator was asked for.
    """

    devices: tuple[str, ...]
    precision: str
    precisions: Mapping[str, int]
    placement: Mapping[str, tuple[str, ...]]
    astray: tuple[str, ...]


def spread(core: Any, model: Any, device: str) -> Mapping[str, str]:
    """Where HETERO puts each working node of a model, by OpenVINO's own assignment; empty for any other device."""
    if not device.startswith("HETERO:"):
        return {}
    working = {op.get_friendly_name() for op in model.get_ops() if op.get_type_name() not in _PASSIVE}
    return {name: place for name, place in core.query_model(model, device).items() if name in working}


def read_back(compiled: Any, device: str, given: Mapping[str, str]) -> Ran:
    """What runs, after the first inference: until then AUTO may not have chosen.

    Args:
        compiled: the compiled model.
        device: that was asked for, in OpenVINO's spelling.
        given: what `spread` said of the model before it was compiled.
    """
    devices = tuple(name.strip("()") for name in compiled.get_property("EXECUTION_DEVICES"))  # (CPU): for now only
    all_of, heavy, names = Counter[str](), Counter[str](), []
    for node in compiled.get_runtime_model().get_ops():
        info = {key: str(getattr(value, "value", value)) for key, value in node.get_rt_info().items()}
        kind, precision = info.get("layerType", ""), info.get("runtimePrecision", "")
        if kind not in _NO_WORK:
            names.append(str(node.get_friendly_name()))
        if not precision:
            continue
        # the kernel's own name ends in what it computes; runtimePrecision is also lowered by half-size stored weights
        kernel = info.get("primitiveType", "").rsplit("_", 1)[-1]
        precision = kernel if kernel in _PRECISIONS else precision
        all_of[precision] += 1
        if kind in _HEAVY:
            heavy[precision] += 1
    most = (heavy or all_of or Counter(["unknown"])).most_common(1)[0][0]
    placement = placed(devices, names, given)
    astray = placement.get("CPU", ()) if wants_accelerator(device, set(placement)) else ()
    return Ran(devices, "int8" if most in {"i8", "u8"} else most, dict(all_of), placement, astray)


def placed(devices: tuple[str, ...], names: list[str], given: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Names of nodes by device. Where several devices each run the whole network, their place is all of them."""
    if given:
        places = dict.fromkeys(given.values())
        return {place: tuple(name for name, at in given.items() if at == place) for place in places}
    return {",".join(devices): tuple(dict.fromkeys(names))} if names else {}


def wants_accelerator(device: str, places: set[str]) -> bool:
    """Whether what the CPU executes was not asked of it.

    A device of its own, or a network spread with an accelerator first, is meant to run there. AUTO and MULTI may use
    every device they list; with an accelerator among them, it is astray only if the CPU runs alone. A plain AUTO has
    the choice.
    """
    together, _mark, rest = device.partition(":")
    if together not in TOGETHER:
        return not device.startswith("CPU")
    listed = [part.partition("(")[0] for part in rest.split(",") if part and not part.startswith("-")]
    accelerators = [part for part in listed if not part.startswith("CPU")]
    return bool(accelerators) and (together == "HETERO" or places == {"CPU"})
