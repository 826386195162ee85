"""Erasing what clouds answered, and sealed crops of review items, wherever something still leads to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from uuid_utils import uuid7

from console.errors import StoreError, UsageError
from console.events.retention import remove_some
from console.privacy.erasing import erasure
from console.privacy.erasing.known import known_tracking_ids
from console.privacy.erasing.report import Report
from console.privacy.erasing.scope import Scope
from console.settings.home import Home
from console.settings.schema import EventSettings
from console.store.backups import back_up
from console.store.outbox import Message, put
from console.store.store import Store, utc_text
from tests.console.erasing import NOON, answer, plant, plant_asked, remains
from tests.console.outbox_cases import deliver, execute, messages, wanted

GATE, YARD = "gate", "yard"


@pytest.fixture
def home(own_home: Path) -> Iterator[Home]:
    with Home.open(own_home) as opened:
        yield opened


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


def done(home: Home, store: Store, scope: Scope) -> Report:
    return erasure.carry_out(home, store, erasure.begin(home, store, scope, "Mira").id)


def answered(store: Store, *told: tuple[str, str], minutes: float = 0) -> list[str]:
    """Answers about things that are not there: camera and word of each; their tracking IDs."""
    names = [str(uuid7()) for _one in told]
    at = utc_text(NOON + timedelta(minutes=minutes))

    def job(db: Any) -> None:
        for name, (camera, word) in zip(names, told, strict=True):
            answer(db, name, camera, word, at)

    store.write(job).result(10)
    return names


def left(home: Home) -> int:
    with closing(sqlite3.connect(home.database)) as db:
        return int(db.execute("SELECT count(*) FROM answers").fetchone()[0])


@pytest.mark.parametrize("by", ["camera", "time", "tracking ID"])
def test_an_answer_about_what_is_gone_goes_too_and_who_gave_it_is_told(home: Home, store: Store, by: str) -> None:
    wanted(store, "cloud")
    (name,) = answered(store, (GATE, "word-gone"))
    (other,) = answered(store, (YARD, "word-stays"), minutes=60)
    back_up(home.database, home.backups, 3)
    scope = {
        "camera": Scope(camera_id=GATE),
        "time": Scope(since=NOON, until=NOON + timedelta(minutes=5)),
        "tracking ID": Scope(tracking_ids=(name,)),
    }[by]
    foreseen = erasure.look(home, scope)
    assert (foreseen.answers, foreseen.nothing) == (1, False)
    report = done(home, store, scope)
    assert report.figures["answers"] == 1
    assert remains(home.path, [b"word-gone"]) == {}
    assert list(remains(home.path, [b"word-stays"])) == [
        str(next(home.backups.glob("*.db")).relative_to(home.path)),
        "sightdesk.db",
    ]
    (told,) = messages(store, "erased")
    assert (told["body"]["tracking_ids"], told["to"]) == ([name], {"cloud": "waiting"})
    with store.read() as db:
        assert known_tracking_ids(db, [other]) == (other,)
        with pytest.raises(UsageError):
            known_tracking_ids(db, [name])


def test_an_answer_about_an_event_goes_by_the_events_time_and_not_by_its_own(home: Home, store: Store) -> None:
    event = plant(home, store, GATE, 1, at=NOON)
    with store.read() as db:
        name = db.execute("SELECT tracking_id FROM events").fetchone()[0]
    at = utc_text(NOON + timedelta(hours=5))
    store.write(lambda db: answer(db, name, GATE, "word-gone", at)).result(10)
    later = Scope(since=NOON + timedelta(hours=4), until=NOON + timedelta(hours=6))
    execute(store, "UPDATE events SET recorded_at = ?", utc_text(NOON))
    execute(store, "UPDATE pictures SET written_at = ?", utc_text(NOON))
    execute(store, "UPDATE sealed SET written_at = ?", utc_text(NOON))
    assert erasure.look(home, later).nothing
    scope = Scope(since=event.at, until=event.at)
    assert erasure.look(home, scope).answers == 1
    assert done(home, store, scope).figures["answers"] == 1
    assert remains(home.path, [b"word-gone"]) == {}


def test_a_crop_that_is_named_by_its_file_goes_alone_with_what_was_answered_about_it(home: Home, store: Store) -> None:
    wanted(store, "cloud")
    one = plant_asked(home, store, GATE, 1)
    with store.read() as db:
        (number,) = db.execute("SELECT id FROM sealed").fetchone()
    message = Message("sealed", one.tracking_id, GATE, {}, sealed_id=number, file_bytes=7)
    store.write(lambda db: put(db, message, store.boot_id, route="sealed")).result(10)
    deliver(store, "cloud", kind="sealed")
    scope = Scope(pictures=(one.crop,))
    foreseen = erasure.look(home, scope)
    assert (foreseen.sealed, foreseen.answers, foreseen.items, foreseen.pictures) == (1, 1, 0, 0)
    figures = done(home, store, scope).figures
    assert (figures["sealed"], figures["answers"], figures["messages"], figures["items"]) == (1, 1, 1, 0)
    assert not (home.path / one.crop).exists()
    assert all((home.path / path).exists() for path in one.pictures)
    assert [one["body"]["tracking_ids"] for one in messages(store, "erased")] == [[one.tracking_id]]


def test_many_answers_go_in_steps(home: Home, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.privacy.erasing.rows.AT_ONCE", 3)
    answered(store, *((GATE, f"word-{number}") for number in range(8)), (YARD, "word-stays"))
    assert done(home, store, Scope(camera_id=GATE)).figures["answers"] == 8
    assert left(home) == 1


def test_answers_go_with_events_that_were_kept_long_enough(home: Home, store: Store) -> None:
    plant(home, store, GATE, 1)
    store.write(
        lambda db: answer(db, db.execute("SELECT tracking_id FROM events").fetchone()[0], GATE, "a", "")
    ).result(10)
    execute(store, "UPDATE events SET recorded_at = '2020-01-01T00:00:00.000000+00:00'")
    assert remove_some(store, home.path, EventSettings(keep_days=1)) == 1
    assert left(home) == 0


def test_a_database_that_knows_no_answers_is_of_an_older_sightdesk(home: Home, store: Store) -> None:
    for name in ("answers", "answer_cursors"):
        execute(store, f"DROP TABLE {name}")
    with store.read() as db:
        name = str(uuid7())
        assert known_tracking_ids(db, [name], anywhere=True) == (name,)
    with pytest.raises(StoreError, match="older Sightdesk"):
        erasure.look(home, Scope(camera_id=GATE))
