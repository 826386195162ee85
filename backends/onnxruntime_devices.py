"""Which of ONNX Runtime's devices can be used here, told from files and the driver alone: importing it takes a second.

Whether a device really runs a model shows when a session is made; this says beforehand what is missing and what to do.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from backends.base import Device
from backends.onnxruntime_providers import KINDS, Build, Kind, group_hint, installed
from models.words import _


@dataclass(frozen=True, slots=True)
class Driver:
    """NVIDIA's driver.

    Attributes:
        cuda: the newest CUDA version it runs, such as 13.0.
        gpus: the makers' names, in the order that CUDA numbers them.
    """

    cuda: str
    gpus: tuple[str, ...]


def listed(build: Build | None = None, system: str = sys.platform) -> list[Device]:
    """All kinds of devices that exist on this system, available or with what is missing."""
    build = build or installed()
    if build is None:
        why = _("ONNX Runtime is not installed: uv sync --group cpu.")
        return [Device("CPU", "", available=False, why=why)]
    found = [kind for kind in KINDS if system in kind.systems and (kind.group or build.has(kind))]
    return [device for kind in found for device in _of(kind, build)]


def _of(kind: Kind, build: Build) -> list[Device]:
    nvidia = kind.name in {"CUDA", "TENSORRT"}
    about = driver() if nvidia else None
    if nvidia and (about is None or not about.gpus):
        why = _("NVIDIA's driver finds no GPU here: install the driver, or choose another device.")
        return [Device(kind.name, "", available=False, why=why)]
    if not build.has(kind):
        why = _("The installed build {name} has no {kind}.").format(name=build.name, kind=kind.name)
        return [Device(kind.name, "", available=False, why=f"{why} {group_hint(kind)}")]
    return [Device(kind.name, kind.provider)] if about is None else _on_nvidia(kind, build, about)


def _on_nvidia(kind: Kind, build: Build, found: Driver) -> list[Device]:
    why = ""
    absent = missing_libraries(build, needed(kind, build))
    if build.cuda and int(found.cuda.split(".")[0]) < int(build.cuda.split(".")[0]):
        why = _("NVIDIA's driver runs CUDA {has}, this build needs {needs}: update the driver.").format(
            has=found.cuda, needs=build.cuda
        )
    elif absent:
        why = _("Not found: {libraries}. {hint}").format(libraries=", ".join(absent), hint=library_hint(kind))
    if why:
        return [Device(kind.name, "", available=False, why=why)]
    plain, *more = found.gpus
    return [Device(kind.name, plain), *(Device(f"{kind.name}:{n}", name) for n, name in enumerate(more, 1))]


def library_hint(kind: Kind) -> str:
    """What brings a kind's libraries."""
    if kind.name == "TENSORRT":
        return _("Install TensorRT 10 for this CUDA version, such as: pip install tensorrt-cu13-libs~=10.0.")
    return _("Install NVIDIA's libraries: uv sync --no-group cpu --group cuda.")


def needed(kind: Kind, build: Build) -> list[str]:
    """The libraries a provider can't be loaded without, by file name, in the order they load."""
    if kind.name not in {"CUDA", "TENSORRT"} or not build.cuda:  # a frozen program holds its note elsewhere
        return []
    cuda = build.cuda.split(".")[0]
    if sys.platform == "win32":
        names = [f"cublasLt64_{cuda}.dll", f"cublas64_{cuda}.dll", f"cudart64_{cuda}.dll", "cudnn64_9.dll"]
        return [*names, *(["nvinfer_10.dll", "nvonnxparser_10.dll"] if kind.name == "TENSORRT" else [])]
    names = [
        f"libcudart.so.{cuda}",
        f"libcublasLt.so.{cuda}",
        f"libcublas.so.{cuda}",
        "libcurand.so.10",
        "libcudnn.so.9",
    ]
    return [*names, *(["libnvinfer.so.10", "libnvonnxparser.so.10"] if kind.name == "TENSORRT" else [])]


def missing_libraries(build: Build, names: Iterable[str]) -> list[str]:
    """Those of them that no folder has in which a loader looks."""
    here = [*_folders(build)]
    return [name for name in names if not any((folder / name).is_file() for folder in here)]


def preload(build: Build, kind: Kind) -> None:
    """Load a provider's libraries from NVIDIA's Python packages, where they are: no loader looks there by itself."""
    for name in needed(kind, build):
        for folder in _packages(build):
            if (folder / name).is_file():
                try:
                    ctypes.CDLL(str(folder / name), mode=ctypes.RTLD_GLOBAL)
                except OSError:  # the session's own message says what could not be loaded
                    continue
                break


def _packages(build: Build) -> Iterator[Path]:
    """Where NVIDIA's Python packages keep libraries: nvidia/cu13/lib, nvidia/cudnn/lib, tensorrt_libs and the like."""
    yield build.folder
    for name, patterns in (("nvidia", ("*/lib", "*/bin", "*/bin/x86_64")), ("tensorrt_libs", (".",))):
        spec = find_spec(name)
        for root in (spec.submodule_search_locations or []) if spec else []:
            for pattern in patterns:
                yield from [Path(root)] if pattern == "." else sorted(Path(root).glob(pattern))


def _folders(build: Build) -> Iterator[Path]:
    yield from _packages(build)
    variable = "PATH" if sys.platform == "win32" else "LD_LIBRARY_PATH"
    yield from (Path(part) for part in os.environ.get(variable, "").split(os.pathsep) if part)
    if sys.platform != "win32":
        yield from sorted(Path("/usr/local").glob("cuda*/lib64"))
        yield from sorted(Path("/usr/local").glob("cuda*/targets/*/lib"))
        yield from sorted(Path("/usr/lib").glob("*-linux-gnu"))
        yield from map(Path, ("/usr/lib64", "/usr/lib", "/usr/lib/wsl/lib", "/usr/local/lib"))


def driver() -> Driver | None:
    """NVIDIA's driver, asked itself (CUDA driver API); None: there is none."""
    try:
        cuda = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        version, count = ctypes.c_int(), ctypes.c_int()
        if (
            cuda.cuInit(0)
            or cuda.cuDriverGetVersion(ctypes.byref(version))
            or cuda.cuDeviceGetCount(ctypes.byref(count))
        ):
            return None
        names = []
        for number in range(count.value):
            device, name = ctypes.c_int(), ctypes.create_string_buffer(256)
            if cuda.cuDeviceGet(ctypes.byref(device), number) or cuda.cuDeviceGetName(name, 256, device):
                break
            names.append(name.value.decode(errors="replace"))
    except (OSError, AttributeError):
        return None
    return Driver(f"{version.value // 1000}.{version.value % 1000 // 10}", tuple(names))
