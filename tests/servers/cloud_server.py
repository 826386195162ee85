"""`sightdesk cloud serve` as its own process on loopback, with a CA of its own."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import ssl
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Self

import psutil

from console.cloud.pki.authority import Authority, Made
from console.cloud.pki.minting import Subject
from console.settings.sync import TargetSettings
from tests.servers.pytriton_server import free_ports

START_S = 30.0


class CloudServer:
    """The process; what it has stays from stop to start, at the same address.

    Args:
        folder: of the CA, the server's files and its database.
        more: further arguments, before those of TLS.

    Attributes:
        authority: of the server and its desks.
        kept: the server's folder.
        words: what it said on standard error.
    """

    def __init__(self, folder: Path, *more: str, database: str = "") -> None:
        self.authority, self.kept = made_authority(folder / "ca"), folder / "kept"
        self.server = self.authority.issue(Subject("cloud", hosts=("localhost", "127.0.0.1")))
        (self._port,) = free_ports(1)
        self.url = f"https://localhost:{self._port}"
        self._more, self._database = more, database
        self._process: subprocess.Popen[str] | None = None
        self._reading: threading.Thread | None = None
        self.words: list[str] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Serve, and wait until it says so."""
        process = subprocess.Popen(
            [
                sys.executable, "-m", "console", "cloud", "serve", "--json", "--folder", str(self.kept),
                "--listen", f"127.0.0.1:{self._port}", "--certificate", str(self.server.certificate),
                "--key", str(self.server.key), "--ca", str(self.authority.certificate),
                "--crl", str(self.authority.crl), *self._more,
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "SIGHTDESK_CLOUD_DATABASE": self._database},
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._reading = threading.Thread(target=lambda: self.words.extend(process.stderr or ()), daemon=True)
        self._reading.start()
        late = threading.Timer(START_S, process.kill)
        late.start()
        line = process.stdout.readline()
        late.cancel()
        late.join()
        if not line:
            self._ended(kill=True)
            raise RuntimeError("".join(self.words))
        assert json.loads(line)["tls"] is True

    def stop(self) -> int:
        """End it by TERM; its exit status."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        return self._ended(kill=False)

    def kill(self) -> None:
        """End it by KILL, in the middle of whatever it does."""
        assert self._process is not None
        self._ended(kill=True)

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process is not None
        return self._process.pid

    def rss(self) -> int:
        """Bytes of memory it has just now."""
        assert self._process is not None
        return int(psutil.Process(self._process.pid).memory_info().rss)

    def desk(self, name: str = "desk-1", site: str = "plant-1") -> Made:
        """A certificate of a new desk."""
        return self.authority.issue(Subject(name, site))

    def target(self, made: Made, ca: Path | None = None, **more: Any) -> TargetSettings:
        """Settings of a desk that sends here."""
        return TargetSettings(
            name="cloud", kind="cloud", url=self.url, ca=str(ca or self.authority.certificate),
            certificate=str(made.certificate), key=str(made.key), **more,
        )  # fmt: skip

    def client(self, made: Made) -> ssl.SSLContext:
        """TLS of a desk."""
        return client_context(self.authority, made)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Of its database, whether it runs or not."""
        with closing(sqlite3.connect(self.kept / "cloud.db", timeout=10)) as db:
            return db.execute(sql, values).fetchall()

    def _ended(self, *, kill: bool) -> int:
        process, self._process = self._process, None
        assert process is not None
        if kill:
            process.kill()
        try:
            code = process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
            raise
        finally:
            if self._reading is not None:
                self._reading.join(5)
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
        return code


def made_authority(folder: Path) -> Authority:
    """A CA that asks for no passphrase."""
    authority = Authority(folder, lambda: "")
    authority.init("Plant 1 CA", None)
    return authority


def client_context(authority: Authority, made: Made) -> ssl.SSLContext:
    """TLS of somebody with a certificate, who trusts this CA alone."""
    context = ssl.create_default_context(cafile=str(authority.certificate))
    context.load_cert_chain(made.certificate, made.key)
    return context
