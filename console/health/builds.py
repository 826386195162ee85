"""Which build of ONNX Runtime is installed, and whether it is the one for this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from console.health.findings import Finding, missing, ok, problem
from console.settings.home import Home
from models.words import _

Group = Literal["cpu", "cuda", "directml"]

BUILDS = (
    "onnxruntime",
    "onnxruntime-gpu",
    "onnxruntime-directml",
    "onnxruntime-openvino",
    "onnxruntime-qnn",
    "onnxruntime-rocm",
)
"""All unpack into one folder, so two of them leave a mixture of both."""
_GROUP_OF: dict[str, Group] = {"onnxruntime": "cpu", "onnxruntime-gpu": "cuda", "onnxruntime-directml": "directml"}


def nvidia_here() -> bool:
    """Whether NVIDIA's driver is here, without loading it."""
    if sys.platform == "win32":
        return (Path(os.environ.get("SYSTEMROOT", "C:/Windows")) / "System32" / "nvml.dll").exists()
    return Path("/proc/driver/nvidia/version").exists() or Path("/dev/nvidiactl").exists()


def group_here() -> Group:
    """The dependency group for this machine: cuda with NVIDIA's driver, directml on Windows without, else cpu."""
    if sys.platform == "darwin":
        return "cpu"  # its wheel has CoreML in it
    if nvidia_here():
        return "cuda"
    return "directml" if sys.platform == "win32" else "cpu"


def way_to(group: Group, found: list[str]) -> str:
    """How to have exactly the build of a group, in words.

    Args:
        group: the wanted one.
        found: the builds that are installed now.
    """
    if getattr(sys, "frozen", False):
        return _("Install the Sightdesk that is built with {group}.").format(group=group)
    package = next(name for name, its in _GROUP_OF.items() if its == group)
    others = "" if group == "cpu" else "--no-group cpu "
    gone = f"pip uninstall -y {' '.join(found)}; " if found else ""
    return _(
        "Take the dependency group {group}: uv sync {others}--group {group} (or: {gone}pip install {package})."
    ).format(group=group, others=others, gone=gone, package=package)


def installed_builds() -> list[str]:
    """The builds that are installed, without importing any."""
    return [name for name in BUILDS if _is_here(name)]


def onnxruntime_build(_home: Home) -> Iterator[Finding]:
    """Is there one build of ONNX Runtime, and is it this machine's?"""
    about, found, group = "onnxruntime build", installed_builds(), group_here()
    if not found:
        what = _("No build of ONNX Runtime is installed; models run on OpenVINO alone.")
        yield missing(about, what, way_to(group, found), needed=False)
    elif len(found) > 1:
        what = _("{found} are installed together; they share one folder, so what runs is a mixture of both.")
        yield problem(about, what.format(found=_(" and ").join(found)), way_to(group, found))
    elif nvidia_here() and found[0] in {"onnxruntime", "onnxruntime-directml"}:
        what = _("There is an NVIDIA GPU here, and {found} can't use it with CUDA: models run on {instead}.")
        instead = "DirectML" if found[0].endswith("directml") else "CPU"
        yield problem(about, what.format(found=found[0], instead=instead), way_to("cuda", found), needed=False)
    elif found[0] == "onnxruntime-gpu" and not nvidia_here():
        what = _("{found} is installed, and no NVIDIA driver is here: models run on the CPU.").format(found=found[0])
        yield problem(
            about, what, _("Install NVIDIA's driver. {or_else}").format(or_else=way_to(group, found)), needed=False
        )
    elif sys.platform == "win32" and found[0] == "onnxruntime":
        what = _("{found} uses the CPU alone; this Windows has DirectML, which uses any GPU.").format(found=found[0])
        yield problem(about, what, way_to(group, found), needed=False)
    else:
        words = _("{found} {version}, dependency group {group}")
        its = _GROUP_OF.get(found[0], "-")
        yield ok(about, words.format(found=found[0], version=version(found[0]), group=its))


def _is_here(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True
