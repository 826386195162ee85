"""Rows of the table `holds`: what waits for somebody keeps its picture, whatever its age."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from console.store.store import utc_text
from models.words import N_

if TYPE_CHECKING:
    from sqlite_utils import Database

REVIEW, GOLD, SYNC = "review", "gold", "sync"
WORDS = {REVIEW: N_("for review"), GOLD: N_("for gold sets"), SYNC: N_("to be sent")}
"""What a picture is held for, to be translated when shown; most wait, those of gold sets stay."""


def hold(
    db: Database | sqlite3.Connection, why: str, *, pictures: Iterable[int] = (), sealed: Iterable[int] = ()
) -> None:
    """Have pictures stay until they are released; part of a job for `Store.write`. Twice is as good as once.

    Raises:
        sqlite3.IntegrityError: there is no such picture.
    """
    now = utc_text(datetime.now(UTC))
    for column, ids in (("picture_id", pictures), ("sealed_id", sealed)):
        for number in ids:
            db.execute(
                f"INSERT INTO holds ({column}, why, held_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",  # noqa: S608
                (number, why, now),
            )


def release(
    db: Database | sqlite3.Connection, why: str, *, pictures: Iterable[int] = (), sealed: Iterable[int] = ()
) -> int:
    """Let pictures go that nothing else holds; part of a job for `Store.write`. Returns how many holds ended."""
    ended = 0
    for column, ids in (("picture_id", pictures), ("sealed_id", sealed)):
        for number in ids:
            ended += db.execute(f"DELETE FROM holds WHERE {column} = ? AND why = ?", (number, why)).rowcount  # noqa: S608
    return ended
