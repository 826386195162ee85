"""A real Triton Inference Server on loopback: serves ONNX files with dynamic batching, can be killed and restarted."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from tests.servers import environments

SCRIPT = Path(__file__).with_name("pytriton_script.py")
START_S = 60.0


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens at, different ones."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def why_not() -> str:
    """Why it can't run here; empty where it can."""
    return environments.why_not("pytriton")


class Triton:
    """The server and its models; `restart` puts the same models up again at the same ports.

    Attributes:
        grpc: port.
        http: port.
    """

    def __init__(
        self, work: Path, certificate: Path | None = None, key: Path | None = None, clients: Path | None = None
    ) -> None:
        self._work = work
        self._tls = ["--certificate", str(certificate), "--key", str(key)] if certificate else []
        self._tls += ["--clients", str(clients)] if clients else []
        self._models: dict[str, dict[str, Any]] = {}
        self._process: subprocess.Popen[str] | None = None
        self.grpc, self.http = free_ports(2)
        self.start()

    def start(self) -> None:
        """Start it, with all models that were bound before."""
        python = environments.python_of("pytriton")
        command = [str(python), str(SCRIPT), "--grpc", str(self.grpc), "--http", str(self.http), *self._tls]
        self._home = Path(tempfile.mkdtemp(prefix="triton"))  # short: it holds sockets, and their paths may not be long
        with (self._work / "triton.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
                env=os.environ | {"PYTRITON_HOME": str(self._home), "PYTHONNOUSERSITE": "1"},
            )  # fmt: skip
        self._answer()
        for asked in self._models.values():
            self._ask(asked)

    def bind(self, name: str, path: Path, batch: int | None = None, delay_us: int = 2000) -> None:
        """Put an ONNX file up as a model.

        `batch`: pictures a batch may hold; 0: no batching; None: 8 where the file's first dimension is free, else 0.
        """
        asked = {"bind": name, "path": str(path), "batch": batch, "delay_us": delay_us}
        self._ask(asked)
        self._models[name] = asked

    def seen(self, name: str) -> list[int]:
        """The sizes of the batches that a model was given, in order."""
        return list(self._ask({"seen": name})["seen"])

    def kill(self) -> None:
        """kill -9 of the server and all its processes."""
        if self._process is not None:
            shared, folders = _shared_memory(self._process.pid), _folders(self._process.pid)
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._gone()
            for left in shared:
                left.unlink(missing_ok=True)
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)

    def stop(self) -> None:
        """End it; it holds nothing that is worth the five seconds of its own gentle end."""
        self.kill()

    def pause(self) -> None:
        """SIGSTOP of all of it: it hangs."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """The end of `pause`."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGCONT)

    def url(self, model: str, scheme: str = "grpc") -> str:
        """A model's URL."""
        return f"{scheme}://127.0.0.1:{self.grpc if scheme.startswith('grpc') else self.http}/{model}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _gone(self) -> None:
        process, self._process = self._process, None
        assert process is not None
        process.wait(10)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        shutil.rmtree(self._home, ignore_errors=True)

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        deadline = time.monotonic() + START_S
        if not select.select([self._process.stdout], [], [], max(deadline - time.monotonic(), 0))[0]:
            self.kill()
            raise TimeoutError(f"Triton said nothing for {START_S:g} s: {self._log()}")
        line = self._process.stdout.readline()
        if not line:
            self.kill()
            raise RuntimeError(f"Triton ended: {self._log()}")
        return dict(json.loads(line))

    def _log(self) -> str:
        return (self._work / "triton.log").read_text(errors="replace")[-3000:]


def _shared_memory(pid: int) -> set[Path]:
    """Files of shared memory that Triton made for this process, or that it shares with Triton; kill -9 leaves them."""
    found = set(Path("/dev/shm").glob(f"pytrtion{pid}-*"))  # the library's own spelling
    with suppress(OSError):
        maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
        found |= {Path(line.split(maxsplit=5)[5]) for line in maps if "/dev/shm/psm_" in line and "deleted" not in line}
    return found


def _folders(group: int) -> set[Path]:
    """Folders that Triton made for the models its processes of this group run; kill -9 leaves them, too."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getpgid(int(process.name)) == group:
                command = (process / "cmdline").read_bytes().decode(errors="replace")
                found |= {Path(folder) for folder in re.findall(r"/tmp/folder\w+", command)}
    return found
