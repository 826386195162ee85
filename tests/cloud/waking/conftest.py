"""A broker of each kind for every test that asks for one, with a queue or topic of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import cast

import pytest

from console.cloud.waking.relay import Relay
from console.cloud.waking.waker import Waker, make_waker
from tests.cloud.waking.cases import Jobs, Kind, broker, fresh, remove


@pytest.fixture(scope="module", params=["rabbitmq", "kafka"])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    with broker(cast("Kind", request.param)) as url:
        yield url


@pytest.fixture
def place(server: str) -> Iterator[tuple[str, str]]:
    url, name = fresh(server)
    yield url, name
    remove(server, name)


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def relay(jobs: Jobs, place: tuple[str, str]) -> Iterator[Relay]:
    with closing(Relay(jobs.repository, place[0])) as one:
        yield one


@pytest.fixture
def waker(place: tuple[str, str]) -> Iterator[Waker]:
    with closing(make_waker(place[0])) as one:
        assert one.wait(20)  # it may have missed something, so it looks once
        assert not one.wait(0.3)
        yield one
