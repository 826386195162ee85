"""Attacks on a running `sightdesk cloud serve` by a desk with a good certificate: memory is bounded, others are served.

What comes before a request is whole (handshakes, slow heads, no or wrong certificates) is tried where the server is.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Self

import pytest

from console.cloud.pki.authority import Made
from console.sync import wire
from console.sync.targets.base import Denied
from console.sync.targets.https.cloud import CloudTarget
from tests.cloud.api_cases import TYPE, bomb, frame, head, jpeg
from tests.servers.cloud_server import CloudServer

_MB = 1 << 20
_MOST = 400 * _MB
"""What the server may have more than at rest: bodies (128 MB), twice, and what is made of their heads."""
_SOON_S = 5.0
_TEN_GB = 10 << 30


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudServer]:
    server = CloudServer(tmp_path_factory.mktemp("cloud"))
    server.desk("gone", "plant-1")
    server.authority.revoke("gone")
    with server:
        yield server


@pytest.fixture(scope="module")
def attacker(server: CloudServer) -> Made:
    return server.desk("attacker", "elsewhere")


@pytest.fixture(scope="module")
def gone(server: CloudServer) -> Made:
    issued = next(one for one in server.authority.issued() if one.name == "gone")
    folder = server.authority.folder / "issued"
    return Made(issued, folder / "gone.pem", folder / "gone.key")


@pytest.fixture(scope="module")
def well(server: CloudServer) -> Made:
    return server.desk("desk-1", "plant-1")


class Watch:
    """Looks at the server's memory, and serves as a desk that wants to be served meanwhile."""

    def __init__(self, server: CloudServer, well: Made) -> None:
        self._server, self._well, self._over = server, well, threading.Event()
        self._rest = server.rss()
        self.most, self.slowest_s, self.served = 0, 0.0, 0
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()
        print(f"{self.most / _MB:.0f} MB more, others served {self.served} times within {self.slowest_s:.2f} s")

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            begun = time.monotonic()
            status, _body = request(self._server, self._well, frame(head()))
            self.served += status == 202
            self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
            self.most = max(self.most, self._server.rss() - self._rest)


def request(server: CloudServer, made: Made, body: bytes, **headers: str) -> tuple[int, bytes]:
    """One request on a connection of its own."""
    host, port = server.url.removeprefix("https://").split(":")
    with closing(http.client.HTTPSConnection(host, int(port), timeout=30, context=server.client(made))) as connection:
        connection.request("POST", wire.MESSAGES_PATH, body, {**TYPE, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read()


def connected(server: CloudServer, made: Made) -> ssl.SSLSocket:
    host, port = server.url.removeprefix("https://").split(":")
    return server.client(made).wrap_socket(socket.create_connection((host, int(port)), 30), server_hostname=host)


def pour(server: CloudServer, made: Made, how: str) -> tuple[int, bytes]:
    """Send zeros without an end; how many bytes went, and what was answered."""
    chunk = b"\0" * _MB
    piece = chunk if how.startswith("Content") else b"%x\r\n%s\r\n" % (len(chunk), chunk)
    sent = 0
    with closing(connected(server, made)) as stream:
        kind = f"Content-Type: {wire.CONTENT_TYPE}"
        stream.sendall(f"POST {wire.MESSAGES_PATH} HTTP/1.1\r\nHost: localhost\r\n{kind}\r\n{how}\r\n\r\n".encode())
        with suppress(OSError):
            while sent < _TEN_GB:
                stream.sendall(piece)
                sent += len(chunk)
        answer = b""
        with suppress(OSError):
            answer = stream.recv(65536)
    return sent, answer


@pytest.mark.soak
@pytest.mark.parametrize("how", [f"Content-Length: {_TEN_GB}", "Transfer-Encoding: chunked"])
def test_ten_gigabytes_are_cut_off(server: CloudServer, attacker: Made, well: Made, how: str) -> None:
    with Watch(server, well) as watch, ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _n: pour(server, attacker, how), range(4)))
    assert all(sent < _TEN_GB / 4 for sent, _answer in found)
    assert watch.most < _MOST
    assert watch.served
    assert watch.slowest_s < _SOON_S
    for _sent, answer in found:
        assert not answer or answer.startswith((b"HTTP/1.1 413", b"HTTP/1.1 429"))


@pytest.mark.soak
def test_large_bodies_at_once_wait_their_turn(server: CloudServer, attacker: Made, well: Made) -> None:
    file = jpeg(3, 1200, 900) + os.urandom(50 * _MB)
    body = frame(head(file), file)
    with Watch(server, well) as watch, ThreadPoolExecutor(6) as threads:
        statuses = {status for status, _body in threads.map(lambda _n: request(server, attacker, body), range(6))}
    assert statuses <= {202, 429}
    assert 202 in statuses
    assert watch.most < _MOST
    assert watch.served


@pytest.mark.soak
def test_heads_that_grow_in_memory_do_not(server: CloudServer, attacker: Made, well: Made) -> None:
    dense = frame(json.dumps(head(body={"x": [{}] * 900_000}), separators=(",", ":")).encode())
    fits = frame(json.dumps(head(body={"x": [{"a": {}}] * 60_000}), separators=(",", ":")).encode())
    with Watch(server, well) as watch, ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda n: request(server, attacker, (dense, fits)[n % 2] * 12), range(8)))
    statuses = {status for status, _body in found}
    assert statuses <= {400, 429}
    assert 400 in statuses
    assert watch.most < _MOST
    assert watch.served


def test_bombs_garbage_and_wrong_types_are_refused(server: CloudServer, attacker: Made, well: Made) -> None:
    before = server.rss()
    file = bomb()
    status, answer = request(server, attacker, frame(head(file), file))
    assert (status, json.loads(answer)["taken"][0]["state"]) == (202, "refused")
    for _n in range(50):
        status, answer = request(server, attacker, os.urandom(2000))
        assert status == 400
        assert json.loads(answer)["why"]
    assert request(server, attacker, b"{}", **{"content-type": "application/json"})[0] == 415
    assert request(server, well, frame(head()))[0] == 202
    assert server.rss() - before < 50 * _MB


@pytest.mark.soak
def test_many_idle_connections_keep_nobody_out(server: CloudServer, attacker: Made, well: Made) -> None:
    context = server.client(attacker)
    host, port = server.url.removeprefix("https://").split(":")
    with ExitStack() as stack:
        for _n in range(200):
            raw = stack.enter_context(closing(socket.create_connection((host, int(port)), 30)))
            with suppress(OSError):
                stack.enter_context(closing(context.wrap_socket(raw, server_hostname=host)))
        with Watch(server, well) as watch:
            until(lambda: watch.served >= 5)
    assert watch.slowest_s < _SOON_S
    assert watch.most < 100 * _MB


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_who_was_revoked_is_not_let_in(server: CloudServer, gone: Made) -> None:
    with (
        closing(CloudTarget(server.target(gone), lambda name: name)) as target,
        pytest.raises(Denied, match="let this"),
    ):
        target.check()


@pytest.mark.soak
def test_who_is_revoked_is_not_let_in_any_more_without_a_restart(server: CloudServer) -> None:
    with closing(CloudTarget(server.target(server.desk("lost", "plant-3")), lambda name: name)) as target:
        assert "answered" in target.check()
        server.authority.revoke("lost")

        def refused() -> bool:
            try:
                target.check()
            except Denied:
                return True
            return False

        until(refused)


def test_no_attack_was_a_fault(server: CloudServer) -> None:
    """Comes last in this file."""
    log = Path(server.kept / "logs" / "sightdesk.log").read_text()
    assert "Traceback" not in log
    assert "Traceback" not in "".join(server.words)
