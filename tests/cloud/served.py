"""An app that says who asks, behind the real server in a thread; and a CA with everybody's certificates."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Self

from console.cloud.pki.authority import Authority, Made
from console.cloud.pki.identity import Revoked
from console.cloud.pki.minting import Subject
from console.cloud.serving.limits import Figures, Limits
from console.cloud.serving.server import Server
from console.cloud.serving.tls import TlsFiles

HELLO = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Site:
    """A CA in a folder with a server's certificate and desks'."""

    def __init__(self, folder: Path) -> None:
        self.ca = Authority(folder, lambda: "")
        self.ca.init("Test CA", None)
        self.server = self.ca.issue(Subject("cloud", hosts=("localhost", "127.0.0.1")))
        self.desk = self.ca.issue(Subject("desk-1", "plant-1"))
        self._folder = folder

    def expired(self, name: str = "old") -> Made:
        past = Authority(self._folder, lambda: "", lambda: datetime.now(UTC) - timedelta(days=30))
        return past.issue(Subject(name, "plant-1"), days=10)

    @property
    def files(self) -> TlsFiles:
        return TlsFiles(self.server.certificate, self.server.key, self.ca.certificate)

    def client(self, made: Made | None = None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.ca.certificate)
        if made is not None:
            context.load_cert_chain(made.certificate, made.key)
        return context


class App:
    """Answers who asks and how much came. ``/hang`` never answers, ``/big`` and ``/parts`` answer 50 MB."""

    def __init__(self, revoked: Revoked | None = None) -> None:
        self.revoked, self.seen, self.ended = revoked, threading.Semaphore(0), False
        self.let_go = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            self.ended = True
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.seen.release()
        told = scope["extensions"]["sightdesk"]
        who, size, more = told["identity"], 0, scope["path"] != "/unread"
        if scope["path"] == "/hang":
            while (await receive())["type"] != "http.disconnect":
                pass
            self.let_go.set()
            return
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.let_go.set()
                return
            size, more = size + len(message["body"]), message["more_body"]
        refused = who is None or (self.revoked is not None and self.revoked.is_revoked(who.serial))
        found = {"who": [who.site, who.desk, who.serial] if who else None, "why": told["why"], "size": size}
        body = b"x" * 50_000_000 if scope["path"] in {"/big", "/parts"} else json.dumps(found).encode()
        lines = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 403 if refused else 200, "headers": lines})
        for at in range(0, len(body), 100_000) if scope["path"] == "/parts" else ():
            await send({"type": "http.response.body", "body": body[at : at + 100_000], "more_body": True})
        await send({"type": "http.response.body", "body": b"" if scope["path"] == "/parts" else body})


class Reply(NamedTuple):
    status: int
    body: Any


class Served:
    """The server, in a thread."""

    def __init__(self, app: Any, tls: TlsFiles | None, limits: Limits | None = None) -> None:
        self.figures = Figures()
        self._server = Server(app, "127.0.0.1:0", tls, limits, self.figures)
        self._at, self._listens = "", threading.Event()
        self._thread = threading.Thread(target=self._server.run, args=(self._ready,), name="served")

    def _ready(self, address: str) -> None:
        self._at = address
        self._listens.set()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listens.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._server.stop()
        self._thread.join(15)
        assert not self._thread.is_alive()

    @property
    def url(self) -> str:
        return self._at.replace("127.0.0.1", "localhost")

    @property
    def port(self) -> int:
        return int(self._at.rpartition(":")[2])

    @contextmanager
    def connected(self, tls: ssl.SSLContext | None = None, host: str = "localhost", source: str = "127.0.0.1") -> Any:
        """A socket, through TLS where that is given."""
        plain = socket.create_connection(("127.0.0.1", self.port), 10, (source, 0))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = plain
        try:
            if tls is not None:
                connection = tls.wrap_socket(plain, server_hostname=host)
            yield connection
        finally:
            with suppress(OSError):
                connection.close()
            plain.close()

    def ask(self, tls: ssl.SSLContext | None = None, request: bytes = HELLO, **how: Any) -> Reply:
        with self.connected(tls, **how) as connection:
            return exchange(connection, request)


def exchange(connection: socket.socket, request: bytes = HELLO) -> Reply:
    """Send, and read one answer."""
    connection.sendall(request)
    return answer(connection)


def answer(connection: socket.socket) -> Reply:
    """Read one answer. Raises ConnectionError where none comes."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += _some(connection)
    head, _, body = got.partition(b"\r\n\r\n")
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(lines[b"content-length"]):
        body += _some(connection)
    return Reply(int(head.split()[1]), json.loads(body))


def ended(connection: socket.socket) -> bool:
    """Wait for its end; False: something was said first."""
    try:
        return connection.recv(1) == b""
    except (ConnectionError, ssl.SSLError):
        return True


def _some(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    if not part:
        raise ConnectionError
    return part
