from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from backends import registry
from backends.base import BackendError, LoadOptions
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
