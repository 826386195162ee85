"""A RabbitMQ node of a test's own, which it may end in any way and start again with what it had."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from tests.conftest import missing
from tests.servers.pytriton_server import free_ports

START_S = 60.0
_SERVER = Path("/usr/lib/rabbitmq/bin")  # without Debian's wrapper, which goes to the user rabbitmq and its folders


class RabbitMQ:
    """A node on loopback, with an epmd of its own; its address stays the same over restarts.

    Args:
        programs: where RabbitMQ's are.
        folder: for all it writes.

    Attributes:
        port: where it listens.
        url: with its user, of the virtual host /.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._folder = programs, folder
        self.port, dist, epmd = free_ports(3)
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}"
        lines = [f"listeners.tcp.1 = 127.0.0.1:{self.port}", "log.file = false", "log.console = true"]
        (folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        (folder / "plugins").write_text("[].\n")
        self._environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"sightdesk{self.port}@localhost", "RABBITMQ_DIST_PORT": str(dist),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"), "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"), "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"), "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 -kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": str(epmd), "ERL_EPMD_ADDRESS": "127.0.0.1",
        }  # fmt: skip
        self._epmd: subprocess.Popen[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._beam = 0

    def start(self) -> None:
        """Returns when it takes connections; nothing where it does already."""
        if self._process is not None:
            return
        if self._epmd is None:
            epmd = ["epmd", "-port", self._environment["ERL_EPMD_PORT"], "-address", "127.0.0.1"]
            self._epmd = subprocess.Popen(epmd, env=self._environment, stdin=subprocess.DEVNULL)
        with (self._folder / "out").open("ab") as out:
            self._process = subprocess.Popen(
                [self._programs / "rabbitmq-server"], env=self._environment, start_new_session=True, cwd=self._folder,
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        deadline = time.monotonic() + START_S
        while not self._takes():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError((self._folder / "out").read_text(errors="replace")[-3000:])
            time.sleep(0.02)

    def kill(self) -> None:
        """kill -9; from now on connections to it are refused. Nothing where it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        _signal(process, signal.SIGKILL)
        process.wait(10)
        deadline = time.monotonic() + 10
        while self._takes():  # the node itself is a child of what was waited for
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def freeze(self) -> None:
        """From now on it keeps its connections, takes more, and says nothing."""
        assert self._process is not None
        _signal(self._process, signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        assert self._process is not None
        _signal(self._process, signal.SIGCONT)

    def control(self, *arguments: str) -> str:
        """What rabbitmqctl says; takes a second or two."""
        done = subprocess.run(
            [self._programs / "rabbitmqctl", "--quiet", *arguments], env=self._environment, check=True, timeout=60,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return done.stdout

    def close(self) -> None:
        """End it for good."""
        self.kill()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait(10)
            self._epmd = None

    def _takes(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


@contextmanager
def serving() -> Iterator[RabbitMQ]:
    """A node that runs; the test skips where RabbitMQ is not installed."""
    if not (_SERVER / "rabbitmq-server").is_file() or shutil.which("epmd") is None:
        missing("services", "RabbitMQ is not installed (apt install rabbitmq-server)")
    folder = Path(tempfile.mkdtemp(prefix="sightdesk-mq-"))
    server = RabbitMQ(_SERVER, folder)
    try:
        server.start()
        yield server
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)


def with_query(url: str, **options: str) -> str:
    """An address with these options behind it."""
    return f"{url}?{'&'.join(f'{key}={quote(value)}' for key, value in options.items())}"


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
