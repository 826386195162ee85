"""Looks at the outbox: right for every filter and page, and led by indexes."""

from __future__ import annotations

import itertools
import json
import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from uuid_utils import uuid7

from console.settings.home import Home
from console.store.outbox import PRIORITY
from console.store.store import Store, utc_text
from console.sync.overview import queries
from console.sync.overview.rates import rate
from tests.console.outbox_cases import execute, wanted
from tests.console.outbox_writing import KINDS, NOW, STATES, fill, settings_of, to, write


@pytest.fixture
def store(own_home: Path) -> Iterator[Store]:
    with Home.open(own_home) as home, Store.open(home) as opened:
        yield opened


def naive(db: sqlite3.Connection, **wanted_: str) -> list[tuple[int, str]]:
    rows = db.execute(
        "SELECT m.id, d.target, d.state, d.kind, m.tracking_id FROM outbox m JOIN outbox_deliveries d "
        "ON d.outbox_id = m.id ORDER BY m.id DESC, d.target"
    )
    names = ("target", "state", "kind", "tracking_id")
    return [
        (row["id"], row["target"])
        for row in rows
        if all(row[name] == wanted_[name] for name in names if wanted_.get(name))
    ]  # fmt: skip


def test_pages_of_any_filter_follow_each_other_without_a_gap(store: Store) -> None:
    fill(store, random.Random(7), 120)
    with store.read() as db:
        for target, state, kind in itertools.product(("", "cloud", "nobody"), ("", *STATES), ("", *KINDS)):
            asked = {"target": target, "state": state, "kind": kind}
            for limit in (3, 1000):
                found: list[tuple[int, str]] = []
                before = None
                while page := queries.messages(db, **asked, before=before, limit=limit):
                    found += [(row.number, row.target) for row in page]
                    before = page[-1].number
                assert found == naive(db, **asked)


def test_messages_say_how_far_they_are(store: Store) -> None:
    one, other = str(uuid7()), str(uuid7())
    first = write(store, "event", "cloud", "lake", tracking_id=one, label="car")
    write(store, "event", "cloud", tracking_id=other)
    to(store, first, "cloud", "sent", NOW + timedelta(seconds=2))
    with store.read() as db:
        cloud, lake = queries.messages(db, tracking_id=one)
        assert queries.messages(db, tracking_id=one, state="waiting") == [lake]
    assert (cloud.target, cloud.state, cloud.attempts, cloud.sent_at) == (
        "cloud",
        "sent",
        1,
        NOW + timedelta(seconds=2),
    )
    assert (lake.target, lake.state, lake.attempts, lake.sent_at) == ("lake", "waiting", 0, None)
    assert (cloud.number, cloud.kind, cloud.camera_id, cloud.written_at) == (first, "event", "gate", NOW)


def test_status_counts_what_is_there(store: Store) -> None:
    fill(store, random.Random(8), 80)
    with store.read() as db:
        found = {one.name: one for one in queries.status(db, settings_of("cloud", "new"))}
        rows = [dict(row) for row in db.execute("SELECT * FROM outbox_deliveries")]
    assert list(found) == ["cloud", "new", "lake"]
    assert [one.known for one in found.values()] == [True, True, False]
    assert found["cloud"].url == "https://cloud.example"
    assert found["new"].queued == found["new"].refused == 0
    for name in ("cloud", "lake"):
        mine = [row for row in rows if row["target"] == name]
        waiting = [row for row in mine if row["state"] == "waiting"]
        assert found[name].waiting == {
            kind: n for kind in PRIORITY if (n := sum(row["kind"] == kind for row in waiting))
        }
        assert found[name].waiting_bytes == sum(row["bytes"] for row in waiting)
        assert found[name].later == sum(row["state"] == "later" for row in mine)
        assert found[name].refused == sum(row["state"] == "refused" for row in mine)


def test_the_oldest_is_the_lowest_number_whatever_the_clock_said(store: Store) -> None:
    first = write(store, "picture", "cloud", at=NOW)
    write(store, "event", "cloud", at=NOW - timedelta(days=300))  # the clock was set back
    with store.read() as db:
        assert queries.status(db, settings_of("cloud"))[0].oldest == NOW
    to(store, first, "cloud", "sent")
    with store.read() as db:
        assert queries.status(db, settings_of("cloud"))[0].oldest == NOW - timedelta(days=300)


def test_a_target_that_is_gone_is_shown_until_nothing_is_left(store: Store) -> None:
    number = write(store, "event", "old")
    with store.read() as db:
        assert [one.name for one in queries.status(db, settings_of())] == ["old"]
    to(store, number, "old", "sent")
    with store.read() as db:
        assert queries.status(db, settings_of()) == []


def test_what_the_uploader_said_is_told(store: Store) -> None:
    wanted(store, "cloud")
    execute(
        store,
        "UPDATE outbox_targets SET paused = 1, state = 'waiting', problem = 'No way.', hint = 'Look.', "
        "problem_kind = 'Unreachable', since = ?, next_try_at = ?, sent = 7, sent_bytes = 700, last_sent_at = ?",
        *(utc_text(NOW + timedelta(minutes=n)) for n in range(3)),
    )
    with store.read() as db:
        (one,) = queries.status(db, settings_of("cloud"))
    assert (one.paused, one.state, one.problem, one.hint) == (True, "waiting", "No way.", "Look.")
    assert (one.sent, one.sent_bytes, one.last_sent_at) == (7, 700, NOW + timedelta(minutes=2))
    assert (one.since, one.next_try_at) == (NOW, NOW + timedelta(minutes=1))


def test_looks_are_led_by_indexes(store: Store) -> None:
    fill(store, random.Random(9), 40)
    said: list[str] = []
    with store.read() as db:
        settings = settings_of("cloud", "lake")
        db.set_trace_callback(said.append)
        queries.status(db, settings)
        queries.quota(db, settings, NOW)
        rate(db, "cloud", NOW)
        for state, kind in itertools.product(("", *STATES), ("", *KINDS)):
            queries.messages(db, state=state, kind=kind, limit=5)
        queries.trace(db, str(uuid7()))
        db.set_trace_callback(None)
        plans = {
            str(row["detail"])
            for sql in set(said)
            if "outbox" in sql
            for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")
        }
    scans = {plan for plan in plans if plan.startswith("SCAN")}
    small = {"outbox_counts", "outbox_targets", "json_each", "CONSTANT", "(subquery"}
    led = {"SCAN outbox"}  # newest first, by number, and only so many
    assert {scan for scan in scans if not any(word in scan for word in small)} <= led | {
        scan for scan in scans if "outbox_erased" in scan
    }
    assert any("outbox_next" in plan for plan in plans)


@pytest.mark.soak
def test_looks_are_quick_with_a_hundred_thousand_waiting(store: Store) -> None:
    """Medians of some; a machine that is busy may take three times what was measured."""

    def job(db: Any) -> None:
        for number in range(100_000):
            kind = ("event", "verdict", "item", "picture")[number % 4]
            known = f"{number:08x}-0000-7000-8000-000000000000"
            db.execute(
                "INSERT INTO outbox (message_id, tracking_id, kind, camera_id, body, bytes, written_at, boot_id) "
                "VALUES (?, ?, ?, 'gate', ?, 400, ?, 'boot')",
                (str(uuid7()), known, kind, json.dumps({"fill": "x" * 300}), utc_text(NOW + timedelta(seconds=number))),
            )
            for target in ("cloud", "lake"):
                db.execute(
                    "INSERT INTO outbox_deliveries (outbox_id, target, kind, priority, bytes) VALUES (?, ?, ?, ?, 400)",
                    (number + 1, target, kind, PRIORITY[kind]),  # type: ignore[index]  # kinds
                )

    store.write(job).result(300)
    settings = settings_of("cloud", "lake")
    looks: dict[str, tuple[float, Callable[[sqlite3.Connection], object]]] = {
        "status": (5, lambda db: queries.status(db, settings)),
        "messages": (10, queries.messages),
        "pictures": (10, lambda db: queries.messages(db, target="lake", kind="picture", before=50_000)),
        "trace": (20, lambda db: queries.trace(db, "0000c350")),
    }
    for name, (most_ms, look) in looks.items():
        took = []
        for _again in range(9):
            with store.read() as db:
                begun = time.perf_counter()
                assert look(db)
                took.append((time.perf_counter() - begun) * 1000)
        assert statistics.median(took) < 3 * most_ms, (name, took)
