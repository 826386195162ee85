"""Workers that wait are woken by brokers: RabbitMQ, and one of Kafka's protocol, with nothing in between."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from console.cloud.waking.relay import MOST, Relay
from console.cloud.waking.waker import Clock, Waker, make_waker
from tests.cloud.waking.cases import Jobs, put, soon

_SOON_S = 1.0
"""Long before anybody would have looked by himself."""


def test_a_worker_that_waits_is_woken_at_once(jobs: Jobs, relay: Relay, waker: Waker) -> None:
    soon(lambda: jobs.most == MOST)
    took: list[float] = []
    for _n in range(5):
        time.sleep(0.1)
        jobs.add()
        begun = time.monotonic()
        relay.wake()
        assert waker.wait(10)
        took.append(time.monotonic() - begun)
    assert not waker.wait(0.3)
    print(f"woken within {sorted(took)[2] * 1000:.0f} ms (median), {max(took) * 1000:.0f} ms at most")
    assert sorted(took)[2] < _SOON_S


def test_a_message_wakes_those_it_is_for(server: str, place: tuple[str, str]) -> None:
    """RabbitMQ's wake one of those who wait; Kafka's all of them."""
    with closing(make_waker(place[0])) as first, closing(make_waker(place[0])) as second:
        for one in (first, second):
            assert one.wait(20)
            assert not one.wait(0.3)
        with ThreadPoolExecutor(2) as threads:
            waiting = [threads.submit(one.wait, 1.0) for one in (first, second)]
            time.sleep(0.3)
            put(server, place[1], b"[]")
            woken = [one.result() for one in waiting]
    assert sum(woken) == (1 if server.startswith("amqp") else 2)


def test_many_messages(server: str, place: tuple[str, str], waker: Waker) -> None:
    """Kafka's that came since the last time count as one; of RabbitMQ's each is there for another worker."""
    put(server, place[1], *([b"[]"] * 20))
    time.sleep(0.5)
    wakes = 0
    while waker.wait(0.5):
        wakes += 1
    assert wakes == 20 if server.startswith("amqp") else 1 <= wakes <= 3


def test_who_works_leaves_messages_to_who_waits(server: str, place: tuple[str, str]) -> None:
    with closing(make_waker(place[0])) as busy, closing(make_waker(place[0])) as idle:
        for one in (busy, idle):
            assert one.wait(20)
            while one.wait(0.3):  # on a busy machine it may have connected twice
                pass
        for _n in range(4):
            put(server, place[1], b"[]")
            assert idle.wait(_SOON_S * 3)  # `busy` waits for nothing just now


def test_garbage_wakes_and_harms_nothing(server: str, place: tuple[str, str], waker: Waker) -> None:
    odd: tuple[bytes, ...] = (b"", b"\xff\x00 no JSON", b"{" * 100_000, b'["' + b"x" * 200_000 + b'"]')
    for body in odd:
        put(server, place[1], body, content_type="application/json", headers={"x": "\x00"})
        assert waker.wait(10)
        assert waker.problem == ""
    while waker.wait(0.3):
        pass


def test_a_closed_waker_ends_who_waits(waker: Waker) -> None:
    threading.Timer(0.2, waker.close).start()
    begun = time.monotonic()
    assert not waker.wait(20)
    assert time.monotonic() - begun < 3
    assert not waker.wait(0.01)


def test_without_a_broker_time_passes() -> None:
    with closing(make_waker("")) as clock:
        assert isinstance(clock, Clock)
        begun = time.monotonic()
        assert not clock.wait(0.1)
        assert 0.1 <= time.monotonic() - begun < 2
        assert clock.problem == ""
    assert not clock.wait(60)
