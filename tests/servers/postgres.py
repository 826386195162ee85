"""A PostgreSQL server of a test's own, which it may end in any way and start again."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import psutil

from tests.conftest import missing
from tests.servers.rtsp_server import free_port

USER = "postgres"


class Postgres:
    """A server on loopback; its address stays the same over restarts.

    Attributes:
        url: of its database.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._folder = programs, folder
        self._port = free_port()
        self.url = f"postgresql://{USER}@127.0.0.1:{self._port}/postgres"
        self._run("initdb", "-D", str(folder), "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")

    def start(self) -> None:
        """Returns when it takes connections."""
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c shared_buffers=16MB"
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "-w", "-t", "60", "-D", str(self._folder), "-l", log, "-o", options)

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """End it; immediate: as by a crash, and it recovers from its log when it starts."""
        self._run("pg_ctl", "stop", "-w", "-t", "60", "-D", str(self._folder), "-m", mode)

    def kill(self) -> None:
        """End the server and all its processes by KILL, in the middle of whatever they do."""
        server = psutil.Process(int((self._folder / "postmaster.pid").read_text().split()[0]))
        processes = [server, *server.children(recursive=True)]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, 10)

    @property
    def running(self) -> bool:
        return (self._folder / "postmaster.pid").exists()

    def _run(self, program: str, *arguments: str) -> None:
        user = USER if os.geteuid() == 0 else None  # it does not run as root
        subprocess.run(
            [self._programs / program, *arguments], user=user, check=True, timeout=90, cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


@contextmanager
def serving() -> Iterator[Postgres]:
    """A server that runs; the test skips where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    program = Path(shutil.which("initdb") or (found[-1] if found else ""))
    if program.name != "initdb" or os.name == "nt":
        missing("services", "PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="sightdesk-pg-"))  # pytest's own folder is closed to the server's user
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, USER)
        server = Postgres(program.parent, folder / "data")
        try:
            server.start()
            yield server
        finally:
            if server.running:
                server.stop("immediate")
    finally:
        shutil.rmtree(folder)
