"""Files that were sent to a cloud, and a fetcher that asks it: for tests of answers."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import PurePosixPath
from random import Random
from typing import Any

from uuid_utils import uuid7

from console.settings.schema import Settings
from console.store import pictures
from console.store.outbox import Message, put
from console.store.store import Store, utc_text
from console.sync.answers.fetching import Fetching
from console.sync.uploading.connection import Parts
from console.sync.uploading.pace import Clock, Effort
from tests.servers.authority import Authority, Pair

_EVENT = (
    "INSERT INTO events (camera_id, camera_name, label, track, rule, sound, score, x0, y0, x1, y1, width, height, "
    "tracking_id, seen_at, recorded_at, boot_id, picture_why) "
    "VALUES ('yard', 'Yard', 'car', 1, 'cars', '', 0.5, 0, 0, 9, 9, 64, 48, ?1, ?2, ?2, "
    "(SELECT max(boot_id) FROM boot), '')"
)


def seen(db: Any, *tracking_ids: str) -> None:
    """Events of these, so that there is something to answer about."""
    for tracking_id in tracking_ids:
        db.execute(_EVENT, (tracking_id, utc_text(datetime.now(UTC))))


def send_files(
    store: Store, n: int = 1, *, target: str = "cloud", tracking_id: str = "", at: datetime | None = None
) -> list[tuple[str, str]]:
    """So many pictures of events that a target has confirmed; message and tracking ID of each, in their order."""

    def job(db: Any) -> list[tuple[str, str]]:
        made = []
        for _number in range(n):
            name, about = str(uuid7()), tracking_id or str(uuid7())
            if not tracking_id:
                seen(db, about)
            row = pictures.PictureRow(
                PurePosixPath(f"pictures/{name}.jpg"), hashlib.sha256(name.encode()).hexdigest(), 64, 48, "yard",
                datetime.now(UTC), store.boot_id, "cover", "{}", "event 1: test", 9,
            )  # fmt: skip
            message = Message("picture", about, "yard", {"of": "event"}, picture_id=pictures.insert(db, row))
            number = put(db, message, store.boot_id, route="event picture", targets=[target])
            confirm(db, number, at)
            found = db.execute("SELECT message_id FROM outbox WHERE id = ?", (number,)).fetchone()
            made.append((str(found[0]), about))
        return made

    return store.write(job).result(30)


def confirm(db: Any, number: int | None, at: datetime | None = None) -> None:
    """A target has taken a message."""
    db.execute(
        "UPDATE outbox_deliveries SET state = 'sent', sent_at = ?, attempts = 1 WHERE outbox_id = ?",
        (utc_text(at or datetime.now(UTC)), number),
    )


def cloud_settings(url: str, authority: Authority, own: Pair, **more: Any) -> Settings:
    """A site with one cloud."""
    target = {
        "name": "cloud", "kind": "cloud", "url": url, "ca": str(authority.ca), "certificate": str(own.certificate),
        "key": str(own.key),
    }  # fmt: skip
    return Settings.model_validate({"sync": {"targets": [target | more]}})


def fetching(store: Store, settings: Settings, clock: Clock | None = None, *, share: float | None = None) -> Fetching:
    """Fetchers as the uploader has them."""
    clock = clock or Clock()
    parts = Parts(store.path.parent, store, _no_target, lambda _name: "", clock, Random(7), Effort(share, clock))
    return Fetching(parts, settings)


def rows(store: Store) -> list[dict[str, Any]]:
    """What is stored, in the order of the cloud's numbers."""
    with store.read() as db:
        return [dict(row) for row in db.execute("SELECT * FROM answers ORDER BY epoch, number")]


def cursor(store: Store, target: str = "cloud") -> dict[str, Any]:
    """How far it is; empty: nowhere."""
    with store.read() as db:
        row = db.execute("SELECT * FROM answer_cursors WHERE target = ?", (target,)).fetchone()
    return dict(row) if row is not None else {}


def _no_target(*_of: Any) -> Any:
    raise AssertionError("answers need no target")
