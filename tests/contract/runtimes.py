"""The runtimes the contract suite is run against: each a `Case` that brings a tiny ONNX model to where it can run it.

A new runtime is a case in `CASES` and must pass the suite unchanged. A runtime that reads files gets the file's path;
one that asks a server starts that server in `serving` and yields the model's URL there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from backends import registry
from backends.base import ModelPlace, Runtime
from tests.conftest import missing
from tests.contract import kserve_case
from tests.plugins.installing import on_path


@contextmanager
def as_file(path: Path) -> Iterator[ModelPlace]:
    """A file runtime's way to a model: the path itself."""
    yield path


def always() -> str:
    """Nothing is in the way."""
    return ""


@dataclass(frozen=True)
class Case:
    """One runtime on one device, as the suite runs it.

    Attributes:
        name: as the test's id shows it.
        runtime: the name in the registry.
        device: what the suite asks for; `devices()` must list it as available.
        runs_on: what `info.device` must state; empty: anything but nothing.
        precision: what `info.precision` must state under LoadOptions(precision="f32"); empty: anything but nothing.
        why_not: why the suite can't run here, in words; empty where it can. Asked once a test, so cheap.
        ready: entered for the time of a test, before the runtime is asked for, such as to put its package on the path.
        serving: brings a model file to the runtime for the time of a test: yields the place to load it from.
        reads_files: whether the tests about damaged, missing and strange files are for it.
        services: its skip is a failure where services are required.
        accelerator: it is a device that most machines lack.
        soak: another way to a server that is in the plain run already; not in that run.
    """

    name: str
    runtime: str
    device: str = "CPU"
    runs_on: str = "CPU"
    precision: str = "f32"
    why_not: Callable[[], str] = always
    ready: Callable[[], AbstractContextManager[object]] = nullcontext
    serving: Callable[[Path], AbstractContextManager[ModelPlace]] = as_file
    reads_files: bool = True
    services: bool = False
    accelerator: bool = False
    soak: bool = False

    def made(self) -> Runtime:
        """The runtime, as the product gets it."""
        return registry.runtime(self.runtime)


def need(case: Case) -> Case:
    """The case, where it can run here; else the test skips (and fails where services are required and it is one)."""
    if why := case.why_not():
        if case.services:
            missing("services", why)
        pytest.skip(why)
    return case


def accelerators() -> list[Case]:
    """Every accelerator that this machine and the installed builds have, by the runtimes' own word."""
    found = [(name, device) for name in ("openvino", "onnxruntime") for device in registry.runtime(name).devices()]
    return [
        Case(f"{name} {device.name}", name, device.name, runs_on=device.name, accelerator=True)
        for name, device in found
        if device.available and not device.name.startswith("CPU")
    ]


CASES: list[Case] = [
    Case("openvino", "openvino"),
    Case("onnxruntime", "onnxruntime"),
    Case("opencv plug-in", "opencv", ready=lambda: on_path("sightdesk-opencv-runtime")),
    *kserve_case.cases(Case),
    *accelerators(),
]


def _marked(case: Case) -> object:
    wanted = {"services": case.services, "hardware": case.accelerator, "soak": case.soak}
    marks = [getattr(pytest.mark, name) for name, marked in wanted.items() if marked]
    return pytest.param(case, id=case.name, marks=marks)


EVERY = [_marked(case) for case in CASES]
FILES = [_marked(case) for case in CASES if case.reads_files]
