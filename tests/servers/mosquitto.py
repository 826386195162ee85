"""A Mosquitto of its own on loopback: TLS, passwords, rights, persistence; it keeps its port from stop to start."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.authority import Authority
from tests.servers.rtsp_server import free_port

DESK, WATCHER = ("desk", "what the desk says"), ("watcher", "what the watcher says")
START_S = 15.0


def why_not() -> str:
    """Why it can't run here; empty where it can."""
    if _program("mosquitto") and _program("mosquitto_passwd"):
        return ""
    return "Mosquitto is not here (apt install mosquitto)"


class Mosquitto:
    """The broker; a context manager that always ends it. The desk may use what is under `sightdesk`, the watcher all.

    Args:
        folder: for its files.
        clients: only who shows a certificate of this CA is let in.
        rights: what the desk may do, as Mosquitto's access list says it.
        more: further lines of its configuration.

    Attributes:
        authority: the CA that vouches for it.
        port: where it listens, with TLS.
    """

    def __init__(
        self, folder: Path, *, clients: bool = False, rights: str = "topic readwrite sightdesk/#", more: str = ""
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.authority, self.port = Authority(folder / "ca"), free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        server = self.authority.server()
        passwords = folder / "passwords"
        passwords.write_text("".join(f"{user}:{password}\n" for user, password in (DESK, WATCHER)))
        subprocess.run([_program("mosquitto_passwd"), "-U", str(passwords)], check=True, capture_output=True)
        (folder / "rights").write_text(f"user {DESK[0]}\n{rights}\nuser {WATCHER[0]}\ntopic readwrite #\n")
        (folder / "state").mkdir(exist_ok=True)
        lines = [
            "per_listener_settings false", f"listener {self.port} 127.0.0.1", f"cafile {self.authority.ca}",
            f"certfile {server.certificate}", f"keyfile {server.key}", f"require_certificate {str(clients).lower()}",
            "allow_anonymous false", f"password_file {passwords}", f"acl_file {folder / 'rights'}", "persistence true",
            f"persistence_location {folder / 'state'}/", "user root", "max_queued_messages 0", more,
        ]  # fmt: skip
        (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        """Serve, with what it had; nothing where it does already."""
        if self._process is not None:
            return
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_program("mosquitto"), "-c", str(self._folder / "mosquitto.conf")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + START_S
        while not self._serves():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError((self._folder / "log").read_text(errors="replace")[-3000:])
            time.sleep(0.01)

    def stop(self) -> None:
        """End it; what it retains and keeps for sessions is on the disk then."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _serves(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


def _program(name: str) -> str:
    """Debian keeps the broker where only root's path leads."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin") or ""
