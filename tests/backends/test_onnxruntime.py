"""What is ONNX Runtime's own; the rest is in the contract suite."""

from __future__ import annotations

import queue
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from backends import onnxruntime_providers as providers
from backends import registry
from backends.base import BackendError, LoadOptions
from models.manifest import PictureInput
from tests import tiny_onnx

PLAIN = PictureInput("picture", 32, 32, "NCHW")

_CODE = """
from backends import registry
assert registry.runtime("onnxruntime").devices()[0].available
import onnxruntime
"""


def test_its_import_reports_nothing_to_its_maker(tmp_path: Path) -> None:
    """Where it would, it leaves a device id and a queue of reports in the user's cache folder."""
    pytest.importorskip("onnxruntime")
    environment = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}  # none of what hints at a test
    done = subprocess.run(
        [sys.executable, "-c", _CODE], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.rglob("*")) == []


def test_its_devices_are_named_without_importing_it() -> None:
    code = """
import sys
from backends import registry
assert registry.runtime("onnxruntime").devices()[0].available
assert "onnxruntime" not in sys.modules and "cv2" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("device", ["TPU", "CPU:1", "CUDA:x", "OPENVINO:TPU", "COREML:0", ""])
def test_a_device_it_has_never_heard_of_is_refused_in_words(tmp_path: Path, device: str) -> None:
    path = tiny_onnx.mean_color(tmp_path / "tiny.onnx")
    with pytest.raises(BackendError, match=f"ONNX Runtime has no device {device}") as caught:
        registry.runtime("onnxruntime").load(path, PLAIN, device, LoadOptions())
    assert "CPU, CUDA, TENSORRT, DML, COREML, OPENVINO" in caught.value.hint


@pytest.mark.parametrize(
    ("device", "build"), [("CUDA:1", "cuda"), ("tensorrt", "cuda"), ("DML", "directml"), ("OPENVINO:GPU", "openvino")]
)
def test_a_device_of_another_build_is_refused_with_the_build_that_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, build: str
) -> None:
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [providers.CPU])
    path = tiny_onnx.mean_color(tmp_path / "tiny.onnx")
    with pytest.raises(BackendError, match=f"{device.upper()} here: the installed build is onnxruntime") as caught:
        registry.runtime("onnxruntime").load(path, PLAIN, device, LoadOptions())
    assert build in caught.value.hint


def test_a_session_that_fell_back_without_a_word_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What onnxruntime-gpu does where CUDA's libraries are missing: it offers the provider and runs on the CPU."""
    import onnxruntime

    real = onnxruntime.InferenceSession

    def falls_back(path: str, settings: object, providers: list, **more: object) -> object:
        return real(path, settings, providers=providers[-1:], **more)

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", providers.CPU])
    monkeypatch.setattr(onnxruntime, "InferenceSession", falls_back)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = tiny_onnx.mean_color(tmp_path / "tiny.onnx")
    with pytest.raises(BackendError, match="could not start CUDA and would have run on the CPU instead") as caught:
        registry.runtime("onnxruntime").load(path, PLAIN, "CUDA", LoadOptions())
    assert caught.value.hint
    assert [*tmp_path.glob("sightdesk-profile-*")] == []


def test_no_profile_is_left_behind_and_none_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = tiny_onnx.mean_color(tmp_path / "tiny.onnx")
    loaded = registry.runtime("onnxruntime").load(path, PLAIN, "CPU", LoadOptions())
    assert [*tmp_path.glob("sightdesk-profile-*")] == []
    answers: queue.SimpleQueue = queue.SimpleQueue()
    for _ in range(5):
        loaded.submit({"picture": np.zeros((1, 32, 32, 3), np.uint8)}, answers.put)
    assert all(not isinstance(answers.get(timeout=5), BackendError) for _ in range(5))
    loaded.close()
    assert [*tmp_path.glob("*")] == [path]


def test_every_node_of_the_graph_is_named_on_the_cpu(tmp_path: Path) -> None:
    loaded = registry.runtime("onnxruntime").load(
        tiny_onnx.splits(tmp_path / "tiny.onnx"), PLAIN, "CPU", LoadOptions(batch=4)
    )
    loaded.close()
    steps = ("smooth", "means", "written", "read", "twice", "mean")
    assert loaded.info.placement == {"CPU": tuple(f"make {step}" for step in steps)}
    assert loaded.info.astray == ()
    assert loaded.info.max_batch == 1  # the file fixes it


@pytest.mark.hardware
def test_a_graph_that_must_split_is_reported_node_by_node(tmp_path: Path) -> None:
    """Strings are for the CPU alone; needs the build onnxruntime-openvino, which takes no accelerator to run."""
    build = providers.installed()
    if build is None or build.name != "onnxruntime-openvino":
        pytest.skip("this is not the build onnxruntime-openvino")
    loaded = registry.runtime("onnxruntime").load(
        tiny_onnx.splits(tmp_path / "tiny.onnx"), PLAIN, "OPENVINO", LoadOptions(precision="f32")
    )
    loaded.close()
    assert loaded.info.device == "OPENVINO,CPU"
    assert loaded.info.placement == {
        "OPENVINO": ("make smooth", "make means", "make twice", "make mean"),
        "CPU": ("make written", "make read"),
    }
    assert loaded.info.astray == ("make written", "make read")
    with pytest.raises(BackendError, match="could not start OPENVINO:NPU and would have run on the CPU"):
        registry.runtime("onnxruntime").load(
            tiny_onnx.splits(tmp_path / "tiny.onnx"), PLAIN, "OPENVINO:NPU", LoadOptions()
        )


def test_a_quantised_graph_is_read_back_as_int8(tmp_path: Path) -> None:
    picture = PictureInput("picture", 32, 32, "NCHW", dtype="uint8")
    loaded = registry.runtime("onnxruntime").load(
        tiny_onnx.quantised(tmp_path / "tiny.onnx"), picture, "CPU", LoadOptions()
    )
    loaded.close()
    assert loaded.info.precision == "int8"
    assert loaded.info.precisions["int8"] == 1


@pytest.mark.shared
@pytest.mark.parametrize(("model", "takes"), [("yunet_n_dynamic.onnx", 4), ("yolox_nano.onnx", 1)])
def test_real_models_take_what_their_files_allow(shared: Path, model: str, takes: int) -> None:
    runtime = registry.runtime("onnxruntime")
    name = runtime.inspect(shared / "models" / model).inputs[0].name
    picture = PictureInput(name, 416, 416, "NCHW")
    loaded = runtime.load(shared / "models" / model, picture, "CPU", LoadOptions(batch=4))
    loaded.close()
    assert loaded.info.max_batch == takes
    assert loaded.info.precision == "f32"
    assert len(loaded.info.placement["CPU"]) > 50


def test_where_no_file_can_be_written_the_assignment_alone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny_onnx.splits(tmp_path / "tiny.onnx")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    loaded = registry.runtime("onnxruntime").load(path, PLAIN, "CPU", LoadOptions())
    loaded.close()
    assert len(loaded.info.placement["CPU"]) == 6
    assert loaded.info.precision == "unknown"
