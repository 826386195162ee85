"""What somebody names to be erased, as it is recorded."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from console.errors import UsageError
from console.store.removal import tables
from console.store.tombstones import OURS
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils import Database


def named_pictures(db: sqlite3.Connection | Database, names: Sequence[str]) -> tuple[str, ...]:
    """The recorded paths of picture files, named by path or by the file's name alone.

    Raises:
        UsageError: one is not recorded.
    """
    found = []
    for name in names:
        tail = name.replace("\\", "/").rpartition("/")[2]
        rows = db.execute(
            "SELECT path FROM (SELECT path FROM pictures UNION ALL SELECT path FROM sealed) "
            "WHERE path = :name OR substr(path, -length(:tail) - 1) = '/' || :tail",
            {"name": name, "tail": tail},
        ).fetchall()
        if not rows:
            raise UsageError(_("No picture {name} is recorded.").format(name=name), _("Name it as its file is called."))
        found += [str(row[0]) for row in rows]
    return tuple(found)


def known_tracking_ids(
    db: sqlite3.Connection | Database, names: Sequence[str], *, anywhere: bool = False
) -> tuple[str, ...]:
    """Tracking IDs as they are stored, of those somebody wrote: of events, of review items, of what targets have.

    Args:
        db: looked into.
        names: as written.
        anywhere: one that is not there may be in a copy of the database.

    Raises:
        UsageError: one is none, or not there.
    """
    places = ["review_items"]
    if "outbox" in tables(db):  # an older database has fewer
        seen = f"(SELECT tracking_id FROM outbox WHERE {OURS})"  # noqa: S608  # our own text
        places += ["events", seen, "outbox_objects"]
    if "answers" in tables(db):
        places.append("answers")
    found = []
    for name in names:
        try:
            tracking_id = str(UUID(name.strip()))
        except ValueError:
            raise UsageError(
                _("{name} is no tracking ID.").format(name=repr(name)), _("Copy it from the item or its export.")
            ) from None
        if not anywhere and not any(
            db.execute(f"SELECT 1 FROM {place} WHERE tracking_id = ?", (tracking_id,)).fetchone()  # noqa: S608
            for place in places
        ):
            raise UsageError(
                _("There is no review item or event {id}.").format(id=tracking_id),
                _("It may have been erased already."),
            )
        found.append(tracking_id)
    return tuple(found)
