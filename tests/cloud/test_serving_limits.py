"""What connections may take of the server, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from console.cloud.serving import refusals
from console.cloud.serving.limits import Limits
from console.cloud.serving.server import Server
from console.cloud.serving.tls import ServingError
from console.errors import UsageError
from tests.cloud.served import HELLO, App, Served, Site, answer, ended, exchange

SHORT = Limits(handshake_s=0.6, head_s=0.6, slowest=10_000, slow_s=0.5, linger_s=0.5, answer_s=0.8)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def served(site: Site) -> Iterator[Served]:
    with Served(App(), site.files) as one:
        yield one


@pytest.fixture(scope="module")
def hasty(site: Site) -> Iterator[Served]:
    with Served(App(), site.files, SHORT) as one:
        yield one


def counted(served: Served, kind: str, at_least: int) -> bool:
    until = time.monotonic() + 10
    while served.figures.refused[kind] < at_least and time.monotonic() < until:
        time.sleep(0.01)
    return served.figures.refused[kind] >= at_least


def test_answers_are_not_held_back(served: Served, site: Site) -> None:
    took = []
    with served.connected(site.client(site.desk)) as connection:
        for _ in range(31):
            begun = time.monotonic()
            exchange(connection)
            took.append(time.monotonic() - begun)
    assert statistics.median(took) < 0.03  # without TCP_NODELAY it is .04 and more


def test_a_head_that_dribbles_is_cut_off_while_others_are_served(hasty: Served, site: Site) -> None:
    context = site.client(site.desk)
    with ExitStack() as stack:
        slow = [stack.enter_context(hasty.connected(context)) for _ in range(20)]
        for one in slow:
            one.sendall(b"GET / HTTP/1.1\r\n")
        assert hasty.ask(context).status == 200
        for one in slow[1:]:
            assert answer(one).status == 408
        until = time.monotonic() + 5
        with pytest.raises((ssl.SSLError, ConnectionError)):  # noqa: PT012  # a line now and then does not help
            while time.monotonic() < until:
                slow[0].sendall(b"X: y\r\n")
                time.sleep(0.05)


@pytest.mark.parametrize("begun", [b"", b"\r\n"])
def test_who_says_nothing_is_let_go(hasty: Served, site: Site, begun: bytes) -> None:
    with hasty.connected(site.client(site.desk)) as silent:
        silent.sendall(begun)
        silent.settimeout(5)
        assert silent.recv(1000)[:12] in {b"", b"HTTP/1.1 408", b"HTTP/1.1 400"}
    with hasty.connected() as no_handshake:
        no_handshake.settimeout(5)
        assert ended(no_handshake)
    assert counted(hasty, refusals.SLOW, 1)


def test_a_body_that_dribbles_is_cut_off_and_a_slow_one_is_not(site: Site) -> None:
    app, context = App(), site.client(site.desk)
    with Served(app, site.files, SHORT) as served, served.connected(context) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        with served.connected(context) as steady:
            steady.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n")
            for at in range(15):
                steady.sendall(b"x" * 4000)
                if at < 5:  # it could not read why while it sends
                    slow.sendall(b"x")
                time.sleep(0.1)
            assert answer(steady).body["size"] == 60000
        assert answer(slow).status == 408
        assert app.let_go.wait(5)


def test_a_body_that_nobody_reads_is_dropped_after_a_while(hasty: Served, site: Site) -> None:
    with hasty.connected(site.client(site.desk)) as connection:
        connection.sendall(b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n")
        assert answer(connection).status == 200
        until = time.monotonic() + 5
        with pytest.raises((ssl.SSLError, ConnectionError)):  # noqa: PT012
            while time.monotonic() < until:
                connection.sendall(b"x" * 1000)
                time.sleep(0.01)


@pytest.mark.parametrize("path", [b"/big", b"/parts"])
def test_an_answer_that_nobody_reads_is_dropped(site: Site, path: bytes) -> None:
    limits = replace(SHORT, keep_alive_s=1)  # what is sent in one piece is out of uvicorn's sight at once
    with Served(App(), site.files, limits) as served, served.connected(site.client(site.desk)) as connection:
        connection.sendall(HELLO.replace(b" / ", b" %s " % path))
        until = time.monotonic() + 8
        while served.figures.open and time.monotonic() < until:
            time.sleep(0.02)
        assert not served.figures.open


def test_idle_connections_make_room_for_who_comes(site: Site) -> None:
    context, limits = site.client(site.desk), Limits(connections=40, per_address=20)
    with ExitStack() as stack:
        served = stack.enter_context(Served(App(), site.files, limits))
        hung = stack.enter_context(served.connected(context))
        hung.sendall(HELLO.replace(b" / ", b" /hang "))
        bare = [stack.enter_context(served.connected()) for _ in range(100)]
        kept = [stack.enter_context(served.connected(context, source="127.0.0.2")) for _ in range(30)]
        assert counted(served, refusals.TOO_MANY, 91)
        assert served.ask(context).status == 200
        assert served.ask(context, source="127.0.0.3").status == 200
        assert served.figures.open <= 40
        assert ended(bare[0])
        assert ended(kept[0])
        assert exchange(kept[-1]).status == 200
        hung.settimeout(0.1)
        with pytest.raises(TimeoutError):  # who is being answered stays
            hung.recv(1)


def test_busy_connections_stay_and_one_more_is_turned_away(site: Site) -> None:
    app, context = App(), site.client(site.desk)
    with ExitStack() as stack:
        served = stack.enter_context(Served(app, site.files, Limits(per_address=3)))
        for _ in range(3):
            stack.enter_context(served.connected(context)).sendall(HELLO.replace(b" / ", b" /hang "))
            assert app.seen.acquire(timeout=5)
        with pytest.raises(OSError), served.connected(context):
            pass
        assert served.ask(context, source="127.0.0.2").status == 200


def test_garbage_is_answered_in_words(served: Served, site: Site) -> None:
    for garbage in (b"\x00\xff\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000, b"GET /\r\n\r\n"):
        said = served.ask(site.client(site.desk), garbage)
        assert said.status == 400
        assert said.body["why"]


def test_garbage_behind_a_request_harms_nobody(served: Served, site: Site) -> None:
    with served.connected(site.client(site.desk)) as connection:
        connection.sendall(b"POST /hang HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n")
        assert answer(connection).status == 400
    assert served.ask(site.client(site.desk)).status == 200


def test_it_stops_within_its_time_whatever_is_open(site: Site) -> None:
    app, context = App(), site.client(site.desk)
    with ExitStack() as stack:
        served = stack.enter_context(Served(app, site.files))
        stack.enter_context(served.connected())
        idle = stack.enter_context(served.connected(context))
        hung = stack.enter_context(served.connected(context))
        hung.sendall(HELLO.replace(b" / ", b" /hang "))
        assert app.seen.acquire(timeout=5)
        begun = time.monotonic()
        served.stop()
        assert time.monotonic() - begun < 5
        assert ended(idle)
        assert ended(hung)
        assert app.ended
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", served.port), 1)


def test_requests_under_way_are_answered_before_the_end(site: Site) -> None:
    app = App()
    with Served(app, site.files) as served, served.connected(site.client(site.desk)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab")
        assert app.seen.acquire(timeout=5)
        stopping = threading.Thread(target=served.stop)
        stopping.start()
        connection.sendall(b"c")
        assert answer(connection).body["size"] == 3
        connection.close()
        stopping.join()


_CHILD = """
import sys
from console.cloud.serving.server import serve
from tests.cloud.served import App
serve(App(), "127.0.0.1:0", None, ready=lambda at: print(at, flush=True))
print("ended in good order", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", _CHILD], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        port = int(child.stdout.readline().rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), 5):
            begun = time.monotonic()
            child.send_signal(number)
            assert child.stdout.readline() == "ended in good order\n"
        assert child.wait(5) == 0
        assert time.monotonic() - begun < 5


def test_addresses_that_are_none_are_refused_in_words(site: Site) -> None:
    for listen in ("", ":8443", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999", "no such host:1"):
        with pytest.raises(UsageError):
            Server(App(), listen, None)
    with Served(App(), None) as served, pytest.raises(ServingError, match="Another program listens"):
        Server(App(), f"127.0.0.1:{served.port}", None).run()
    with pytest.raises(ServingError, match="no address of this machine"):
        Server(App(), "192.0.2.1:0", site.files).run()
