"""What a command or a page asks of a home's outbox: through the database, whether a desk runs there or not."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from console.store.outbox import change
from console.store.store import Store
from console.sync.uploading.records import remove

if TYPE_CHECKING:
    from sqlite_utils import Database

AT_ONCE = 500
"""So many in one transaction, so that whoever stores something never waits long."""
_WAIT_S = 5.0
_DROPPED = {"refused": ("refused",), "waiting": ("waiting",), "all": ("waiting", "refused", "later")}


def ask_push(store: Store, target: str = "") -> None:
    """Have everything tried now, past back-off and hours but not past a pause; a running uploader does within seconds.

    Args:
        store: of the home.
        target: its name; empty: all that are known.

    Raises:
        StoreError: the database can't be written.
    """

    def job(db: Database) -> None:
        if target:
            db.execute("INSERT INTO outbox_targets (name) VALUES (?) ON CONFLICT DO NOTHING", (target,))
        db.execute("UPDATE outbox_targets SET asked = asked + 1 WHERE ? IN ('', name)", (target,))

    store.write(job, wait_s=_WAIT_S).result()


def pausing(target: str, *, paused: bool) -> Callable[[Database], None]:
    """A job that has nothing more sent to a target, or has it go on; it holds over restarts."""

    def job(db: Database) -> None:
        db.execute(
            "INSERT INTO outbox_targets (name, paused) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET "
            "paused = excluded.paused",
            (target, int(paused)),
        )

    return job


def ask_pause(store: Store, target: str, paused: bool) -> None:  # noqa: FBT001  # a switch
    """Have nothing more sent to a target, or have it go on. What is under way arrives.

    Raises:
        StoreError: the database can't be written.
    """
    store.write(pausing(target, paused=paused), wait_s=_WAIT_S).result()


def retry(store: Store, target: str = "", message_ids: Sequence[str] = ()) -> int:
    """Have messages sent again that were set aside. Returns how many deliveries wait again.

    Args:
        store: of the home.
        target: whose; empty: all targets'.
        message_ids: which; none: all.

    Raises:
        StoreError: the database can't be written; what was done so far stays.
    """
    ids = json.dumps(list(message_ids))
    sql = (
        "SELECT d.target, d.outbox_id FROM outbox_deliveries d INDEXED BY outbox_aside "
        "CROSS JOIN outbox m ON m.id = d.outbox_id "
        "WHERE d.state IN ('refused', 'later') AND d.state = 'refused' AND ? IN ('', d.target) "
        "AND (? = '[]' OR m.message_id IN (SELECT value FROM json_each(?))) LIMIT ?"
    )

    def job(db: Database) -> int:
        rows = db.execute(sql, (target, ids, ids, AT_ONCE)).fetchall()
        return sum(change(db, str(name), [int(number)], "waiting") for name, number in rows)

    return _all(store, job)


def drop(store: Store, target: str, state: Literal["refused", "waiting", "all"] = "all") -> int:
    """Give up sending messages to a target: its deliveries go, and files that nothing else needs are released.

    Args:
        store: of the home.
        target: whose.
        state: those that were set aside, those that wait, or all that were not sent. What was sent stays known.

    Returns:
        How many deliveries went.

    Raises:
        StoreError: the database can't be written; what was done so far stays.
    """
    states = json.dumps(_DROPPED[state])
    sql = (
        "SELECT outbox_id FROM outbox_deliveries WHERE target = ? AND outbox_id > ? "
        "AND state IN (SELECT value FROM json_each(?)) ORDER BY outbox_id LIMIT ?"
    )
    after = 0

    def job(db: Database) -> int:
        nonlocal after
        numbers = [int(row[0]) for row in db.execute(sql, (target, after, states, AT_ONCE)).fetchall()]
        gone = remove(db, target, numbers)
        after = numbers[-1] if numbers else after
        return gone

    return _all(store, job)


def _all(store: Store, job: Callable[[Database], int]) -> int:
    done = 0
    while gone := store.write(job, wait_s=_WAIT_S).result():
        done += gone
    return done
