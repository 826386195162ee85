"""Migrations: fresh, older, newer, failing, damaged; and the backup before each."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from console.errors import StoreError
from console.settings.home import Home
from console.store import backups
from console.store.connect import APPLICATION_ID
from console.store.migrations import Migration, shipped, statements
from console.store.store import Store

FIRST = shipped()[:1]
SECOND = (
    *FIRST,
    Migration(2, "0002_second.sql", "CREATE TABLE second (id INTEGER PRIMARY KEY);\nINSERT INTO second VALUES (1);"),
)
FIFTH = (*SECOND, *(Migration(n, f"{n:04}_x.sql", f"CREATE TABLE t{n} (id INTEGER);") for n in (3, 4, 5)))


@pytest.fixture
def home(own_home: Path) -> Iterator[Home]:
    with Home.open(own_home) as opened:
        yield opened


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as db:
        return {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def user_version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def content(path: Path) -> bytes:
    return path.read_bytes()


def test_shipped_migrations_have_no_holes_and_no_transactions_of_their_own() -> None:
    assert [migration.number for migration in shipped()] == list(range(1, len(shipped()) + 1))
    for migration in shipped():
        words = re.sub(r"--[^\n]*|'[^']*'", "", migration.sql).upper()
        words = re.sub(r"CREATE TRIGGER .*?\bBEGIN\b.*?\bEND;", "", words, flags=re.DOTALL)
        assert not re.search(r"\b(BEGIN|COMMIT|ROLLBACK|VACUUM|ATTACH)\b", words)


def test_a_fresh_database_is_of_the_newest_schema(home: Home) -> None:
    Store.open(home).close()
    assert {"meta", "boot", "pictures", "events"} <= tables(home.database)
    assert user_version(home.database) == shipped()[-1].number
    with closing(sqlite3.connect(home.database)) as db:
        assert db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert backups.kept(home.backups) == []
    if os.name != "nt":
        assert home.database.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in home.path.iterdir() if ".new" in file.name] == []


def test_an_older_database_is_backed_up_then_migrated(home: Home) -> None:
    with Store.open(home, migrations=FIRST) as old:
        old.write(lambda db: db["meta"].insert({"key": "mine", "value": "v"}) and None).result(10)
    Store.open(home, migrations=SECOND).close()
    assert "second" in tables(home.database)
    assert user_version(home.database) == 2
    (backup,) = backups.kept(home.backups)
    assert backup.name == "000001-schema-0001.db"
    assert user_version(backup) == 1
    with closing(sqlite3.connect(backup)) as db:
        assert db.execute("SELECT value FROM meta WHERE key = 'mine'").fetchone() == ("v",)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    Store.open(home, migrations=SECOND).close()
    assert len(backups.kept(home.backups)) == 1, "nothing to migrate, nothing to back up"


def test_what_is_only_in_the_write_ahead_log_is_backed_up_too(home: Home) -> None:
    Store.open(home, migrations=FIRST).close()
    with closing(sqlite3.connect(home.database, isolation_level=None)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("INSERT INTO meta VALUES ('late', 'v')")
        made = backups.back_up(home.database, home.backups, 1)
    with closing(sqlite3.connect(made)) as db:
        assert db.execute("SELECT count(*) FROM meta").fetchone() == (1,)


def test_the_newest_three_backups_are_kept_whatever_the_clock_says(home: Home) -> None:
    Store.open(home, migrations=FIRST).close()
    for migrations in (SECOND, FIFTH[:3], FIFTH[:4], FIFTH):
        Store.open(home, migrations=migrations).close()
        for file in backups.kept(home.backups):
            os.utime(file, (0, 0))
    names = [file.name for file in backups.kept(home.backups)]
    assert names == ["000002-schema-0002.db", "000003-schema-0003.db", "000004-schema-0004.db"]


def test_a_newer_database_is_refused_and_left_alone(home: Home) -> None:
    Store.open(home, migrations=FIFTH).close()
    before = content(home.database)
    with pytest.raises(StoreError) as refused:
        Store.open(home, migrations=SECOND)
    assert "newer Sightdesk (schema 5; this one knows 2)" in refused.value.what
    assert "Install that version" in refused.value.hint
    assert content(home.database) == before
    assert backups.kept(home.backups) == []


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE half (id INTEGER);\nCREATE TABLE meta (id INTEGER);",
        "CREATE TABLE half (id INTEGER);\nthis is not SQL;",
        "DELETE FROM boot; CREATE TABLE half (id INTEGER);",  # leaves pictures without their boot
        "DROP TABLE meta; SELECT json('{');",
    ],
)
def test_a_failing_migration_leaves_database_and_backup_as_they_were(home: Home, sql: str) -> None:
    with Store.open(home, migrations=FIRST) as old:
        boot = old.boot_id
        values = ("pictures/a.jpg", "ab" * 32, 1, 1, "gate", "t", boot, "p", "{}", "x", "t")
        columns = "path, sha256, width, height, camera_id, taken_at, boot_id, policy, policy_json, purpose, written_at"
        places = ", ".join("?" * len(values))
        old.write(lambda db: db.execute(f"INSERT INTO pictures ({columns}) VALUES ({places})", values) and None).result(
            10
        )
    before = content(home.database)
    with pytest.raises(StoreError) as refused:
        Store.open(home, migrations=(*SECOND, Migration(3, "0003_bad.sql", sql)))
    assert "from schema 1 to 3" in refused.value.what
    assert "It is as it was before" in refused.value.what
    (backup,) = backups.kept(home.backups)
    assert str(backup) in refused.value.hint
    assert "second" not in tables(home.database), "not even the step that worked"
    assert user_version(home.database) == user_version(backup) == 1
    assert content(home.database) == before
    with Store.open(home, migrations=FIRST) as again, again.read() as db:
        assert db.execute("SELECT count(*) FROM pictures").fetchone()[0] == 1


def test_a_migration_may_rebuild_a_table_others_point_to(home: Home) -> None:
    with Store.open(home, migrations=FIRST):
        pass
    rebuild = """
        CREATE TABLE boot_new (id INTEGER PRIMARY KEY, boot_id TEXT NOT NULL UNIQUE, started_at TEXT NOT NULL,
            version TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL, extra TEXT) STRICT;
        INSERT INTO boot_new SELECT *, NULL FROM boot;
        DROP TABLE boot;
        ALTER TABLE boot_new RENAME TO boot;
    """
    with Store.open(home, migrations=(*FIRST, Migration(2, "0002_rebuild.sql", rebuild))) as store, store.read() as db:
        assert db.execute("SELECT count(*), count(extra) FROM boot").fetchone()[:] == (2, 0)


def test_a_migration_that_cannot_be_backed_up_is_not_begun(home: Home) -> None:
    Store.open(home, migrations=FIRST).close()
    (home.backups / "000001-schema-0001.part").mkdir()
    with pytest.raises(StoreError, match="the backup before it failed"):
        Store.open(home, migrations=SECOND)
    assert user_version(home.database) == 1


def damage_header(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[:16] = b"NotSQLite format"
    path.write_bytes(raw)


def damage_pages(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    for page in range(4096, len(raw), 4096):
        raw[page : page + 200] = b"\xa5" * 200
    path.write_bytes(raw)


DAMAGES = {
    "header": damage_header,
    "pages": damage_pages,
    "cut in half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "cut in a page": lambda path: path.write_bytes(path.read_bytes()[:-1000]),
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("hello, this is not a database at all\n" * 200),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_database_is_refused_and_left_alone(home: Home, name: str) -> None:
    Store.open(home).close()
    DAMAGES[name](home.database)
    before = content(home.database)
    for _ in range(2):
        with pytest.raises(StoreError) as refused:
            Store.open(home)
        assert "is damaged. It was left as it is" in refused.value.what
        assert "backups" in refused.value.hint
    assert content(home.database) == before


def test_somebody_elses_database_is_refused_and_left_alone(home: Home) -> None:
    with closing(sqlite3.connect(home.database)) as db:
        db.execute("CREATE TABLE theirs (id INTEGER)")
        db.commit()
    before = content(home.database)
    with pytest.raises(StoreError, match="none of Sightdesk's"):
        Store.open(home)
    assert content(home.database) == before


def test_a_folder_in_its_place(home: Home) -> None:
    home.database.mkdir()
    with pytest.raises(StoreError):
        Store.open(home)


def test_a_leftover_of_a_creation_that_was_cut_off_is_no_obstacle(home: Home) -> None:
    for end in ("", "-wal", "-shm"):
        home.database.with_name(f".sightdesk.db.new{end}").write_bytes(b"half")
    Store.open(home).close()
    assert user_version(home.database) == shipped()[-1].number


def test_a_command_beside_the_desk_makes_but_never_migrates(home: Home) -> None:
    beside = Home.look(home.path)
    Store.open(beside, migrations=FIRST).close()
    with pytest.raises(StoreError, match="of an older Sightdesk"):
        Store.open(beside, migrations=SECOND)
    assert user_version(home.database) == 1
    Store.open(home, migrations=SECOND).close()
    Store.open(beside, migrations=SECOND).close()


def test_statements_are_split_where_sqlite_splits_them() -> None:
    sql = """-- one; not a statement
    CREATE TABLE a (x TEXT DEFAULT ';');  -- beside; it
    CREATE TRIGGER t AFTER INSERT ON a BEGIN
        DELETE FROM a; -- inside
        DELETE FROM a;
    END;
    SELECT 'a;b'; SELECT 2; SELECT 3
    -- the end"""
    found = list(statements(sql))
    assert len(found) == 5
    with closing(sqlite3.connect(":memory:")) as db:
        for statement in found:
            db.execute(statement)
    assert list(statements("-- nothing\n")) == []
