"""Rows of the table `sealed`: pictures on disk that only the holder of a key can open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from console.store.connect import reading
from console.store.store import utc_text

if TYPE_CHECKING:
    from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A sealed file that is on disk and synced.

    Attributes:
        path: relative to the home.
        sha256: of the file, in hex.
        camera_id: the camera's id in the settings.
        taken_at: when the picture was taken, with its time zone.
        event_id: the event it belongs to, or None.
        key_id: number of the public key it was sealed with.
        purpose: why it was kept, in words.
        bytes: of the file; 0: to be looked at later.
        item_id: the review item it belongs to, or None; never with an event.
    """

    path: PurePosixPath
    sha256: str
    camera_id: str
    taken_at: datetime
    event_id: int | None
    key_id: str
    purpose: str
    bytes: int = 0
    item_id: int | None = None


def insert(db: Database, row: SealedRow) -> int:
    """Record a sealed picture; part of a job for `Store.write`. Returns its id.

    Raises:
        sqlite3.IntegrityError: the path is recorded already, or a value can't be.
        ValueError: `taken_at` has no time zone.
    """
    values = asdict(row) | {
        "path": str(row.path),
        "taken_at": utc_text(row.taken_at),
        "written_at": utc_text(datetime.now(UTC)),
    }
    columns = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    cursor = db.execute(f"INSERT INTO sealed ({columns}) VALUES ({places})", values)  # noqa: S608  # our own names
    return int(cursor.lastrowid or 0)


def recorded(database: Path) -> Iterator[PurePosixPath]:
    """Path of every recorded sealed picture, in the order they were written.

    Raises:
        StoreError: the database can't be read.
    """
    with reading(database) as db:
        for (path,) in db.execute("SELECT path FROM sealed ORDER BY id"):
            yield PurePosixPath(path)
