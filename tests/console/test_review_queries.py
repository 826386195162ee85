"""Pages, counts and neighbours of the review queue: right for every filter and order, and led by an index."""

from __future__ import annotations

import itertools
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, timedelta
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.review import queries
from console.review.items import Item, Reason
from console.review.queries import STATES, Order, ReviewFilter
from console.settings.home import Home
from console.store.store import Store
from tests.console.review_queue import NOON, fill, later, new_item

ORDERS: tuple[Order, ...] = get_args(Order)
CAMERAS, LABELS, PEOPLE = ("gate", "yard"), ("car", "person", "truck"), ("", "Ann", "Bob")
REASONS = [reason for reason in get_args(Reason) if reason != "random"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """300 items of every kind."""
    chance = random.Random(6)
    with Home.open(tmp_path_factory.mktemp("home")) as home, Store.open(home) as opened:
        fill(opened, [some_item(chance, number) for number in range(300)])
        opened.write(partial(scatter, chance=chance)).result(10)
        yield opened


def some_item(chance: random.Random, number: int) -> Any:
    reason = chance.choice(REASONS)
    score = None if chance.random() < 0.1 else chance.choice((0.3, 0.4, chance.random()))
    at = later(number + chance.choice((0, 0, -200)))  # a clock that was set back now and then
    return new_item(
        chance.choice(CAMERAS), chance.choice(LABELS), score, reason=reason, track=chance.randrange(20), at=at
    )


def scatter(db: Any, chance: random.Random) -> None:
    """Let items stand so and so, by verdicts of these people."""
    boot = db.execute("SELECT boot_id FROM boot").fetchone()[0]
    for (number,) in db.execute("SELECT id FROM review_items").fetchall():
        state = chance.choice(STATES)
        who = chance.choice(PEOPLE[1:])
        if state != "open":
            verdict = db.execute(
                "INSERT INTO verdicts (key, item_id, kind, who, role, decided_at, seconds, boot_id, before) "
                "VALUES (?, ?, 'reject', ?, 'first', '2026-03-04T12:00:00.000000+00:00', 1, ?, 'open')",
                (f"{number:036}", number, who, boot),
            ).lastrowid
            db.execute(
                "UPDATE review_items SET state = ?, verdict_id = ?, judged_by = ? WHERE id = ?",
                (state, verdict, who, number),
            )


FILTERS = st.builds(
    ReviewFilter,
    camera_id=st.sampled_from(("", *CAMERAS, "nowhere")),
    label=st.sampled_from(("", *LABELS, "cat")),
    reason=st.sampled_from(("", *REASONS)),
    states=st.lists(st.sampled_from(STATES), unique=True, max_size=5).map(tuple),
    low=st.none() | st.sampled_from((0.0, 0.3, 0.35, 0.9)),
    high=st.none() | st.sampled_from((0.0, 0.4, 0.401, 1.1)),
    who=st.sampled_from(PEOPLE),
    since=st.none() | st.integers(-10, 310).map(later),
    until=st.none() | st.integers(-10, 310).map(lambda n: later(n).astimezone()),
)


def fits(item: Item, wanted: ReviewFilter) -> bool:
    """The filter, written once more."""
    named = ((wanted.camera_id, item.camera_id), (wanted.label, item.label), (wanted.reason, item.reason))
    if any(want and want != has for want, has in named) or (wanted.states and item.state not in wanted.states):
        return False
    if wanted.who and (item.verdict is None or item.verdict.who != wanted.who):
        return False
    if wanted.low is not None and (item.score is None or item.score < wanted.low):
        return False
    if wanted.high is not None and (item.score is None or item.score >= wanted.high):
        return False
    return (wanted.since is None or item.taken_at >= wanted.since) and (
        wanted.until is None or item.taken_at <= wanted.until
    )


KEYS: dict[Order, Callable[[Item], tuple[float, ...]]] = {
    "oldest": lambda item: (item.id,),
    "newest": lambda item: (-item.id,),
    "doubtful": lambda item: (-1 if item.score is None else item.score, item.id),
    "sure": lambda item: (1 if item.score is None else -item.score, -item.id),
}


@settings(max_examples=70, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=FILTERS, order=st.sampled_from(ORDERS), limit=st.integers(1, 40))
def test_pages_put_together_are_all_that_fits_in_its_order(
    store: Store, wanted: ReviewFilter, order: Order, limit: int
) -> None:
    with store.read() as db:
        everything = [queries.item(db, number) for number in range(1, 301)]
        expected = [item.id for item in sorted((i for i in everything if i and fits(i, wanted)), key=KEYS[order])]
        assert queries.count(db, wanted) == len(expected)
        forth: list[Item] = []
        while page := queries.page(
            db, wanted, order, after=queries.place_of(forth[-1], order) if forth else None, limit=limit
        ):
            assert len(page) <= limit
            forth += page
        assert [item.id for item in forth] == expected
        back: list[Item] = forth[-1:]
        while (
            page := queries.page(db, wanted, order, before=queries.place_of(back[0], order), limit=limit)
            if back
            else []
        ):
            back = page + back
        assert [item.id for item in back] == expected


def test_a_place_stays_where_its_item_was(store: Store) -> None:
    """An item that is judged leaves the page; the next page begins after it all the same."""
    with store.read() as db:
        first = queries.page(db, order="doubtful", limit=10)
        gone = replace(first[-1], state="done")
        rest = queries.page(db, order="doubtful", after=queries.place_of(gone, "doubtful"), limit=10)
        assert [item.id for item in first + rest] == [i.id for i in queries.page(db, order="doubtful", limit=20)]


def test_a_filter_is_kept_as_json() -> None:
    whole = ReviewFilter("gate", "car", "doubt", ("open", "skipped"), 0.2, 0.5, "Ann", NOON, NOON + timedelta(hours=1))
    for wanted in (whole, ReviewFilter(), ReviewFilter(states=()), ReviewFilter(low=0.0)):
        assert ReviewFilter.of_json(wanted.as_json()) == wanted
    assert ReviewFilter.of_json({}) == ReviewFilter()
    assert ReviewFilter.of_json({"states": ["open", "burnt"], "colour": 3}) == ReviewFilter()
    assert ReviewFilter.of_json({"since": "2026-03-04T13:00:00+01:00"}).since == NOON.astimezone(UTC)


def test_labels_cameras_and_what_they_are_called(store: Store) -> None:
    with store.read() as db:
        assert queries.labels(db) == list(LABELS)
        assert queries.cameras(db) == list(CAMERAS)
        assert queries.camera_names(db) == {"gate": "Name of gate", "yard": "Name of yard"}


def test_counting_ends(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "COUNTED", 7)
    with store.read() as db:
        assert queries.count(db, ReviewFilter(states=())) == 7


def test_neighbours_are_the_nearest_of_the_same_track_camera_and_run(tmp_path: Path) -> None:
    with Home.open(tmp_path) as home:
        with Store.open(home) as store:
            minutes = [5, 1, 4, 2, 3, 6]
            ids = fill(store, [new_item(track=3, at=later(minute)) for minute in minutes])
            fill(store, [new_item("yard", track=3, at=later(3)), new_item(track=4, at=later(3))])
            (alone,) = fill(store, [new_item(score=None)])
        with Store.open(home) as store:
            fill(store, [new_item(track=3, at=later(3))])
            with store.read() as db:

                def around(number: int) -> list[int]:
                    asked = queries.item(db, number)
                    assert asked is not None
                    return [minutes[ids.index(item.id)] for item in queries.neighbours(db, asked)]

                assert around(ids[4]) == [1, 2, 4, 5]
                assert around(ids[1]) == [2, 3]
                assert around(ids[5]) == [4, 5]
                assert around(alone) == []


def test_what_is_looked_at_does_not_grow_with_the_queue(tmp_path: Path) -> None:
    """SQLite's own steps for a page, of a queue and of one ten times as long."""
    steps: dict[int, dict[str, int]] = {}
    for size in (600, 6000):
        with Home.open(tmp_path / str(size)) as home, Store.open(home) as store:
            chance = random.Random(1)
            fill(store, [some_item(chance, number) for number in range(size)])
            store.write(partial(scatter, chance=chance)).result(10)
        with closing(sqlite3.connect(home.database)) as db:
            db.row_factory = sqlite3.Row
            steps[size] = dict(costs(db))
    worse = {name: (few, steps[6000][name]) for name, few in steps[600].items() if steps[6000][name] > 1.5 * few + 20}
    assert worse == {}


def costs(db: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    filters = {
        "open": ReviewFilter(),
        "two states": ReviewFilter(states=("open", "skipped")),
        "all": ReviewFilter(states=()),
        "camera": ReviewFilter("gate"),
        "label": ReviewFilter(label="car"),
        "reason": ReviewFilter(reason="flicker"),
        "camera and label": ReviewFilter("gate", "car"),
        "high": ReviewFilter("gate", low=0.3),
        "a name": ReviewFilter(who="Ann", states=("done",)),
    }
    count = 0

    def step() -> None:
        nonlocal count
        count += 1

    db.set_progress_handler(step, 50)
    for (name, wanted), order in itertools.product(filters.items(), ORDERS):
        if wanted.who and order in ("doubtful", "sure"):
            continue  # sorted within the index, so that it need not be kept in two orders
        if wanted.low is not None and order in ("oldest", "newest"):
            continue  # counted first, up to its cap, to choose the index
        (first, *_rest) = queries.page(db, wanted, order, limit=8)
        for way in ("first", "after"):
            count = 0
            queries.page(db, wanted, order, after=queries.place_of(first, order) if way == "after" else None, limit=8)
            yield f"{name}, {order}, {way}", count
