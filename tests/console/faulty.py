"""A runtime whose devices can be lost: a real network on the CPU, under names of devices that tests break at will."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backends import registry
from backends.base import API_VERSION, Backend, BackendError, Device, Done, LoadOptions, ModelPlace, Outputs
from models.manifest import ModelFacts, PictureInput

DEVICES = ("CPU", "GPU", "NPU")


class FaultyRuntime:
    """OpenVINO on the CPU, whatever device is asked for.

    Attributes:
        missing: devices that can't be loaded on.
        lost: devices whose inferences fail.
        nan: devices whose inferences answer NaN, but for the first, which is the warm-up's.
        loads: (model, device) of every load that was begun.
        go: cleared: loads stand still until it is set.
        live: loaded and not closed.
    """

    name = "faulty"
    api_version = API_VERSION

    def __init__(self) -> None:
        self.missing: set[str] = set()
        self.lost: set[str] = set()
        self.nan: set[str] = set()
        self.loads: list[tuple[str, str]] = []
        self.go = threading.Event()
        self.go.set()
        self.live: list[FaultyBackend] = []
        self._inner = registry.runtime("openvino")

    def devices(self) -> list[Device]:
        return [Device(name, "") for name in DEVICES]

    def inspect(self, model: ModelPlace) -> ModelFacts:
        return self._inner.inspect(model)

    def load(self, model: ModelPlace, picture: PictureInput, device: str, options: LoadOptions) -> Backend:
        self.loads.append((str(model), device))
        assert self.go.wait(30)
        if device in self.missing:
            raise BackendError(f"There is no device {device}.")
        made = FaultyBackend(self, device, self._inner.load(model, picture, "CPU", options))
        self.live.append(made)
        return made


class FaultyBackend:
    def __init__(self, runtime: FaultyRuntime, device: str, inner: Backend) -> None:
        self.info = replace(inner.info, device=device, asked=device)
        self._runtime, self._device, self._inner = runtime, device, inner
        self._submitted = 0

    def submit(self, inputs: Mapping[str, Any], done: Done) -> None:
        self._submitted += 1
        number = self._submitted

        def spoilt(outputs: Outputs | BackendError) -> None:
            if self._device in self._runtime.lost:
                done(BackendError(f"The device {self._device} was lost."))
            elif self._device in self._runtime.nan and number > 1 and not isinstance(outputs, BackendError):
                done({name: np.full_like(array, np.nan) for name, array in outputs.items()})
            else:
                done(outputs)

        self._inner.submit(inputs, spoilt)

    def close(self) -> None:
        if self in self._runtime.live:
            self._runtime.live.remove(self)
        self._inner.close()


def install(monkeypatch: pytest.MonkeyPatch) -> FaultyRuntime:
    """Make it known as "faulty", beside the real ones."""
    made, real = FaultyRuntime(), registry.runtime
    monkeypatch.setattr(registry, "runtime", lambda name: made if name == "faulty" else real(name))
    return made
