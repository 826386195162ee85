"""Models on a server that speaks KServe v2: Triton, OpenVINO Model Server, MLServer, over gRPC or HTTP, with TLS.

The server decides what computes; this end keeps several requests with it, so that it can put them together
(Triton's dynamic batching), and says what the server says of itself, never more.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends import kserve_wire as wire
from backends.base import (
    API_VERSION,
    Backend,
    BackendError,
    BackendInfo,
    Device,
    Done,
    LoadOptions,
    ModelPlace,
    Outputs,
    Tls,
)
from backends.kserve_place import Endpoint
from backends.kserve_wire import Served, Wire, numpy_of, their_name
from backends.pictures import to_tensor
from backends.places import Answer, Places, pixels_of, warmed_up
from models.manifest import MANIFEST_KEY, ModelFacts, PictureInput, TensorFacts
from models.words import _

REMOTE = "REMOTE"
IN_FLIGHT = 16
"""Requests with the server at a time: while it computes one batch of eight, its usual largest, the next one gathers.
A thread waits for each; more would only lengthen its queue, and with it the age of the boxes."""

_log = logging.getLogger(__name__)


class KServe:
    """See `backends.base.Runtime`."""

    name = "kserve"
    api_version = API_VERSION

    def devices(self) -> list[Device]:
        """See `backends.base.Runtime.devices`."""
        if importlib.util.find_spec("tritonclient") is None or importlib.util.find_spec("grpc") is None:
            why = _("The client for model servers is not installed: uv sync --extra remote.")
            return [Device(REMOTE, "", available=False, why=why)]
        return [Device(REMOTE, _("a model server (KServe v2), by the model's URL"))]

    def inspect(self, model: ModelPlace, tls: Tls | None = None) -> ModelFacts:
        """What the server says of the model. See `backends.base.Runtime.inspect`.

        The metadata's keys are kserve.server (version and name), kserve.versions (of the model, by commas) and
        kserve.platform, and `models.manifest.MANIFEST_KEY` where its configuration there has a manifest. `tls`:
        certificates, where the system's don't do.
        """
        connection = connect(Endpoint.of(model), tls)
        try:
            said = connection.served()
        finally:
            connection.close()
        told = {"server": _server(said), "versions": ",".join(said.versions), "platform": said.platform}
        metadata = {f"kserve.{key}": value for key, value in told.items() if value}
        if said.manifest:
            metadata[MANIFEST_KEY] = said.manifest
        return ModelFacts(said.inputs, said.outputs, metadata)

    def load(self, model: ModelPlace, picture: PictureInput, device: str, options: LoadOptions) -> Backend:  # noqa: ARG002
        """Connect to a served model. Which device computes is the server's choice, so `device` changes nothing.

        See `backends.base.Runtime.load`.
        """
        endpoint = Endpoint.of(model)

        def make(wished: LoadOptions) -> KServeBackend:
            connection = connect(endpoint, wished.tls)
            try:
                return KServeBackend(connection, endpoint, picture, wished)
            except BaseException:
                connection.close()
                raise

        return warmed_up(make, picture, options)


def runtime() -> KServe:
    """The entry point."""
    return KServe()


def connect(endpoint: Endpoint, tls: Tls | None) -> Wire:
    """The connection an endpoint's scheme asks for; nothing is sent yet.

    Raises:
        BackendError: the client is not installed, or a certificate can't be read.
    """
    if endpoint.grpc:
        from backends.kserve_grpc import GrpcWire

        return GrpcWire(endpoint, tls)
    from backends.kserve_http import HttpWire

    return HttpWire(endpoint, tls)


class KServeBackend:
    """A model on a server. See `backends.base.Backend`.

    When the server is gone every submission is answered with why, at once; when it is back, so are the answers.

    Attributes:
        sent: called with the number of bytes of every tensor that is sent, on one of several threads, before it is.
    """

    def __init__(self, connection: Wire, endpoint: Endpoint, picture: PictureInput, options: LoadOptions) -> None:
        said = connection.served()
        tensor = _input_of(said, picture, endpoint)
        self.sent: Callable[[int], None] = lambda _bytes: None
        self._wire, self._endpoint, self._picture = connection, endpoint, picture
        self._datatype = their_name(tensor.dtype)
        self._outputs = {out.name for out in said.outputs}
        self._answered = False
        in_flight = IN_FLIGHT if options.hint == "throughput" else 1
        self.info = BackendInfo(
            "kserve", _server(said), endpoint.url(), "unknown", in_flight, asked=REMOTE,
            max_batch=_max_batch(said, tensor, options.batch),
        )  # fmt: skip
        # precision stays unknown: the metadata names the numbers that travel, not those that are computed with
        self._places: Places[Wire] = Places("kserve", [connection] * in_flight)

    def submit(self, inputs: Mapping[str, NDArray[Any]], done: Done) -> None:
        """See `backends.base.Backend.submit`."""
        pixels = pixels_of(inputs, self._picture, self.info.max_batch)

        def start(_connection: Wire) -> Answer:
            return lambda: self._infer(pixels)

        self._places.submit(start, done)

    def close(self) -> None:
        """See `backends.base.Backend.close`."""
        self._places.close()
        self._wire.close()

    def _infer(self, pixels: NDArray[np.uint8]) -> Outputs:
        tensor = to_tensor(pixels, self._picture)
        kind = numpy_of(self._datatype)
        if kind is not None and tensor.dtype != kind:
            tensor = tensor.astype(kind)
        self.sent(tensor.nbytes)
        patience = wire.INFER_S if self._answered else wire.FIRST_S
        answer = self._wire.infer(self._picture.name, tensor, self._datatype, patience)
        self._check(answer.outputs, len(pixels))
        self._answered = True
        self._note(answer.version)
        return answer.outputs

    def _check(self, outputs: Outputs, count: int) -> None:
        missing = self._outputs - set(outputs)
        if missing:
            raise BackendError(_("The server's answer lacks {names}.").format(names=", ".join(sorted(missing))))
        shapes = {name: value.shape for name, value in outputs.items()}
        if count > 1 and any(shape[:1] != (count,) for shape in shapes.values()):
            raise BackendError(_("{count} pictures were answered with {shapes}.").format(count=count, shapes=shapes))

    def _note(self, version: str) -> None:
        """The version that really answered: a server may change it at any time, where none was asked for."""
        device = self._endpoint.url(version)
        if device != self.info.device:
            if self.info.device != self._endpoint.url():
                _log.warning("The model server changed the model's version", extra={"model": device})
            self.info = replace(self.info, device=device)


def _server(said: Served) -> str:
    """The server's version and name."""
    return f"{said.release} ({said.server})".strip()


def _input_of(said: Served, picture: PictureInput, endpoint: Endpoint) -> TensorFacts:
    """The input the pictures go into.

    Raises:
        BackendError: the served model takes something else.
    """
    sides = (3, picture.height, picture.width) if picture.layout == "NCHW" else (picture.height, picture.width, 3)
    wanted = f"{picture.name} {['N', *sides]}"
    tensor = next((tensor for tensor in said.inputs if tensor.name == picture.name), None)
    fits = (
        tensor is not None
        and len(said.inputs) == 1
        and len(tensor.shape) == 4
        and all(stated in (None, want) for stated, want in zip(tensor.shape[1:], sides, strict=True))
        and (tensor.dtype == "u8" if picture.dtype == "uint8" else tensor.dtype in {"f32", "f16"})
    )
    if tensor is None or not fits:
        there = ", ".join(f"{t.name} {['?' if d is None else d for d in t.shape]} {t.dtype}" for t in said.inputs)
        raise BackendError(
            _("{model} takes {there}, not {wanted} {dtype}.").format(
                model=endpoint.url(), there=there or _("nothing"), wanted=wanted, dtype=picture.dtype
            ),
            _("Serve the model as it was exported, or name the one that fits."),
        )
    if (tensor.shape[0] or 1) > 1:
        raise BackendError(
            _("{model} takes {count} pictures at once and no fewer.").format(
                model=endpoint.url(), count=tensor.shape[0]
            ),
            _("Serve it with a free first dimension, or for one picture."),
        )
    return tensor


def _max_batch(said: Served, tensor: TensorFacts, wished: int) -> int:
    """Pictures a submission may hold: as wished, where the server's configuration and metadata allow it."""
    if tensor.shape[0] is not None:
        return 1
    return max(min(wished, said.most), 1) if said.most else max(wished, 1)
