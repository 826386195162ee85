"""From a URL to SQLAlchemy's engine: which databases there may be, and how each is set up."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError

from console.cloud.database.words import damaged
from console.cloud.errors import CloudError
from console.settings.drives import network_drive
from models.words import _

POSTGRESQL, SQLITE = "postgresql", "sqlite"
WRITES = "sightdesk_writes"
"""The execution option of a connection whose transactions write."""
BUSY_S = 10.0
"""So long another transaction is waited for."""
APPLICATION_ID = 0x5344434C  # "SDCL": tells our file from any other SQLite file
_POOL = 16
_TO_SERVER = {
    "connect_timeout": "5", "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3",
    "tcp_user_timeout": "15000", "application_name": "sightdesk cloud",
}  # fmt: skip
"""Of libpq, unless the URL says otherwise: a server that is gone without a word is noticed within seconds."""


def read_url(text: str) -> URL:
    """The address of a database, with the driver we have for it.

    Raises:
        CloudError: it is none, or of another kind.
    """
    hint = _("Such are sqlite:////var/lib/sightdesk/cloud.db and postgresql://user@host/name.")
    try:
        url = make_url(text.replace("postgres://", "postgresql://", 1) if text.startswith("postgres://") else text)
        kind = url.get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise CloudError(_("The address of the database can't be understood."), hint) from error
    if kind == POSTGRESQL:
        missing = {key: value for key, value in _TO_SERVER.items() if key not in url.query}
        return url.set(drivername=f"{POSTGRESQL}+psycopg").update_query_dict(missing)
    if kind != SQLITE:
        raise CloudError(_("A database of the kind {kind} is not supported.").format(kind=kind), hint)
    if not url.database or url.database == ":memory:" or url.query:
        raise CloudError(_("The address of an SQLite database must name a file, and nothing else."), hint)
    return url.set(drivername=SQLITE, database=os.path.realpath(url.database))


def place_of(url: URL) -> str:
    """A database as it is named in words: without password and options."""
    if url.get_backend_name() == SQLITE:
        return str(url.database)
    return f"{url.host or 'localhost'}{f':{url.port}' if url.port else ''}/{url.database or ''}"


def make_engine(url: URL) -> Engine:
    """An engine with a bounded pool; a connection to a server is tried before it is used."""
    common: dict[str, Any] = {"pool_size": _POOL, "max_overflow": 0, "pool_timeout": BUSY_S}
    if url.get_backend_name() == POSTGRESQL:
        engine = create_engine(url, **common, pool_pre_ping=True)
        event.listen(engine, "connect", _bound)
        return engine
    engine = create_engine(url, **common, connect_args={"timeout": BUSY_S, "check_same_thread": False})
    event.listen(engine, "connect", _settle)
    event.listen(engine, "begin", _begin)
    return engine


def insert_or(db: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT."""
    return postgresql.insert(table) if db.dialect.name == POSTGRESQL else sqlite.insert(table)


def settle_file(url: URL, *, make: bool = True) -> None:
    """Make an SQLite file for this user alone where there is none, and see that one that is there is ours.

    Args:
        url: of it.
        make: False: where there is none, that is an error.

    Raises:
        CloudError: it is another program's, damaged, on a network drive, or can't be made.
    """
    path = Path(str(url.database))
    if drive := network_drive(path):
        raise CloudError(
            _("{path} is on a network drive ({drive}), where an SQLite database is not safe.").format(
                path=path, drive=drive
            ),
            _("Choose a disk of this machine, or a PostgreSQL database."),
        )
    try:
        if make:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
        empty = path.stat().st_size == 0
    except FileNotFoundError as error:
        raise CloudError(
            _("The database {path} can't be opened: there is no such file.").format(path=path),
            _("The server makes it when it starts first: sightdesk cloud serve. Or another --folder is meant."),
        ) from error
    except OSError as error:
        raise _cannot(path, error.strerror or error) from error
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_S)) as db:
            if empty and not db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            found = db.execute("PRAGMA application_id").fetchone()[0]
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorname", "") in ("SQLITE_NOTADB", "SQLITE_CORRUPT"):
            raise damaged(str(path)) from error
        raise _cannot(path, error) from error
    if found != APPLICATION_ID:
        raise CloudError(
            _("{path} is an SQLite file, but not the database of a cloud side.").format(path=path),
            _("Name another file."),
        )


def _cannot(path: Path, why: object) -> CloudError:
    return CloudError(
        _("The database {path} can't be opened: {why}").format(path=path, why=why),
        _("Look whether its folder is there and may be written."),
    )


def _bound(connection: Any, _record: object) -> None:
    """No wait for ever: neither for a lock, nor for a statement, nor for who stands still within a transaction."""
    try:
        connection.execute(f"SET lock_timeout = '{BUSY_S * 1000:.0f}ms'")
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(f"SET {name} = '{BUSY_S * 3000:.0f}ms'")
        connection.commit()
    except BaseException:
        connection.close()  # the pool forgets it without
        raise


def _settle(connection: sqlite3.Connection, _record: object) -> None:
    """What is confirmed is on the disk, hence FULL; what is deleted is overwritten. BEGIN is ours to say."""
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
