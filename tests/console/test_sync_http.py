"""The way to a target over HTTP: every wait has an end, and whatever breaks is said in words."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from console.sync.targets.base import Busy, Receipt, TargetError, Unreachable, WrongAnswer
from console.sync.targets.https.cloud import CloudTarget
from console.sync.targets.https.way import Limits
from console.sync.wire import Said, encode_answer
from tests.console.test_sync_tls import QUICK, cloud
from tests.console.test_sync_wire import parcel
from tests.servers.authority import Authority, Pair
from tests.servers.odd import Odd, answering, request, silent
from tests.servers.receiver import Fault, Receiver

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def own(authority: Authority) -> Pair:
    return authority.client()


@pytest.fixture
def receiver(authority: Authority, tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path / "receiver", authority.server_context()) as receiver:
        yield receiver


@pytest.fixture
def target(receiver: Receiver, authority: Authority, own: Pair) -> Iterator[CloudTarget]:
    with closing(cloud(receiver.url, authority, own)) as target:
        yield target


def fails(target: CloudTarget, within_s: float = 10.0) -> TargetError:
    """How sending fails: soon and in words."""
    begun = time.monotonic()
    with closing(target), pytest.raises(TargetError) as error:
        target.send([parcel(), parcel()])
    assert time.monotonic() - begun < within_s
    assert error.value.what.endswith(".")
    assert error.value.hint.endswith(".")
    return error.value


def test_half_an_answer_is_none(receiver: Receiver, target: CloudTarget) -> None:
    some = [parcel(), parcel()]
    receiver.fail(Fault(half=True, stores=True, times=2))
    with pytest.raises(Unreachable, match="broke"):
        target.send(some)
    receiver.fail(None)
    assert [type(one) for one in target.send(some)] == [Receipt] * 2
    assert receiver.look.figures()["messages"] == 2


def test_who_answers_too_late(receiver: Receiver, authority: Authority, own: Pair) -> None:
    receiver.fail(Fault(silent_s=30.0, stores=True))
    error = fails(cloud(receiver.url, authority, own, QUICK))
    assert type(error) is Unreachable
    assert "in time" in error.what


def test_who_answers_letter_by_letter_is_not_waited_for(authority: Authority, own: Pair) -> None:
    letters = [bytes([one]) for one in _OK + b"Content-Length: 5\r\n\r\n" + b"[7,8]"]
    with Odd(answering(*letters, pause_s=0.2), authority.server_context()) as odd:
        error = fails(cloud(odd.url, authority, own, QUICK))
    assert type(error) is Unreachable


def test_who_never_ends_an_answer_is_not_read_to_the_end(authority: Authority, own: Pair) -> None:
    def endless(one: socket.socket, over: threading.Event) -> None:
        request(one)
        one.sendall(_OK + b"Transfer-Encoding: chunked\r\n\r\n")
        while not over.is_set():
            one.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")

    with Odd(endless, authority.server_context()) as odd:
        error = fails(cloud(odd.url, authority, own))
    assert type(error) is WrongAnswer
    assert "too large" in error.what


def test_a_large_answer_is_not_read(receiver: Receiver, target: CloudTarget) -> None:
    receiver.fail(Fault(body=json.dumps({"taken": ["x" * 10_000_000]})))
    error = fails(target)
    assert type(error) is WrongAnswer
    assert "too large" in error.what


@pytest.mark.parametrize(
    "content", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00" * 100, b"HTTP/9.9 what\r\n\r\n", b"220 mail\r\n"]
)
def test_who_is_no_web_server(authority: Authority, own: Pair, content: bytes) -> None:
    with Odd(answering(content), authority.server_context()) as odd:
        error = fails(cloud(odd.url, authority, own))
    assert type(error) in (WrongAnswer, Unreachable)


def test_an_answer_before_the_end_of_the_question_counts(authority: Authority, own: Pair) -> None:
    def hasty(one: socket.socket, over: threading.Event) -> None:
        one.recv(1000)
        one.sendall(b"HTTP/1.1 429 So\r\nRetry-After: 3\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        while one.recv(65536):
            pass

    with Odd(hasty, authority.server_context()) as odd, closing(cloud(odd.url, authority, own)) as target:
        with pytest.raises(Busy) as error:
            target.send([parcel({"a": "x" * 3_000_000})])
        assert error.value.after_s == 3.0


def test_who_takes_nothing_is_given_up(authority: Authority, own: Pair) -> None:
    with Odd(silent, authority.server_context()) as odd, closing(cloud(odd.url, authority, own, QUICK)) as target:
        begun = time.monotonic()
        with pytest.raises(Unreachable, match="stopped taking"):
            target.send([parcel({"a": "x" * 30_000_000})])
        assert time.monotonic() - begun < 10.0


def test_a_kept_connection_that_was_let_go_is_replaced_in_silence(authority: Authority, own: Pair) -> None:
    one, two = parcel(), parcel()
    answers = [encode_answer([Said(each.message_id, "received")]) for each in (one, two)]

    def once(connection: socket.socket, over: threading.Event) -> None:
        request(connection)
        content = answers.pop(0)
        connection.sendall(_OK + f"Content-Length: {len(content)}\r\n\r\n".encode() + content)
        if answers:
            request(connection)  # and hangs up without an answer, as after its own time-out

    with Odd(once, authority.server_context()) as odd, closing(cloud(odd.url, authority, own)) as target:
        assert isinstance(target.send([one])[0], Receipt)
        assert isinstance(target.send([two])[0], Receipt)
        assert odd.connections == 2


def test_who_refuses_the_connection(authority: Authority, own: Pair) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = fails(cloud(f"https://localhost:{port}", authority, own))
    assert type(error) is Unreachable
    assert "refuses the connection" in error.what


def test_a_name_that_nobody_knows(authority: Authority, own: Pair) -> None:
    error = fails(cloud("https://no-such-host.invalid", authority, own))
    assert type(error) is Unreachable


def test_a_resolver_that_says_nothing_is_not_waited_for(
    authority: Authority, own: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def stuck(*_args: object, **_more: object) -> list[object]:
        over.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", stuck)
    try:
        error = fails(cloud("https://somewhere.test", authority, own, QUICK))
    finally:
        over.set()
    assert type(error) is Unreachable
    assert "within 0.5 s" in error.what


def test_proxies_of_the_environment_are_not_asked(
    receiver: Receiver, authority: Authority, own: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Odd(silent) as proxy:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://localhost:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with closing(cloud(receiver.url, authority, own)) as target:
            assert isinstance(target.send([parcel()])[0], Receipt)
        assert proxy.connections == 0


def test_closing_ends_what_is_under_way(receiver: Receiver, authority: Authority, own: Pair) -> None:
    receiver.fail(Fault(times=9, silent_s=20.0))
    target = cloud(receiver.url, authority, own, Limits())
    failures: list[TargetError] = []

    def send() -> None:
        try:
            target.send([parcel()])
        except TargetError as error:
            failures.append(error)

    threads = [threading.Thread(target=send) for _n in range(3)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 5
    while receiver.requests < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    begun = time.monotonic()
    target.close()
    for thread in threads:
        thread.join(5)
    assert time.monotonic() - begun < 3.0
    assert [type(one) for one in failures] == [Unreachable] * 3
