"""What an erasure would take, counted beforehand."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from console.privacy.erasing.scope import ANSWERS, Scope, Where
from console.store.removal import OF_EVENT, OF_REVIEW


@dataclass(frozen=True, slots=True)
class Preview:
    """What would go, were it erased now.

    Attributes:
        events, pictures, sealed: so many rows.
        bytes: of their files, as far as it is known.
        first, last: when the first and the last of it was seen, as the database writes times; empty where nothing is.
        held: so many of the pictures are held, by what for.
        others: other pictures of the same camera from that time, which may show the same: only where a track, an event
            or an item is meant.
        items, verdicts, gold_members: so many rows of review.
        messages: so many in the outbox about what is gone here already.
        answers: of clouds, so many.
    """

    events: int
    pictures: int
    sealed: int
    bytes: int
    first: str = ""
    last: str = ""
    held: Mapping[str, int] = field(default_factory=dict)
    others: int = 0
    items: int = 0
    verdicts: int = 0
    gold_members: int = 0
    messages: int = 0
    answers: int = 0

    @property
    def nothing(self) -> bool:
        """Whether nothing fits."""
        return not (self.events or self.pictures or self.sealed or self.items or self.messages or self.answers)


def preview(db: sqlite3.Connection, scope: Scope) -> Preview:
    """Count what would go; nothing is changed.

    Args:
        db: a connection of its own, in whose temporary tables what was found is put together.
        scope: bounded.
    """
    _find(db, scope)

    def one(sql: str) -> tuple[Any, ...]:
        return tuple(db.execute(sql).fetchone())

    pictures, size = one("SELECT count(*), coalesce(sum(bytes), 0) FROM pictures WHERE id IN temp.gone_pictures")
    sealed, crops = one("SELECT count(*), coalesce(sum(bytes), 0) FROM sealed WHERE id IN temp.gone_sealed")
    times = (
        "SELECT seen_at AS at FROM events WHERE id IN temp.gone_events "
        "UNION ALL SELECT taken_at FROM pictures WHERE id IN temp.gone_pictures "
        "UNION ALL SELECT taken_at FROM review_items WHERE id IN temp.gone_items "
        "UNION ALL SELECT taken_at FROM sealed WHERE id IN temp.gone_sealed"
    )
    first, last = one(f"SELECT coalesce(min(at), ''), coalesce(max(at), '') FROM ({times})")  # noqa: S608
    held = db.execute(
        "SELECT why, count(*) FROM holds WHERE picture_id IN temp.gone_pictures OR sealed_id IN temp.gone_sealed "
        "GROUP BY why"
    ).fetchall()
    others = 0
    if scope.track is not None or scope.events or scope.pictures or scope.tracking_ids:
        others = one(
            "SELECT count(DISTINCT p.id) FROM pictures p JOIN ("
            "SELECT camera_id, seen_at AS at FROM events WHERE id IN temp.gone_events "
            "UNION ALL SELECT camera_id, taken_at FROM review_items WHERE id IN temp.gone_items"
            ") e ON e.camera_id = p.camera_id WHERE p.id NOT IN temp.gone_pictures "
            "AND abs(julianday(p.taken_at) - julianday(e.at)) < 30 / 86400.0"
        )[0]
    items, verdicts, members = one(
        "SELECT (SELECT count(*) FROM temp.gone_items), "
        "(SELECT count(*) FROM verdicts WHERE item_id IN temp.gone_items), (SELECT count(*) FROM gold_members "
        "WHERE item_id IN temp.gone_items OR picture_id IN temp.gone_pictures)"
    )
    alone, values = scope.of_messages()
    messages = db.execute(f"SELECT count(*) FROM outbox WHERE {alone}", values).fetchone()[0]  # noqa: S608
    return Preview(
        int(one("SELECT count(*) FROM temp.gone_events")[0]),
        int(pictures), int(sealed), int(size) + int(crops), first, last,
        {str(why): int(count) for why, count in held}, int(others), int(items), int(verdicts), int(members),
        int(messages), _answers(db, scope),
    )  # fmt: skip


def _answers(db: sqlite3.Connection, scope: Scope) -> int:
    """How many answers go: of what was found, of what else their messages are about, and those about nothing here."""
    (messages, values), (alone, more) = scope.of_messages(), scope.of_answers()
    sql = (
        "SELECT count(*) FROM answers WHERE tracking_id IN ("  # noqa: S608  # our own text
        "SELECT tracking_id FROM events WHERE id IN temp.gone_events "
        "UNION SELECT tracking_id FROM review_items WHERE id IN temp.gone_items "
        "UNION SELECT tracking_id FROM outbox WHERE picture_id IN temp.gone_pictures "
        "UNION SELECT tracking_id FROM outbox WHERE sealed_id IN temp.gone_sealed "
        f"UNION SELECT tracking_id FROM outbox WHERE {messages} "
        f"UNION SELECT tracking_id FROM ({ANSWERS}) a WHERE {alone})"
    )
    return int(db.execute(sql, values | more).fetchone()[0])


def _find(db: sqlite3.Connection, scope: Scope) -> None:
    """Put the ids of all that is meant into temporary tables."""
    db.execute("PRAGMA temp_store = MEMORY")
    for name in ("gone_events", "gone_pictures", "gone_sealed", "gone_items"):
        db.execute(f"CREATE TEMP TABLE {name} (id INTEGER PRIMARY KEY)")
    events, pictures, sealed, items = scope.of_events(), scope.of_pictures(), scope.of_sealed(), scope.of_items()
    put = "INSERT OR IGNORE INTO temp.{into} SELECT {what} WHERE {where}"
    steps: list[tuple[str, str, Where]] = [
        ("gone_events", "id FROM events", events),
        ("gone_items", "id FROM review_items", items),
        ("gone_pictures", "id FROM pictures", pictures),
        *_ITEMS_PICTURES,
        ("gone_events", "id FROM events", ("picture_id IN temp.gone_pictures", {})),
        ("gone_events", "id FROM events", (f"id IN ({_NUMBERS})", {})),
        ("gone_pictures", "picture_id FROM events", ("id IN temp.gone_events AND picture_id IS NOT NULL", {})),
        ("gone_pictures", "id FROM pictures", (f"{OF_EVENT} IN temp.gone_events", {})),
        *_PICTURES_ITEMS,
        *_ITEMS_PICTURES,
        ("gone_sealed", "id FROM sealed", sealed),
        ("gone_sealed", "id FROM sealed", ("event_id IN temp.gone_events", {})),
        ("gone_sealed", "id FROM sealed", ("item_id IN temp.gone_items", {})),
    ]
    for into, what, (where, values) in steps:
        db.execute(put.format(into=into, what=what, where=where), values)


_ITEMS_PICTURES: list[tuple[str, str, Where]] = [
    ("gone_pictures", "picture_id FROM review_items", ("id IN temp.gone_items AND picture_id IS NOT NULL", {})),
    ("gone_pictures", "crop_id FROM review_items", ("id IN temp.gone_items AND crop_id IS NOT NULL", {})),
    (
        "gone_pictures",
        "id FROM pictures",
        (f"{OF_REVIEW} IN (SELECT tracking_id FROM review_items WHERE id IN temp.gone_items)", {}),  # noqa: S608
    ),
]
_PICTURES_ITEMS: list[tuple[str, str, Where]] = [
    ("gone_items", "id FROM review_items", ("picture_id IN temp.gone_pictures", {})),
    ("gone_items", "id FROM review_items", ("crop_id IN temp.gone_pictures", {})),
    (
        "gone_items",
        "i.id FROM pictures p JOIN review_items i ON i.tracking_id = substr(p.purpose, 8, 36)",
        ("p.purpose GLOB 'review ????????-*: *' AND p.id IN temp.gone_pictures", {}),
    ),
]
_NUMBERS = (
    "SELECT CAST(substr(purpose, 7) AS INTEGER) FROM pictures "
    "WHERE purpose GLOB 'event [0-9]*: *' AND id IN temp.gone_pictures"
)
