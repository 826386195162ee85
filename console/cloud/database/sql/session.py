"""A transaction of SQLite or PostgreSQL, with all that is done within one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from console.cloud.database.base import Changes
from console.cloud.database.sql import looking, rows
from console.cloud.keeping.arrivals import Arrival
from console.cloud.keeping.deciding import Known
from console.cloud.keeping.said import Figures, Message, Trace
from console.cloud.pki.identity import Identity


class SqlSession:
    """See `console.cloud.database.base.Session`.

    Attributes:
        db: the connection, in the transaction.
    """

    def __init__(self, db: Connection) -> None:
        self.db = db

    def known_of(self, site: str, batch: list[Arrival]) -> Known:
        """See the protocol."""
        return rows.known_of(self.db, site, batch)

    def marks_of(self, site: str, batch: list[Arrival]) -> set[str]:
        """See the protocol."""
        return rows.marks_of(self.db, site, batch)

    def names_of(self, site: str, files: Iterable[str]) -> dict[str, str]:
        """See the protocol."""
        return rows.names_of(self.db, site, files)

    def with_rows(self, names: Iterable[str]) -> set[str]:
        """See the protocol."""
        return rows.with_rows(self.db, names)

    def rename_files(self, site: str, names: Mapping[str, str]) -> None:
        """See the protocol."""
        rows.rename_files(self.db, site, names)

    def add_files(self, site: str, names: Mapping[str, str], sizes: Mapping[str, int], to: Changes) -> None:
        """See the protocol."""
        rows.add_files(self.db, site, names, sizes, to)

    def add_messages(self, who: Identity, batch: Iterable[Arrival], now: str, to: Changes) -> None:
        """See the protocol."""
        rows.add_messages(self.db, who, batch, now, to)

    def erase(self, site: str, tracking_ids: Iterable[str], now: str, to: Changes) -> list[str]:
        """See the protocol."""
        return rows.erase(self.db, site, tracking_ids, now, to)

    def count(self, site: str, changes: Changes) -> None:
        """See the protocol."""
        rows.count(self.db, site, changes)

    def trace(self, site: str, tracking_id: str) -> Trace | None:
        """See the protocol."""
        return looking.trace(self.db, site, tracking_id)

    def message(self, site: str, message_id: str) -> Message | None:
        """See the protocol."""
        return looking.message(self.db, site, message_id)

    def file_name(self, site: str, sha256: str) -> str | None:
        """See the protocol."""
        return looking.file_name(self.db, site, sha256)

    def figures(self) -> Figures:
        """See the protocol."""
        return looking.figures(self.db)

    def about(self, key: str) -> str | None:
        """See the protocol."""
        return looking.about(self.db, key)

    def set_about(self, key: str, value: str) -> None:
        """See the protocol."""
        rows.set_about(self.db, key, value)
