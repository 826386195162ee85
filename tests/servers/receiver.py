"""The cloud's end of the wire protocol for tests: HTTPS with mutual TLS and keep-alive, a ledger, and wrong answers.

As a process: ``python -m tests.servers.receiver --folder DIR [--port 0] [--tls CERT KEY CA] [--no-files]`` prints one
line of JSON ({"url", "control", "folder"}) and serves until its standard input ends. The control address speaks plain
HTTP on loopback: ``GET /figures``, ``POST /fault`` with the fields of `Fault`, ``DELETE /fault``.
"""

from __future__ import annotations

import argparse
import json
import ssl
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from console.sync import wire
from tests.servers.receiver_answers import Book
from tests.servers.receiver_ledger import Ledger, Looking
from tests.servers.serving import QuietHandler, Serving


@dataclass
class Fault:
    """What is answered instead of the truth, so many times.

    Attributes:
        times: so many requests; 0 of it: it is over.
        status, headers, body: the answer; a body of None: the true one.
        stores: keep what came all the same: the worst of all wrong answers.
        half: say only half of the answer, then close.
        silent_s: say nothing for so long first.
        twist: of the true answer: "missing" (one message), "doubled", "others", "reversed", "states".
    """

    times: int = 1
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    stores: bool = False
    half: bool = False
    silent_s: float = 0.0
    twist: str = ""


class Receiver:
    """A receiver on loopback, in threads of this process.

    Args:
        folder: of its ledger.
        tls: of the server; None: plain HTTP.
        port: where; 0: any that is free, kept when it is started again.
        files: keep files, not only their hashes.

    Attributes:
        answers: what it answers about messages; None: it is of a version that does not.
    """

    def __init__(self, folder: Path, tls: ssl.SSLContext | None = None, *, port: int = 0, files: bool = True) -> None:
        self._tls, self._port = tls, port
        self._server: Serving | None = None
        self._ledger, self.look = Ledger(folder, files=files), Looking(folder)
        self._lock, self._over = threading.Lock(), threading.Event()
        self._fault: Fault | None = None
        self._peers: dict[str, None] = {}
        self.answers: Book | None = None
        self.requests = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
        self._ledger.close()

    @property
    def url(self) -> str:
        """Its address, by the name that is in its certificate."""
        return f"{'https' if self._tls else 'http'}://localhost:{self._port}"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    def start(self) -> None:
        """Serve, at the address it had."""
        self._over.clear()
        self._server = Serving(self._port, self._tls, _Handler, self)
        self._port = self._server.server_address[1]

    def stop(self) -> None:
        """Refuse connections; those that are open end at once."""
        self._over.set()
        if self._server is not None:
            self._server.end()
            self._server = None

    def use(self, tls: ssl.SSLContext) -> None:
        """Speak so from the next start on."""
        self._tls = tls

    def peers(self) -> list[str]:
        """Common names of the certificates that were shown, in the order of their first requests."""
        return list(self._peers)

    def fail(self, fault: Fault | None) -> None:
        """Answer so from now on; None: truthfully."""
        with self._lock:
            self._fault = fault

    def hello(self) -> bytes:
        return wire.canonical({"service": wire.SERVICE, "version": wire.VERSION})

    def met(self, connection: object) -> None:
        """Note who asks."""
        if isinstance(connection, ssl.SSLSocket):
            shown: Any = connection.getpeercert() or {}
            names = [str(value) for part in shown["subject"] for name, value in part if name == "commonName"]
            self._peers.update(dict.fromkeys(names))

    def answer(self, body: bytes) -> tuple[int, dict[str, str], bytes, bool]:
        """Status, headers and body of an answer to messages, and whether only half of it is said."""
        fault = self._next_fault()
        if fault is not None and fault.silent_s:
            self._over.wait(fault.silent_s)
        said: list[wire.Said] = []
        if fault is None or fault.stores or fault.twist:
            try:
                said = self._ledger.take(list(wire.decode(body)))
            except wire.WireError as error:
                return 400, {}, wire.canonical({"why": str(error)}), False
        if fault is None:
            return 202, {}, wire.encode_answer(said), False
        content = wire.encode_answer(_twisted(said, fault.twist)) if fault.body is None else fault.body.encode()
        return fault.status, fault.headers, content, fault.half

    def _next_fault(self) -> Fault | None:
        with self._lock:
            self.requests += 1
            fault = self._fault
            if fault is None or fault.times <= 0:
                return None
            fault.times -= 1
            return fault


def _twisted(said: list[wire.Said], twist: str) -> list[wire.Said]:
    if twist == "missing":
        return said[:-1]
    if twist == "doubled":
        return [*said[:-1], *said[:1]] if len(said) > 1 else said * 2
    if twist == "others":
        return [wire.Said(one.message_id[::-1], one.state) for one in said]
    if twist == "reversed":
        return said[::-1]
    if twist == "states":
        return [wire.Said(one.message_id, "perhaps") for one in said]  # type: ignore[arg-type]  # that is the point
    return said


class _Handler(QuietHandler):
    def do_GET(self) -> None:  # noqa: N802  # the base class calls it so
        path, book = urlsplit(self.path), self.server.owner.answers
        self.server.owner.met(self.connection)
        if self.path == wire.HELLO_PATH:
            self.say(200, {}, self.server.owner.hello())
        elif path.path == wire.ANSWERS_PATH and book is not None:
            asked = parse_qs(path.query)
            status, headers, said = book.page(int(asked["after"][0]), int(asked["most"][0]))
            self.say(status, headers, said if isinstance(said, bytes) else json.dumps(said).encode())
        else:
            self.say(404, {}, b"{}")

    def do_POST(self) -> None:  # noqa: N802  # the base class calls it so
        body = self.body()
        self.server.owner.met(self.connection)
        if self.path != wire.MESSAGES_PATH or self.headers["Content-Type"] != wire.CONTENT_TYPE:
            self.say(404, {}, b"{}")
            return
        status, headers, content, half = self.server.owner.answer(body)
        self.say(status, headers, content, half=half)


class _Control(QuietHandler):
    def do_GET(self) -> None:  # noqa: N802  # the base class calls it so
        figures = {**self.server.owner.look.figures(), "requests": self.server.owner.requests}
        self.say(200, {}, json.dumps(figures).encode())

    def do_POST(self) -> None:  # noqa: N802  # the base class calls it so
        values = json.loads(self.body())
        known = {one.name for one in fields(Fault)}
        self.server.owner.fail(Fault(**{name: value for name, value in values.items() if name in known}))
        self.say(200, {}, json.dumps({"unknown": sorted(set(values) - known)}).encode())

    def do_DELETE(self) -> None:  # noqa: N802  # the base class calls it so
        self.server.owner.fail(None)
        self.say(200, {}, b"{}")


def main(argv: Sequence[str] | None = None) -> None:
    """See the module."""
    options = argparse.ArgumentParser()
    options.add_argument("--folder", type=Path, required=True)
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--tls", nargs=3, metavar=("CERT", "KEY", "CA"), default=None)
    options.add_argument("--no-files", action="store_true")
    given = options.parse_args(argv)
    tls = None
    if given.tls:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(given.tls[0], given.tls[1])
        tls.load_verify_locations(given.tls[2])
        tls.verify_mode = ssl.CERT_REQUIRED
    with ExitStack() as stack:
        receiver = stack.enter_context(Receiver(given.folder, tls, port=given.port, files=not given.no_files))
        control = Serving(0, None, _Control, receiver)
        stack.callback(control.end)
        address = {
            "url": receiver.url,
            "control": f"http://127.0.0.1:{control.server_address[1]}",
            "folder": str(given.folder),
        }
        print(json.dumps(address), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
