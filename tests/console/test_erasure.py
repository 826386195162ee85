"""What is erased is nowhere in its home any more, byte by byte; and what is not, stays."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils import uuid7

from console.errors import StoreError, UsageError
from console.events.retention import mend
from console.events.rows import link
from console.health import logs
from console.privacy.erasing import backups as erasing_backups
from console.privacy.erasing import erasure
from console.privacy.erasing import files as erasing_files
from console.privacy.erasing import logs as erasing_logs
from console.privacy.erasing.report import Report
from console.privacy.erasing.scope import Scope
from console.settings.home import Home
from console.settings.schema import LogSettings
from console.site.keeper import Keeper
from console.store import pictures
from console.store.backups import back_up
from console.store.erasures import get, unfinished
from console.store.holds import hold
from console.store.store import Store
from tests.console.erasing import ANSWERS, NOON, OUTBOX, REVIEW, Item, plant, remains, stale

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
def items(home: Home, store: Store) -> list[Item]:
    """Six things of two cameras, also in a backup, in free pages, in the logs; and an orphan of the first."""
    planted = [plant(home, store, (GATE, YARD)[n % 2], n, track=n // 2 + 1) for n in range(6)]
    back_up(home.database, home.backups, 3)
    stale(home, planted)
    began = logs.start(LogSettings(), home.logs, words="critical")
    for item in planted:
        logging.getLogger("console.test").warning("saved %s", Path(item.picture).name)
        logging.getLogger("console.test").warning("trouble", extra={"camera": item.camera})
    logging.getLogger("console.test").warning("Name of %s is lost", GATE)
    began.stop()
    orphan = home.path / planted[0].picture.replace(".jpg", "-orphan.jpg")
    orphan.write_bytes(planted[0].needles[3])
    os.utime(orphan, (time.time() - 600,) * 2)
    return planted


def done(home: Home, store: Store, scope: Scope) -> Report:
    return erasure.carry_out(home, store, erasure.begin(home, store, scope, "Mira").id)


def needles(items: list[Item], *wanted: Item) -> list[bytes]:
    return [needle for item in items if not wanted or item in wanted for needle in item.needles]


SCOPES = {
    "camera": lambda items: (Scope(camera_id=GATE), [i for i in items if i.camera == GATE]),
    "time": lambda items: (Scope(since=items[1].at, until=items[3].at), items[1:4]),
    "camera and time": lambda items: (
        Scope(GATE, items[1].at, items[5].at),
        [i for i in items[1:] if i.camera == GATE],
    ),
    "track": lambda items: (Scope(YARD, track=2), [i for i in items if (i.camera, i.track) == (YARD, 2)]),
    "events": lambda items: (Scope(events=(items[0].event, items[5].event)), [items[0], items[5]]),
    "picture": lambda items: (Scope(pictures=(items[4].picture,)), [items[4]]),
    "everything": lambda items: (Scope(since=NOON - timedelta(days=1)), items),
}


@pytest.mark.parametrize("name", SCOPES)
def test_nothing_is_left_of_what_is_erased_and_everything_else_stays(
    home: Home, store: Store, items: list[Item], name: str
) -> None:
    scope, gone = SCOPES[name](items)
    before = remains(home.path, needles(items, *gone))
    assert {"backups", "logs", "pictures"} <= {path.split("/")[0] for path in before}
    assert any(path.startswith("sightdesk.db") for path in before), before
    foreseen = erasure.look(home, scope)
    report = done(home, store, scope)
    assert remains(home.path, needles(items, *gone)) == {}
    assert (report.figures["events"], report.figures["pictures"], report.figures["sealed"]) == (len(gone),) * 3
    assert (foreseen.events, foreseen.pictures, foreseen.sealed) == (len(gone),) * 3
    assert report.left == []
    assert report.searched
    with store.read() as db:
        left = {row["id"] for row in db.execute("SELECT * FROM events")}
        assert left == {item.event for item in items if item not in gone}
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    for item in items:
        assert (home.path / item.picture).exists() == (home.path / item.crop).exists() == (item not in gone)
    (backup,) = home.backups.glob("*.db")
    with closing(sqlite3.connect(backup)) as db:
        assert {row[0] for row in db.execute("SELECT id FROM events")} == left
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_camera_that_is_erased_whole_is_named_nowhere(home: Home, store: Store, items: list[Item]) -> None:
    home.settings_file.write_text(f"cameras: [{{id: {GATE}, source: 'synthetic:street'}}]")
    report = done(home, store, Scope(camera_id=GATE))
    assert any("settings.yaml still names the camera" in line for line in report.words())
    assert GATE not in "".join(report.words())
    home.settings_file.unlink()
    assert remains(home.path, [GATE.encode(), f"Name of {GATE}".encode()]) == {}
    assert YARD.encode() in (home.logs / logs.FILE).read_bytes()
    for line in (home.logs / logs.FILE).read_text().splitlines():
        json.loads(line)  # what is blank is still JSON


STEPS = {
    "free pages and the log of the database": (erasure, "clean", lambda *_a: None, "sightdesk.db"),
    "copies": (erasing_backups, "copies", lambda _home: [], "backups/"),
    "log lines": (erasing_logs, "blank_lines", lambda *_a: (0, 0), "logs/"),
    "files that no row knows": (erasing_files, "settle", lambda *_a: 0, "pictures/"),
    "files": (erasing_files, "unlink", lambda *_a: None, "pictures/"),
}


@pytest.mark.parametrize("step", STEPS)
def test_the_hunt_finds_what_any_one_step_would_leave(
    home: Home, store: Store, items: list[Item], step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, name, nothing, where = STEPS[step]
    monkeypatch.setattr(module, name, nothing)
    monkeypatch.setattr(erasing_files, "UNFINISHED_S", 0.3)
    report = done(home, store, Scope(camera_id=GATE))
    found = remains(home.path, needles([item for item in items if item.camera == GATE]))
    assert any(path.startswith(where) for path in found), found
    if step != "files that no row knows":  # whose they were nobody could know
        assert [path for path in report.left if path.startswith(where)], "its own search missed it"


def test_the_report_holds_no_personal_data(home: Home, store: Store, items: list[Item]) -> None:
    with store.read() as db:
        picture = db.execute("SELECT id FROM pictures LIMIT 1").fetchone()[0]
    store.write(lambda db: hold(db, "review", pictures=[picture])).result(10)
    report = done(home, store, Scope(GATE, since=NOON - timedelta(hours=1)))
    text = Path(report.path).read_text()
    said = json.loads(text)
    assert said["figures"]["held for review"] == 1
    assert said["asked"] == ["camera", "time"]
    personal = [GATE, "Name of", "Mira", "2026-03-04", *(n.decode() for n in needles(items))]
    assert [word for word in personal if word in text] == []
    with store.read() as db:
        kept = "\n".join(str(tuple(row)) for row in db.execute("SELECT * FROM erasures"))
        assert db.execute("SELECT count(*) FROM erasure_files").fetchone()[0] == 0
    assert [word for word in personal if word in kept] == []
    audit = (home.path / "audit.jsonl").read_text()
    assert "Mira" in audit
    assert GATE not in audit


def test_a_dry_run_changes_nothing(home: Home, store: Store, items: list[Item]) -> None:
    store.close()
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in home.path.rglob("*") if p.is_file()}
    found = erasure.look(home, Scope(camera_id=YARD))
    assert found.events == 3
    after = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in home.path.rglob("*") if p.is_file()}
    assert {p: v for p, v in after.items() if p.suffix not in (".db-shm", ".db-wal")} == {
        p: v for p, v in before.items() if p.suffix not in (".db-shm", ".db-wal")
    }


def test_it_works_under_a_live_writer_who_loses_nothing(home: Home, store: Store, items: list[Item]) -> None:
    stop, made = threading.Event(), []

    def desk() -> None:
        number = 1000
        while not stop.is_set():
            made.append(plant(home, store, YARD, number, at=datetime.now(UTC)))
            number += 1

    writer = threading.Thread(target=desk)
    writer.start()
    try:
        with Store.open(Home.look(home.path)) as command:
            report = done(Home.look(home.path), command, Scope(camera_id=GATE))
    finally:
        stop.set()
        writer.join()
    assert report.left == []
    assert remains(home.path, needles([item for item in items if item.camera == GATE])) == {}
    assert len(made) > 3
    assert all((home.path / item.picture).exists() for item in made)
    with store.read() as db:
        assert db.execute("SELECT count(*) FROM events").fetchone()[0] == 3 + len(made)


def test_a_picture_that_is_just_being_written_is_waited_for(
    home: Home, store: Store, items: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file is there, its row comes while the erasure runs: the row decides."""
    monkeypatch.setattr(erasing_files, "UNFINISHED_S", 0.6)
    mine, other = (home.pictures / f"{name}.jpg" for name in ("young-gate", "young-yard"))
    for file in (mine, other, home.pictures / "never.jpg"):
        file.write_bytes(b"young")

    def row(camera: str, file: Path) -> None:
        path = file.relative_to(home.path).as_posix()
        values = path, "0" * 64, camera, "2026-03-04T00:00:00.000000+00:00", store.boot_id
        store.write(
            lambda db: (
                db.execute(
                    "INSERT INTO pictures (path, sha256, width, height, camera_id, taken_at, boot_id, policy, "
                    "policy_json, purpose, written_at) VALUES (?, ?, 1, 1, ?, ?, ?, 'cover', '{}', 'snapshot', '2026')",
                    values,
                )
                and None
            )
        ).result(10)

    timer = threading.Timer(0.2, lambda: (row(GATE, mine), row(YARD, other)))
    timer.start()
    report = done(home, store, Scope(camera_id=GATE))
    timer.join()
    assert not mine.exists()
    assert other.exists()
    assert not (home.pictures / "never.jpg").exists()
    assert report.figures["unknown files"] == 2  # that one, and the planted orphan


def test_a_picture_that_comes_after_its_event_was_erased_goes_too(home: Home, store: Store, items: list[Item]) -> None:
    done(home, store, Scope(events=(items[0].event,)))
    late = pictures.PictureRow(
        Path("pictures/late.jpg"),
        "0" * 64,
        1,
        1,
        GATE,
        NOON,
        store.boot_id,
        "cover",
        "{}",
        f"event {items[0].event}: x",
    )
    store.write(lambda db: pictures.insert(db, late)).result(10)
    assert not store.write(lambda db: link(db, items[0].event, "pictures/late.jpg")).result(10)
    store.write(lambda db: pictures.insert(db, late)).result(10)  # and the process died before it was linked
    mend(store)
    with store.read() as db:
        assert db.execute("SELECT count(*) FROM pictures WHERE path = 'pictures/late.jpg'").fetchone()[0] == 0
        assert db.execute("SELECT count(*) FROM pictures").fetchone()[0] == 5


def test_stopped_it_goes_on_at_the_next_start(home: Home, store: Store, items: list[Item]) -> None:
    row = erasure.begin(home, store, Scope(camera_id=GATE), "Mira")
    with pytest.raises(erasure.Interrupted, match="stopped"):
        erasure.carry_out(home, store, row.id, stopped=lambda: True)
    assert [one.id for one in unfinished(home.database)] == [row.id]
    keeper = Keeper(home, store, first_s=60)
    until = time.monotonic() + 10
    while unfinished(home.database) and time.monotonic() < until:
        time.sleep(0.02)
    keeper.close()
    assert unfinished(home.database) == []
    assert remains(home.path, needles([item for item in items if item.camera == GATE])) == {}
    assert (home.path / "erasures" / f"{row.name}.json").exists()


def test_given_up_the_rest_stays_and_nothing_tells_what_went(home: Home, store: Store, items: list[Item]) -> None:
    row = erasure.begin(home, store, Scope(camera_id=GATE), "Mira")
    erasure.give_up(home, store, row.id, "Mira")
    report = erasure.carry_out(home, store, row.id)
    assert report.figures == {}
    assert get(store, row.id).scope == {}
    assert len(erasure.look(home, Scope(camera_id=GATE)).first) > 0


def test_two_at_once_are_refused(home: Home, store: Store, items: list[Item]) -> None:
    row = erasure.begin(home, store, Scope(camera_id=GATE), "Mira")
    with erasure._alone(home), pytest.raises(StoreError, match="already"):
        erasure.carry_out(home, store, row.id)


@pytest.mark.parametrize(
    "scope",
    [
        Scope(),
        Scope(track=3),
        Scope(camera_id="a", events=(1,)),
        Scope(pictures=("x",), since=NOON),
        Scope(since=NOON, until=NOON - timedelta(seconds=1)),
    ],
)
def test_what_can_not_be_meant_is_refused(home: Home, store: Store, scope: Scope) -> None:
    with pytest.raises(UsageError):
        erasure.look(home, scope)
    with pytest.raises(UsageError):
        erasure.begin(home, store, scope, "Mira")
    assert unfinished(home.database) == []


def test_a_copy_that_can_not_be_written_anew_goes(home: Home, store: Store, items: list[Item]) -> None:
    good = next(home.backups.glob("*.db"))
    damaged = home.backups / "000002-schema-0003.db"
    content = bytearray(good.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    damaged.write_bytes(content)
    newer = home.backups / "000003-schema-0099.db"
    shutil.copy(good, newer)
    with closing(sqlite3.connect(newer)) as db:
        db.execute("PRAGMA user_version = 99")
    (home.backups / "000004-schema-0003.part").write_bytes(items[0].needles[0])
    report = done(home, store, Scope(camera_id=GATE))
    assert sorted(p.name for p in home.backups.iterdir()) == [good.name]
    assert report.figures["copies removed"] == 2
    assert any("2 copies of the database removed" in line for line in report.words())


def test_older_copies_are_written_anew(home: Home, store: Store, items: list[Item]) -> None:
    """A copy from before there were sealed crops, and one from before there were events."""
    made = next(home.backups.glob("*.db"))
    for number, drops in ((2, ()), (1, ("events", "events_changed"))):
        old = home.backups / f"00001{number}-schema-000{number}.db"
        shutil.copy(made, old)
        with closing(sqlite3.connect(old, isolation_level=None)) as db:
            db.execute("PRAGMA foreign_keys = OFF")
            later = (*ANSWERS, *OUTBOX, *REVIEW, "holds", "erasure_files", "erasures", "sealed")
            for table in (*later, *drops):
                db.execute(f"DROP TABLE {table}")
            for index in ("pictures_of_events", "pictures_without_size"):
                db.execute(f"DROP INDEX {index}")
            db.execute("ALTER TABLE pictures DROP COLUMN bytes")
            db.execute(f"PRAGMA user_version = {number}")
    done(home, store, Scope(camera_id=GATE))
    assert remains(home.path, needles([item for item in items if item.camera == GATE])) == {}
    copies = list(home.backups.glob("00001*.db"))
    assert len(copies) == 2
    for old in copies:
        with closing(sqlite3.connect(old)) as db:
            assert db.execute("SELECT count(*) FROM pictures").fetchone()[0] == 3


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_foreseen_is_what_goes(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("home")
    with Home.open(folder) as home, Store.open(home) as store:
        seen = data.draw(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.integers(1, 3)), max_size=6))
        planted = [
            plant(home, store, camera, n, at=NOON + timedelta(minutes=minute), track=track)
            for n, (camera, minute, track) in enumerate(seen)
        ]
        camera = data.draw(st.sampled_from(["a", "b"]))
        since = NOON + timedelta(minutes=data.draw(st.integers(0, 5)))
        until = since + timedelta(minutes=data.draw(st.integers(0, 3)))
        track = data.draw(st.none() | st.integers(1, 3))
        # what is stored now is recorded now: a time of March alone decides by the camera's clock
        scope = Scope(camera, since, until, track)
        meant = {
            item.event
            for item in planted
            if item.camera == camera and since <= item.at <= until and track in (None, item.track)
        }
        foreseen = erasure.look(home, scope)
        report = done(home, store, scope)
        assert foreseen.events == foreseen.pictures == foreseen.sealed == len(meant)
        assert report.figures.get("events", 0) == len(meant)
        with store.read() as db:
            assert {row[0] for row in db.execute("SELECT id FROM events")} == {i.event for i in planted} - meant
        assert asdict(erasure.look(home, scope))["events"] == 0


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_camera_of_a_hundred_thousand_events_is_erased_in_reasonable_time(home: Home, store: Store) -> None:
    """25,000 events of 100,000, each with its picture; prints what the README says."""
    day = home.pictures / "2026-03-04"
    day.mkdir()

    def fill(db: Any) -> None:
        for number in range(100_000):
            camera, path = f"cam-{number % 4}", f"pictures/2026-03-04/{uuid7()}.jpg"
            when = f"2026-03-04T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.000000+00:00"
            picture = db.execute(
                "INSERT INTO pictures (path, sha256, width, height, camera_id, taken_at, boot_id, policy, policy_json, "
                "purpose, written_at, bytes) VALUES (?, ?, 160, 90, ?, ?, ?, 'cover', '{}', ?, ?, 100)",
                (path, "0" * 64, camera, when, store.boot_id, f"event {number + 1}: to judge", when),
            ).lastrowid
            db.execute(
                "INSERT INTO events (camera_id, camera_name, label, track, rule, sound, score, x0, y0, x1, y1, width, "
                "height, seen_at, recorded_at, boot_id, picture_id) "
                "VALUES (?, ?, 'person', ?, 'new', 'none', 0.9, 1, 2, 3, 4, 160, 90, ?, ?, ?, ?)",
                (camera, camera, number, when, when, store.boot_id, picture),
            )
            (home.path / path).write_bytes(b"x" * 100)

    store.write(fill).result(600)
    began = time.monotonic()
    assert erasure.look(home, Scope(camera_id="cam-1")).events == 25_000
    looked = time.monotonic()
    report = done(home, store, Scope(camera_id="cam-1"))
    ended = time.monotonic()
    print(f"a look {looked - began:.2f} s, the erasure {ended - looked:.1f} s")
    assert report.figures["events"] == 25_000
    assert ended - looked < 120
