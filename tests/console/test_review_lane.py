"""The verdicts' lane: undo, bulks, and that nothing is lost while the disk refuses."""

from __future__ import annotations

import itertools
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from uuid_utils import uuid7

from console.errors import StoreError, UsageError
from console.review import queries
from console.review.items import Box, VerdictKind
from console.review.queries import ReviewFilter
from console.review.verdicts import Decision, Outcome
from console.settings.home import Home
from console.store import writer as store_writer
from console.store.holds import GOLD, REVIEW, hold
from console.store.store import Store
from tests.console.judging import Desk
from tests.console.review_queue import contradictions, fill, holds, new_item, states, with_pictures

KINDS: tuple[VerdictKind, ...] = ("accept", "reject")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Home.open(tmp_path) as home, Store.open(home) as opened:
        yield opened
        if opened.path.is_file() and os.access(opened.path, os.W_OK):
            with opened.read() as db:
                assert contradictions(db) == []


@pytest.fixture
def desk(store: Store) -> Iterator[Desk]:
    desk = Desk(store)
    yield desk
    desk.lane.close()


@pytest.fixture
def strict(store: Store) -> Iterator[Desk]:
    """Every item is looked at twice."""
    desk = Desk(store, share=1.0)
    yield desk
    desk.lane.close()


# Undo


def test_undo_takes_the_last_one_back(strict: Desk) -> None:
    (number,) = fill(strict.store, [new_item()])
    keys = [str(uuid7()) for _n in range(3)]
    strict.say(number, "skip", key=keys[0])
    strict.say(number, key=keys[1])
    strict.say(number, "reject", who="Bob", key=keys[2])
    assert strict.lane.take_back([keys[1]], "Ann").result(10) == 0, "Bob's rests upon it"
    assert strict.lane.take_back([keys[2]], "Ann").result(10) == 0, "it is Bob's"
    for key, who, state in ((keys[2], "bob", "second"), (keys[1], "Ann", "skipped"), (keys[0], "Ann", "open")):
        assert strict.lane.take_back([key], who).result(10) == 1
        assert strict.item(number).state == state
        assert strict.lane.take_back([key], who).result(10) == 0, "once is enough"
    assert strict.item(number).verdict is None
    with strict.store.read() as db:
        assert all(verdict.taken_back_at for verdict in queries.history(db, number))
    with pytest.raises(UsageError, match="Nobody"):
        strict.lane.take_back(keys, "").result(10)


def test_several_are_undone_from_the_last_to_the_first(desk: Desk) -> None:
    (number,) = fill(desk.store, [new_item()])
    keys = [str(uuid7()) for _n in range(3)]
    for key, kind in zip(keys, (*KINDS, "accept"), strict=True):
        desk.say(number, kind, key=key)
    assert desk.lane.take_back(keys, "Ann").result(10) == 3
    assert desk.item(number).state == "open"


# Holds


def test_pictures_are_held_until_done_and_again_when_that_is_undone(desk: Desk) -> None:
    number, whole, crop = with_pictures(desk.store, new_item())
    desk.store.write(lambda db: hold(db, GOLD, pictures=[whole])).result(10)
    desk.say(number, "skip")
    assert (whole, REVIEW) in holds(desk.store)
    decision = Decision("accept")
    desk.lane.decide(number, decision, who="Ann").result(10)
    assert holds(desk.store) == [(whole, GOLD)]
    desk.lane.take_back([decision.key], "Ann").result(10)
    assert holds(desk.store) == [(whole, GOLD), (whole, REVIEW), (crop, REVIEW)]


def test_a_picture_of_two_items_is_held_until_both_are_done(desk: Desk) -> None:
    one, whole, _crop = with_pictures(desk.store, new_item())
    other, _whole, _crop = with_pictures(desk.store, new_item(), shared=whole)
    desk.say(one)
    assert (whole, REVIEW) in holds(desk.store)
    desk.say(other)
    assert holds(desk.store) == []


# Many at once


def test_a_bulk_is_told_stored_and_undone_as_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.review.verdict_work.AT_ONCE", 40)
    numbers = fill(desk.store, [new_item() for _n in range(100)])
    desk.say(numbers[3], "reject", who="Bob")
    whole = fill(desk.store, [new_item(score=None, reason="missed")])
    told: list[tuple[int, int]] = []
    decision = Decision("accept")
    future = desk.lane.decide_many(
        [*numbers, *whole, 999, *numbers], decision, who="Ann", seconds=10, told=lambda *far: told.append(far)
    )
    assert future.result(10) == 100
    assert told == [(40, 102), (80, 102), (102, 102)]
    with desk.store.read() as db:
        assert queries.count(db, ReviewFilter(who="Ann", states=("done",))) == 100
        assert sum(v.seconds for n in numbers for v in queries.history(db, n) if v.who == "Ann") == pytest.approx(
            10, rel=0.1
        )
    assert desk.lane.take_back([decision.key], "Ann").result(10) == 100
    left = {number: state for number, state in states(desk.store).items() if state != "open"}
    assert left == {numbers[3]: "done"}


def test_a_bulk_is_stopped_between_two_transactions(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.review.verdict_work.AT_ONCE", 10)
    numbers = fill(desk.store, [new_item() for _n in range(50)])
    stop = threading.Event()
    future = desk.lane.decide_many(
        numbers, Decision("accept"), who="Ann", told=lambda done, _of: stop.set() if done >= 20 else None,
        stopped=stop.is_set,
    )  # fmt: skip
    assert future.result(10) == 20


def test_a_single_verdict_goes_before_the_rest_of_a_bulk_and_is_not_overruled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.review.verdict_work.AT_ONCE", 5)
    numbers = fill(desk.store, [new_item() for _n in range(30)])
    said: list[Future[Outcome]] = []

    def told(done: int, _of: int) -> None:
        if done == 5:
            said.append(desk.lane.decide(numbers[20], Decision("reject"), who="Ann"))
        if done == 15:
            assert said[0].done()

    assert desk.lane.decide_many(numbers, Decision("accept"), who="Ann", told=told).result(10) == 29
    verdict = desk.item(numbers[20]).verdict
    assert verdict is not None
    assert verdict.kind == "reject"


def test_undo_of_a_bulk_under_way_ends_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.review.verdict_work.AT_ONCE", 5)
    numbers = fill(desk.store, [new_item() for _n in range(100)])
    decision, undone = Decision("accept"), []

    def told(done: int, _of: int) -> None:
        if done == 15:
            undone.append(desk.lane.take_back([decision.key], "Ann"))

    stored = desk.lane.decide_many(numbers, decision, who="Ann", told=told).result(10)
    assert undone[0].result(10) == stored == 15
    assert set(states(desk.store).values()) == {"open"}


def test_who_listens_to_a_bulk_may_fail(desk: Desk) -> None:
    numbers = fill(desk.store, [new_item() for _n in range(3)])
    with pytest.raises(ZeroDivisionError):
        desk.lane.decide_many(numbers, Decision("accept"), who="Ann", told=lambda _d, _o: 1 / 0).result(10)  # type: ignore[arg-type]
    assert desk.say(numbers[0], "reject").state == "done"


# Trouble


def refuse(monkeypatch: pytest.MonkeyPatch, errors: Iterator[Exception | None]) -> None:
    """Every commit meets the next of these errors, until there are none."""
    real = store_writer.transaction.__wrapped__.__globals__["_commit"]  # type: ignore[attr-defined]

    def commit(connection: sqlite3.Connection) -> None:
        error = next(errors, None)
        if error is not None:
            raise error
        real(connection)

    monkeypatch.setattr("console.store.connect._commit", commit)


def trouble(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(name)
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("name", "words"),
    [("SQLITE_FULL", "full"), ("SQLITE_READONLY", "can't be opened"), ("SQLITE_IOERR_WRITE", "failed")],
)
def test_while_the_disk_refuses_verdicts_wait_and_are_stored_later_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    numbers = fill(desk.store, [new_item() for _n in range(5)])
    good = threading.Event()
    with monkeypatch.context() as patch:
        refuse(patch, iter(lambda: None if good.is_set() else trouble(name), 0))
        futures = [desk.lane.decide(number, Decision("accept"), who="Ann") for number in numbers]
        until = time.monotonic() + 5
        while not desk.lane.problem and time.monotonic() < until:
            time.sleep(0.005)
        assert words in desk.lane.problem
        assert desk.lane.waiting == 5
        assert not any(future.done() for future in futures)
        good.set()
        assert [future.result(10).state for future in futures] == ["done"] * 5
    assert desk.lane.problem == ""
    assert desk.lane.waiting == 0
    with desk.store.read() as db:
        assert db.execute("SELECT count(*) FROM verdicts").fetchone()[0] == 5


def test_a_disk_that_is_really_full_loses_nothing(desk: Desk) -> None:
    """SQLite's own limit of pages stands for the disk's."""
    numbers = fill(desk.store, [new_item() for _n in range(30)])
    many = tuple(Box((n, n, n + 1, n + 1), f"label {n}") for n in range(400))

    def pages(db: Any, more: int) -> None:
        there = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {there + more}")

    desk.store.write(lambda db: pages(db, 20)).result(10)
    futures = [desk.lane.decide(number, Decision("edit", "", many), who="Ann") for number in numbers]
    until = time.monotonic() + 5
    while "full" not in desk.lane.problem and time.monotonic() < until:
        time.sleep(0.005)
    assert "full" in desk.lane.problem
    assert desk.lane.waiting > 0
    desk.store.write(lambda db: pages(db, 10_000)).result(10)
    assert [future.result(10).state for future in futures] == ["done"] * 30
    assert desk.lane.problem == ""


def test_a_commit_that_was_made_though_an_error_came_counts_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as one whose answer was lost: the verdict is tried again, and its key tells."""
    (number,) = fill(desk.store, [new_item()])
    lost = iter([trouble("SQLITE_IOERR")])

    def commit(connection: sqlite3.Connection) -> None:
        connection.execute("COMMIT")
        for error in lost:
            raise error

    monkeypatch.setattr("console.store.connect._commit", commit)
    assert desk.say(number).state == "done"
    with desk.store.read() as db:
        assert len(queries.history(db, number)) == 1


def test_a_full_queue_of_the_writer_refuses_no_verdict(tmp_path: Path) -> None:
    with Home.open(tmp_path / "home") as home, Store.open(home, limit=1) as store:
        numbers = fill(store, [new_item() for _n in range(3)])
        desk, block = Desk(store), threading.Event()
        store.write(lambda _db: block.wait(10))
        time.sleep(0.05)
        store.write(lambda _db: None)
        futures = [desk.lane.decide(number, Decision("accept"), who="Ann") for number in numbers]
        until = time.monotonic() + 5
        while not desk.lane.problem and time.monotonic() < until:
            time.sleep(0.01)
        assert "jobs wait for the database" in desk.lane.problem
        block.set()
        assert [future.result(10).state for future in futures] == ["done"] * 3
        assert desk.lane.close() == 0


def test_closing_stores_what_waits(store: Store) -> None:
    numbers = fill(store, [new_item() for _n in range(300)])
    desk = Desk(store)
    futures = [desk.lane.decide(number, Decision("accept"), who="Ann") for number in numbers]
    assert desk.lane.close() == 0
    assert all(future.result(0).state == "done" for future in futures)
    assert desk.lane.close() == 0
    late = desk.lane.decide(numbers[0], Decision("reject"), who="Ann")
    with pytest.raises(StoreError, match="closed before"):
        late.result(0)


def test_closing_gives_up_after_a_while_and_says_how_many_are_lost(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.review.verdicts._CLOSE_S", 0.2)
    numbers = fill(store, [new_item() for _n in range(10)])
    desk = Desk(store)
    with monkeypatch.context() as patch:
        refuse(patch, itertools.repeat(trouble("SQLITE_FULL")))
        futures = [desk.lane.decide(numbers[0], Decision("accept"), who="Ann")]
        bulk = desk.lane.decide_many(numbers[1:], Decision("accept"), who="Ann")
        assert desk.lane.close() == 10
    for future in (*futures, bulk):
        with pytest.raises(StoreError, match="closed before"):
            future.result(0)  # type: ignore[attr-defined]
    assert set(states(store).values()) == {"open"}


def test_a_closed_store_loses_nothing_without_saying_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.review.verdicts._CLOSE_S", 0.2)
    (number,) = fill(store, [new_item()])
    desk = Desk(store)
    store.close()
    future = desk.lane.decide(number, Decision("accept"), who="Ann")
    until = time.monotonic() + 5
    while not desk.lane.problem and time.monotonic() < until:
        time.sleep(0.005)
    assert "closed" in desk.lane.problem
    assert desk.lane.close() == 1
    with pytest.raises(StoreError):
        future.result(0)
