"""What is erased is gone from the outbox too, whoever may have it is told, and what waits is kept until it is sent."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from uuid_utils import uuid7

from console.errors import UsageError
from console.events.retention import remove_some
from console.privacy.erasing import erasure, rows
from console.privacy.erasing.known import known_tracking_ids
from console.privacy.erasing.report import Report
from console.privacy.erasing.scope import Scope
from console.privacy.retention import tidy
from console.privacy.sealed_writer import sealed_body
from console.settings.home import Home
from console.settings.privacy import KeepSettings
from console.settings.schema import EventSettings, Settings
from console.store import kept, outbox, sealed, tombstones
from console.store.backups import back_up
from console.store.store import Store, utc_text
from tests.console.erasing import NOON, Asked, Item, plant, plant_asked, remains, stale
from tests.console.outbox_cases import contradictions, deliver, execute, messages, wanted

GATE, YARD = "gate-4f1d", "yard-77ab"


@pytest.fixture
def home(own_home: Path) -> Iterator[Home]:
    with Home.open(own_home) as opened:
        yield opened


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


@dataclass
class Planted:
    """Things seen and things asked of two cameras, by turns.

    Attributes:
        events, asked: as planted.
        names: tracking IDs of the events.
    """

    events: list[Item]
    asked: list[Asked]
    names: list[str]

    def needles(self, camera: str) -> list[bytes]:
        things: list[Item | Asked] = [*self.events, *self.asked]
        found = [needle for one in things if one.camera == camera for needle in one.needles]
        return found + [name.encode() for name in self.ids(camera)]

    def ids(self, camera: str) -> set[str]:
        seen = {name for event, name in zip(self.events, self.names, strict=True) if event.camera == camera}
        return seen | {one.tracking_id for one in self.asked if one.camera == camera}


def plant_all(home: Home, store: Store, *targets: str) -> Planted:
    """Four events and four items, with all that leaves of them, also in a copy and in free pages."""
    if targets:
        wanted(store, *targets)
    events = [plant(home, store, (GATE, YARD)[n % 2], n, track=n + 1) for n in range(4)]
    asked = [plant_asked(home, store, (GATE, YARD)[n % 2], n + 10, track=n + 1) for n in range(4)]
    for event in events:
        store.write(lambda db, event=event: put_crop(db, event, store.boot_id)).result(10)  # type: ignore[misc]
    back_up(home.database, home.backups, 3)
    stale(home, [*events, *asked])
    with store.read() as db:
        names = [str(row[0]) for row in db.execute("SELECT tracking_id FROM events ORDER BY id")]
    return Planted(events, asked, names)


def put_crop(db: Any, event: Item, boot_id: str) -> None:
    """What `SealedWriter` does, of a crop that was planted."""
    number, path, name = db.execute(
        "SELECT s.id, s.path, e.tracking_id FROM sealed s JOIN events e ON e.id = s.event_id WHERE e.id = ?",
        (event.event,),
    ).fetchone()
    row = sealed.SealedRow(
        PurePosixPath(path), "0" * 64, event.camera, event.at, event.event, "k", event.needles[2].decode()
    )
    outbox.put(db, outbox.Message("sealed", name, event.camera, sealed_body(row), sealed_id=number), boot_id)


def done(home: Home, store: Store, scope: Scope) -> Report:
    return erasure.carry_out(home, store, erasure.begin(home, store, scope, "Mira").id)


def objects(store: Store, target: str, tracking_id: str, camera: str = "", at: datetime = NOON) -> None:
    """What an object store was given: a picture, and the record of its message."""
    about = json.dumps({"camera_id": camera, "taken_at": utc_text(at)} if camera else {})
    sql = "INSERT INTO outbox_objects VALUES (?, ?, ?, 1, ?, 9, ?, 'all', ?)"
    now = utc_text(datetime.now(UTC))
    execute(store, sql, target, f"images/{tracking_id}.jpg", tracking_id, "0" * 64, about, now)
    execute(store, sql, target, f"records/{tracking_id}.json", tracking_id, "0" * 64, "{}", now)


def test_without_targets_nothing_is_left_and_nobody_is_told(home: Home, store: Store) -> None:
    planted = plant_all(home, store)
    report = done(home, store, Scope(camera_id=GATE))
    assert remains(home.path, planted.needles(GATE)) == {}
    assert (report.left, report.unused) == ([], [])
    assert not [line for line in report.words() if "told" in line]
    assert messages(store) == []


SCOPES: dict[str, Callable[[Planted], Scope]] = {
    "camera": lambda _planted: Scope(camera_id=GATE),
    "camera and time": lambda _planted: Scope(GATE, since=NOON - timedelta(hours=1)),
    "tracking IDs": lambda planted: Scope(tracking_ids=tuple(sorted(planted.ids(GATE)))),
}


@pytest.mark.parametrize("name", SCOPES)
@pytest.mark.parametrize("sent", [False, True])
def test_everything_that_was_to_leave_goes_and_its_targets_are_told_until_nothing_names_it(
    home: Home, store: Store, name: str, *, sent: bool
) -> None:
    planted = plant_all(home, store, "cloud", "bucket")
    if sent:
        deliver(store, "cloud", "bucket")
    scope = SCOPES[name](planted)
    count = sum(one["camera_id"] == GATE for one in messages(store))
    assert count == 2 * 3 + 2 * 4 - 2  # the picture of an item goes once
    report = done(home, store, scope)
    assert report.figures["messages"] == count
    assert report.figures["notices to cloud"] == report.figures["notices to bucket"]
    said = [one for one in messages(store) if one["kind"] == "erased"]
    assert {number for one in said for number in one["body"]["tracking_ids"]} == planted.ids(GATE)
    assert all(one["to"] == {"cloud": "waiting", "bucket": "waiting"} for one in said)
    assert not planted.ids(GATE) & {one["tracking_id"] for one in messages(store)}
    assert {one["camera_id"] for one in messages(store)} == {YARD, ""}
    assert report.left == []  # only the notices name it
    assert sum("is told to erase it too" in line for line in report.words()) == 2
    found = remains(home.path, planted.needles(GATE))
    assert {needle for needles in found.values() for needle in needles} == planted.ids(GATE)
    assert {path.removesuffix("-wal") for path in found} == {"sightdesk.db"}
    with store.read() as db:
        assert contradictions(db) == []
    deliver(store, "cloud", "bucket", kind="erased")
    store.close()
    assert remains(home.path, planted.needles(GATE)) == {}
    assert remains(home.path, planted.needles(YARD)) != {}


def test_its_own_search_still_finds_what_is_left_beside_the_notices(
    home: Home, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant_all(home, store, "cloud")
    monkeypatch.setattr(erasure, "clean", lambda *_a: None)
    assert "sightdesk.db" in done(home, store, Scope(camera_id=GATE)).left


def test_a_copy_of_the_database_names_it_nowhere(home: Home, store: Store) -> None:
    planted = plant_all(home, store, "cloud")
    objects(store, "cloud", planted.names[0])
    outbox_told(store, planted.names[0])
    back_up(home.database, home.backups, 3)
    (copy,) = sorted(home.backups.glob("*.db"))[-1:]
    done(home, store, Scope(camera_id=GATE))
    assert not [path for path in remains(home.path, planted.needles(GATE)) if path.startswith("backups")]
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT count(*) FROM outbox WHERE kind = 'erased'").fetchone()[0] == 0
        assert db.execute("SELECT count(*) FROM outbox_objects").fetchone()[0] == 0
        assert db.execute("SELECT DISTINCT camera_id FROM outbox").fetchall() == [(YARD,)]
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert contradictions(db) == []


def outbox_told(store: Store, tracking_id: str) -> None:
    store.write(lambda db: tombstones.tell(db, [tracking_id], ["cloud"], store.boot_id)).result(10)


def test_a_notice_names_five_hundred_at_most_and_goes_to_whoever_was_ever_sent_anything(store: Store) -> None:
    wanted(store, "now", "never")
    execute(store, "INSERT INTO outbox_targets (name, sent) VALUES ('once', 3)")
    ids = [str(uuid7()) for _n in range(1201)]
    told = store.write(lambda db: tombstones.tell(db, [*ids, *ids], ["now"], store.boot_id)).result(10)
    assert told == {"now": 3, "once": 3}
    said = messages(store)
    assert [len(one["body"]["tracking_ids"]) for one in said] == [500, 500, 201]
    assert {name for one in said for name in one["body"]["tracking_ids"]} == set(ids)
    assert all(one["to"] == {"now": "waiting", "once": "waiting"} for one in said)
    assert not set(ids) & {one["tracking_id"] for one in said}
    assert store.write(lambda db: tombstones.tell(db, [], ["now"], store.boot_id)).result(10) == {}
    assert store.write(out_of_use).result(10) == ["once"]


def out_of_use(db: Any) -> list[str]:
    return tombstones.out_of_use(db, ["once", "now"])


def test_a_target_that_is_not_in_use_any_more_is_named_in_the_report(home: Home, store: Store) -> None:
    plant_all(home, store, "cloud", "gone")
    deliver(store, "cloud", "gone")
    execute(store, "DELETE FROM outbox_routes WHERE target = 'gone'")
    report = done(home, store, Scope(camera_id=GATE))
    assert report.unused == ["gone"]
    assert json.loads(Path(report.path).read_text())["unused"] == ["gone"]
    words = "\n".join(report.words())
    assert "Nothing goes to gone any more, so nobody has it erase" in words
    assert "cloud is told" in words
    assert "gone is told" not in words
    assert all(one["to"]["gone"] == "waiting" for one in messages(store, "erased"))  # told once it is in use again


def test_objects_stay_recorded_until_the_target_was_told(home: Home, store: Store) -> None:
    planted = plant_all(home, store, "bucket")
    objects(store, "bucket", planted.names[0])
    done(home, store, Scope(events=(planted.events[0].event,)))
    with store.read() as db:
        assert {row[0] for row in db.execute("SELECT tracking_id FROM outbox_objects")} == {planted.names[0]}


@pytest.mark.parametrize("looked_at", [1, rows.LOOKED_AT])
def test_what_is_gone_here_by_its_age_is_erased_at_its_targets_by_camera_time_track_and_id(
    home: Home, store: Store, monkeypatch: pytest.MonkeyPatch, looked_at: int
) -> None:
    monkeypatch.setattr(rows, "LOOKED_AT", looked_at)
    planted = plant_all(home, store, "cloud")
    deliver(store, "cloud")
    late = datetime.now(UTC) + timedelta(days=100)
    assert remove_some(store, home.path, EventSettings(keep_days=1), late) == 4
    with store.read() as db:
        assert known_tracking_ids(db, planted.names) == tuple(planted.names)
    first, second, third, fourth = planted.names
    assert erasure.look(home, Scope(GATE, track=1)).messages == 1
    for scope, name in (
        (Scope(GATE, track=1), first),
        (Scope(YARD, since=NOON, until=planted.events[1].at), second),
        (Scope(tracking_ids=(third,)), third),
    ):
        assert not erasure.look(home, scope).nothing
        done(home, store, scope)
        assert name in messages(store, "erased")[-1]["body"]["tracking_ids"]
        assert name not in {one["tracking_id"] for one in messages(store)}
    assert fourth in {one["tracking_id"] for one in messages(store)}
    with store.read() as db:
        assert contradictions(db) == []
        left = {row[0] for row in db.execute("SELECT tracking_id FROM review_items")}
    assert {one.tracking_id for one in planted.asked[2:]} <= left  # other times and tracks stay


def test_a_verdict_said_within_the_time_does_not_take_an_item_from_before_it(home: Home, store: Store) -> None:
    """Messages alone are erased only where what they are about is gone."""
    plant_all(home, store, "cloud")
    before = [one for one in messages(store) if one["kind"] != "audit"]

    def recorded_long_ago(db: Any) -> None:
        for table, column in (("events", "recorded"), ("pictures", "written"), ("sealed", "written")):
            db.execute(f"UPDATE {table} SET {column}_at = '2026-03-04'")
        db.execute("UPDATE review_items SET recorded_at = '2026-03-04'")

    store.write(recorded_long_ago).result(10)
    report = done(home, store, Scope(GATE, since=datetime.now(UTC) - timedelta(minutes=5)))
    assert (report.figures.get("messages", 0), report.figures.get("items", 0)) == (0, 0)
    assert [one for one in messages(store) if one["kind"] != "audit"] == before


def test_objects_of_which_nothing_else_is_left_are_erased_by_tracking_id_once(home: Home, store: Store) -> None:
    wanted(store, "bucket")
    name = str(uuid7())
    objects(store, "bucket", name)
    with store.read() as db:
        assert known_tracking_ids(db, [name]) == (name,)
        with pytest.raises(UsageError, match="no review item or event"):
            known_tracking_ids(db, [str(uuid7())])
    report = done(home, store, Scope(tracking_ids=(name,)))
    assert report.figures["notices to bucket"] == 1
    (said,) = messages(store, "erased")
    assert said["body"]["tracking_ids"] == [name]


@pytest.mark.parametrize(
    ("scope", "meant"),
    [
        (Scope(GATE), {0, 2}),
        (Scope(GATE, until=NOON + timedelta(minutes=1)), {0}),
        (Scope(since=NOON + timedelta(minutes=1), until=NOON + timedelta(minutes=3)), {1, 2, 3}),
        (Scope("nowhere"), set()),
        (Scope(GATE, track=3), set()),  # nobody knows any more which track it was
    ],
)
def test_objects_of_which_nothing_else_is_left_are_erased_by_camera_and_time(
    home: Home, store: Store, scope: Scope, meant: set[int]
) -> None:
    wanted(store, "bucket", ways=["erased"])
    ids = [str(uuid7()) for _n in range(4)]
    for n, name in enumerate(ids):
        objects(store, "bucket", name, (GATE, YARD)[n % 2], NOON + timedelta(minutes=n))
    report = done(home, store, scope)
    told = [name for one in messages(store, "erased") for name in one["body"]["tracking_ids"]]
    assert sorted(told) == sorted(ids[n] for n in meant)
    assert report.left == []
    done(home, store, scope)
    assert len(messages(store, "erased")) == bool(meant)  # told once


def test_an_event_is_erased_by_its_tracking_id(home: Home, store: Store) -> None:
    planted = plant_all(home, store)
    report = done(home, store, Scope(tracking_ids=(planted.names[2],)))
    assert (report.figures["events"], report.figures["items"]) == (1, 0)
    assert remains(home.path, [*planted.events[2].needles, planted.names[2].encode()]) == {}
    assert remains(home.path, planted.events[0].needles) != {}


def test_a_picture_that_waits_is_kept_whatever_its_age_and_goes_when_it_is_sent(home: Home, store: Store) -> None:
    wanted(store, "cloud")
    item = plant(home, store, GATE, 1)
    store.write(lambda db: put_crop(db, item, store.boot_id)).result(10)
    late = datetime.now(UTC) + timedelta(days=1000)
    settings = Settings(keep=KeepSettings(days=1, gigabytes=0.000001))
    assert tidy(home, store, settings, late).pictures == 0
    assert remove_some(store, home.path, EventSettings(keep_days=1), late) == 0
    with store.read() as db:
        (said,) = kept.kept(db, settings, late)
    assert said.held["sync"].pictures == said.held["sync"].overdue == 2
    deliver(store, "cloud")
    gone = tidy(home, store, settings, late)
    assert (gone.pictures, gone.sealed) == (1, 1)
    assert all(one["picture_id"] is one["sealed_id"] is None for one in messages(store))
    assert len(messages(store)) == 3  # what was sent can still be traced


def test_an_event_may_go_by_its_age_while_its_words_wait(home: Home, store: Store) -> None:
    wanted(store, "cloud", ways=["event"])
    plant(home, store, GATE, 1)
    assert remove_some(store, home.path, EventSettings(keep_days=1), datetime.now(UTC) + timedelta(days=100)) == 1
    assert [one["to"] for one in messages(store)] == [{"cloud": "waiting"}]
