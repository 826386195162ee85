"""KServe v2 over HTTP, by httpx: a client that many threads may share, which tritonclient's own (on gevent) is not.

Format: the KServe v2 REST paths, and the binary tensor extension of Triton and OpenVINO Model Server (JSON first, its
length in a header, the numbers behind it). A server that does not take that, such as MLServer, gets numbers in JSON.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from backends import kserve_wire as wire
from backends import kserve_words as words
from backends.base import BackendError, Tls
from backends.kserve_place import Endpoint
from backends.kserve_wire import Answered, Served, facts, numbers
from models.manifest import MANIFEST_KEY
from models.words import _

_LENGTH = "Inference-Header-Content-Length"
_MOST_CONNECTIONS = 64


class HttpWire:
    """See `backends.kserve_wire.Wire`."""

    def __init__(self, endpoint: Endpoint, tls: Tls | None) -> None:
        import httpx

        self._at = endpoint
        self._httpx = httpx
        self._binary: bool | None = None
        self._client = httpx.Client(
            base_url=f"{endpoint.scheme}://{endpoint.address}",
            verify=_context(tls or Tls()) if endpoint.tls else False,
            headers={"Accept-Encoding": "identity"},  # zipping numbers takes Triton longer than finding them
            trust_env=False,  # pictures go to the endpoint that was allowed and through nobody else
            limits=httpx.Limits(max_connections=_MOST_CONNECTIONS, max_keepalive_connections=_MOST_CONNECTIONS),
        )
        version = f"/versions/{quote(endpoint.version, safe='')}" if endpoint.version else ""
        self._model = f"/v2/models/{quote(endpoint.model, safe='')}{version}"

    def close(self) -> None:
        """See `Wire.close`."""
        self._client.close()

    def served(self) -> Served:
        """See `Wire.served`."""
        server = self._told("/v2")
        ready = self._ask("GET", f"{self._model}/ready")
        if ready.status_code >= 400:
            raise words.no_such_model(self._at, self._others())
        model = self._told(self._model)
        most, manifest = self._configured()
        try:
            return Served(
                str(server["name"]),
                str(server.get("version") or ""),
                tuple(map(str, model.get("versions") or ())),
                str(model.get("platform") or ""),
                tuple(facts(t["name"], t["datatype"], t["shape"]) for t in model["inputs"]),
                tuple(facts(t["name"], t["datatype"], t["shape"]) for t in model.get("outputs") or ()),
                most,
                manifest,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise words.garbage(self._at, repr(error)) from error

    def infer(self, name: str, tensor: NDArray[Any], datatype: str, timeout_s: float) -> Answered:
        """See `Wire.infer`."""
        if self._binary is None:  # the warm-up finds out, alone
            try:
                answered = self._infer(name, tensor, datatype, timeout_s, binary=True)
                self._binary = True
            except BackendError as refused:
                try:
                    answered = self._infer(name, tensor, datatype, timeout_s, binary=False)
                except BackendError:
                    raise refused from None
                self._binary = False
            return answered
        return self._infer(name, tensor, datatype, timeout_s, binary=self._binary)

    def _infer(self, name: str, tensor: NDArray[Any], datatype: str, timeout_s: float, *, binary: bool) -> Answered:
        given: dict[str, Any] = {"name": name, "shape": list(tensor.shape), "datatype": datatype}
        if binary:
            raw = tensor.tobytes()
            given["parameters"] = {"binary_data_size": len(raw)}
            head = json.dumps({"inputs": [given], "parameters": {"binary_data_output": True}}).encode()
            headers = {_LENGTH: str(len(head)), "Content-Type": "application/octet-stream"}
            answer = self._ask("POST", f"{self._model}/infer", head + raw, headers, timeout_s)
        else:
            given["data"] = tensor.ravel().tolist()
            body = json.dumps({"inputs": [given]}).encode()
            answer = self._ask("POST", f"{self._model}/infer", body, {"Content-Type": "application/json"}, timeout_s)
        if answer.status_code >= 400:
            raise self._refused(answer)
        try:
            return _answered(answer.content, answer.headers.get(_LENGTH))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise words.garbage(self._at, str(error)) from error

    def _refused(self, answer: Any) -> BackendError:
        said = _error(answer)
        low = said.lower()
        if answer.status_code == 404 or ("unknown model" in low or "not ready" in low):
            return words.no_such_model(self._at, self._others())
        return words.failed(said or f"HTTP {answer.status_code}")

    def _told(self, path: str) -> dict[str, Any]:
        answer = self._ask("GET", path)
        try:
            said = answer.json()
        except ValueError as error:
            raise words.garbage(self._at, f"HTTP {answer.status_code}") from error
        if answer.status_code >= 400 or not isinstance(said, dict) or "name" not in said:
            raise words.garbage(self._at, _error(answer) or f"HTTP {answer.status_code}")
        return said

    def _configured(self) -> tuple[int | None, str]:
        """Of Triton's model configuration: how many pictures, and the manifest; None where the server has it not."""
        answer = self._ask("GET", f"{self._model}/config")
        try:
            said = answer.json() if answer.status_code == 200 else {}
            most = int(said["max_batch_size"])
        except (KeyError, TypeError, ValueError):
            return None, ""
        given = said.get("parameters")
        parameter = given.get(MANIFEST_KEY) if isinstance(given, dict) else None
        return most, str(parameter.get("string_value", "")) if isinstance(parameter, dict) else ""

    def _others(self) -> list[str]:
        """Models that are ready there; empty where the server does not tell."""
        try:
            answer = self._ask("POST", "/v2/repository/index", b"{}", {"Content-Type": "application/json"})
            listed = answer.json() if answer.status_code == 200 else []
        except (BackendError, ValueError):
            return []
        ready = [m for m in listed if isinstance(m, dict) and m.get("state", "READY") in {"", "READY"}]
        return ["/".join(str(m[key]) for key in ("name", "version") if m.get(key)) for m in ready]

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Any:
        seconds = wire.ASK_S if timeout_s is None else timeout_s
        patience = self._httpx.Timeout(seconds, connect=wire.ASK_S)
        request = self._client.build_request(method, path, content=body, headers=headers, timeout=patience)
        try:
            try:
                return self._client.send(request)
            except (self._httpx.RemoteProtocolError, self._httpx.ReadError, self._httpx.WriteError):
                # a kept connection that the server has given up meanwhile; asking twice changes nothing there
                return self._client.send(request)
        except self._httpx.ConnectTimeout as error:
            raise words.unreachable(self._at, "timed out") from error
        except self._httpx.TimeoutException as error:
            raise words.no_answer(self._at, seconds) from error
        except self._httpx.RemoteProtocolError as error:
            raise words.unreachable(self._at, f"bad response: {error}") from error
        except self._httpx.HTTPError as error:
            raise words.unreachable(self._at, str(error) or type(error).__name__) from error
        except RuntimeError as error:  # httpx's word for a client that was closed
            raise BackendError(_("The model was closed.")) from error


def _answered(content: bytes, length: str | None) -> Answered:
    """The outputs of an answer: numbers in JSON, or behind it in the order of the outputs."""
    end = int(length) if length else len(content)
    said = json.loads(content[:end])
    outputs, at = {}, end
    for out in said["outputs"]:
        shape, datatype = tuple(map(int, out["shape"])), str(out["datatype"])
        size = (out.get("parameters") or {}).get("binary_data_size")
        if size is not None:
            outputs[str(out["name"])] = numbers(content[at : at + int(size)], datatype, shape)
            at += int(size)
        else:
            kind = wire.numpy_of(datatype)
            if kind is None:
                raise ValueError(f"{datatype} are no numbers")
            outputs[str(out["name"])] = np.array(out["data"], kind).reshape(shape)
    return Answered(outputs, str(said.get("model_version") or ""))


def _error(answer: Any) -> str:
    """What a server says of an error: {"error": ...}, or FastAPI's {"detail": ...}."""
    try:
        said = answer.json()
    except ValueError:
        return ""
    return str(said.get("error") or said.get("detail") or "") if isinstance(said, dict) else ""


def _context(tls: Tls) -> ssl.SSLContext:
    """TLS by the system's trust, or by the authority that was named and no other.

    Raises:
        BackendError: a file can't be read.
    """
    try:
        if tls.ca is None:
            import truststore

            context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        else:
            context = ssl.create_default_context(cafile=str(tls.ca))
        if tls.certificate is not None:
            context.load_cert_chain(str(tls.certificate), str(tls.key) if tls.key else None)
    except OSError as error:  # ssl.SSLError is one
        named = ", ".join(str(path) for path in (tls.ca, tls.certificate, tls.key) if path)
        raise BackendError(
            _("The certificate files ({files}) can't be used: {reason}.").format(
                files=named, reason=error.strerror or error
            ),
            _("They are named at this endpoint in the settings, under remote.allowed."),
        ) from error
    return context
