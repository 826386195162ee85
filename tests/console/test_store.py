"""The store: one writer, many readers, and what its futures promise."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path, PurePosixPath

import pytest
from sqlite_utils import Database

from console.errors import StoreError
from console.settings.home import Home
from console.store import connect, store
from console.store.pictures import PictureRow, insert, recorded
from console.store.store import Store, utc_text
from console.store.writer import QueueFull


@pytest.fixture
def home(own_home: Path) -> Iterator[Home]:
    with Home.open(own_home) as opened:
        yield opened


@pytest.fixture
def opened(home: Home) -> Iterator[Store]:
    with Store.open(home) as made:
        yield made


def put(key: str, value: str = "v"):
    return lambda db: db["meta"].insert({"key": key, "value": value}).last_pk


def keys(opened: Store) -> set[str]:
    with opened.read() as db:
        return {row["key"] for row in db.execute("SELECT key FROM meta")}


def test_what_is_done_is_stored(opened: Store) -> None:
    assert opened.write(put("a")).result(10) is not None
    assert keys(opened) == {"a"}


def test_the_connection_is_set_up_to_survive_a_power_cut(opened: Store) -> None:
    def ask(db: Database) -> dict[str, object]:
        return {
            name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert opened.write(ask).result(10) == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_job_begins_with_the_right_to_write(opened: Store) -> None:
    def job(db: Database) -> bool:
        other = sqlite3.connect(opened.path, timeout=0)
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        finally:
            other.close()
        return False

    assert opened.write(job).result(10)


def test_an_exception_rolls_back_its_job_alone(opened: Store) -> None:
    def broken(db: Database) -> None:
        db["meta"].insert({"key": "half", "value": "v"})
        raise ValueError("mine")

    futures = [opened.write(put("a")), opened.write(broken), opened.write(put("b"))]
    assert isinstance(futures[1].exception(10), ValueError)
    futures[2].result(10)
    assert keys(opened) == {"a", "b"}


def test_sqlites_own_refusals_reach_the_caller_as_they_are(opened: Store) -> None:
    opened.write(put("a")).result(10)
    assert isinstance(opened.write(put("a")).exception(10), sqlite3.IntegrityError)
    assert isinstance(opened.write(lambda db: db.execute("SELECT nothing")).exception(10), sqlite3.OperationalError)


@pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK"])
def test_a_job_that_ends_the_transaction_is_told(opened: Store, statement: str) -> None:
    future = opened.write(lambda db: db.execute(statement) and None)
    assert isinstance(future.exception(10), RuntimeError)
    assert isinstance(opened.write(lambda db: db.conn.executescript("SELECT 1")).exception(10), RuntimeError)
    opened.write(put("after")).result(10)
    assert keys(opened) == {"after"}


def test_even_an_exit_inside_a_job_does_not_end_the_writer(opened: Store) -> None:
    def leave(db: Database) -> None:
        raise SystemExit(3)

    assert isinstance(opened.write(leave).exception(10), SystemExit)
    opened.write(put("after")).result(10)


def test_sqlite_utils_nested_transactions_are_part_of_the_job(opened: Store) -> None:
    def job(db: Database) -> None:
        with db.atomic():
            db["meta"].insert_all({"key": f"k{n}", "value": "v"} for n in range(5))
        raise ValueError("after all")

    assert isinstance(opened.write(job).exception(10), ValueError)
    assert keys(opened) == set()


class Gate:
    """A job that holds the writer until it is let go."""

    def __init__(self) -> None:
        self.entered, self.go = threading.Event(), threading.Event()

    def __call__(self, db: Database) -> None:
        self.entered.set()
        self.go.wait(20)


def test_a_full_queue_says_so_and_takes_more_later(home: Home) -> None:
    gate = Gate()
    with Store.open(home, limit=3) as opened:
        opened.write(gate)
        assert gate.entered.wait(10)
        accepted = [opened.write(put(f"k{n}")) for n in range(3)]
        assert opened.waiting == 3
        begun = time.monotonic()
        with pytest.raises(QueueFull, match="3 jobs wait"):
            opened.write(put("too many"))
        assert time.monotonic() - begun < 1
        with pytest.raises(QueueFull):
            opened.write(put("too many"), wait_s=0.2)
        threading.Timer(0.2, gate.go.set).start()
        accepted.append(opened.write(put("late"), wait_s=10))
        for future in accepted:
            future.result(10)
        assert keys(opened) == {"k0", "k1", "k2", "late"}


def test_close_stores_what_was_accepted_and_refuses_more(home: Home) -> None:
    gate = Gate()
    opened = Store.open(home)
    opened.write(gate)
    futures = [opened.write(put(f"k{n}")) for n in range(20)]
    threading.Timer(0.1, gate.go.set).start()
    opened.close()
    opened.close()
    assert all(future.done() and future.exception() is None for future in futures)
    with pytest.raises(StoreError, match="closed"):
        opened.write(put("late"))
    assert not opened.path.with_name("sightdesk.db-wal").exists(), "the last one to close tidies up"
    assert len(keys(opened)) == 20


def test_a_cancelled_job_is_not_run(opened: Store) -> None:
    gate = Gate()
    opened.write(gate)
    assert gate.entered.wait(10)
    future = opened.write(put("cancelled"))
    assert future.cancel()
    gate.go.set()
    opened.write(put("after")).result(10)
    assert keys(opened) == {"after"}
    with pytest.raises(CancelledError):
        future.result()


def test_a_callback_may_write_again_but_never_waits(home: Home) -> None:
    with Store.open(home, limit=1) as opened:
        again: list[object] = []
        done = threading.Event()

        def follow(_future: object) -> None:
            for _ in range(3):
                try:
                    again.append(opened.write(put(f"follow{len(again)}"), wait_s=60))
                except QueueFull as error:
                    again.append(error)
            done.set()

        opened.write(put("first")).add_done_callback(follow)
        assert done.wait(10)
        assert [isinstance(each, QueueFull) for each in again] == [False, True, True]


def test_readers_see_one_moment_and_cannot_write(opened: Store) -> None:
    opened.write(put("a")).result(10)
    with opened.read() as db:
        before = db.execute("SELECT count(*) FROM meta").fetchone()[0]
        opened.write(put("b")).result(10)
        assert db.execute("SELECT count(*) FROM meta").fetchone()[0] == before
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            db.execute("DELETE FROM meta")
    assert keys(opened) == {"a", "b"}


def test_a_reader_beside_a_busy_writer_is_not_held_up(opened: Store) -> None:
    gate = Gate()

    def job(db: Database) -> None:
        db["meta"].insert({"key": "slow", "value": "v"})
        gate(db)

    future = opened.write(job)
    assert gate.entered.wait(10)
    assert keys(opened) == set()
    gate.go.set()
    future.result(10)
    assert keys(opened) == {"slow"}


def test_many_threads_write_and_nothing_is_lost(opened: Store) -> None:
    def work(name: int) -> None:
        for number in range(50):
            opened.write(put(f"{name}-{number}"), wait_s=10).result(10)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys(opened)) == 300


def test_a_full_disk_is_said_in_words_and_passes(opened: Store) -> None:
    def limit(pages: int):
        return lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchone()[0]

    def fill(db: Database) -> None:
        db["meta"].insert({"key": "big", "value": "x" * 10_000_000})

    opened.write(put("before")).result(10)
    opened.write(limit(1)).result(10)
    error = opened.write(fill).exception(10)
    assert isinstance(error, StoreError)
    assert "is full; this was not stored" in error.what
    opened.write(limit(1_000_000)).result(10)
    opened.write(fill).result(10)
    assert keys(opened) == {"before", "big"}


def test_a_database_held_by_another_program(opened: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    opened.write(lambda db: db.execute("PRAGMA busy_timeout = 200").fetchone()).result(10)
    other = sqlite3.connect(opened.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    error = opened.write(put("a")).exception(10)
    assert isinstance(error, StoreError)
    assert "held by another program" in error.what
    other.execute("COMMIT")
    other.close()
    opened.write(put("a")).result(10)


def test_no_two_processes_are_in_a_transaction_or_checkpoint_at_once(opened: Store, home: Home) -> None:
    def job(db: Database) -> bool:
        other = connect.turn(home.run)
        try:
            other.acquire(timeout=0)
        except TimeoutError:
            return True
        other.release()
        return False

    assert opened.write(job).result(10), "SQLite before 3.51.3 needs this: see turn()"


def test_a_process_that_never_ends_its_turn(opened: Store, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened._writer._turn, "timeout", 0.1)
    with connect.turn(home.run):
        error = opened.write(put("a")).exception(10)
    assert isinstance(error, StoreError)
    assert "held by another program" in error.what
    opened.write(put("a")).result(10)


def test_a_lost_home_is_said_in_words(opened: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match="no database"), connect.reading(opened.path.with_name("gone.db")):
        pass


def test_a_network_drive_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "network_drive", lambda _path: "nfs4")
    with pytest.raises(StoreError, match=r"network drive \(nfs4\)") as refused:
        Store.open(home)
    assert "--home" in refused.value.hint
    assert not home.database.exists()


def test_a_home_that_is_not_there_is_made_for_this_user_alone(tmp_path: Path) -> None:
    Store.open(Home.look(tmp_path / "missing")).close()
    if os.name != "nt":
        assert (tmp_path / "missing").stat().st_mode & 0o777 == 0o700


FORGETFUL = """
import sys
from pathlib import Path
from console.settings.home import Home
from console.store.store import Store
opened = Store.open(Home.look(Path(sys.argv[1])))
for n in range(50):
    opened.write(lambda db, n=n: db["meta"].insert({"key": f"k{n}", "value": "v"}) and None)
sys.exit("an error nobody caught")
"""


def test_a_program_that_forgets_to_close_ends_and_loses_nothing(home: Home) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FORGETFUL, str(home.path)], timeout=60, check=False, capture_output=True
    )
    assert (ended.returncode, ended.stderr) == (1, b"an error nobody caught\n")
    with Store.open(home) as opened:
        assert len(keys(opened)) == 50


def test_each_run_has_its_row_and_a_clock_set_back_is_seen(home: Home) -> None:
    with Store.open(home) as first:
        assert first.set_back_s == 0
        ahead = utc_text(datetime.now(UTC) + timedelta(hours=2))
        first.write(lambda db: db.execute("UPDATE boot SET started_at = ?", [ahead]) and None).result(10)
    with Store.open(home) as second:
        assert 7100 < second.set_back_s <= 7200
        assert second.boot_id != first.boot_id
        with second.read() as db:
            rows = db.execute("SELECT boot_id, pid, version FROM boot ORDER BY id").fetchall()
        assert [row["boot_id"] for row in rows] == [first.boot_id, second.boot_id]


def test_a_clock_that_is_set_back_meanwhile_is_seen(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    with Store.open(home) as opened:
        monkeypatch.setattr(time, "time", lambda: real() - 7200)
        assert 7199 < opened.set_back_s < 7201
        monkeypatch.setattr(time, "time", lambda: real() + 7200)
        assert opened.set_back_s == 0


def test_times_are_utc_text_that_sorts() -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert utc_text(moment) == "2026-03-01T10:00:00.000000+00:00"
    with pytest.raises(ValueError, match="without a zone"):
        utc_text(datetime(2026, 3, 1))  # noqa: DTZ001


def row(opened: Store, **changes: object) -> PictureRow:
    values: dict[str, object] = {
        "path": PurePosixPath("pictures/2026/a.jpg"),
        "sha256": "ab" * 32,
        "width": 640,
        "height": 480,
        "camera_id": "gate",
        "taken_at": datetime.now(UTC),
        "boot_id": opened.boot_id,
        "policy": "faces",
        "policy_json": "{}",
        "purpose": "event",
    }
    return PictureRow(**(values | changes))


def test_pictures_are_recorded(opened: Store) -> None:
    assert opened.write(lambda db: insert(db, row(opened))).result(10) == 1
    assert list(recorded(opened.path)) == [(PurePosixPath("pictures/2026/a.jpg"), "ab" * 32)]


@pytest.mark.parametrize(
    "changes",
    [
        {"path": PurePosixPath("/etc/passwd")},
        {"sha256": "short"},
        {"width": 0},
        {"policy_json": "{broken"},
        {"boot_id": "another"},
        {"camera_id": None},
    ],
)
def test_pictures_that_cannot_be_are_refused(opened: Store, changes: dict[str, object]) -> None:
    assert isinstance(opened.write(lambda db: insert(db, row(opened, **changes))).exception(10), sqlite3.IntegrityError)
    assert list(recorded(opened.path)) == []


def test_the_same_file_is_recorded_once(opened: Store) -> None:
    opened.write(lambda db: insert(db, row(opened))).result(10)
    assert isinstance(opened.write(lambda db: insert(db, row(opened))).exception(10), sqlite3.IntegrityError)
