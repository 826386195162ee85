"""How much waits and when it will be too much, and how fast it leaves: whatever the clock did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest

from console.settings.home import Home
from console.store.store import Store, utc_text
from console.sync.overview import queries
from console.sync.overview.rates import rate
from console.sync.routes import GIGABYTE
from tests.console.outbox_cases import execute
from tests.console.outbox_writing import NOW, backlog, settings_of, to, write


@pytest.fixture
def store(own_home: Path) -> Iterator[Store]:
    with Home.open(own_home) as home, Store.open(home) as opened:
        yield opened


def test_the_hour_the_quota_is_reached_is_foreseen(store: Store) -> None:
    end = backlog(store, 61, every_s=60, size=1_000_000 - 2)  # 60 MB an hour
    with store.read() as db:
        found = queries.quota(db, settings_of("cloud", gigabytes=0.121), end)
    assert found.bytes == 61_000_000
    assert found.bytes_per_hour == pytest.approx(61_000_000)
    assert found.full_in_s == pytest.approx(3600 * 60 / 61)
    assert found.share == pytest.approx(61 / 121)


def test_growth_is_the_same_though_the_clock_was_set_back(store: Store) -> None:
    middle = backlog(store, 31, every_s=60, size=1_000_000 - 2)
    end = backlog(store, 31, every_s=60, size=1_000_000 - 2, begin=middle - timedelta(days=3))
    with store.read() as db:
        found = queries.quota(db, settings_of("cloud"), end)
        before_all = queries.quota(db, settings_of("cloud"), NOW - timedelta(days=900))
    assert found.bytes_per_hour == pytest.approx(62_000_000)
    assert before_all.bytes_per_hour == pytest.approx(62_000_000)


def test_what_is_sent_as_it_comes_does_not_grow_and_what_drains_shrinks(store: Store) -> None:
    end = backlog(store, 60, every_s=60, size=1_000_000 - 2)
    execute(store, "UPDATE outbox_deliveries SET state = 'sent', sent_at = ? WHERE outbox_id <= 60", utc_text(end))
    with store.read() as db:
        found = queries.quota(db, settings_of("cloud"), end)
    assert (found.bytes, found.full_in_s) == (0, None)
    assert found.bytes_per_hour == 0
    later = end + timedelta(hours=20)
    backlog(store, 600, every_s=1, size=1_000_000 - 2, begin=later)
    end = later + timedelta(hours=9)
    sql = "UPDATE outbox_deliveries SET state = 'sent', sent_at = ? WHERE outbox_id BETWEEN ? AND ?"
    for minute in range(30):  # twenty pictures each three minutes, the oldest first
        execute(store, sql, utc_text(end - timedelta(minutes=90 - 3 * minute)), 61 + minute * 10, 70 + minute * 10)
    with store.read() as db:
        found = queries.quota(db, settings_of("cloud"), end)
    assert found.bytes == 300_000_000
    assert found.bytes_per_hour == pytest.approx(-200_000_000)
    assert found.full_in_s is None


def test_a_reached_quota_is_said_at_once(store: Store) -> None:
    backlog(store, 3, every_s=1, size=500_000)
    number = write(store, "picture", "cloud", size=500_000)
    to(store, number, "cloud", "later")
    with store.read() as db:
        found = queries.quota(db, settings_of("cloud", gigabytes=0.001), NOW)
    assert (found.full_in_s, found.later, found.limit) == (0.0, 1, GIGABYTE // 1000)
    assert found.share > 1


def test_nothing_waits_and_nothing_grows(store: Store) -> None:
    with store.read() as db:
        assert asdict(queries.quota(db, settings_of("cloud"), NOW)) == {
            "bytes": 0, "limit": 10 * GIGABYTE, "later": 0, "bytes_per_hour": 0.0, "full_in_s": None,
        }  # fmt: skip


def test_the_rate_is_that_of_the_last_minute(store: Store) -> None:
    numbers = [write(store, "event", "cloud") for _one in range(40)]
    for number in numbers[:30]:
        to(store, number, "cloud", "sent", NOW - timedelta(seconds=number))
    with store.read() as db:
        assert rate(db, "cloud", NOW) == pytest.approx(0.5)
        assert rate(db, "cloud", NOW + timedelta(hours=1)) == 0
        assert rate(db, "lake", NOW) == 0
