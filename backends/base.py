"""The contract between Sightdesk and whatever runs a network. A plug-in implements `Runtime` and nothing more.

A runtime is an entry point of the group ``sightdesk.backends`` that names a function without arguments returning a
`Runtime`. It states the `API_VERSION` it was written for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from models.manifest import ModelFacts, PictureInput
from models.words import _

API_VERSION = 1
NAMED = 50
"""Nodes that are named one by one, where there are more."""

ModelPlace = Path | str
"""A model's file, or the URL of one that a server holds; a runtime refuses in words what is not its kind."""

Outputs = Mapping[str, NDArray[Any]]
"""A network's answers by output name. They belong to the receiver: no runtime writes to them again."""


class BackendError(Exception):
    """A runtime could not read, load or run a model.

    Attributes:
        what: what happened, in words.
        hint: what to do; may be empty.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


def file_of(model: ModelPlace) -> Path:
    """The file of a model, for a runtime that reads files.

    Raises:
        BackendError: it is the URL of a served model.
    """
    if isinstance(model, Path):
        return model
    raise BackendError(
        _("{model} is a model on a server, and this backend reads files.").format(model=model),
        _("Choose the backend kserve, or a model's file."),
    )


@dataclass(frozen=True, slots=True)
class Device:
    """A device a runtime can use, or why it can't.

    Attributes:
        name: as the runtime's users name it, such as CPU, GPU.0 or CUDA:0.
        description: the maker's name of it.
        available: False: `why` says what is missing and what to do.
    """

    name: str
    description: str
    available: bool = True
    why: str = ""


def directly(job: Callable[[], Any]) -> Any:
    """Run a job here and now."""
    return job()


@dataclass(frozen=True, slots=True)
class Tls:
    """Files (PEM) for a connection to a server; what is None is left to the system.

    Attributes:
        ca: certificates of those who may vouch for the server.
        certificate: what this machine shows of itself, where the server asks for it.
        key: the private key of `certificate`.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How to load a model.

    Attributes:
        precision: default: what the device runs fastest; f32: exact.
        hint: throughput: keep the device full; latency: answer one request soonest.
        cache: folder for compiled models, or None.
        batch: pictures a submission may hold at most; what the model or runtime can't take is cut down to what they
            can, which `BackendInfo.max_batch` says.
        below: runs a job whose threads are to compute below everything an operator touches; a runtime starts its
            computing threads in there, and there alone: a thread that runs Python must not be lowered, for it would be
            interrupted while it holds Python's lock, and everybody would wait.
        tls: certificates for a model on a server; None: the system's.
    """

    precision: Literal["default", "f32"] = "default"
    hint: Literal["throughput", "latency"] = "throughput"
    cache: Path | None = None
    batch: int = 1
    below: Callable[[Callable[[], Any]], Any] = directly
    tls: Tls | None = None


@dataclass(frozen=True, slots=True)
class BackendInfo:
    """What REALLY runs, read back from the runtime after loading, never from what was asked.

    Attributes:
        runtime: name of the runtime.
        version: its version.
        device: the device(s) that execute.
        precision: of the arithmetic, such as f32, bf16, f16, int8.
        max_in_flight: submissions that keep the device full.
        asked: the device that was asked for.
        max_batch: pictures a submission may hold; the outputs' first dimension is theirs.
        precisions: how many of the graph's nodes compute in which precision; empty where the runtime can't say.
        placement: names of the graph's nodes by the provider or device that executes them, by the runtime's own
            assignment; empty where it can't say.
        astray: names of the nodes that a CPU executes although an accelerator was asked for. An alarm.
    """

    runtime: str
    version: str
    device: str
    precision: str
    max_in_flight: int
    asked: str = ""
    max_batch: int = 1
    precisions: Mapping[str, int] = field(default_factory=dict)
    placement: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    astray: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """It as JSON: nodes counted by place, those astray named, `NAMED` of them at most."""
        return {
            "runtime": self.runtime,
            "version": self.version,
            "asked": self.asked,
            "device": self.device,
            "precision": self.precision,
            "max_in_flight": self.max_in_flight,
            "max_batch": self.max_batch,
            "precisions": dict(self.precisions),
            "nodes": {place: len(names) for place, names in self.placement.items()},
            "astray": len(self.astray),
            "astray_nodes": list(self.astray[:NAMED]),
        }


Done = Callable[[Outputs | BackendError], None]
"""Called exactly once per accepted submission, with the outputs or why there are none, on a thread of the runtime.

It must return soon, never raise and never submit: its place in flight is free only when it has returned.
"""


class Backend(Protocol):
    """A loaded network. `submit` is called by one thread at a time; `close` by any thread, more than once."""

    info: BackendInfo

    def submit(self, inputs: Mapping[str, NDArray[Any]], done: Done) -> None:
        """Start one inference; blocks while `max_in_flight` are running. The inputs stay untouched until `done`.

        The picture's input is (N, height, width, 3) uint8 BGR with N from 1 to `max_batch`.

        Raises:
            BackendError: it was closed, or the inputs don't fit (names, shapes, dtypes); `done` is then not called.
        """

    def close(self) -> None:
        """Wait for what is running and until the last `done` has returned, then release the device.

        A `submit` that waits for a place is refused. Called from within a `done`, it does not wait for that one.
        """


class Runtime(Protocol):
    """A library that runs networks, or a server that does. Making one is cheap: nothing heavy is imported unneeded."""

    name: str
    api_version: int

    def devices(self) -> list[Device]:
        """The devices it can use here, and those it can't with the reason; never raises."""

    def inspect(self, model: ModelPlace) -> ModelFacts:
        """Read what a model says of itself, without compiling it.

        Raises:
            BackendError: not a model this runtime reads; in words.
        """

    def load(self, model: ModelPlace, picture: PictureInput, device: str, options: LoadOptions) -> Backend:
        """Compile a model for a device. A warm-up run has passed when it returns.

        Raises:
            BackendError: unknown device, unreadable model, out of memory; in words.
        """
