"""Rows of the table `pictures`: what was written to disk, under which redaction policy and what for."""

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
class PictureRow:
    """A picture file that is on disk and synced.

    Attributes:
        path: relative to the home.
        sha256: of the file, in hex.
        width: pixels, as written.
        height: pixels.
        camera_id: the camera's id in the settings.
        taken_at: when the picture was taken, with its time zone.
        boot_id: `Store.boot_id` of the run that wrote it.
        policy: name of the redaction policy.
        policy_json: all of the policy, as it was applied.
        purpose: why it was kept, such as event or review.
        bytes: of the file; 0: to be looked at later.
    """

    path: PurePosixPath
    sha256: str
    width: int
    height: int
    camera_id: str
    taken_at: datetime
    boot_id: str
    policy: str
    policy_json: str
    purpose: str
    bytes: int = 0


def insert(db: Database, row: PictureRow) -> int:
    """Record a picture; part of a job for `Store.write`. Returns its id.

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
    cursor = db.execute(f"INSERT INTO pictures ({columns}) VALUES ({places})", values)  # noqa: S608  # our own names
    return int(cursor.lastrowid or 0)


def recorded(database: Path) -> Iterator[tuple[PurePosixPath, str]]:
    """Path and SHA-256 of every recorded picture, in the order they were written.

    Raises:
        StoreError: the database can't be read.
    """
    with reading(database) as db:
        for path, digest in db.execute("SELECT path, sha256 FROM pictures ORDER BY id"):
            yield PurePosixPath(path), digest
