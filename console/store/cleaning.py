"""A database without what was deleted from it: no free page, no gap in a page, no write-ahead log still holds it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

from console.errors import StoreError
from console.settings.home import Home
from console.store.connect import connect, in_turn, in_words, turn
from models.words import _

_TRIES = 30
_PAUSE_S = 1.0


def clean(home: Home, stop: Callable[[], bool] = lambda: False) -> None:
    """Write the whole database anew and empty its write-ahead log; other processes may go on meanwhile.

    Deleting alone leaves copies: pages that SQLite moved cells away from, earlier versions of a page in the log, and
    what was deleted before `secure_delete` was on. Writers wait while it runs: [measured] 2 s for 75,000 events with
    their pictures, on a machine that was busy otherwise.

    Args:
        home: whose database.
        stop: asked between attempts to empty the log.

    Raises:
        StoreError: there is no room for a second copy, or somebody reads the database all the time.
    """
    lock = turn(home.run)
    try:
        with in_turn(lock, home.database), closing(connect(home.database)) as db:
            db.execute("PRAGMA temp_store = MEMORY")  # nothing of it into the system's folder for temporary files
            db.execute("VACUUM")
        for _attempt in range(_TRIES):
            with in_turn(lock, home.database), closing(connect(home.database)) as db:
                db.execute("PRAGMA busy_timeout = 2000")
                if not db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                    return
            if stop():
                break
            time.sleep(_PAUSE_S)
    except sqlite3.Error as error:
        raise in_words(error, home.database) from error
    raise StoreError(
        _("The log of the database {path} can't be emptied: somebody reads it all the time.").format(
            path=home.database
        ),
        _("Close what else works with it (a copy, an SQLite tool), then go on."),
    )
