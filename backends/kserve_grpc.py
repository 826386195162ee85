"""KServe v2 over gRPC, through NVIDIA's tritonclient."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from backends import kserve_wire as wire
from backends import kserve_words as words
from backends.base import BackendError, Tls
from backends.kserve_place import Endpoint
from backends.kserve_wire import Answered, Served, facts, numbers
from models.manifest import MANIFEST_KEY
from models.words import _

# its handshake errors would go to stderr, which belongs to the operator; they reach us as exceptions
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

_CHANNEL = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # after an outage boxes return within a second, not within gRPC's two minutes
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # a host that vanished without a word is noticed; Triton allows no ping more often than every 5 minutes while idle
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 0),
    ("grpc.use_local_subchannel_pool", 1),  # each model a connection of its own, with its own certificates
    ("grpc.enable_http_proxy", 0),  # pictures go to the endpoint that was allowed and through nobody else
]
Said = TypeVar("Said")


class GrpcWire:
    """See `backends.kserve_wire.Wire`."""

    def __init__(self, endpoint: Endpoint, tls: Tls | None) -> None:
        self._at = endpoint
        client = _client()
        secrets: dict[str, Any] = {}
        if endpoint.tls:
            import grpc

            tls = tls or Tls()
            secrets["creds"] = grpc.ssl_channel_credentials(_read(tls.ca), _read(tls.key), _read(tls.certificate))
        self._client = client.InferenceServerClient(endpoint.address, channel_args=_CHANNEL, **secrets)

    def close(self) -> None:
        """See `Wire.close`."""
        self._client.close()

    def served(self) -> Served:
        """See `Wire.served`."""
        at, client = self._at, self._client
        with self._asking():
            server = client.get_server_metadata(client_timeout=wire.ASK_S)
        if not self._ready():
            raise words.no_such_model(at, self._others())
        with self._asking():
            model = client.get_model_metadata(at.model, at.version, client_timeout=wire.ASK_S)
            config = self._extra(
                lambda: client.get_model_config(at.model, at.version, client_timeout=wire.ASK_S).config
            )
            return Served(
                str(server.name),
                str(server.version),
                tuple(model.versions),
                str(model.platform),
                tuple(facts(t.name, t.datatype, list(t.shape)) for t in model.inputs),
                tuple(facts(t.name, t.datatype, list(t.shape)) for t in model.outputs),
                None if config is None else int(config.max_batch_size),
                _manifest(config),
            )

    def infer(self, name: str, tensor: NDArray[Any], datatype: str, timeout_s: float) -> Answered:
        """See `Wire.infer`."""
        from tritonclient.utils import InferenceServerException

        given = _client().InferInput(name, list(tensor.shape), datatype)
        given.set_data_from_numpy(tensor)
        at = self._at
        try:
            answer = self._client.infer(at.model, [given], model_version=at.version, client_timeout=timeout_s)
            response = answer.get_response()
            raw = response.raw_output_contents
            outputs = {
                out.name: numbers(raw[i], out.datatype, tuple(out.shape))
                if i < len(raw)
                else _plain(out, tuple(out.shape))
                for i, out in enumerate(response.outputs)
            }
        except InferenceServerException as error:
            raise self._in_words(error, timeout_s) from error
        except (ValueError, TypeError, IndexError, AttributeError) as error:
            raise words.garbage(at, str(error)) from error
        return Answered(outputs, str(response.model_version))

    def _ready(self) -> bool:
        from tritonclient.utils import InferenceServerException

        try:
            return bool(self._client.is_model_ready(self._at.model, self._at.version, client_timeout=wire.ASK_S))
        except InferenceServerException as error:
            said = str(error.message() or "").lower()
            if _code(error) == "NOT_FOUND" or "not found" in said:  # MLServer raises where others answer no
                return False
            raise self._in_words(error, wire.ASK_S) from error

    def _others(self) -> list[str]:
        """Models that are ready there; empty where the server does not tell."""
        index = self._extra(lambda: self._client.get_model_repository_index(client_timeout=wire.ASK_S).models)
        return [f"{m.name}/{m.version}" if m.version else m.name for m in index or () if m.state in {"", "READY"}]

    def _extra(self, ask: Callable[[], Said]) -> Said | None:
        """What an extension of the protocol says; None where the server has it not, or keeps it to itself."""
        from tritonclient.utils import InferenceServerException

        try:
            return ask()
        except InferenceServerException:
            return None

    @contextmanager
    def _asking(self) -> Iterator[None]:
        from tritonclient.utils import InferenceServerException

        try:
            yield
        except InferenceServerException as error:
            raise self._in_words(error, wire.ASK_S) from error

    def _in_words(self, error: Any, timeout_s: float) -> BackendError:
        code, told = _code(error), str(error.message() or "")
        low = told.lower()
        if code == "CANCELLED":
            return BackendError(_("The model was closed."))
        if code == "DEADLINE_EXCEEDED":
            return words.no_answer(self._at, timeout_s)
        if code == "NOT_FOUND" or (code == "UNAVAILABLE" and "model" in low):
            return words.no_such_model(self._at, self._others())
        if code == "UNAVAILABLE" or any(sign in low for sign in ("http2", "http status", "content-type")):
            return words.unreachable(self._at, told or str(error.debug_details()))
        return words.garbage(self._at, told) if code == "UNIMPLEMENTED" else words.failed(told)


def _client() -> Any:
    try:
        from tritonclient import grpc
    except (ImportError, RuntimeError) as error:
        raise BackendError(
            _("The client for model servers can't be imported: {error}.").format(error=words.telling(str(error))),
            _("Install it: uv sync --extra remote."),
        ) from error
    return grpc


def _manifest(config: Any) -> str:
    """Looked for before it is read: a map of protobuf makes what it is asked for."""
    there = config is not None and MANIFEST_KEY in config.parameters
    return str(config.parameters[MANIFEST_KEY].string_value) if there else ""


def _code(error: Any) -> str:
    return str(error.status() or "").rpartition(".")[2]


def _plain(out: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """An output whose numbers came one by one instead of as bytes, as MLServer sends them."""
    kind = wire.numpy_of(out.datatype)
    contents = out.contents
    listed: Any = next((getattr(contents, f.name) for f, _value in contents.ListFields()), [])
    if kind is None:
        raise ValueError(f"{out.datatype} are no numbers")
    return np.array(listed, kind).reshape(shape)


def _read(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise BackendError(
            _("{path} can't be read: {reason}.").format(path=path, reason=error.strerror or error),
            _("It is named at this endpoint in the settings, under remote.allowed."),
        ) from error
