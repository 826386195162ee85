"""Looking at events, acknowledging them, and how long they are kept."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from console.errors import UsageError
from console.events import queries
from console.events.queries import EventFilter
from console.events.retention import AT_ONCE, mend, remove_some
from console.events.rows import NewEvent, acknowledge, insert, link
from console.privacy.writer import PictureWriter
from console.settings.home import Home
from console.settings.schema import EventSettings
from console.store.store import Store
from models.coverage import Findings, cover
from models.detections import Detections
from models.frames import ArrayPicture
from models.policy import Cover
from models.redaction import redact

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ONE = NewEvent("gate", "Gate", "person", 1, "people", "none", 0.9, (1, 2, 3, 4), (160, 120), NOW)


@pytest.fixture
def home(own_home: Path) -> Iterator[Home]:
    with Home.open(own_home) as opened:
        yield opened


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


def put(store: Store, *events: NewEvent, now: datetime = NOW) -> list[int]:
    return store.write(lambda db: insert(db, [(event, "") for event in events], store.boot_id, now)).result(10)


def picture(home: Home, store: Store, event_id: int) -> Path:
    policy = Cover(faces=False, heads="never", plates="no", classes=("person",), purpose=f"event {event_id}: a test")
    coverage = cover(policy, (9, 9), Detections.empty(), ("person",), (), Findings.NOTHING_ASKED)
    made = redact(ArrayPicture(np.zeros((9, 9, 3), np.uint8)), coverage)
    return PictureWriter(home, store).write(made, camera_id="gate", taken_at=NOW).path


def ids(store: Store, wanted: EventFilter = queries.EVERYTHING, **more: int) -> list[int]:
    with store.read() as db:
        return [event.id for event in queries.page(db, wanted, **more)]


def test_pages_go_from_the_newest_back_and_filters_hold_on_each(store: Store) -> None:
    put(store, *(replace(ONE, track=n, label=("person", "car")[n % 2], camera_id=f"c{n % 3}") for n in range(30)))
    assert ids(store, limit=3) == [30, 29, 28]
    assert ids(store, before=28, limit=2) == [27, 26]
    assert ids(store, EventFilter(camera_id="c0", label="car"), limit=2) == [28, 22]
    assert ids(store, EventFilter(camera_id="c0", label="car"), before=22) == [16, 10, 4]
    assert ids(store, EventFilter(rule="nobody's")) == []
    with store.read() as db:
        assert queries.count(db, EventFilter(label="car")) == 15
        assert queries.labels(db) == ["car", "person"]
        assert queries.newest(db) == 30
        assert [event.id for event in queries.after(db, 27)] == [28, 29, 30]


def test_an_empty_table_answers_too(store: Store) -> None:
    with store.read() as db:
        assert (queries.page(db), queries.count(db), queries.labels(db), queries.newest(db)) == ([], 0, [], 0)


def test_an_acknowledgement_keeps_who_when_and_in_which_run(store: Store) -> None:
    put(store, ONE, ONE, ONE)
    before = datetime.now(UTC)
    assert acknowledge(store, [1, 3, 99], "  Kim   Lee ").result(10) == 2
    assert acknowledge(store, [1, 2], "Sam").result(10) == 1
    with store.read() as db:
        third, second, first = queries.page(db)
        boots = [row[0] for row in db.execute("SELECT acknowledged_boot FROM events")]
        assert queries.count(db, EventFilter(unacknowledged=True)) == 0
    assert [e.acknowledged_by for e in (first, second, third)] == ["Kim Lee", "Sam", "Kim Lee"]
    assert first.acknowledged_at is not None
    assert before <= first.acknowledged_at <= datetime.now(UTC)
    assert boots == [store.boot_id] * 3


@pytest.mark.parametrize("nobody", ["", "  ", "\n\t"])
def test_nobody_can_acknowledge_nothing(store: Store, nobody: str) -> None:
    put(store, ONE)
    with pytest.raises(UsageError, match="Nobody is named"):
        acknowledge(store, [1], nobody)
    with pytest.raises(sqlite3.IntegrityError):  # not past that function either
        store.write(lambda db: db.execute("UPDATE events SET acknowledged_by = 'Kim'") and None).result(10)


def test_thousands_are_acknowledged_in_one_transaction(store: Store) -> None:
    numbers = put(store, *[ONE] * 2500)
    assert acknowledge(store, numbers, "Kim").result(10) == 2500


def test_every_change_is_seen_by_one_number(home: Home, store: Store) -> None:
    def number() -> int:
        with store.read() as db:
            return queries.change(db)

    seen = [number()]
    put(store, ONE)
    seen.append(number())
    path = picture(home, store, 1).relative_to(home.path).as_posix()
    store.write(lambda db: link(db, 1, path)).result(10)
    seen.append(number())
    acknowledge(store, [1], "Kim").result(10)
    seen.append(number())
    remove_some(store, home.path, EventSettings(), NOW + timedelta(days=60))
    seen.append(number())
    assert seen == sorted(set(seen))


def test_old_events_go_with_their_pictures_and_their_ids_never_come_again(home: Home, store: Store) -> None:
    put(store, replace(ONE, seen_at=NOW + timedelta(days=9999)))  # by the camera's clock
    put(store, ONE, now=NOW + timedelta(days=10))
    files = []
    for event_id in (1, 2):
        files.append(picture(home, store, event_id))
        path = files[-1].relative_to(home.path).as_posix()
        store.write(lambda db, path=path, event_id=event_id: link(db, event_id, path)).result(10)  # type: ignore[misc]
    assert remove_some(store, home.path, EventSettings(), NOW + timedelta(days=35)) == 1
    assert remove_some(store, home.path, EventSettings(), NOW + timedelta(days=35)) == 0
    assert [file.exists() for file in files] == [False, True]
    with store.read() as db:
        assert db.execute("SELECT count(*) FROM pictures").fetchone()[0] == 1
    remove_some(store, home.path, EventSettings(), NOW + timedelta(days=90))
    assert put(store, ONE) == [3]


def test_more_than_are_kept_go_from_the_oldest_and_in_portions(home: Home, store: Store) -> None:
    put(store, *[ONE] * (1000 + AT_ONCE + 20))
    keep = EventSettings(keep_events=1000)
    assert [remove_some(store, home.path, keep, NOW) for _ in range(3)] == [AT_ONCE, 20, 0]
    assert ids(store, limit=5000)[-1] == AT_ONCE + 21


@pytest.mark.parametrize(
    ("days", "left"),
    [
        ([0, 1, -5000, 2], [0, 1, -5000, 2]),  # the clock was at its factory setting for a moment
        ([-40, -39, -5000, 0], [0]),
        ([-40, 4000, -39, 0], [0]),  # one of the future between old ones goes with them
        ([4000, 0, 1], [4000, 0, 1]),
        ([-40, 4000], [4000]),
    ],
)
def test_a_clock_that_was_wrong_makes_no_young_event_go(
    home: Home, store: Store, days: list[int], left: list[int]
) -> None:
    for number, day in enumerate(days):
        put(store, replace(ONE, track=number), now=NOW + timedelta(days=day))
    remove_some(store, home.path, EventSettings(), NOW + timedelta(days=1))
    with store.read() as db:
        assert [days[event.track] for event in reversed(queries.page(db))] == left


def test_events_a_crash_cut_off_are_mended_by_the_next_run(home: Home) -> None:
    with Store.open(home) as store:
        put(store, ONE, ONE, replace(ONE, camera_id="yard"))
        path = picture(home, store, 2)
    with Store.open(home) as store:
        put(store, ONE)
        assert mend(store) == 3
        assert mend(store) == 0
        with store.read() as db:
            now, yard, second, first = queries.page(db)
    assert (now.picture, now.picture_why) == (None, "")
    assert second.picture is not None
    assert home.path.joinpath(second.picture) == path
    assert "ended before" in first.picture_why
    assert "ended before" in yard.picture_why


def test_every_look_of_the_list_is_led_by_an_index(store: Store) -> None:
    """A plan that scans the table, or sorts, would grow with every night."""
    put(store, *[ONE] * 50)
    filters = [
        EventFilter(camera, label, rule, unacknowledged)
        for camera in ("", "gate")
        for label in ("", "person")
        for rule in ("", "people")
        for unacknowledged in (False, True)
    ]
    with store.read() as db:
        plans: list[str] = []
        db.set_trace_callback(plans.append)
        for wanted in filters:
            queries.page(db, wanted, before=40)
            queries.count(db, wanted)
        db.set_trace_callback(None)
        for sql in plans:
            plan = " / ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}"))
            assert "TEMP B-TREE" not in plan, (sql, plan)
            assert "INDEX" in plan or "PRIMARY KEY" in plan or not re.search("WHERE", sql), (sql, plan)
