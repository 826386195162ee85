"""How long pictures are kept, whatever made them: so many days, so many gigabytes a camera; what is held stays."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from console.errors import HomeError
from console.privacy.erasing.files import unlink
from console.settings.home import Home
from console.settings.privacy import KeepSettings
from console.settings.schema import Settings
from console.store.kept import GIGABYTE, keep_of
from console.store.removal import Removed, remove
from console.store.store import Store, utc_text
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils import Database

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Rows removed in one transaction, so that new pictures never wait long."""
_TABLES = {"pictures": "picture_id", "sealed": "sealed_id"}
_FREE = "NOT EXISTS (SELECT 1 FROM holds WHERE holds.{column} = {table}.id)"


def tidy(
    home: Home,
    store: Store,
    settings: Settings,
    now: datetime | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Removed:
    """Remove the pictures and sealed crops that are not to be kept any more; what went.

    Age is believed only from a camera's oldest picture on and only up to the first young one: a clock that once was
    wrong must not make young pictures go. What is held stays, whatever its age and size; `console.store.kept` says how
    much that is. Rows go first: a file that stays behind by a crash has no row, and is swept.

    Args:
        home: where the files are.
        store: its database.
        settings: how long; the site's, or a camera's own.
        now: with its time zone; None: the clock's.
        stopped: asked between transactions.

    Raises:
        StoreError: the database refused.
    """
    moment, whole = now or datetime.now(UTC), Removed()
    fill_sizes(home, store, stopped)
    with store.read() as db:
        cameras = [
            str(row[0]) for row in db.execute("SELECT camera_id FROM pictures UNION SELECT camera_id FROM sealed")
        ]
    for camera_id in cameras:
        limit = keep_of(settings, camera_id)
        for step in (_too_old, _too_many):
            while not stopped():
                some = store.write(
                    lambda db, step=step, limit=limit, camera=camera_id: step(db, camera, limit, moment),  # type: ignore[misc]
                    wait_s=5.0,
                ).result()
                if not some.pictures + some.sealed:
                    break
                whole = _sum(whole, some)
                with suppress(HomeError):  # swept at the next start
                    unlink(home, some.paths)
    if whole.pictures + whole.sealed:
        log.info("%d pictures were kept long enough and are removed", whole.pictures + whole.sealed)
    return whole


def fill_sizes(home: Home, store: Store, stopped: Callable[[], bool] = lambda: False) -> None:
    """Look how large the files are that were recorded without their size. A file that is gone counts as one byte."""
    for table in _TABLES:
        while not stopped():
            with store.read() as db:
                rows = db.execute(f"SELECT id, path FROM {table} WHERE bytes = 0 LIMIT {AT_ONCE}").fetchall()  # noqa: S608
            if not rows:
                break
            sizes = [(_size(home, str(path)), number) for number, path in rows]

            def job(db: Database, table: str = table, sizes: list[tuple[int, int]] = sizes) -> None:
                for size, number in sizes:
                    db.execute(f"UPDATE {table} SET bytes = ? WHERE id = ?", (size, number))  # noqa: S608

            store.write(job, wait_s=5.0).result()


def _size(home: Home, path: str) -> int:
    try:
        return max(home.path.joinpath(*PurePosixPath(path).parts).stat().st_size, 1)
    except OSError:
        return 1


def _too_old(db: Database, camera_id: str, limit: KeepSettings, now: datetime) -> Removed:
    cutoff, future = utc_text(now - timedelta(days=limit.days)), utc_text(now + timedelta(days=1))
    ids: dict[str, list[int]] = {}
    for table, column in _TABLES.items():
        young = db.execute(
            f"SELECT id FROM {table} WHERE camera_id = ? AND written_at >= ? AND written_at <= ? ORDER BY id LIMIT 1",  # noqa: S608
            (camera_id, cutoff, future),
        ).fetchone()
        free = _FREE.format(column=column, table=table)
        rows = db.execute(
            f"SELECT id FROM {table} WHERE camera_id = ? AND id < ? AND written_at < ? AND {free} "  # noqa: S608
            f"ORDER BY id LIMIT {AT_ONCE}",
            (camera_id, young[0] if young else 1 << 62, cutoff),
        ).fetchall()
        ids[table] = [int(row[0]) for row in rows]
    why = _("Its picture was kept for {days} days, as the settings want.").format(days=limit.days)
    return _go(db, ids, why)


def _too_many(db: Database, camera_id: str, limit: KeepSettings, _now: datetime) -> Removed:
    if limit.gigabytes is None:
        return Removed()
    sums = [
        db.execute(f"SELECT coalesce(sum(bytes), 0) FROM {table} WHERE camera_id = ?", (camera_id,)).fetchone()[0]  # noqa: S608
        for table in _TABLES
    ]
    over = sum(sums) - round(limit.gigabytes * GIGABYTE)
    if over <= 0:
        return Removed()
    oldest: list[tuple[str, int, str, int]] = []
    for table, column in _TABLES.items():
        free = _FREE.format(column=column, table=table)
        oldest += [
            (str(row[0]), int(row[1]), table, int(row[2]))
            for row in db.execute(
                f"SELECT written_at, id, bytes FROM {table} WHERE camera_id = ? AND {free} ORDER BY id LIMIT {AT_ONCE}",  # noqa: S608
                (camera_id,),
            ).fetchall()
        ]
    ids: dict[str, list[int]] = {table: [] for table in _TABLES}
    for _at, number, table, size in _in_turn(oldest):
        if over <= 0:
            break
        ids[table].append(number)
        over -= size
    why = _("Its picture went, as the camera had more than {gigabytes:g} GB.").format(gigabytes=limit.gigabytes)
    return _go(db, ids, why)


def _in_turn(oldest: list[tuple[str, int, str, int]]) -> list[tuple[str, int, str, int]]:
    """By age, as far as the clock can be believed: within each table the order of the numbers is kept."""
    order, latest = [], dict.fromkeys(_TABLES, "")
    for at, number, table, size in oldest:
        latest[table] = max(latest[table], at)
        order.append((latest[table], number, table, size))
    return sorted(order)[:AT_ONCE]


def _go(db: Database, ids: dict[str, list[int]], why: str) -> Removed:
    if not any(ids.values()):
        return Removed()
    return remove(db, pictures=ids["pictures"], sealed=ids["sealed"], why=why)


def _sum(one: Removed, other: Removed) -> Removed:
    return Removed(
        one.events + other.events, one.pictures + other.pictures, one.sealed + other.sealed, one.bytes + other.bytes
    )
