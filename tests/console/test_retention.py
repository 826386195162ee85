"""Pictures go when they are too old or too many; what is held stays, and is said."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.events.retention import remove_some
from console.health.doctor import examine
from console.health.kept import erasures, pictures
from console.privacy.retention import tidy
from console.settings.home import Home
from console.settings.privacy import KeepSettings
from console.settings.schema import CameraSettings, EventSettings, Settings
from console.site.keeper import Keeper
from console.store.erasures import ask
from console.store.holds import hold, release
from console.store.kept import kept
from console.store.pictures import PictureRow, insert
from console.store.store import Store, utc_text
from tests.console.erasing import plant

NOW = datetime.now(UTC)
DAYS_30 = Settings(keep=KeepSettings(days=30))


@pytest.fixture
def home(own_home: Path) -> Iterator[Home]:
    with Home.open(own_home) as opened:
        yield opened


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


def put(home: Home, store: Store, camera: str, days_old: float, size: int = 10, *, name: str = "") -> int:
    """A picture without an event, as a snapshot is one, that was written so long ago."""
    path = home.pictures / f"{name or time.monotonic_ns()}.jpg"
    path.write_bytes(b"x" * size)
    at = NOW - timedelta(days=days_old)
    row = PictureRow(
        PurePosixPath("pictures", path.name), "0" * 64, 4, 3, camera, at, store.boot_id, "cover", "{}", "snapshot"
    )

    def job(db: object) -> int:
        number = insert(db, row)
        db.execute("UPDATE pictures SET written_at = ? WHERE id = ?", (utc_text(at), number))  # type: ignore[attr-defined]
        return number

    return store.write(job).result(10)


def left(home: Home, store: Store, table: str = "pictures") -> set[int]:
    """Ids that are recorded; each has its file, and no file is without one."""
    with store.read() as db:
        rows = {row["id"]: row["path"] for row in db.execute(f"SELECT id, path FROM {table}")}
    if table == "pictures":
        assert sorted(rows.values()) == sorted(
            path.relative_to(home.path).as_posix() for path in home.pictures.rglob("*.jpg")
        )
    return set(rows)


def camera(name: str, keep: KeepSettings | None = None) -> CameraSettings:
    return CameraSettings(id=name, source="synthetic:street", keep=keep)


def test_pictures_go_after_their_days_each_camera_as_it_says(home: Home, store: Store) -> None:
    wanted = Settings(keep=KeepSettings(days=30), cameras=(camera("a"), camera("b", KeepSettings(days=5))))
    stay = [put(home, store, name, days) for name, days in (("a", 29), ("b", 4), ("gone", 29))]
    for name, days in (("a", 31), ("b", 6), ("gone", 31)):  # that one is no more in the settings
        put(home, store, name, days)
    # the oldest must come first for their age to be believed
    assert tidy(home, store, wanted).pictures == 0
    with store.read() as db:
        assert db.execute("SELECT count(*) FROM pictures").fetchone()[0] == 6
    store.write(lambda db: db.execute("UPDATE pictures SET id = id + 100 WHERE id <= 3") and None).result(10)
    assert tidy(home, store, wanted).pictures == 3
    assert left(home, store) == {number + 100 for number in stay}


def test_a_clock_that_once_was_wrong_makes_no_young_picture_go(home: Home, store: Store) -> None:
    old, future, young, wrong = (put(home, store, "a", days) for days in (40, -4000, 1, 400))
    assert tidy(home, store, DAYS_30).pictures == 1
    assert left(home, store) == {future, young, wrong}
    assert old not in left(home, store)


def test_the_oldest_go_when_a_camera_has_too_much(home: Home, store: Store) -> None:
    wanted = Settings(cameras=(camera("a", KeepSettings(gigabytes=30 / 1000**3)),))
    first, second, third, fourth = (put(home, store, "a", 4 - n, 10) for n in range(4))
    other = put(home, store, "b", 5, 1000)
    assert tidy(home, store, wanted).pictures == 1
    assert left(home, store) == {second, third, fourth, other}
    assert first not in left(home, store)
    with store.read() as db:
        assert db.execute("SELECT sum(bytes) FROM pictures WHERE camera_id = 'a'").fetchone()[0] == 30


def test_sealed_crops_and_events_pictures_go_too_and_the_event_says_why(home: Home, store: Store) -> None:
    item = plant(home, store, "a", 1)
    store.write(
        lambda db: [db.execute(f"UPDATE {t} SET written_at = '2020'") for t in ("pictures", "sealed")] and None
    ).result(10)
    gone = tidy(home, store, DAYS_30)
    assert (gone.pictures, gone.sealed) == (1, 1)
    assert not (home.path / item.picture).exists()
    assert not (home.path / item.crop).exists()
    with store.read() as db:
        event = db.execute("SELECT * FROM events").fetchone()
    assert event["picture_id"] is None
    assert event["picture_why"] == "Its picture was kept for 30 days, as the settings want."


def test_what_is_held_stays_and_is_said_until_it_is_released(home: Home, store: Store) -> None:
    home.settings_file.write_text("cameras:\n  - {id: a, source: 'synthetic:street', keep: {gigabytes: 0.00000001}}\n")
    wanted = Settings(cameras=(camera("a", KeepSettings(gigabytes=1e-8)),))
    reviewed, sent = put(home, store, "a", 50, 100), put(home, store, "a", 49, 200)
    put(home, store, "a", 48, 300)
    store.write(lambda db: hold(db, "review", pictures=[reviewed]) or hold(db, "sync", pictures=[sent])).result(10)
    assert tidy(home, store, wanted).pictures == 1
    assert left(home, store) == {reviewed, sent}
    with store.read() as db:
        (found,) = kept(db, wanted)
    assert {why: (held.pictures, held.bytes, held.overdue) for why, held in found.held.items()} == {
        "review": (1, 100, 1),
        "sync": (1, 200, 1),
    }
    assert found.over == 290
    said = next(finding for finding in pictures(home) if finding.state == "problem")
    assert "1 for review (0.0 MB), 1 to be sent" in said.what
    assert said in examine(home)
    with pytest.raises(sqlite3.IntegrityError):  # nor can anybody else remove it
        store.write(lambda db: db.execute("DELETE FROM pictures") and None).result(10)
    assert store.write(lambda db: release(db, "review", pictures=[reviewed, sent])).result(10) == 1
    assert tidy(home, store, wanted).pictures == 1
    assert left(home, store) == {sent}


def test_an_event_whose_picture_is_held_stays_with_it(home: Home, store: Store) -> None:
    items = [plant(home, store, "a", number) for number in range(3)]
    store.write(lambda db: hold(db, "review", pictures=[2]) or hold(db, "sync", sealed=[3])).result(10)
    store.write(lambda db: db.execute("UPDATE events SET recorded_at = '2020'") and None).result(10)
    assert remove_some(store, home.path, EventSettings()) == 1
    assert remove_some(store, home.path, EventSettings()) == 0
    assert left(home, store) == {2, 3}
    assert not (home.path / items[0].crop).exists()


def test_an_unfinished_erasure_is_said(home: Home, store: Store) -> None:
    assert list(erasures(home)) == []
    ask(store, "name", {"events": [1]})
    assert [finding.hint for finding in erasures(home)] == ["sightdesk erase --go-on"]


def test_the_keeper_goes_by_the_settings_file_and_never_by_a_broken_one(home: Home, store: Store) -> None:
    old = put(home, store, "a", 40)
    home.settings_file.write_text("keep: [")

    def round_over(days: int | None, *, goes: bool) -> None:
        if days is not None:
            home.settings_file.write_text(f"keep: {{days: {days}}}")
        keeper = Keeper(home, store, first_s=0.0)
        until = time.monotonic() + (10 if goes else 0.4)
        while any(home.pictures.rglob("*.jpg")) and time.monotonic() < until:  # rows go first
            time.sleep(0.02)
        keeper.close()

    round_over(None, goes=False)
    round_over(60, goes=False)
    assert left(home, store) == {old}
    round_over(30, goes=True)
    assert left(home, store) == set()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 60), st.integers(1, 50), st.booleans()), max_size=12),
    days=st.integers(1, 60),
    limit=st.none() | st.integers(1, 200),
)
def test_what_stays_is_young_and_little_enough_or_held(
    rows: list[tuple[str, int, int, bool]], days: int, limit: int | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("home")
    keep = KeepSettings(days=days, gigabytes=limit / 1000**3 if limit else None)
    with Home.open(folder) as home, Store.open(home) as store:
        held, known = set(), {}
        for n, (name, age, size, holds) in enumerate(sorted(rows, key=lambda row: -row[1])):
            number = put(home, store, name, age + 0.5, size, name=str(n))
            known[number] = name, age, size
            if holds:
                held.add(number)
                store.write(lambda db, number=number: hold(db, "review", pictures=[number])).result(10)
        tidy(home, store, Settings(keep=keep), NOW)
        stayed = left(home, store)
        assert held <= stayed
        for number in stayed - held:
            assert known[number][1] + 0.5 < days
        for name in "ab":
            mine = [number for number in stayed if known[number][0] == name]
            total = sum(known[number][2] for number in mine)
            assert limit is None or total <= limit or set(mine) <= held
        for number, (name, age, size) in known.items():
            if number not in stayed and age + 0.5 < days:  # too much: with it there would have been more than allowed
                newer = [
                    m
                    for m, (whose, old, _) in known.items()
                    if whose == name and (m in held or (m > number and old + 0.5 < days))
                ]
                assert limit is not None
                assert sum(known[m][2] for m in newer) + size > limit
