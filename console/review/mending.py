"""What a crash cut off between a picture and its item: pictures that no item has, removed at the next start."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from console.store.store import Store

if TYPE_CHECKING:
    from sqlite_utils import Database

log = logging.getLogger(__name__)

_LAST = 20_000
"""So many pictures are looked at, newest first: a crash cuts off what was written last. Others go with their time."""
_UUID = "????????-????-????-????-????????????"
_LEFT_OVER = f"""
SELECT id, path FROM (SELECT id, path, purpose, boot_id FROM pictures ORDER BY id DESC LIMIT {_LAST}) p
WHERE purpose GLOB 'review {_UUID}: *' AND boot_id <> ?
  AND NOT EXISTS (SELECT 1 FROM review_items WHERE picture_id = p.id)
  AND NOT EXISTS (SELECT 1 FROM review_items WHERE crop_id = p.id)
  AND NOT EXISTS (SELECT 1 FROM review_items WHERE tracking_id = substr(p.purpose, 8, 36))
  AND NOT EXISTS (SELECT 1 FROM holds WHERE picture_id = p.id)
"""  # noqa: S608  # our own text


def mend(store: Store) -> int:
    """Remove the pictures that were written for items which an earlier run had no time to store; how many.

    An item is stored after its pictures, in one go with its hold on them: so a picture of an earlier run whose purpose
    names an item that is not there, and that nothing holds, is nobody's. Rows go first, files after the commit.

    Raises:
        StoreError: the database refused.
    """
    with store.read() as db:
        found = {int(row["id"]): str(row["path"]) for row in db.execute(_LEFT_OVER, (store.boot_id,))}
    if not found:
        return 0

    def job(db: Database) -> list[int]:
        """Look again: something may hold one by now."""
        ids = json.dumps(list(found))
        free = (
            "id IN (SELECT value FROM json_each(?)) AND id NOT IN (SELECT picture_id FROM holds WHERE picture_id > 0)"
        )
        rows = db.execute(f"DELETE FROM pictures WHERE {free} RETURNING id", (ids,))  # noqa: S608  # our own text
        return [int(row[0]) for row in rows.fetchall()]

    gone = store.write(job, wait_s=5.0).result()
    for number in gone:
        with suppress(OSError):  # swept later
            store.path.parent.joinpath(*PurePosixPath(found[number]).parts).unlink(missing_ok=True)
    log.info("%d pictures of review items that a crash cut off are removed", len(gone))
    return len(gone)
