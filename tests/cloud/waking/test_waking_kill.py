"""Brokers that are killed, come back, hang, go on: relay and waker are there again by themselves, nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from console.cloud.waking.relay import Relay
from console.cloud.waking.waker import make_waker
from tests.cloud.waking.cases import Jobs, fresh, soon
from tests.servers import rabbitmq, tansu
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.tansu import Tansu

_WITHIN_S = 20.0


@pytest.fixture(scope="module", params=["kafka", pytest.param("rabbitmq", marks=pytest.mark.soak)])
def server(request: pytest.FixtureRequest) -> Iterator[RabbitMQ | Tansu]:
    """RabbitMQ takes six seconds to begin, each time."""
    with (rabbitmq if request.param == "rabbitmq" else tansu).serving() as one:
        yield one


def test_killed_and_started_again(server: RabbitMQ | Tansu) -> None:
    jobs, url = Jobs(), fresh(server.url)[0]
    with closing(Relay(jobs.repository, url)) as relay, closing(make_waker(url)) as waker:
        assert waker.wait(20)
        soon(lambda: jobs.most)
        server.kill()
        noticed_s = soon(lambda: relay.problem and waker.problem, _WITHIN_S)
        jobs.add(100)
        relay.wake()
        assert not waker.wait(1.5)
        assert jobs.waiting == 100
        begun = time.monotonic()
        server.start()
        started_s = time.monotonic() - begun
        told_s = soon(lambda: not jobs.waiting, _WITHIN_S)
        assert waker.wait(_WITHIN_S)
        woken_s = time.monotonic() - begun - started_s
        soon(lambda: not relay.problem and not waker.problem)
        while waker.wait(0.3):
            pass
        jobs.add()
        relay.wake()
        assert waker.wait(10)
        soon(lambda: len(jobs.told) == 101)
    print(
        f"{type(server).__name__}: noticed within {noticed_s:.1f} s; it began within {started_s:.1f} s; "
        f"then told within {told_s:.1f} s, woken within {woken_s:.1f} s"
    )


@pytest.mark.soak
def test_one_that_hangs_and_goes_on(server: RabbitMQ | Tansu) -> None:
    jobs, url = Jobs(), fresh(server.url)[0]
    with closing(Relay(jobs.repository, url)) as relay, closing(make_waker(url)) as waker:
        assert waker.wait(20)
        soon(lambda: jobs.most)
        server.freeze()
        jobs.add()
        relay.wake()
        noticed_s = soon(lambda: "does not answer" in relay.problem and waker.problem, _WITHIN_S)
        assert jobs.waiting == 1
        server.thaw()
        told_s = soon(lambda: not jobs.waiting, _WITHIN_S)
        soon(lambda: not relay.problem and not waker.problem, _WITHIN_S)
    print(f"{type(server).__name__}: noticed within {noticed_s:.1f} s, told within {told_s:.1f} s of going on")


def test_one_that_hangs_keeps_nobody(server: RabbitMQ | Tansu) -> None:
    jobs, url = Jobs(), fresh(server.url)[0]
    relay, waker = Relay(jobs.repository, url), make_waker(url)
    try:
        assert waker.wait(20)
        soon(lambda: jobs.most)
        server.freeze()
        jobs.add()
        relay.wake()
        time.sleep(0.2)  # in the middle of telling
        for one in (relay, waker):
            begun = time.monotonic()
            one.close()
            took_s = time.monotonic() - begun
            print(f"{type(one).__name__} of {type(server).__name__} closed within {took_s:.2f} s")
            assert took_s < 2
    finally:
        server.thaw()
        relay.close()
        waker.close()
