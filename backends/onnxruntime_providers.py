"""ONNX Runtime's execution providers as devices an operator can name, and what each is told when a session is made.

Options as the providers' own pages define them: onnxruntime.ai/docs/execution-providers/ (CUDA, TensorRT, DirectML,
CoreML, OpenVINO).
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from backends.base import BackendError, LoadOptions
from models.manifest import PictureInput
from models.words import _

PACKAGE = "onnxruntime"
CPU = "CPUExecutionProvider"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of device.

    Attributes:
        name: as an operator names it.
        provider: ONNX Runtime's name of what executes there.
        group: the dependency group whose build has it.
        systems: the values of sys.platform where such a build exists.
        library: its file beside the build's others, without "lib" and the ending; empty: it is built in.
        side_by_side: runs that keep it full; 1 where a session may not be run by several threads at once.
    """

    name: str
    provider: str
    group: str
    systems: tuple[str, ...]
    library: str = ""
    side_by_side: int = 2


KINDS = (
    Kind("CPU", CPU, "cpu", ("linux", "win32", "darwin")),
    Kind("CUDA", "CUDAExecutionProvider", "cuda", ("linux", "win32"), "onnxruntime_providers_cuda"),
    Kind("TENSORRT", "TensorrtExecutionProvider", "cuda", ("linux", "win32"), "onnxruntime_providers_tensorrt"),
    # DirectML's page: no memory pattern, no parallel execution, and never two threads in one session
    Kind("DML", "DmlExecutionProvider", "directml", ("win32",), "DirectML", side_by_side=1),
    Kind("COREML", "CoreMLExecutionProvider", "cpu", ("darwin",)),
    Kind("OPENVINO", "OpenVINOExecutionProvider", "", ("linux", "win32"), "onnxruntime_providers_openvino"),
)
NUMBERED = {"CUDA", "TENSORRT", "DML"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: a kind of device and which one of it.

    Attributes:
        kind: the kind.
        which: its number from 0 on; for OPENVINO a device of OpenVINO's own, such as GPU; empty: the first.
    """

    kind: Kind
    which: str = ""

    @property
    def name(self) -> str:
        """As an operator names it."""
        return f"{self.kind.name}:{self.which}" if self.which else self.kind.name


def asked(device: str) -> Asked:
    """The device of that name, in any case: CPU, CUDA, CUDA:1, TENSORRT:0, DML, COREML, OPENVINO, OPENVINO:GPU.

    Raises:
        BackendError: there is no such kind of device.
    """
    name, _mark, which = device.strip().upper().partition(":")
    kind = next((kind for kind in KINDS if kind.name == name), None)
    fits = kind is not None and (
        not which
        or (kind.name in NUMBERED and which.isdecimal())
        or (kind.name == "OPENVINO" and re.fullmatch(r"(CPU|GPU|NPU)(\.\d+)?", which) is not None)
    )
    if kind is None or not fits:
        raise BackendError(
            _("ONNX Runtime has no device {device}.").format(device=device),
            _("Its devices: {names}; CUDA:1 is the second of its kind.").format(
                names=", ".join(kind.name for kind in KINDS)
            ),
        )
    return Asked(kind, which)


@dataclass(frozen=True, slots=True)
class Build:
    """The build that is installed, told without importing it.

    Attributes:
        name: of its package, such as onnxruntime-gpu.
        version: its version.
        cuda: the CUDA version it was built for; empty: none.
        folder: where its libraries are.
    """

    name: str
    version: str
    cuda: str
    folder: Path

    def has(self, kind: Kind) -> bool:
        """Whether this build brings that provider."""
        return not kind.library or any(self.folder.glob(f"*{kind.library}.*"))


def installed() -> Build | None:
    """The build whose files are installed; None: none is. Its own note of itself is read, nothing is imported.

    All builds share one folder and one import name; where two were installed, the later one's files are there, and
    that is what this tells.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "capi"
    try:
        note = (folder / "build_and_package_info.py").read_text()
    except OSError:  # a frozen program holds its Python files elsewhere
        note = ""
    facts = dict(re.findall(r"^(\w+) = ['\"]([^'\"]*)['\"]", note, re.MULTILINE))
    return Build(
        facts.get("package_name", PACKAGE), facts.get("__version__", ""), facts.get("cuda_version", ""), folder
    )


def group_hint(kind: Kind) -> str:
    """What to install to get a kind of device."""
    if not kind.group:
        return _("It comes with the package onnxruntime-openvino alone; the backend openvino runs the same devices.")
    if kind.group == "cpu":
        return _("Install it: uv sync --group cpu.")
    return _("Install the build that has it: uv sync --no-group cpu --group {group}.").format(group=kind.group)


def session_settings(settings: Any, wanted: Asked, sequential: Any) -> None:
    """What a kind of device asks of the session itself, set on ONNX Runtime's SessionOptions.

    Args:
        settings: the SessionOptions.
        wanted: the device.
        sequential: ONNX Runtime's ExecutionMode.ORT_SEQUENTIAL.
    """
    if wanted.kind.name == "DML":
        settings.enable_mem_pattern = False
        settings.execution_mode = sequential


def providers(
    wanted: Asked, options: LoadOptions, path: Path, picture: PictureInput, about: Mapping[str, str]
) -> list[tuple[str, dict[str, str]]]:
    """The providers of a session with their options, the wanted one first and the CPU last.

    TensorRT gets CUDA behind it: what it does not take then stays on the same GPU.

    Args:
        wanted: the device.
        options: how to load.
        path: the model's file: a compiled engine is kept under its contents.
        picture: the model's picture, for the shapes a TensorRT engine must take.
        about: what else makes an engine valid: the runtime's, the driver's and the GPU's names and versions.
    """
    name, exact = wanted.kind.name, options.precision == "f32"
    cuda = {
        "device_id": wanted.which or "0",
        # every new number of pictures is a new shape: searching all kernels for each would stall the cameras
        "cudnn_conv_algo_search": "EXHAUSTIVE" if options.batch == 1 else "HEURISTIC",
        "arena_extend_strategy": "kSameAsRequested",  # doubling would hold twice the memory after a swap
        "use_tf32": "0" if exact else "1",
    }
    special: list[tuple[str, dict[str, str]]] = []
    if name == "CUDA":
        special = [(wanted.kind.provider, cuda)]
    elif name == "TENSORRT":
        special = [
            (wanted.kind.provider, _tensorrt(wanted, options, path, picture, about)),
            ("CUDAExecutionProvider", cuda),
        ]
    elif name == "DML":
        special = [(wanted.kind.provider, {"device_id": wanted.which or "0"})]
    elif name == "COREML":
        special = [(wanted.kind.provider, _coreml(options, path, about))]
    elif name == "OPENVINO":
        special = [(wanted.kind.provider, _openvino(wanted, options))]
    return [*special, (CPU, {})]


def lower_allowed(wanted: Asked, options: LoadOptions) -> str:
    """The lower precision that a provider was allowed to compute in and does not report; empty: none."""
    if options.precision == "f32":
        return ""
    if wanted.kind.name == "OPENVINO":
        return "" if wanted.which in {"", "CPU"} else "f16"
    return {"TENSORRT": "f16", "COREML": "f16", "CUDA": "tf32"}.get(wanted.kind.name, "")


def _tensorrt(
    wanted: Asked, options: LoadOptions, path: Path, picture: PictureInput, about: Mapping[str, str]
) -> dict[str, str]:
    told = {"device_id": wanted.which or "0", "trt_fp16_enable": "0" if options.precision == "f32" else "1"}
    if options.cache is not None:
        folder = str(_kept(options.cache, "tensorrt", path, about))
        told |= {
            "trt_engine_cache_enable": "1",
            "trt_engine_cache_path": folder,
            "trt_timing_cache_enable": "1",
            "trt_timing_cache_path": folder,
        }
    if options.batch > 1:
        size = (
            f"3x{picture.height}x{picture.width}" if picture.layout == "NCHW" else f"{picture.height}x{picture.width}x3"
        )
        for which, count in (("min", 1), ("opt", options.batch), ("max", options.batch)):
            told[f"trt_profile_{which}_shapes"] = f"{picture.name}:{count}x{size}"
    return told


def _coreml(options: LoadOptions, path: Path, about: Mapping[str, str]) -> dict[str, str]:
    # the Neural Engine computes in f16 only
    told = {"ModelFormat": "MLProgram", "MLComputeUnits": "CPUAndGPU" if options.precision == "f32" else "ALL"}
    if options.cache is not None:
        told["ModelCacheDirectory"] = str(_kept(options.cache, "coreml", path, about))
    return told


def _openvino(wanted: Asked, options: LoadOptions) -> dict[str, str]:
    told = {"device_type": wanted.which or "CPU"}
    if options.precision == "f32":
        told["precision"] = "FP32"
    if options.cache is not None:
        told["cache_dir"] = str(options.cache)  # OpenVINO keys it itself
    return told


def _kept(cache: Path, kind: str, path: Path, about: Mapping[str, str]) -> Path:
    """The folder of a model's compiled form, which is valid for this model, runtime, driver and device alone."""
    key = sha256(_contents(path, path.stat().st_mtime_ns).encode())
    for name in sorted(about):
        key.update(f"\0{name}={about[name]}".encode())
    folder = cache / kind / key.hexdigest()[:32]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@cache
def _contents(path: Path, _changed_ns: int) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
