"""The cloud's end of a bench: takes messages over mutual TLS as fast as it can, checks each, and keeps nothing.

As a process: CERTIFICATE KEY CA; it prints its port and serves until its standard input ends.
"""

from __future__ import annotations

import select
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

from console.bench.outbox_papers import papers
from console.errors import SightdeskError

_STARTS_WITHIN_S = 20.0


def module(name: str) -> list[str]:
    """The command that runs a module as a process of its own.

    Raises:
        SightdeskError: the installed program can't.
    """
    if getattr(sys, "frozen", False):
        raise SightdeskError(
            "This bench needs processes of its own, which the installed program can't start.",
            "Run it from Sightdesk's source: uv run sightdesk bench",
        )
    return [sys.executable, "-m", name]


class BenchCloud:
    """The receiver as a process; a context manager that always ends it.

    Args:
        folder: for certificates.

    Attributes:
        papers: what its peers need.
        port: where it listens on loopback.
    """

    def __init__(self, folder: Path) -> None:
        self.papers = papers(folder)
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Start it, and wait until it listens.

        Raises:
            SightdeskError: it does not start.
        """
        own = self.papers
        self._process = subprocess.Popen(
            [*module("console.bench.outbox_cloud"), str(own.server), str(own.server_key), str(own.ca)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        out = self._process.stdout
        ready = out is not None and select.select([out], [], [], _STARTS_WITHIN_S)[0]
        said = out.readline() if out is not None and ready else ""
        if not said.strip().isdigit():
            self.__exit__()
            raise SightdeskError("The bench's receiver did not start.", "Look at what it said above.")
        self.port = int(said)
        return self

    def __exit__(self, *_: object) -> None:
        """End it; harmless when it isn't running."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait(10)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://127.0.0.1:{self.port}"


# The process


def serve(certificate: str, key: str, ca: str) -> None:
    """Listen, say where, and serve each connection on a thread of its own."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    tls.load_verify_locations(ca)
    tls.verify_mode = ssl.CERT_REQUIRED
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listening.getsockname()[1], flush=True)  # noqa: T201  # to whoever started this process
    threading.Thread(target=_accept, args=(listening, tls), daemon=True).start()
    sys.stdin.read()


def _accept(listening: socket.socket, tls: ssl.SSLContext) -> None:
    while True:
        plain, _address = listening.accept()
        threading.Thread(target=_connection, args=(plain, tls), daemon=True).start()


def _connection(plain: socket.socket, tls: ssl.SSLContext) -> None:
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with suppress(OSError, ValueError), tls.wrap_socket(plain, server_side=True) as secure:
        reader = secure.makefile("rb", buffering=1 << 18)
        while head := reader.readline():
            length = 0
            while (line := reader.readline()) not in (b"\r\n", b""):
                name, _colon, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            said = _taken(reader.read(length)) if head.startswith(b"POST") else b"{}"
            secure.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n%s" % (len(said), said))  # fmt: skip


def _taken(body: bytes) -> bytes:
    from console.sync.wire import Said, decode, encode_answer  # noqa: PLC0415  # not in the process that measures

    return encode_answer([Said(str(one.head["message_id"]), "received") for one in decode(body)])


if __name__ == "__main__":
    serve(*sys.argv[1:4])
