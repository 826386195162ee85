"""One database by its URL, SQLite or PostgreSQL: transactions that write, consistent looks, errors in words."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from console.cloud.database.base import CLAIMING
from console.cloud.database.sql.engines import BUSY_S, POSTGRESQL, WRITES, make_engine, place_of, read_url, settle_file
from console.cloud.database.sql.migrating import check, migrate
from console.cloud.database.sql.refusals import in_words
from console.cloud.database.sql.session import SqlSession
from console.cloud.database.words import busy
from console.cloud.errors import CloudError
from models.words import _

_MIGRATING = "migrating"
# Whoever set synchronous_commit off for his server still gets what a desk is promised: kept when it is told so.
_DURABLY = (
    "set_config('synchronous_commit', CASE current_setting('synchronous_commit') "
    "WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true)"
)
_TURN, _NO_TURN = text(f"SELECT pg_advisory_xact_lock(:key), {_DURABLY}"), text(f"SELECT {_DURABLY}")


class Database:
    """See `console.cloud.database.base.Repository`; an open database of this schema.

    Those who write for one site take turns: on PostgreSQL by a lock that ends with the transaction, on SQLite all of
    them, since it has one writer. Those who claim jobs take none on PostgreSQL, which passes over rows that others
    hold: one that stands still in the middle holds up its own jobs alone.

    Attributes:
        place: where it is, without a password.

    Args:
        url: ``sqlite:///file`` or ``postgresql://user@host/name``.
        make: bring it to this schema; False: it must have it already.

    Raises:
        CloudError: it can't be used, or is from a newer Sightdesk; `DatabaseAway` where trying again may help.
    """

    def __init__(self, url: str, *, make: bool = True) -> None:
        address = read_url(url)
        self.place = place_of(address)
        self._on_server = address.get_backend_name() == POSTGRESQL
        self._turn = threading.Lock()
        if not self._on_server:
            settle_file(address, make=make)
        self._engine = make_engine(address)
        self._readers = self._engine
        if self._on_server:
            self._readers = self._engine.execution_options(isolation_level="REPEATABLE READ")
        try:
            if make:
                with self.writing(_MIGRATING) as session:
                    self._check_encoding(session.db)
                    migrate(session.db, self.place)
            else:
                with self.reading() as session:
                    check(session.db, self.place)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def writing(self, site: str) -> Iterator[SqlSession]:
        """A transaction that is committed at the end of the block, durably, or not at all when it raises.

        Raises:
            CloudError: the database refused. Only where it is `DatabaseAway` may it have been kept after all.
        """
        with self._in_turn(), self._in_words(), self._engine.connect() as plain:
            db = plain.execution_options(**{WRITES: True})
            with db.begin():
                if self._on_server:
                    db.execute(*((_NO_TURN,) if site == CLAIMING else (_TURN, {"key": _key(site)})))
                yield SqlSession(db)

    @contextmanager
    def reading(self) -> Iterator[SqlSession]:
        """A look at one moment's state.

        Raises:
            CloudError: the database refused.
        """
        with self._in_words(), self._readers.connect() as db, db.begin():
            yield SqlSession(db)

    def forget_log(self) -> None:
        """Have SQLite's write-ahead log lose what was overwritten in the database, unless somebody reads just now.

        Raises:
            CloudError: the database refused.
        """
        if self._on_server:
            return
        with self._in_turn(), self._in_words():
            raw = self._engine.raw_connection()
            try:
                for pragma in ("busy_timeout = 100", "wal_checkpoint(TRUNCATE)", f"busy_timeout = {BUSY_S * 1000:.0f}"):
                    raw.cursor().execute(f"PRAGMA {pragma}")
            finally:
                raw.close()

    def close(self) -> None:
        """Let go of it; harmless when done already."""
        self._engine.dispose()

    def _check_encoding(self, db: Connection) -> None:
        if self._on_server and (found := db.execute(text("SHOW server_encoding")).scalar_one()) != "UTF8":
            raise CloudError(
                _("The database {place} writes letters as {found}; it must be UTF8.").format(
                    place=self.place, found=found
                ),
                _("Make one with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0."),
            )

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if self._on_server:
            yield
            return
        if not self._turn.acquire(timeout=BUSY_S):
            raise busy(self.place)
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise in_words(error, self.place) from error


def _key(site: str) -> int:
    """A site's number among PostgreSQL's locks."""
    return int.from_bytes(hashlib.sha256(f"sightdesk cloud {site}".encode()).digest()[:8], "big", signed=True)
