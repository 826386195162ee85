"""What is erased of the review queue is nowhere in its home any more; gold sets stay, and say what they lack."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.errors import UsageError
from console.health import logs
from console.privacy.erasing import erasure
from console.privacy.erasing.known import known_tracking_ids
from console.privacy.erasing.report import Report
from console.privacy.erasing.scope import Scope
from console.review import queries
from console.review.items import Box
from console.review.rows import insert
from console.settings.home import Home
from console.settings.schema import LogSettings
from console.store.backups import back_up
from console.store.holds import hold
from console.store.store import Store
from tests.console.erasing import ANSWERS, NOON, OUTBOX, REVIEW, Asked, plant_asked, remains, stale
from tests.console.review_queue import new_item, picture_row, with_pictures

GATE, YARD = "gate-4f1d", "yard-77ab"


@pytest.fixture
def home(own_home: Path) -> Iterator[Home]:
    with Home.open(own_home) as opened:
        yield opened


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


@pytest.fixture
def asked(home: Home, store: Store) -> list[Asked]:
    """Six items of two cameras, also in a backup, in free pages, in the logs; the last shows track 2 too."""
    planted = [
        plant_asked(home, store, (GATE, YARD)[n % 2], n, track=n // 2 + 1, others=(2,) if n == 5 else ())
        for n in range(6)
    ]
    back_up(home.database, home.backups, 3)
    stale(home, planted)
    began = logs.start(LogSettings(), home.logs, words="critical")
    for item in planted:
        logging.getLogger("console.test").warning("asked %s", item.tracking_id)
    began.stop()
    return planted


def done(home: Home, store: Store, scope: Scope) -> Report:
    return erasure.carry_out(home, store, erasure.begin(home, store, scope, "Mira").id)


def needles(asked: list[Asked]) -> list[bytes]:
    return [needle for item in asked for needle in item.needles]


SCOPES: dict[str, Callable[[list[Asked]], tuple[Scope, list[Asked]]]] = {
    "camera": lambda asked: (Scope(camera_id=GATE), [a for a in asked if a.camera == GATE]),
    "time": lambda asked: (Scope(since=asked[1].at, until=asked[3].at), asked[1:4]),
    "track": lambda asked: (Scope(YARD, track=2), [asked[3], asked[5]]),
    "picture": lambda asked: (Scope(pictures=(asked[4].pictures[0],)), [asked[4]]),
    "crop": lambda asked: (Scope(pictures=(asked[4].pictures[1],)), [asked[4]]),
    "tracking IDs": lambda asked: (
        Scope(tracking_ids=(asked[0].tracking_id, asked[3].tracking_id)),
        [asked[0], asked[3]],
    ),
    "everything": lambda asked: (Scope(since=NOON - timedelta(days=1)), asked),
}


@pytest.mark.parametrize("name", SCOPES)
def test_nothing_is_left_of_what_is_erased_and_everything_else_stays(
    home: Home, store: Store, asked: list[Asked], name: str
) -> None:
    scope, gone = SCOPES[name](asked)
    before = remains(home.path, needles(gone))
    assert {"backups", "logs", "pictures"} <= {path.split("/")[0] for path in before}
    foreseen = erasure.look(home, scope)
    assert (foreseen.items, foreseen.verdicts, foreseen.gold_members) == (len(gone),) * 3
    assert foreseen.pictures == foreseen.held.get("gold", 0) * 2 == len(gone) * 2
    assert foreseen.sealed == foreseen.answers == len(gone)
    report = done(home, store, scope)
    assert remains(home.path, needles(gone)) == {}
    figures = report.figures
    assert (figures["items"], figures["verdicts"], figures["gold members"]) == (len(gone),) * 3
    assert (figures["pictures"], figures["held for gold"]) == (2 * len(gone), len(gone))
    assert (figures["sealed"], figures["answers"]) == (len(gone), len(gone))
    assert report.left == []
    stays = [item for item in asked if item not in gone]
    for path in (home.database, next(home.backups.glob("*.db"))):
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
            tables = dict.fromkeys(("review_items", "verdicts", "gold_members", "sealed", "answers"), 1)
            for table, count in (tables | {"pictures": 2}).items():
                assert db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == count * len(stays)
            assert db.execute("SELECT members, erased FROM gold_sets").fetchone() == (9, len(gone))
            assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    for item in asked:
        assert all((home.path / path).exists() == (item not in gone) for path in (*item.pictures, item.crop))
    said = Path(report.path).read_text()
    assert [word for word in needles(asked) if word.decode() in said] == []
    words = "\n".join(report.words())
    assert f"{len(gone)} review item" in words
    assert f"{len(gone)} member" in words
    assert f"{len(gone)} answer" in words


def test_a_camera_that_is_erased_whole_is_named_nowhere(home: Home, store: Store, asked: list[Asked]) -> None:
    done(home, store, Scope(camera_id=GATE))
    assert remains(home.path, [GATE.encode(), f"Name of {GATE}".encode()]) == {}
    with store.read() as db:
        assert {row[0] for row in db.execute("SELECT camera_id FROM review_dropped")} == {YARD}


def test_items_that_show_the_same_picture_go_together(home: Home, store: Store) -> None:
    one, whole, _crop = with_pictures(store, new_item(track=1))
    other, _whole, crop = with_pictures(store, new_item(track=2), shared=whole)
    scope = Scope("gate", track=1)
    assert erasure.look(home, scope).items == 2
    report = done(home, store, scope)
    assert (report.figures["items"], report.figures["pictures"]) == (2, 3)
    with store.read() as db:
        assert queries.item(db, one) is queries.item(db, other) is None
        assert db.execute("SELECT count(*) FROM pictures WHERE id = ?", (crop,)).fetchone()[0] == 0


def test_pictures_that_a_crash_left_without_their_link_go_too(home: Home, store: Store) -> None:
    """Their purpose alone says whose they are."""
    item = new_item()

    def job(db: Any) -> None:
        from console.store import pictures

        pictures.insert(db, picture_row(store, "loose", purpose=f"review {item.tracking_id}: x"))
        insert(db, item, store.boot_id, picture=None, crop=None)

    store.write(job).result(10)
    scope = Scope(tracking_ids=(item.tracking_id,))
    assert (erasure.look(home, scope).items, erasure.look(home, scope).pictures) == (1, 1)
    assert done(home, store, scope).figures["pictures"] == 1


@pytest.mark.parametrize("by", ["tracking ID", "time"])
def test_an_item_without_a_picture_goes_from_copies_too(home: Home, store: Store, by: str) -> None:
    item = new_item(camera="cam-without-pictures")
    store.write(lambda db: insert(db, item, store.boot_id, picture=None, crop=None, why="dark")).result(10)
    back_up(home.database, home.backups, 3)
    scope = Scope(tracking_ids=(item.tracking_id,)) if by == "tracking ID" else Scope(since=NOON, until=NOON)
    assert done(home, store, scope).figures["items"] == 1
    assert remains(home.path, [item.tracking_id.encode(), b"cam-without-pictures"]) == {}


def test_a_member_of_a_gold_set_goes_with_its_picture_though_no_item_leads_to_it(
    home: Home, store: Store, asked: list[Asked]
) -> None:
    def lone(db: Any) -> str:
        from console.store import pictures

        row = picture_row(store, "lone")
        number = pictures.insert(db, row)
        db.execute(
            "INSERT INTO gold_members (set_id, tracking_id, split, picture_id, picture_sha256, truth, exhaustive, "
            "asked) VALUES (1, 'from elsewhere', 'test', ?, ?, '[]', 0, '{}')",
            (number, "0" * 64),
        )
        hold(db, "gold", pictures=[number])
        return str(row.path)

    scope = Scope(pictures=(store.write(lone).result(10),))
    assert erasure.look(home, scope).gold_members == 1
    assert done(home, store, scope).figures["gold members"] == 1


def test_an_item_without_a_picture_goes_by_its_time_and_one_that_comes_later_stays(home: Home, store: Store) -> None:
    scope = Scope("gate", track=7)

    def put(at: datetime) -> None:
        item = new_item(at=at, boxes=[Box((1, 2, 3, 4), "x", 0.5, None)])
        store.write(lambda db: insert(db, item, store.boot_id, picture=None, crop=None, why="dark")).result(10)

    put(NOON)
    row = erasure.begin(home, store, scope, "Mira")
    put(datetime.now(UTC) + timedelta(minutes=1))
    report = erasure.carry_out(home, store, row.id)
    assert report.figures["items"] == 1
    with store.read() as db:
        assert db.execute("SELECT count(*) FROM review_items").fetchone()[0] == 1


def test_a_copy_from_before_review_is_written_anew(home: Home, store: Store, asked: list[Asked]) -> None:
    (copy,) = home.backups.glob("*.db")
    with closing(sqlite3.connect(copy, isolation_level=None)) as db:
        db.execute("DROP INDEX sealed_by_item")
        db.execute("ALTER TABLE sealed DROP COLUMN item_id")
        for table in (*ANSWERS, *OUTBOX, *REVIEW):
            db.execute(f"DROP TABLE {table}")
        db.execute("DROP INDEX events_by_tracking_id")
        db.execute("ALTER TABLE events DROP COLUMN tracking_id")
        db.execute("DROP INDEX pictures_of_review")
        db.execute("DELETE FROM holds")
        db.execute("PRAGMA user_version = 3")
    report = done(home, store, Scope(tracking_ids=(asked[0].tracking_id,)))
    assert (report.figures["copies"], report.figures.get("copies removed", 0)) == (1, 0)
    assert remains(home.path, asked[0].needles) == {}
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT count(*) FROM pictures").fetchone()[0] == 10


def test_gold_sets_change_by_an_erasure_alone(home: Home, store: Store, asked: list[Asked]) -> None:
    for sql in (
        "DELETE FROM gold_members",
        "UPDATE gold_members SET split = 'train'",
        "UPDATE gold_sets SET spec = '{}'",
        "UPDATE gold_sets SET labels = '[1]'",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            store.write(lambda db, sql=sql: db.execute(sql).rowcount).result(10)  # type: ignore[misc]
    done(home, store, Scope(tracking_ids=(asked[0].tracking_id,)))
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        store.write(lambda db: db.execute("DELETE FROM gold_members").rowcount).result(10)


def test_tracking_ids_stand_alone_and_must_be_there(home: Home, store: Store, asked: list[Asked]) -> None:
    for scope in (Scope(GATE, tracking_ids=("a",)), Scope(events=(1,), tracking_ids=("a",))):
        with pytest.raises(UsageError, match="alone"):
            erasure.look(home, scope)
    name = asked[0].tracking_id
    with store.read() as db:
        assert known_tracking_ids(db, [f" {name.upper()} "]) == (name,)
        with pytest.raises(UsageError, match="no tracking ID"):
            known_tracking_ids(db, ["12"])
        with pytest.raises(UsageError, match="no review item"):
            known_tracking_ids(db, [name[:-4] + "0000"])
        assert known_tracking_ids(db, [name[:-4] + "0000"], anywhere=True) == (name[:-4] + "0000",)


def test_an_erasure_asked_of_an_older_sightdesk_goes_on() -> None:
    said = json.loads(json.dumps(Scope(GATE, last=(1, 2, 3, 4, 5), tracking_ids=()).as_json()))
    del said["tracking_ids"]
    said["last"] = said["last"][:3]
    assert Scope.of_json(said).last == (1, 2, 3, 0, 0)
    whole = Scope(tracking_ids=("a", "b"), last=(1, 2, 3, 4, 5))
    assert Scope.of_json(json.loads(json.dumps(whole.as_json()))) == whole


def test_what_sync_holds_is_counted_by_its_name(home: Home, store: Store, asked: list[Asked]) -> None:
    with store.read() as db:
        picture = db.execute("SELECT picture_id FROM review_items WHERE id = ?", (asked[0].id,)).fetchone()[0]
    store.write(lambda db: hold(db, "sync", pictures=[picture])).result(10)
    report = done(home, store, Scope(tracking_ids=(asked[0].tracking_id,)))
    assert (report.figures["held for sync"], report.figures["held for gold"]) == (1, 1)
