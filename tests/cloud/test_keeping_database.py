"""Databases that are new, old, newer, somebody else's, away for a while, cut off in the middle, damaged."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from console.cloud.database.sql.database import Database
from console.cloud.database.sql.engines import place_of, read_url
from console.cloud.database.sql.migrating import VERSION_TABLE, migrate
from console.cloud.database.sql.tables import METADATA
from console.cloud.database.sql.versions import VERSIONS
from console.cloud.errors import CloudError, Damaged, DatabaseAway
from console.cloud.keeping.keeper import Keeper
from tests.cloud.keeping_cases import DESK, jpeg, keeping, message, notice, states, truth
from tests.servers.postgres import serving

pytestmark = pytest.mark.services


def change(url: str, sql: str) -> None:
    engine = create_engine(read_url(url))
    with engine.begin() as db:
        db.execute(text(sql))
    engine.dispose()


def test_the_revisions_make_the_tables_the_program_uses(database_url: str) -> None:
    Database(database_url).close()
    engine = create_engine(read_url(database_url))
    with engine.connect() as db:
        context = MigrationContext.configure(db, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_a_database_of_a_newer_sightdesk_is_refused_and_left(database_url: str, tmp_path: Path) -> None:
    with keeping(database_url, tmp_path / "cloud") as keeper:
        keeper.take(DESK, [message()])
    change(database_url, f"UPDATE {VERSION_TABLE} SET version_num = '0099'")
    with pytest.raises(CloudError, match=r"newer Sightdesk \(schema 0099; this one knows"):
        Keeper(database_url, tmp_path / "cloud")
    change(database_url, f"UPDATE {VERSION_TABLE} SET version_num = '{VERSIONS[-1].revision}'")
    with keeping(database_url, tmp_path / "cloud") as keeper:
        assert keeper.figures()["messages"] == {"event": 1}


def revision(number: str, before: str, sql: str) -> ModuleType:
    made: Any = ModuleType(f"v{number}")
    made.revision, made.down_revision = number, before
    made.upgrade = lambda op: op.execute(sql)
    return made  # type: ignore[no-any-return]


def test_what_is_missing_is_applied_whole_or_not_at_all(database_url: str) -> None:
    database = Database(database_url)
    good = revision("9001", VERSIONS[-1].revision, "ALTER TABLE about ADD COLUMN more TEXT")
    bad = revision("9002", "9001", "INSERT INTO nowhere VALUES (1)")
    with pytest.raises(CloudError, match="nowhere"), database.writing("x") as session:
        migrate(session.db, "x", (*VERSIONS, good, bad))
    with database.reading() as session:
        assert "more" not in {column["name"] for column in sa.inspect(session.db).get_columns("about")}
    for _again in range(2):
        with database.writing("x") as session:
            migrate(session.db, "x", (*VERSIONS, good))
    with database.reading() as session:
        assert session.db.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one() == "9001"
    database.close()


def test_tables_of_somebody_else_are_not_touched(postgresql_url: str, tmp_path: Path) -> None:
    change(postgresql_url, "CREATE TABLE messages (text TEXT)")
    with pytest.raises(CloudError, match="has a table messages"):
        Database(postgresql_url)
    for name, sql in (("other.db", "CREATE TABLE t (x)"), ("desk.db", "PRAGMA application_id = 5")):
        with closing(sqlite3.connect(tmp_path / name)) as db:
            db.execute(sql)
            db.commit()
        with pytest.raises(CloudError, match="not the database of a cloud side"):
            Database(f"sqlite:///{tmp_path / name}")
    (tmp_path / "damaged.db").write_bytes(b"no database at all" * 1000)
    with pytest.raises(Damaged, match="is damaged"):
        Database(f"sqlite:///{tmp_path / 'damaged.db'}")


@pytest.mark.parametrize(
    "url", ["", "cloud.db", "sqlite://", "sqlite:///:memory:", "sqlite:////a.db?mode=ro", "mysql://host/name", "://"]
)
def test_an_address_that_is_none_is_refused_in_words(url: str) -> None:
    with pytest.raises(CloudError, match=r"address of|not supported"):
        read_url(url)


def test_a_password_is_in_no_words(tmp_path: Path) -> None:
    for url in ("postgres://me:s3cret@127.0.0.1:1/x", "postgresql://me:s3cret@127.0.0.1:1/x?password=s3cret"):
        assert read_url(url).drivername == "postgresql+psycopg"
        assert place_of(read_url(url)) == "127.0.0.1:1/x"
        with pytest.raises(DatabaseAway, match="can't be reached") as caught:
            Keeper(url, tmp_path / "cloud")
        assert "s3cret" not in str(caught.value)
    with pytest.raises(CloudError, match="can't be opened"):
        Database(f"sqlite:///{tmp_path}/cloud/cloud.lock/x.db")


def test_it_migrates_without_any_file_beside_it(tmp_path: Path) -> None:
    """As in a frozen program: modules come from an archive, and no alembic.ini or folder of scripts is anywhere."""
    code = (
        "import sys, zipfile, pathlib\n"
        "root, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])\n"
        "with zipfile.ZipFile(out / 'all.zip', 'w') as made:\n"
        "    for room in ('console', 'models', 'resources', 'backends'):\n"
        "        [made.write(path, path.relative_to(root)) for path in (root / room).rglob('*.py')]\n"
        "sys.path[:] = [str(out / 'all.zip')] + [p for p in sys.path if p and pathlib.Path(p).resolve() != root]\n"
        "import console.cloud.database.sql.database as made\n"
        "assert 'all.zip' in made.__file__, made.__file__\n"
        "made.Database('sqlite:///' + str(out / 'x.db')).close()\n"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-S", "-c", _WITH_SITE + code, str(root), str(tmp_path)], check=True, cwd=tmp_path)
    with closing(sqlite3.connect(tmp_path / "x.db")) as db:
        assert db.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()[0] == VERSIONS[-1].revision


_WITH_SITE = f"import sys; sys.path += {[path for path in sys.path if 'site-packages' in path]!r}\n"


def test_a_server_that_is_away_is_said_so_and_nothing_confirmed_is_lost_when_it_is_back(tmp_path: Path) -> None:
    with serving() as server, keeping(server.url, tmp_path / "cloud") as keeper:
        before = [message(jpeg("a")), message()]
        keeper.take(DESK, before)
        server.stop()
        during = [message(jpeg("b"))]
        with pytest.raises(DatabaseAway, match="can't be reached"):
            keeper.take(DESK, during)
        with pytest.raises(DatabaseAway):
            keeper.check()
        with pytest.raises(DatabaseAway):
            keeper.trace(DESK.site, "x")
        server.start()
        assert states(keeper.take(DESK, [*during, *before])) == ["received", "known", "known"]
        assert len(truth(server.url, tmp_path / "cloud").messages) == 3


def test_a_connection_cut_in_the_middle_leaves_it_whole(postgresql_url: str, tmp_path: Path) -> None:
    with keeping(postgresql_url, tmp_path / "cloud") as keeper:
        pool = [[message(jpeg(f"{n}-{i}")) for i in range(8)] for n in range(40)]
        over = threading.Event()

        def cut() -> None:
            with psycopg.connect(postgresql_url, autocommit=True) as db:
                while not over.wait(0.01):
                    db.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )

        cutter = threading.Thread(target=cut)
        cutter.start()
        confirmed: set[str] = set()
        failures = 0
        for batch in pool:
            try:
                keeper.take(DESK, batch)
                confirmed.update(one.head["message_id"] for one in batch)
            except DatabaseAway:
                failures += 1
        over.set()
        cutter.join()
        assert failures
        keeper.take(DESK, [notice("x")])  # what was in doubt is settled by the next that writes
        kept = truth(postgresql_url, tmp_path / "cloud")
        assert confirmed <= set(kept.messages)
        for batch in pool:
            assert {one.state for one in keeper.take(DESK, batch)} <= {"received", "known"}
        assert len(truth(postgresql_url, tmp_path / "cloud").messages) == 321


def test_who_waits_for_a_lock_for_too_long_is_told_so(database_url: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("console.cloud.database.sql.engines.BUSY_S", 1.0)
    monkeypatch.setattr("console.cloud.database.sql.database.BUSY_S", 1.0)
    with keeping(database_url, tmp_path / "cloud") as keeper:
        with keeper._database.writing(DESK.site), pytest.raises(DatabaseAway, match="too busy"):
            keeper.take(DESK, [message()])
        assert states(keeper.take(DESK, [message()])) == ["received"]


def test_who_stands_still_in_the_middle_lets_others_go_on_after_a_while(
    postgresql_url: str, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr("console.cloud.database.sql.engines.BUSY_S", 0.5)
    with closing(Database(postgresql_url)) as still:
        monkeypatch.undo()
        with keeping(postgresql_url, tmp_path / "cloud") as keeper:

            def stand_still() -> None:
                with still.writing(DESK.site) as session:
                    session.set_about("half", "done")
                    assert states(keeper.take(DESK, [message()])) == ["received"], "in its turn, a moment later"
                    session.set_about("other half", "never")

            with pytest.raises(DatabaseAway, match="can't be reached"):
                stand_still()
        with still.reading() as session:
            assert session.about("half") is None


def test_connections_that_ended_while_nobody_used_them_are_not_noticed(postgresql_url: str, tmp_path: Path) -> None:
    with keeping(postgresql_url, tmp_path / "cloud") as keeper:
        keeper.take(DESK, [message()])
        with psycopg.connect(postgresql_url, autocommit=True) as db:
            db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert states(keeper.take(DESK, [message(jpeg("a"))])) == ["received"]


def test_sqlite_syncs_what_it_commits_and_overwrites_what_it_deletes(tmp_path: Path) -> None:
    with keeping(f"sqlite:///{tmp_path}/cloud.db", tmp_path / "cloud") as keeper:
        with keeper._database.reading() as session:
            wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
            assert {name: session.db.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in wanted} == wanted
        assert (tmp_path / "cloud.db").stat().st_mode & 0o077 == 0


def test_what_is_confirmed_is_on_the_disk_whatever_the_server_is_set_to(postgresql_url: str, tmp_path: Path) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as db:
        name = db.info.dbname
        db.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with keeping(postgresql_url, tmp_path / "cloud") as keeper:
        with keeper._database.writing(DESK.site) as db_:
            assert db_.db.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
        with keeper._database.reading() as db_:
            assert db_.db.execute(text("SHOW transaction_isolation")).scalar_one() == "repeatable read"
