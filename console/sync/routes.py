"""What goes where: from the settings to the rows that every writer fans out by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from console.settings.schema import Settings
from console.settings.sync import Sends, TargetSettings
from console.store.outbox import QUOTA_KEY, Route
from console.store.store import Store

if TYPE_CHECKING:
    from sqlite_utils import Database

GIGABYTE = 1000**3
ROUTES: tuple[Route, ...] = (
    "erased", "audit", "event", "verdict", "item", "event picture", "verdict picture", "item picture", "sealed",
)  # fmt: skip
_OF_THE_SITE: tuple[Route, ...] = ("erased", "audit")
_Row = tuple[str, Route, str, int]


def routes_of(sends: tuple[Sends, ...]) -> frozenset[Route]:
    """The ways that a target's or camera's `sends` opens. Pictures go with what they show."""
    found: set[Route] = {"erased"} if sends else set()
    for name, route in (("events", "event"), ("verdicts", "verdict"), ("items", "item")):
        if name in sends:
            found |= {route, f"{route} picture"} if "pictures" in sends else {route}  # type: ignore[arg-type]  # routes
    if "sealed" in sends:
        found.add("sealed")
    if "audit" in sends:
        found.add("audit")
    return frozenset(found)


def may_answer(target: TargetSettings) -> bool:
    """Whether a target may answer what it found: a cloud that is sent files."""
    ways = [routes_of(target.sends), *map(routes_of, target.by_camera.values())]
    files = any(route == "sealed" or route.endswith("picture") for some in ways for route in some)
    return target.kind == "cloud" and target.enabled and files


def rows(settings: Settings) -> list[_Row]:
    """The rows of `outbox_routes` that the settings mean, in order."""
    return sorted(row for target in settings.sync.targets if target.enabled for row in _rows_of(target))


def apply(store: Store, settings: Settings) -> None:
    """From now on everything that is stored goes these ways, and this quota holds. Stored when this returns.

    Raises:
        StoreError: the database can't be written.
    """
    wanted, names = rows(settings), [target.name for target in settings.sync.targets]
    quota = str(round(settings.sync.quota_gigabytes * GIGABYTE))

    def job(db: Database) -> None:
        there = db.execute("SELECT target, route, camera_id, goes FROM outbox_routes").fetchall()
        if sorted(map(tuple, there)) != wanted:
            db.execute("DELETE FROM outbox_routes")
            for row in wanted:
                db.execute("INSERT INTO outbox_routes (target, route, camera_id, goes) VALUES (?, ?, ?, ?)", row)
        for name in names:
            db.execute("INSERT INTO outbox_targets (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
        db.execute(
            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (QUOTA_KEY, quota),
        )

    store.write(job, wait_s=5.0).result()


def _rows_of(target: TargetSettings) -> Iterator[_Row]:
    ways = routes_of(target.sends)
    named = target.cameras or ("",)
    for route in ROUTES:
        if route in _OF_THE_SITE:
            if route in ways:
                yield target.name, route, "", 1
            continue
        for camera in (*(one for one in named if one not in target.by_camera), *target.by_camera):
            own = target.by_camera.get(camera)
            if own is not None:
                yield target.name, route, camera, int(route in routes_of(own))
            elif route in ways:
                yield target.name, route, camera, 1
