"""Rows of the outbox: counts and holds are right after whatever happens, and a job that fails leaves nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uuid_utils import uuid7

from console.events.rows import NewEvent, insert
from console.settings.home import Home
from console.store import pictures, sealed
from console.store.outbox import (
    QUOTA_KEY,
    Kind,
    Message,
    State,
    change,
    forget,
    full,
    let_go,
    put,
    targets_of,
    waiting_bytes,
    withdraw,
)
from console.store.removal import remove
from console.store.store import Store
from tests.console.outbox_cases import contradictions, deliver, execute, in_memory, messages, wanted

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
TARGETS = ("cloud", "bucket", "broker")


@pytest.fixture
def store(own_home: Path) -> Iterator[Store]:
    with Home.open(own_home) as home, Store.open(home) as opened:
        yield opened


def picture(db: Any, name: str, size: int = 100) -> int:
    row = pictures.PictureRow(
        PurePosixPath(f"pictures/{name}.jpg"), "0" * 64, 8, 6, "gate", NOON, "boot", "cover", "{}", "test", size
    )
    return pictures.insert(db, row)


def crop(db: Any, name: str, event: int) -> int:
    row = sealed.SealedRow(PurePosixPath(f"pictures/{name}.sealed"), "0" * 64, "gate", NOON, event, "k", "test", 50)
    return sealed.insert(db, row)


class Outbox:
    """An outbox with some events, their pictures and sealed crops, to which things happen."""

    def __init__(self) -> None:
        self.db = in_memory()
        self.names: dict[int, str] = {}
        self.files: dict[int, tuple[int, int]] = {}
        for n in range(4):
            event = NewEvent("gate", "Gate", "person", n, "r", "none", 0.5, (1, 2, 3, 4), (8, 6), NOON)
            (number,) = insert(cast("Any", self.db), [(event, "")], "boot")
            whole = picture(self.db, f"p{n}")
            self.db.execute("UPDATE events SET picture_id = ? WHERE id = ?", (whole, number))
            self.names[number] = self.db.execute("SELECT tracking_id FROM events WHERE id = ?", (number,)).fetchone()[0]
            self.files[number] = whole, crop(self.db, f"s{n}", number)

    def put(self, event: int, kind: Kind, targets: list[str]) -> None:
        if event in self.names:
            whole, sealed_crop = self.files[event]
            message = Message(
                kind, self.names[event], "gate", {"a": "ä"},
                picture_id=whole if kind == "picture" else None,
                sealed_id=sealed_crop if kind == "sealed" else None,
                file_bytes={"picture": 100, "sealed": 50}.get(kind, 0),
            )  # fmt: skip
            put(cast("Any", self.db), message, "boot", targets=targets)

    def change(self, target: str, number: int, state: State) -> None:
        change(cast("Any", self.db), target, [number, number + 7], state, "why")

    def sent(self, target: str, number: int) -> None:
        sql = (
            "UPDATE outbox_deliveries SET state = 'sent', sent_at = '' "
            "WHERE target = ? AND outbox_id = ? AND state <> 'sent'"
        )
        self.db.execute(sql, (target, number))
        let_go(self.db, [number])

    def drop(self, target: str) -> None:
        """As for a target that is gone."""
        rows = self.db.execute("SELECT outbox_id FROM outbox_deliveries WHERE target = ?", (target,)).fetchall()
        self.db.execute("DELETE FROM outbox_deliveries WHERE target = ?", (target,))
        let_go(self.db, [row[0] for row in rows])
        self.db.execute("DELETE FROM outbox WHERE id NOT IN (SELECT outbox_id FROM outbox_deliveries)")

    def erase(self, event: int) -> None:
        if event in self.names:
            whole, sealed_crop = self.files[event]
            remove(self.db, events=[event], pictures=[whole], sealed=[sealed_crop], release=True)
            name = self.names.pop(event)
            assert self.db.execute("SELECT count(*) FROM outbox WHERE tracking_id = ?", (name,)).fetchone()[0] == 0

    def quota(self, limit: int) -> None:
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (QUOTA_KEY, str(limit)))


EVENT, NUMBER = st.integers(1, 4), st.integers(1, 12)
TARGET = st.sampled_from(TARGETS)
STEPS: st.SearchStrategy[Callable[[Outbox], None]] = st.one_of(
    st.builds(
        lambda event, kind, targets: lambda box: box.put(event, kind, targets),
        EVENT,
        st.sampled_from(("event", "picture", "sealed", "picture")),
        st.lists(TARGET, unique=True, max_size=3),
    ),
    st.builds(
        lambda target, number, state: lambda box: box.change(target, number, state),
        TARGET,
        NUMBER,
        st.sampled_from(("waiting", "later", "refused")),
    ),
    st.builds(lambda target, number: lambda box: box.sent(target, number), TARGET, NUMBER),
    st.builds(lambda target: lambda box: box.drop(target), TARGET),
    st.builds(lambda event: lambda box: box.erase(event), EVENT),
    st.builds(lambda limit: lambda box: box.quota(limit), st.integers(0, 600)),
)


@settings(max_examples=120, deadline=None)
@given(steps=st.lists(STEPS, max_size=25))
def test_counts_and_holds_are_what_is_there_whatever_happens(steps: list[Callable[[Outbox], None]]) -> None:
    box = Outbox()
    for step in steps:
        step(box)
        assert contradictions(box.db) == []
    box.db.close()


def test_a_job_that_fails_leaves_neither_row_nor_message(store: Store) -> None:
    wanted(store, "cloud")

    def job(db: Any) -> None:
        number = pictures.insert(db, pictures.PictureRow(
            PurePosixPath("pictures/a.jpg"), "0" * 64, 8, 6, "gate", NOON, store.boot_id, "cover", "{}", "x", 9
        ))  # fmt: skip
        put(db, Message("picture", str(uuid7()), "gate", picture_id=number), store.boot_id, route="event picture")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.write(job).result(10)
    with store.read() as db:
        for table in ("outbox", "outbox_deliveries", "outbox_counts", "holds", "pictures"):
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0, table


def test_half_a_letter_keeps_nothing_from_leaving(store: Store) -> None:
    """Who wrote a file that was imported may have written anything, and it is among an item's whys."""
    message = Message("item", str(uuid7()), "gate", {"why": {"note": json.loads('"a\\ud800z"')}})
    store.write(lambda db: put(db, message, "boot", targets=["cloud"])).result(10)
    assert messages(store)[0]["body"] == {"why": {"note": "a?z"}}
    with store.read() as db:
        assert contradictions(db) == []


def test_over_the_quota_files_wait_aside_unheld_and_words_always_wait() -> None:
    box = Outbox()
    box.quota(120)
    box.put(1, "picture", ["cloud"])
    box.put(2, "picture", ["cloud"])
    box.put(2, "sealed", ["cloud"])
    words: tuple[Kind, ...] = ("event", "verdict", "item")
    for kind in words:
        box.put(2, kind, ["cloud"])
    rows = box.db.execute("SELECT kind, state FROM outbox_deliveries ORDER BY outbox_id").fetchall()
    assert rows == [
        ("picture", "waiting"), ("picture", "later"), ("sealed", "later"), ("event", "waiting"), ("verdict", "waiting"),
        ("item", "waiting"),
    ]  # fmt: skip
    held = box.db.execute("SELECT picture_id, sealed_id FROM holds WHERE why = 'sync'").fetchall()
    assert held == [(box.files[1][0], None)]
    assert full(box.db, 1)
    assert waiting_bytes(box.db) > 120  # words are not held back
    change(cast("Any", box.db), "cloud", [2, 3], "waiting")
    assert contradictions(box.db) == []


def test_without_a_quota_nothing_is_full() -> None:
    box = Outbox()
    assert not full(box.db, 10**15)


def test_a_camera_named_in_a_route_goes_by_that_row_alone(store: Store) -> None:
    wanted(store, "cloud", "bucket", ways=["event"])
    wanted(store, "yard-only", ways=["event"], camera="yard")
    execute(store, "INSERT INTO outbox_routes VALUES ('cloud', 'event', 'yard', 0)")
    with store.read() as db:
        assert targets_of(db, "event", "gate") == ["bucket", "cloud"]
        assert targets_of(db, "event", "yard") == ["bucket", "yard-only"]
        assert targets_of(db, "item", "yard") == []


def test_a_file_goes_to_a_target_once_whatever_the_way() -> None:
    box = Outbox()
    box.put(1, "picture", ["cloud"])
    box.put(1, "picture", ["cloud", "bucket"])
    rows = box.db.execute("SELECT outbox_id, target FROM outbox_deliveries ORDER BY 1").fetchall()
    assert rows == [(1, "cloud"), (2, "bucket")]


def test_a_picture_without_a_way_is_refused() -> None:
    box = Outbox()
    with pytest.raises(ValueError, match="route"):
        put(box.db, Message("picture", str(uuid7()), "gate", picture_id=1), "boot")


def test_putting_a_file_costs_the_same_beside_thousands_that_wait() -> None:
    """In steps of SQLite's machine, which no other program slows down."""
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    def cost(box: Outbox) -> int:
        nonlocal steps
        steps = 0
        box.db.set_progress_handler(count, 10)
        box.put(1, "picture", ["cloud"])
        box.db.set_progress_handler(None, 0)
        return steps

    empty = cost(Outbox())
    crowded = Outbox()
    for _n in range(3000):
        crowded.put(2, "event", ["cloud"])
    assert cost(crowded) < 2 * empty + 20


def test_a_notice_is_emptied_once_every_target_has_it(store: Store) -> None:
    wanted(store, "cloud", "bucket")
    body = {"tracking_ids": [str(uuid7())]}

    def job(db: Any) -> None:
        put(db, Message("erased", str(uuid7()), "", body), store.boot_id, targets=["cloud", "bucket"])
        put(db, Message("event", str(uuid7()), "gate", {"label": "dog"}), store.boot_id)

    store.write(job).result(10)
    assert store.write(lambda db: forget(db, [1, 2])).result(10) == 0
    deliver(store, "cloud")
    assert [one["body"] for one in messages(store)] == [body, {"label": "dog"}]
    deliver(store, "bucket")
    assert [one["body"] for one in messages(store)] == [{}, {"label": "dog"}]


def test_what_a_newer_message_says_too_is_withdrawn_unless_it_was_tried_or_sent() -> None:
    box = Outbox()
    for _n in range(3):
        box.put(1, "event", ["cloud", "bucket"])
    box.sent("cloud", 1)
    box.db.execute("UPDATE outbox_deliveries SET attempts = 1 WHERE target = 'bucket' AND outbox_id = 2")
    assert [withdraw(box.db, number) for number in (1, 2, 3, 99)] == [1, 1, 2, 0]
    assert box.db.execute("SELECT outbox_id, target FROM outbox_deliveries ORDER BY 1, 2").fetchall() == [
        (1, "cloud"),
        (2, "bucket"),
    ]
    assert contradictions(box.db) == []


def test_a_body_that_is_no_json_can_not_be_stored() -> None:
    box = Outbox()
    with pytest.raises(sqlite3.IntegrityError):
        box.db.execute(
            "INSERT INTO outbox (message_id, tracking_id, kind, camera_id, body, bytes, written_at, boot_id) "
            "VALUES (?, ?, 'event', '', 'no', 0, '', '')",
            (str(uuid7()), str(uuid7())),
        )
