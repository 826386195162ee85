from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backends import openvino_placement, registry
from backends.base import Backend, BackendError, LoadOptions
from models.manifest import PictureInput
from tests import tiny_onnx

PLAIN = PictureInput("picture", 32, 32, "NCHW")


def test_importing_openvino_reports_nothing_to_its_maker() -> None:
    code = """
import socket, sys, threading
from concurrent.futures import ThreadPoolExecutor
def deny(*args, **kwargs): raise SystemExit(f"something was sent: {args}")
ThreadPoolExecutor.submit = socket.socket.connect = deny
from backends import registry
assert registry.runtime("openvino").devices()[0].available
assert "openvino" in sys.modules and not sys.modules["openvino_telemetry"]
assert threading.active_count() == 1, threading.enumerate()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("device", ["auto", "AUTO:CPU", "AUTO:-GPU", "MULTI:cpu(2)", "HETERO:CPU, CPU"])
def test_several_devices_are_taken_as_one(tmp_path: Path, device: str) -> None:
    path = tiny_onnx.mean_color(tmp_path / "tiny.onnx")
    loaded = registry.runtime("openvino").load(path, PLAIN, device, LoadOptions(precision="f32"))
    assert set(loaded.info.device.split(",")) == {"CPU"}
    loaded.close()


@pytest.mark.parametrize(
    ("device", "what"),
    [
        ("TPU", "no device TPU here"),
        ("CPU:0", "no device CPU:0 here"),
        ("MULTI:TPU,CPU", "no device TPU here"),
        ("HETERO:CPU,TPU.1", r"no device TPU\.1 here"),
        ("AUTO:CPU,TPU(2)", r"no device TPU\(2\) here"),
        ("MULTI", "MULTI names no devices"),
        ("hetero:", "hetero: names no devices"),
        ("CPU.7", "can't run tiny.onnx on CPU.7"),
        ("", "no device  here"),
    ],
)
def test_a_device_that_is_not_here_is_refused_in_words(tmp_path: Path, device: str, what: str) -> None:
    path = tiny_onnx.mean_color(tmp_path / "tiny.onnx")
    with pytest.raises(BackendError, match=what):
        registry.runtime("openvino").load(path, PLAIN, device, LoadOptions())


@pytest.mark.parametrize("device", ["CPU", "AUTO", "AUTO:CPU", "MULTI:CPU", "HETERO:CPU"])
def test_every_node_is_placed_where_it_runs(tmp_path: Path, device: str) -> None:
    path = tiny_onnx.yolox(tmp_path / "tiny.onnx")
    picture = PictureInput("images", 64, 64, "NCHW")
    loaded = registry.runtime("openvino").load(path, picture, device, LoadOptions(precision="f32"))
    loaded.close()
    assert [*loaded.info.placement] == ["CPU"]
    assert loaded.info.placement["CPU"]
    assert loaded.info.astray == ()
    assert loaded.info.asked == device


class Told:
    """A core whose HETERO divides a model as an accelerator that takes convolutions alone would have it."""

    def query_model(self, model: Any, _device: str) -> dict[str, str]:
        return {op.get_friendly_name(): "GPU.0" if "Reshape" in str(op) else "CPU" for op in model.get_ops()}


def test_a_network_spread_over_two_devices_names_what_the_cpu_executes(tmp_path: Path) -> None:
    import openvino

    core = openvino.Core()
    model = core.read_model(str(tiny_onnx.yolox(tmp_path / "tiny.onnx")))
    given = openvino_placement.spread(Told(), model, "HETERO:GPU,CPU")
    assert set(given.values()) == {"GPU.0", "CPU"}
    compiled = core.compile_model(model, "CPU")
    ran = openvino_placement.read_back(compiled, "HETERO:GPU,CPU", given)
    named = [name for names in ran.placement.values() for name in names]
    assert sorted(named) == sorted(given)
    assert ran.astray == ran.placement["CPU"] != ()
    assert set(ran.astray).isdisjoint(ran.placement["GPU.0"])
    assert openvino_placement.spread(Told(), model, "CPU") == {}


@pytest.mark.parametrize(
    ("device", "places", "wanted"),
    [
        ("CPU", {"CPU"}, False),
        ("GPU.1", {"CPU"}, True),
        ("NPU", {"NPU"}, True),
        ("AUTO", {"CPU"}, False),
        ("AUTO:-GPU", {"CPU"}, False),
        ("AUTO:GPU,CPU", {"CPU"}, True),
        ("MULTI:GPU,CPU", {"GPU.0,CPU"}, False),
        ("MULTI:GPU(2),CPU(2)", {"CPU"}, True),
        ("HETERO:GPU,CPU", {"GPU.0", "CPU"}, True),
        ("HETERO:CPU", {"CPU"}, False),
    ],
)
def test_the_cpu_is_astray_only_where_an_accelerator_was_asked_for(device: str, places: set, wanted: bool) -> None:
    assert openvino_placement.wants_accelerator(device, places) is wanted


def test_nodes_that_every_device_runs_have_all_of_them_as_their_place() -> None:
    assert openvino_placement.placed(("GPU.0", "CPU"), ["a", "b", "a"], {}) == {"GPU.0,CPU": ("a", "b")}
    assert openvino_placement.placed(("CPU",), [], {}) == {}


def load(path: Path, picture: PictureInput, **options: Any) -> Backend:
    loaded = registry.runtime("openvino").load(path, picture, "CPU", LoadOptions(**options))
    loaded.close()
    return loaded


def test_a_model_with_a_free_batch_takes_as_many_as_wished(tmp_path: Path) -> None:
    path = tiny_onnx.mean_color(tmp_path / "tiny.onnx", batch="N")
    assert load(path, PLAIN, batch=8).info.max_batch == 8
    assert load(path, PLAIN).info.max_batch == 1


def test_a_model_that_answers_all_pictures_in_one_takes_one(tmp_path: Path) -> None:
    assert load(tiny_onnx.one_at_a_time(tmp_path / "tiny.onnx"), PLAIN, batch=8).info.max_batch == 1


@pytest.mark.shared
@pytest.mark.parametrize(
    ("model", "picture", "takes"),
    [
        ("yunet_n_dynamic.onnx", PictureInput("input", 320, 160, "NCHW"), 4),
        ("yolox_nano.onnx", PictureInput("images", 416, 416, "NCHW"), 1),
        ("vehicle-license-plate-detection-barrier-0106.xml", PictureInput("image_tensor", 300, 300, "NHWC"), 1),
    ],
)
def test_real_models_take_the_pictures_their_outputs_follow(
    shared: Path, model: str, picture: PictureInput, takes: int
) -> None:
    """YOLOX here is exported for one; the SSD puts all pictures' boxes into one list."""
    facts = registry.runtime("openvino").inspect(shared / "models" / model)
    picture = replace(picture, name=facts.inputs[0].name)
    assert load(shared / "models" / model, picture, batch=4).info.max_batch == takes


def test_a_kept_model_serves_another_precision_as_asked(tmp_path: Path) -> None:
    path = tiny_onnx.mean_color(tmp_path / "tiny.onnx")
    cache = tmp_path / "cache"
    first = load(path, PLAIN, cache=cache)
    kept = set(cache.iterdir())
    assert kept
    assert load(path, PLAIN, cache=cache).info == first.info
    assert set(cache.iterdir()) == kept  # it was found again
    assert load(path, PLAIN, cache=cache, precision="f32").info.precision == "f32"
    load(tiny_onnx.one_at_a_time(path), PLAIN, cache=cache)
    assert set(cache.iterdir()) > kept  # the same file name, another model
