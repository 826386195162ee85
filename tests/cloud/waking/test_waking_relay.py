"""A relay tells brokers what is queued: RabbitMQ, and one of Kafka's protocol, with nothing in between."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from console.cloud.database.base import Repository
from console.cloud.jobs.values import JobSaid
from console.cloud.waking.relay import EACH, MOST, Relay
from console.cloud.waking.waker import Waker
from tests.cloud.jobs_cases import ONE, keeping, opened, send
from tests.cloud.waking.cases import Jobs, drained, soon


def test_exactly_what_is_queued_is_told(server: str, place: tuple[str, str], jobs: Jobs, relay: Relay) -> None:
    first = jobs.add(3)
    soon(lambda: not jobs.waiting)
    second = jobs.add(EACH * 3 + 1)
    relay.wake()
    soon(lambda: not jobs.waiting)
    assert jobs.told == [*first, *second]
    assert sorted(drained(server, place[1], len(jobs.told))) == sorted(jobs.told)
    assert relay.problem == ""


def test_what_nobody_said_is_told_within_seconds(jobs: Jobs, relay: Relay, waker: Waker) -> None:
    soon(lambda: jobs.most == MOST)
    jobs.add()
    assert waker.wait(10)
    assert relay.problem == waker.problem == ""


def test_many_jobs_are_told_within_seconds_in_bounded_memory(jobs: Jobs, relay: Relay) -> None:
    soon(lambda: jobs.most == MOST)
    process, most = psutil.Process(), 0
    before = process.memory_info().rss
    ids = jobs.add(10_000)
    begun = time.monotonic()
    relay.wake()
    while jobs.waiting:
        most = max(most, process.memory_info().rss - before)
        assert time.monotonic() - begun < 30
        time.sleep(0.01)
    took_s = time.monotonic() - begun
    print(f"10000 told within {took_s:.1f} s, {most / 1e6:.0f} MB more")
    assert jobs.told == ids
    assert took_s < 15
    assert most < 50e6


def test_a_database_that_is_away_is_waited_for(jobs: Jobs, relay: Relay, caplog: pytest.LogCaptureFixture) -> None:
    soon(lambda: jobs.most == MOST)
    jobs.away = True
    jobs.add()
    relay.wake()
    soon(lambda: "can't be reached" in relay.problem)
    jobs.away, jobs.broken = False, True
    soon(lambda: "the log says why" in relay.problem)
    assert "a fault" in caplog.text
    jobs.broken = False
    soon(lambda: not jobs.waiting)
    soon(lambda: relay.problem == "")


def test_a_database_that_hangs_keeps_nobody(jobs: Jobs, relay: Relay) -> None:
    soon(lambda: jobs.most == MOST)
    jobs.answers.clear()
    relay.wake()
    time.sleep(0.1)
    begun = time.monotonic()
    relay.close()
    assert time.monotonic() - begun < 2
    jobs.answers.set()


def test_real_rows_are_told_once(server: str, place: tuple[str, str], database_url: str, tmp_path: Path) -> None:
    with keeping(database_url, tmp_path / "kept", ONE) as keeper, opened(database_url) as repository:

        def untold() -> list[str]:
            with repository.reading() as session:
                return session.unpublished(100)

        send(keeper, 20)
        queued = [one["job_id"] for one in listed(repository)]
        with closing(Relay(repository, place[0])) as relay:
            soon(lambda: not untold())
            assert relay.problem == ""
        assert len(queued) == 20
        assert sorted(drained(server, place[1], 20)) == sorted(queued)


def listed(repository: Repository) -> list[JobSaid]:
    with repository.reading() as session:
        return session.jobs(None, ("queued",), 1000)


def test_a_relay_never_minds_being_woken(place: tuple[str, str]) -> None:
    relay = Relay(Jobs().repository, place[0])
    for _n in range(1000):
        relay.wake()
    relay.close()
    relay.wake()
    relay.close()
