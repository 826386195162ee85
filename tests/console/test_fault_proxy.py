"""The proxy that breaks what goes through it: each fault is what it says, and the same seed draws the same."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.servers.authority import Authority
from tests.servers.fault_proxy import FAULTS, FaultProxy

BODY = b"x" * 60_000


class Peer(ThreadingHTTPServer):
    """Takes everything, and remembers it in the order it came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[str] = []
        self.lengths: list[int] = []


class Handler(BaseHTTPRequestHandler):
    server: Peer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.lengths.append(len(body))
        self.server.got.append(self.path)
        said = json.dumps({"said": self.path, "room": "y" * 500}).encode()
        self.send_response(202)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def running(rates: Mapping[str, float], **options: object) -> Iterator[tuple[Peer, FaultProxy]]:
    with Peer() as peer:
        thread = threading.Thread(target=peer.serve_forever, args=(0.02,))
        thread.start()
        try:
            with FaultProxy(("127.0.0.1", peer.server_port), rates=rates, **options) as proxy:  # type: ignore[arg-type]
                yield peer, proxy
        finally:
            peer.shutdown()
            thread.join()


def post(proxy: FaultProxy, path: str, *, times: int = 1, timeout: float = 10) -> list[tuple[int, bytes, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=timeout)
    try:
        found = []
        for _n in range(times):
            connection.request("POST", path, BODY)
            answer = connection.getresponse()
            found.append((answer.status, answer.read(), answer.headers.get("Retry-After", "")))
        return found
    finally:
        connection.close()


def test_without_faults_it_only_passes_on() -> None:
    with running({}) as (peer, proxy):
        for status, body, _after in post(proxy, "/one", times=3):
            assert (status, json.loads(body)["said"]) == (202, "/one")
        assert peer.got == ["/one"] * 3
        assert peer.lengths == [len(BODY)] * 3
    assert proxy.done == {"clean": 3}


@pytest.mark.parametrize("fault", ["cut before", "cut request", "answer lost", "half answer", "reset"])
def test_what_breaks_the_connection_breaks_it(fault: str) -> None:
    with running({fault: 1.0}, seed=3) as (peer, proxy):
        for n in range(6):
            with pytest.raises((OSError, http.client.HTTPException, ValueError)):
                json.loads(post(proxy, f"/{n}")[0][1])  # one that ends in its head may look like an empty answer
        assert proxy.done[fault] == 6
        taken = {"cut before": [0], "cut request": [0], "reset": range(1, 6)}.get(fault, [6])
        assert len(peer.got) in taken
        assert set(peer.lengths) <= {len(BODY)}, "the target never got half a request for a whole one"


@pytest.mark.parametrize("fault", ["500", "502", "503", "503 later"])
def test_a_server_that_can_not_says_so_without_the_target(fault: str) -> None:
    with running({fault: 1.0}) as (peer, proxy):
        ((status, _body, after),) = post(proxy, "/a")
        assert status == int(fault[:3])
        assert bool(after) == (fault == "503 later")
        assert peer.got == []
        assert post(proxy, "/a", times=2)[1][0] == status, "the connection stays"


def test_what_goes_twice_arrives_twice_and_is_answered_once() -> None:
    with running({"twice": 1.0}) as (peer, proxy):
        ((status, body, _after),) = post(proxy, "/a")
        assert (status, json.loads(body)["said"]) == (202, "/a")
        assert peer.got == ["/a", "/a"]


def test_one_that_is_held_back_arrives_after_a_later_one() -> None:
    with running({"reordered": 1.0}) as (peer, proxy):
        threads = [threading.Thread(target=post, args=(proxy, "/first"))]
        threads[0].start()
        while not proxy._begun:  # its request is there
            threads[0].join(0.005)
        proxy.rates = {}
        post(proxy, "/second")
        threads[0].join()
        assert peer.got == ["/second", "/first"]
    assert proxy.done == {"reordered": 1, "clean": 1}


def test_a_late_copy_arrives_after_what_came_later() -> None:
    with running({"again later": 1.0}) as (peer, proxy):
        post(proxy, "/first")
        proxy.rates = {}
        post(proxy, "/second")
        while not proxy.done["again later"]:
            threading.Event().wait(0.005)
        assert peer.got == ["/first", "/second", "/first"]


def test_a_delay_beyond_the_time_out_still_reaches_the_target() -> None:
    with running({"delay": 1.0}, beyond=1.0, beyond_s=0.3) as (peer, proxy):
        with pytest.raises(TimeoutError):
            post(proxy, "/late", timeout=0.1)
        while not peer.got:
            threading.Event().wait(0.005)
    assert proxy.done["delay beyond the time-out"] == 1


def test_lies_are_no_answer_of_the_target() -> None:
    with running({"wrong body": 1.0}) as (peer, proxy):
        for status, body, _after in post(proxy, "/a", times=12):
            assert status == 200
            assert b"/a" not in body
        assert peer.got == []
    with running({"garbage": 1.0}) as (peer, proxy):
        for _n in range(6):
            try:
                ((status, body, _after),) = post(proxy, "/a")
            except (OSError, http.client.HTTPException):
                continue
            with pytest.raises(ValueError):
                json.loads(body)
            assert status == 202
        assert peer.got == []


def test_the_same_seed_draws_the_same() -> None:
    def drawn(seed: int) -> list[str]:
        with FaultProxy(("127.0.0.1", 1), seed=seed) as proxy:
            return [proxy._draw() for _n in range(400)]

    assert drawn(7) == drawn(7) != drawn(8)
    assert set(drawn(7)) == {"", *FAULTS}
    with pytest.raises(ValueError, match="no such faults: flood"):
        FaultProxy(("127.0.0.1", 1), rates={"flood": 1.0})


def test_over_tls_it_lets_in_only_who_shows_a_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    client = authority.client()
    with running({}, server=authority.server_context()) as (peer, proxy):
        assert proxy.url.startswith("https://127.0.0.1:")
        for shown in (False, True):
            context = ssl.create_default_context(cafile=str(authority.ca))
            if shown:
                context.load_cert_chain(client.certificate, client.key)
            connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, context=context, timeout=5)
            try:
                connection.request("POST", "/a", BODY)
                assert connection.getresponse().status == 202
                assert shown
            except OSError:
                assert not shown
            finally:
                connection.close()
        assert peer.got == ["/a"]
