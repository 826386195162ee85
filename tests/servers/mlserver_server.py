"""A real MLServer on loopback that serves ONNX files over gRPC and HTTP, through a runtime class of the tests' own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

import httpx

from tests.servers import environments
from tests.servers.pytriton_server import free_ports

START_S = 60.0


def why_not() -> str:
    """Why it can't run here; empty where it can."""
    return environments.why_not("mlserver")


class MlServer:
    """The server with its models: ONNX files by name/version.

    Attributes:
        grpc: port.
        http: port.
    """

    def __init__(self, work: Path, models: Mapping[str, Path]) -> None:
        self._work = work
        self.grpc, self.http, metrics = free_ports(3)
        settings = {
            "host": "127.0.0.1", "http_port": self.http, "grpc_port": self.grpc, "metrics_port": metrics,
            "parallel_workers": 0, "metrics_endpoint": None, "use_structured_logging": False,
        }  # fmt: skip
        work.mkdir(parents=True, exist_ok=True)
        (work / "settings.json").write_text(json.dumps(settings))
        for name, path in models.items():
            self._put(name, path)
        self._start()

    def add(self, name: str, path: Path) -> None:
        """Put another ONNX file up as a model while it runs."""
        self._put(name, path)
        title = name.partition("/")[0]
        url = f"http://127.0.0.1:{self.http}/v2/repository/models/{title}/load"
        httpx.post(url, timeout=START_S, trust_env=False).raise_for_status()

    def _put(self, name: str, path: Path) -> None:
        title, _, version = name.partition("/")
        folder = self._work / name.replace("/", "-")
        folder.mkdir()
        parameters = {"uri": str(path), "version": version or "1"}
        told = {"name": title, "implementation": "mlserver_model.OnnxModel", "parameters": parameters}
        (folder / "model-settings.json").write_text(json.dumps(told))

    def _start(self) -> None:
        program = environments.python_of("mlserver").with_name("mlserver")
        with (self._work / "mlserver.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(program), "start", str(self._work)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
                env=os.environ | {"PYTHONPATH": str(Path(__file__).parent), "PYTHONNOUSERSITE": "1"},
            )  # fmt: skip
        deadline = time.monotonic() + START_S
        while not all(_open(port) for port in (self.grpc, self.http)) or not self._serving():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"MLServer did not start: {self._log()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it and all its processes."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)

    def url(self, model: str, scheme: str = "grpc") -> str:
        """A model's URL."""
        return f"{scheme}://127.0.0.1:{self.grpc if scheme == 'grpc' else self.http}/{model}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _serving(self) -> bool:
        """All models loaded: the server only says ready then."""
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.http}/v2/health/ready", timeout=2, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    def _log(self) -> str:
        return (self._work / "mlserver.log").read_text(errors="replace")[-3000:]


def _open(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0
