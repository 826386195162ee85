from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from backends.onnxruntime_placement import Node, assigned, executed, ran

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
OV = "OpenVINOExecutionProvider"


def nodes(*names: str, operator: str = "Conv", types: tuple[str, ...] = ("float",)) -> list[Node]:
    return [Node(name, operator, types) for name in names]


def event(name: str, provider: str, operator: str = "Conv", kind: str = "float", cat: str = "Node") -> dict:
    told = {"provider": provider, "op_name": operator, "input_type_shape": [{kind: [1, 3]}]}
    return {"cat": cat, "name": f"{name}_kernel_time", "args": told}


def test_the_assignment_names_the_nodes() -> None:
    told = ran({OV: nodes("a", "b"), CPU: nodes("c")}, {OV: nodes(f"{OV}_subgraph_0"), CPU: nodes("fused c")})
    assert {place: [node.name for node in at] for place, at in told.nodes.items()} == {OV: ["a", "b"], CPU: ["c"]}


def test_what_ran_where_nobody_gave_it_is_added() -> None:
    told = ran({CUDA: nodes("a")}, {CUDA: nodes("a"), CPU: nodes("b")})
    assert [node.name for node in told.nodes[CPU]] == ["b"]


def test_where_nothing_ran_on_the_accelerator_the_run_is_right() -> None:
    """A provider that took the nodes and handed them on to the CPU without a word."""
    told = ran({CUDA: nodes("a", "b")}, {CPU: nodes("a", "b")})
    assert {place: [node.name for node in at] for place, at in told.nodes.items()} == {CPU: ["a", "b"]}


def test_an_older_build_is_read_from_its_run_alone() -> None:
    told = ran({}, {CUDA: nodes("a"), CPU: nodes("b")})
    assert set(told.nodes) == {CUDA, CPU}


@pytest.mark.parametrize(
    ("kernels", "precision", "precisions"),
    [
        (nodes("a", "b"), "f32", {"f32": 2}),
        ([*nodes("a", types=("float16",)), *nodes("b", "c", operator="Cast")], "f16", {"f16": 1, "f32": 2}),
        (nodes("a", operator="QLinearConv", types=("uint8", "float")), "int8", {"int8": 1}),
        (nodes("a", operator="ConvInteger", types=("uint8",)), "int8", {"int8": 1}),
        # weights kept in 8 bits and computed in f32
        ([*nodes("a", operator="DequantizeLinear", types=("int8",)), *nodes("b")], "f32", {"int8": 1, "f32": 1}),
        (nodes("a", operator="Shape", types=("int64",)), "unknown", {}),
    ],
)
def test_the_precision_is_the_heavy_kernels(kernels: list[Node], precision: str, precisions: dict) -> None:
    told = ran({CPU: kernels}, {CPU: kernels})
    assert (told.precision, told.precisions) == (precision, precisions)


def test_a_part_compiled_from_quantised_nodes_computes_in_int8() -> None:
    given = {OV: [*nodes("q", operator="QuantizeLinear"), *nodes("a")]}
    assert ran(given, {OV: nodes(f"{OV}_part_0", operator="part")}).precision == "int8"
    assert ran({OV: nodes("a")}, {OV: nodes(f"{OV}_part_0", operator="part")}).precision == "f32"


def test_a_profile_is_read_without_copies_and_without_other_events(tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    events = [
        event("a", CUDA),
        event("a", CUDA),
        event("copy", CUDA, "MemcpyToHost"),
        event("session", "", cat="Session"),
        {"cat": "Node", "name": "a_fence_before", "args": {"provider": CUDA, "op_name": "Conv"}},
        event("b", CPU, "NonMaxSuppression"),
    ]
    profile.write_text(json.dumps(events))
    seen = executed(str(profile))
    assert {place: [node.name for node in at] for place, at in seen.items()} == {CUDA: ["a"], CPU: ["b"]}


@pytest.mark.parametrize("content", ["", "[{", "no json"])
def test_a_broken_profile_says_nothing(tmp_path: Path, content: str) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text(content)
    assert executed(str(profile)) == {}
    assert executed(str(tmp_path / "nowhere")) == {}


def test_nodes_without_names_and_of_one_name_are_each_named_once() -> None:
    def part(*names: str) -> SimpleNamespace:
        inside = [SimpleNamespace(name=name, op_type="Relu") for name in names]
        return SimpleNamespace(ep_name=CPU, get_nodes=lambda: inside)

    session = SimpleNamespace(get_provider_graph_assignment_info=lambda: [part("", "a"), part("a", "")])
    assert [node.name for node in assigned(session)[CPU]] == ["Relu", "a", "a #2", "Relu #2"]
    assert assigned(SimpleNamespace()) == {}
