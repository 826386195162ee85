"""ONNX Runtime's other builds, each really installed in an environment of its own: builds can't live side by side.

They need no accelerator: OpenVINO's provider computes on the CPU, and what the CUDA build does without a GPU (offer the
provider, run on the CPU, say nothing) is what must be found out. 330 MB and 700 MB, made once where services are
required.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, missing
from tests.servers import environments

pytestmark = [pytest.mark.services, pytest.mark.timeout(environments.INSTALL_S + 240)]
_TESTS = ("pytest==9.2.0", "pytest-timeout==2.4.0", "filelock", "httpx", "pydantic", "scipy", "opencv-python-headless")
environments.NEEDS |= {
    "onnxruntime-openvino": ("onnxruntime-openvino==1.24.1", *_TESTS),
    "onnxruntime-gpu": ("onnxruntime-gpu==1.31.1", *_TESTS),
}
_CONFIG = """
[pytest]
addopts = -ra -p no:cacheprovider
filterwarnings = error
timeout = 120
markers =
    hardware
    services
    shared
    soak
"""
_LOAD = """
import json, sys
from pathlib import Path
from backends import registry
from backends.base import BackendError, LoadOptions
from models.manifest import PictureInput
picture = PictureInput("picture", 32, 32, "NCHW")
said = {}
for device in sys.argv[2:]:
    try:
        loaded = registry.runtime("onnxruntime").load(Path(sys.argv[1]), picture, device, LoadOptions("f32"))
    except BackendError as error:
        said[device] = error.what
    else:
        loaded.close()
        said[device] = loaded.info.told()
json.dump(said, sys.stdout)
"""


def python_of(build: str) -> Path:
    if why := environments.why_not(build):
        missing("services", why)
    return environments.python_of(build)


def test_the_openvino_build_passes_the_whole_suite_and_names_what_the_cpu_executes(tmp_path: Path) -> None:
    """The suite on CPU and OPENVINO, and the graph that must split: `test_onnxruntime.py` says node by node how."""
    config = tmp_path / "pytest.ini"
    config.write_text(_CONFIG)
    suites = ["tests/contract/test_backend_contract.py", "tests/backends/test_onnxruntime.py"]
    command = [str(python_of("onnxruntime-openvino")), "-B", "-m", "pytest", "-c", str(config), "--rootdir", str(ROOT)]
    done = subprocess.run(
        [*command, "-v", *suites, "-k", "onnxruntime"],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    for test in ("test_a_graph_that_must_split_is_reported_node_by_node", "ends_well[onnxruntime OPENVINO]"):
        assert f"{test} PASSED" in done.stdout
    assert "FAILED" not in done.stdout


def test_what_falls_back_without_a_word_is_refused_by_the_real_builds(tmp_path: Path) -> None:
    from tests import tiny_onnx

    path = tiny_onnx.splits(tmp_path / "tiny.onnx")
    refused = {"onnxruntime-openvino": ["OPENVINO:NPU"], "onnxruntime-gpu": ["CUDA", "CUDA:1"]}
    for build, devices in refused.items():
        command = [str(python_of(build)), "-B", "-c", _LOAD, str(path), "CPU", *devices]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        said = json.loads(done.stdout)
        assert said["CPU"]["nodes"] == {"CPU": 6}
        for device in devices:
            assert said[device] == (f"ONNX Runtime could not start {device} and would have run on the CPU instead.")
