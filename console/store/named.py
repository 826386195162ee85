"""A row by the names of its columns, on the writer's connection too, whose rows are plain tuples."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlite_utils import Database


def one_row(db: Database | sqlite3.Connection, sql: str, *values: object) -> dict[str, Any] | None:
    """The first row that a query finds, by column; None: there is none."""
    cursor = db.execute(sql, values)
    row = cursor.fetchone()
    return dict(zip((column[0] for column in cursor.description), row, strict=True)) if row is not None else None
