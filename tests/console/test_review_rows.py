"""Rows of review items: what goes in comes out, pictures are held, what triage lets go is counted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.health.kept import pictures as kept_finding
from console.health.kept import review as review_finding
from console.privacy.retention import tidy
from console.review import queries
from console.review.items import Box
from console.review.rows import drop, insert, link, say_why
from console.settings.home import Home
from console.settings.schema import Settings
from console.store import pictures
from console.store.holds import GOLD, REVIEW, hold, release
from console.store.store import Store
from tests.console.review_queue import NOON, fill, holds, later, new_item, picture_row, with_pictures


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Home.open(tmp_path) as home, Store.open(home) as opened:
        yield opened


def change(store: Store) -> int:
    with store.read() as db:
        return queries.change(db)


def test_what_goes_in_comes_out(store: Store) -> None:
    other = Box((0.123, 1, 2, 3.456), "Ampel ü", None, None)
    asked = replace(new_item(), boxes=(new_item().boxes[0], other), why={"low": 0.3, "weakened": ["faces"]})
    number, _whole, _crop = with_pictures(store, asked)
    with store.read() as db:
        found = queries.item(db, number)
        assert found is not None
        assert queries.by_tracking_id(db, asked.tracking_id) == found
        assert queries.item(db, number + 1) is None
        assert queries.by_tracking_id(db, "") is None
    assert (found.tracking_id, found.camera_id, found.camera_name) == (asked.tracking_id, "gate", "Name of gate")
    assert (found.box, found.score, found.track, found.label) == (asked.box, 0.4, 7, "person")
    assert found.boxes == (asked.boxes[0], Box((0.12, 1, 2, 3.46), "Ampel ü", None, None))
    assert (found.why, found.ran, found.size, found.taken_at) == (asked.why, asked.ran, (640, 480), NOON)
    assert (found.state, found.verdict, found.picture_size, found.picture_why) == ("open", None, (640, 480), "")
    assert str(found.picture).startswith("pictures/")
    assert found.crop not in (None, found.picture)


def test_a_whole_picture_has_no_box(store: Store) -> None:
    (number,) = fill(store, [new_item(score=None, reason="missed")])
    with store.read() as db:
        found = queries.item(db, number)
    assert found is not None
    assert (found.box, found.label, found.score, found.picture, found.picture_why) == (None, "", None, None, "none")


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "random"},
        {"reason": "doubt", "probability": 0.5},
        {"reason": "random", "probability": 0.0},
        {"reason": "random", "probability": 1.5},
    ],
)
def test_a_random_item_says_how_probable_it_was_and_no_other_does(store: Store, wrong: dict[str, Any]) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        fill(store, [new_item(**wrong)])


def test_a_tracking_id_is_there_once(store: Store) -> None:
    item = new_item()
    fill(store, [item])
    with pytest.raises(sqlite3.IntegrityError):
        fill(store, [item])


def test_pictures_are_held_from_the_first_moment_and_when_linked_later(store: Store) -> None:
    _number, whole, crop = with_pictures(store, new_item())
    assert holds(store) == [(whole, REVIEW), (crop, REVIEW)]

    def later_on(db: Any) -> tuple[int, bool, int]:
        number = insert(db, new_item(), store.boot_id, picture=None, crop=None)
        rows = [pictures.insert(db, picture_row(store, name)) for name in ("a", "b")]
        paths = [f"pictures/2026-03-04/{name}.jpg" for name in ("a", "b")]
        return number, link(db, number, *paths), rows[0]

    number, linked, row = store.write(later_on).result(10)
    assert linked
    assert (row, REVIEW) in holds(store)
    assert len(holds(store)) == 4
    with store.read() as db:
        found = queries.item(db, number)
    assert found is not None
    assert str(found.picture).endswith("a.jpg")
    assert str(found.crop).endswith("b.jpg")


def test_pictures_of_an_item_that_is_gone_go_too_unless_another_has_them(store: Store) -> None:
    _number, _whole, _crop = with_pictures(store, new_item())

    def job(db: Any) -> bool:
        pictures.insert(db, picture_row(store, "late"))
        return link(db, 99, "pictures/2026-03-04/late.jpg")

    assert not store.write(job).result(10)
    with store.read() as db:
        shared = db.execute("SELECT path FROM pictures WHERE id = ?", (_whole,)).fetchone()[0]
    assert not store.write(lambda db: link(db, 99, shared)).result(10)
    with store.read() as db:
        assert {row[0] for row in db.execute("SELECT id FROM pictures")} == {_whole, _crop}


def test_why_there_is_no_picture_is_said_only_where_there_is_none(store: Store) -> None:
    with_one, _whole, _crop = with_pictures(store, new_item())
    (without,) = fill(store, [new_item()])
    before = change(store)

    def say(db: Any) -> None:
        for number in (with_one, without):
            say_why(db, number, "dark")

    store.write(say).result(10)
    assert change(store) > before
    with store.read() as db:
        why = [getattr(queries.item(db, number), "picture_why", None) for number in (with_one, without)]
    assert why == ["", "dark"]


def test_what_was_let_go_is_counted_by_the_hour(store: Store) -> None:
    def job(db: Any) -> None:
        for minute in (1, 59, 61):
            drop(db, "gate", "person", "duplicate", later(minute))
        drop(db, "gate", "person", "budget", later(1))

    before = change(store)
    store.write(job).result(10)
    with store.read() as db:
        rows = [tuple(row) for row in db.execute("SELECT why, hour, number FROM review_dropped ORDER BY why, hour")]
    assert rows == [
        ("budget", "2026-03-04T12", 1),
        ("duplicate", "2026-03-04T12", 2),
        ("duplicate", "2026-03-04T13", 1),
    ]
    assert change(store) == before


def test_retention_leaves_what_waits_and_gold_and_an_item_says_when_its_picture_went(store: Store) -> None:
    settings = Settings.model_validate({"cameras": [{"id": "gate", "source": "synthetic:street"}], "keep": {"days": 5}})
    month = datetime.now(UTC) + timedelta(days=30)
    ids = [with_pictures(store, new_item()) for _n in range(3)]
    (waits, _w, _c), (gold, gold_picture, gold_crop), (done, picture, crop) = ids

    def decided(db: Any) -> None:
        hold(db, GOLD, pictures=[gold_picture])
        release(db, REVIEW, pictures=[gold_picture, gold_crop, picture, crop])

    store.write(decided).result(10)
    before = change(store)
    assert tidy(Home.look(store.path.parent), store, settings, now=month).pictures == 3
    with store.read() as db:
        found = {number: queries.item(db, number) for number in (waits, gold, done)}
    assert all(found[number].picture is not None for number in (waits, gold))  # type: ignore[union-attr]
    assert found[gold].crop is None  # type: ignore[union-attr]
    assert found[done].picture is None  # type: ignore[union-attr]
    assert "5 days" in found[done].picture_why  # type: ignore[union-attr]
    assert change(store) > before


def test_doctor_says_what_waits_and_what_contradicts_itself(store: Store) -> None:
    home = Home.look(store.path.parent)
    ids = [with_pictures(store, new_item())[0] for _n in range(3)]
    assert [finding.what for finding in review_finding(home)] == ["3 items wait for a verdict."]

    def spoil(db: Any) -> None:
        db.execute("UPDATE review_items SET state = 'done' WHERE id = ?", (ids[0],))
        db.execute("DELETE FROM holds WHERE picture_id = (SELECT picture_id FROM review_items WHERE id = ?)", (ids[1],))

    store.write(spoil).result(10)
    said = [finding.what for finding in review_finding(home)]
    assert len(said) == 2
    assert f"decided without a verdict (number {ids[0]})" in said[0]
    assert f"nothing holds until it is judged (number {ids[1]})" in said[1]


def test_doctor_finds_no_fault_in_old_pictures_of_gold_sets(store: Store) -> None:
    home = Home.look(store.path.parent)
    _number, whole, crop = with_pictures(store, new_item())

    def old(db: Any, why: str) -> None:
        release(db, REVIEW, pictures=[whole, crop])
        hold(db, why, pictures=[whole])
        db.execute("UPDATE pictures SET written_at = '2020-01-01T00:00:00.000000+00:00'")

    store.write(lambda db: old(db, GOLD)).result(10)
    assert [finding for finding in kept_finding(home) if finding.hint] == []
    store.write(lambda db: old(db, REVIEW)).result(10)
    (finding,) = (finding for finding in kept_finding(home) if finding.hint)
    assert "for review" in finding.what
