"""Numbered migrations, forward only: SQL files `resources/migrations/NNNN_name.sql`, applied in one transaction.

The version of a database is its ``user_version``: the number of the last migration it has seen.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from console.errors import StoreError
from console.settings.disk import in_words as disk_in_words
from console.settings.disk import sync_folder
from console.store.backups import back_up
from console.store.connect import APPLICATION_ID, connect, damaged, in_words, reading, transaction
from models.words import _

_FILE = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from version `number - 1` to `number`.

    Attributes:
        number: from 1, without holes.
        name: its file's name.
        sql: statements without BEGIN or COMMIT.
    """

    number: int
    name: str
    sql: str


def shipped() -> tuple[Migration, ...]:
    """The migrations of this Sightdesk, in order."""
    found = [
        Migration(int(match[1]), file.name, file.read_text(encoding="utf-8"))
        for file in (files("resources") / "migrations").iterdir()
        if (match := _FILE.fullmatch(file.name))
    ]
    return tuple(sorted(found, key=lambda migration: migration.number))


def version(path: Path) -> int:
    """The version of the database at `path`, after a check that it is sound and ours; nothing is written.

    Reads every page: [measured] 0.14 s for 110 MB in memory.

    Raises:
        StoreError: it is missing, damaged or not Sightdesk's.
    """
    if path.is_file() and _is_cut(path):
        raise damaged(path)
    with reading(path) as db:
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
        if int(db.execute("PRAGMA application_id").fetchone()[0]) != APPLICATION_ID:
            raise StoreError(
                _("{path} is an SQLite file, but none of Sightdesk's.").format(path=path),
                _("Move it away, or choose another home with --home."),
            )
        if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise damaged(path)
        return found


def _is_cut(path: Path) -> bool:
    """Whether a file ends inside a page, or is empty: ours never is, as it is made whole, then moved to its place.

    SQLite takes the rest of a page for zeros. Only while a write-ahead log waits to be written back may it be so.
    """
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        return False
    with path.open("rb") as file:
        page = int.from_bytes(file.read(18)[16:18], "big")
    return path.stat().st_size % (65536 if page == 1 else page or 1) != 0 or path.stat().st_size == 0


def check_version(path: Path, migrations: Sequence[Migration]) -> int:
    """The version of the database, if this Sightdesk can work with it or migrate it.

    Raises:
        StoreError: as `version`, or it is from a newer Sightdesk.
    """
    found, newest = version(path), migrations[-1].number
    if found > newest:
        raise StoreError(
            _("The database {path} was made by a newer Sightdesk (schema {found}; this one knows {newest}).").format(
                path=path, found=found, newest=newest
            ),
            _("Install that version or a later one, or bring back a copy from {folder}.").format(
                folder=path.parent / "backups"
            ),
        )
    return found


def create(path: Path, migrations: Sequence[Migration]) -> None:
    """Make a database that is either whole or not there.

    Raises:
        StoreError: it can't be written.
        HomeError: its folder can't be written.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        for end in ("", "-wal", "-shm"):
            temporary.with_name(temporary.name + end).unlink(missing_ok=True)
        temporary.touch(mode=0o600)
        with closing(connect(temporary)) as db:
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            apply(db, migrations)
        temporary.rename(path)
        sync_folder(path.parent)
    except sqlite3.Error as error:
        raise in_words(error, path) from error
    except OSError as error:
        raise disk_in_words(error, path) from error


def migrate(path: Path, backups: Path, migrations: Sequence[Migration]) -> None:
    """Bring an existing database up to the newest version, after a backup; all steps or none.

    Raises:
        StoreError: a step failed or can't be stored; the database is as it was, and the backup stands.
    """
    found = check_version(path, migrations)
    todo = [migration for migration in migrations if migration.number > found]
    if not todo:
        return
    kept = back_up(path, backups, found)
    db = connect(path)
    try:
        db.execute("PRAGMA foreign_keys = OFF")  # a table may have to be rebuilt; checked before the commit
        apply(db, todo)
    except sqlite3.Error as error:
        raise StoreError(
            _(
                "The database {path} could not be brought from schema {found} to {number}: {error}. "
                "It is as it was before."
            ).format(path=path, found=found, number=todo[-1].number, error=error),
            _("Report this, go on with the Sightdesk you had; a copy is at {kept}.").format(kept=kept),
        ) from error
    finally:
        db.close()


def apply(db: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    """Run migrations in one transaction that also sets the version.

    Raises:
        sqlite3.Error: a statement failed; nothing is changed.
    """
    with transaction(db):
        for migration in migrations:
            for statement in statements(migration.sql):
                db.execute(statement)
        _check_references(db)
        db.execute(f"PRAGMA user_version = {migrations[-1].number}")


def _check_references(db: sqlite3.Connection) -> None:
    broken = db.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        raise sqlite3.IntegrityError(
            _("rows of {table} point to rows of {other} that are not there").format(table=broken[0], other=broken[2])
        )


def statements(sql: str) -> Iterator[str]:
    """The statements of a script, one by one: executescript would commit before the first."""
    waiting = ""
    for piece in re.split("(?<=;)", sql):
        waiting += piece
        if sqlite3.complete_statement(waiting):
            yield waiting
            waiting = ""
    if re.sub(r"--[^\n]*", "", waiting).strip():
        yield waiting
