"""Which devices are said to be here: builds and drivers are made up, for no machine has them all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from backends import onnxruntime_devices as devices
from backends import onnxruntime_providers as providers
from backends.base import Device, LoadOptions
from backends.onnxruntime_devices import Driver
from backends.onnxruntime_providers import Build, asked
from models.manifest import PictureInput

PICTURE = PictureInput("images", 640, 384, "NCHW")
CUDA_13 = ["libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13", "libcurand.so.10", "libcudnn.so.9"]


@pytest.fixture
def gpu_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    folder = tmp_path / "capi"
    folder.mkdir()
    for name in ("cuda", "tensorrt", "shared"):
        (folder / f"libonnxruntime_providers_{name}.so").touch()
    monkeypatch.setattr(devices.sys, "platform", "linux")
    monkeypatch.setattr(devices, "_folders", lambda build: [build.folder])
    return Build("onnxruntime-gpu", "1.31.1", "13.0", folder)


def driver_of(monkeypatch: pytest.MonkeyPatch, found: Driver | None) -> None:
    monkeypatch.setattr(devices, "driver", lambda: found)


def by_name(found: list[Device]) -> dict[str, Device]:
    return {device.name: device for device in found}


def test_without_a_driver_nothing_is_advised_but_the_driver(gpu_build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    driver_of(monkeypatch, None)
    found = by_name(devices.listed(gpu_build, "linux"))
    assert [*found] == ["CPU", "CUDA", "TENSORRT"]
    assert found["CPU"].available
    assert "no GPU here" in found["CUDA"].why


def test_an_old_driver_is_said(gpu_build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    driver_of(monkeypatch, Driver("12.4", ("NVIDIA T4",)))
    assert "runs CUDA 12.4, this build needs 13.0" in by_name(devices.listed(gpu_build, "linux"))["CUDA"].why


def test_missing_libraries_are_named_with_what_brings_them(gpu_build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    driver_of(monkeypatch, Driver("13.1", ("NVIDIA T4",)))
    (gpu_build.folder / CUDA_13[0]).touch()
    why = by_name(devices.listed(gpu_build, "linux"))["CUDA"].why
    assert why.startswith("Not found: libcublasLt.so.13, libcublas.so.13, ")
    assert "--group cuda" in why
    assert "libcudart" not in why


def test_every_gpu_is_a_device_once_its_libraries_are_there(gpu_build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    driver_of(monkeypatch, Driver("13.1", ("NVIDIA T4", "NVIDIA L4")))
    for name in CUDA_13:
        (gpu_build.folder / name).touch()
    found = by_name(devices.listed(gpu_build, "linux"))
    assert found["CUDA"] == Device("CUDA", "NVIDIA T4")
    assert found["CUDA:1"] == Device("CUDA:1", "NVIDIA L4")
    assert "tensorrt" in found["TENSORRT"].why
    assert "libnvinfer.so.10" in found["TENSORRT"].why


def test_a_gpu_under_the_plain_build_is_said_with_the_build_to_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver_of(monkeypatch, Driver("13.1", ("NVIDIA T4",)))
    found = by_name(devices.listed(Build("onnxruntime", "1.32.0", "", tmp_path), "linux"))
    assert "has no CUDA" in found["CUDA"].why
    assert "uv sync --no-group cpu --group cuda" in found["CUDA"].why


def test_each_system_lists_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver_of(monkeypatch, None)
    build = Build("onnxruntime-directml", "1.24.4", "", tmp_path)
    (tmp_path / "DirectML.dll").touch()
    found = by_name(devices.listed(build, "win32"))
    assert [name for name, device in found.items() if device.available] == ["CPU", "DML"]
    found = by_name(devices.listed(Build("onnxruntime", "1.32.0", "", tmp_path), "darwin"))
    assert [name for name, device in found.items() if device.available] == ["CPU", "COREML"]


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "installed", lambda: None)
    assert "not installed: uv sync --group cpu" in devices.listed()[0].why


def test_a_machine_without_the_drivers_library_has_no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_name: str) -> None:
        raise OSError("libcuda.so.1: cannot open shared object file")

    monkeypatch.setattr(devices.ctypes, "CDLL", absent)
    assert devices.driver() is None


def options(device: str, tmp_path: Path, **more: object) -> list[tuple[str, dict[str, str]]]:
    path = tmp_path / "m.onnx"
    path.write_bytes(more.pop("content", b"weights"))  # type: ignore[arg-type]
    os.utime(path, ns=(0, len(path.read_bytes())))
    about = more.pop("about", {"driver": "13.0", "gpu": "NVIDIA T4", "runtime": "1.31.1"})
    return providers.providers(asked(device), LoadOptions(**more), path, PICTURE, about)  # type: ignore[arg-type]


def test_the_cpu_is_last_and_tensorrt_has_cuda_behind_it(tmp_path: Path) -> None:
    assert [name for name, _ in options("CPU", tmp_path)] == ["CPUExecutionProvider"]
    names = [name for name, _ in options("tensorrt:1", tmp_path)]
    assert names == ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
    assert all(told.get("device_id", "1") == "1" for _, told in options("TENSORRT:1", tmp_path))


def test_f32_leaves_no_provider_anything_lower(tmp_path: Path) -> None:
    assert options("CUDA", tmp_path, precision="f32")[0][1]["use_tf32"] == "0"
    assert options("TENSORRT", tmp_path, precision="f32")[0][1]["trt_fp16_enable"] == "0"
    assert options("OPENVINO:GPU", tmp_path, precision="f32")[0][1] == {"device_type": "GPU", "precision": "FP32"}
    assert options("COREML", tmp_path, precision="f32")[0][1]["MLComputeUnits"] == "CPUAndGPU"
    for device in ("CUDA", "TENSORRT", "COREML", "OPENVINO:GPU"):
        assert providers.lower_allowed(asked(device), LoadOptions(precision="f32")) == ""
        assert providers.lower_allowed(asked(device), LoadOptions()) in {"f16", "tf32"}


def test_an_engine_is_kept_for_this_model_runtime_driver_and_gpu_alone(tmp_path: Path) -> None:
    def folder(**more: object) -> str:
        return options("TENSORRT", tmp_path, cache=tmp_path / "cache", **more)[0][1]["trt_engine_cache_path"]

    same = folder()
    assert Path(same).is_dir()
    assert folder() == same
    assert folder(content=b"other weights") != same
    for key in ("driver", "gpu", "runtime"):
        about = {"driver": "13.0", "gpu": "NVIDIA T4", "runtime": "1.31.1"} | {key: "another"}
        assert folder(about=about) != same
    assert "trt_engine_cache_enable" not in options("TENSORRT", tmp_path)[0][1]


def test_a_batch_gives_tensorrt_its_range_of_shapes(tmp_path: Path) -> None:
    told = options("TENSORRT", tmp_path, batch=8)[0][1]
    assert told["trt_profile_min_shapes"] == "images:1x3x384x640"
    assert told["trt_profile_max_shapes"] == told["trt_profile_opt_shapes"] == "images:8x3x384x640"


def test_directml_runs_one_at_a_time_in_order() -> None:
    settings = type("Settings", (), {"enable_mem_pattern": True, "execution_mode": "parallel"})()
    providers.session_settings(settings, asked("DML:0"), "in order")
    assert (settings.enable_mem_pattern, settings.execution_mode) == (False, "in order")
    assert asked("DML").kind.side_by_side == 1
