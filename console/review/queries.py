"""Looks at the review queue, each on a connection of `Store.read`; indexes lead them at any number of rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Literal, get_args

from console.review.items import Box, Item, State, Verdict, boxes_of
from console.store.store import utc_text

COUNTED = 10_000
"""Counting ends here: nobody acts on the difference between ten thousand and more."""
STATES: tuple[State, ...] = get_args(State)
Order = Literal["oldest", "newest", "doubtful", "sure"]
"""doubtful: lowest score first, whole pictures before all; sure: the other way round."""
Place = tuple[float, int]
"""Where an item stands in an order; another one may be made by `place_of` alone."""
_ITEM = """
SELECT i.*, p.path AS picture, p.width AS picture_width, p.height AS picture_height, c.path AS crop,
       v.kind AS v_kind, v.label AS v_label, v.boxes AS v_boxes, v.who AS v_who, v.role AS v_role,
       v.decided_at AS v_decided_at, v.seconds AS v_seconds, v.replaces AS v_replaces,
       v.taken_back_at AS v_taken_back_at
FROM review_items i LEFT JOIN pictures p ON p.id = i.picture_id LEFT JOIN pictures c ON c.id = i.crop_id
LEFT JOIN verdicts v ON v.id = i.verdict_id
"""
_SECOND = "CAST(strftime('%s', :{}) AS INTEGER)"
_NEIGHBOURS = 2


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Which items are meant; empty or None: all.

    Attributes:
        camera_id: of this camera.
        label: that ask about this class.
        reason: that are there for this reason.
        states: that stand so.
        low, high: whose score is at least low and below high; whole pictures have none.
        who: whose verdict in force is this person's.
        since, until: taken in this time, with its zone; both ends belong to it.
    """

    camera_id: str = ""
    label: str = ""
    reason: str = ""
    states: tuple[State, ...] = ("open",)
    low: float | None = None
    high: float | None = None
    who: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        times = {"since": self.since, "until": self.until}
        return asdict(self) | {"states": list(self.states)} | {k: utc_text(t) if t else None for k, t in times.items()}

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> ReviewFilter:
        """From `as_json`; what is missing is as if nothing was said, and what is unknown is passed over.

        Raises:
            ValueError: a time or a number is none.
        """
        wanted = said.get("states", ["open"])
        return cls(
            str(said.get("camera_id", "")),
            str(said.get("label", "")),
            str(said.get("reason", "")),
            tuple(state for state in STATES if state in wanted),
            _number(said.get("low")),
            _number(said.get("high")),
            str(said.get("who", "")),
            _time(said.get("since")),
            _time(said.get("until")),
        )

    def _where(self) -> tuple[list[str], dict[str, Any]]:
        """SQL conditions besides the state's, and their values by name; every text in them is our own."""
        equal = {"camera_id": self.camera_id, "label": self.label, "reason": self.reason, "judged_by": self.who}
        values: dict[str, Any] = {name: value for name, value in equal.items() if value}
        conditions = [f"{name} = :{name}" for name in values]
        for condition, name, value in (
            ("doubt >= max(:low, 0)", "low", self.low),
            ("doubt >= 0 AND doubt < :high", "high", self.high),
            (f"taken_at >= :since AND taken_s >= {_SECOND.format('since')}", "since", _text(self.since)),
            (f"taken_at <= :until AND taken_s <= {_SECOND.format('until')}", "until", _text(self.until)),
        ):
            if value is not None:
                conditions.append(condition)
                values[name] = value
        if self.who:
            conditions.append("judged_by <> ''")  # so that its index is seen to hold
        return conditions, values

    def _index(self, *, by_score: bool) -> str:
        """The index that leads: SQLite by itself guesses, without knowing how many rows there are of what."""
        if self.who:
            return "review_by_judge"
        named = (("camera", self.camera_id), ("label", self.label), ("reason", self.reason))
        first = next((f"_and_{name}" for name, value in named if value), "")
        return f"review_by_{'doubt' if by_score else 'id'}{first}"

    @property
    def _of_scores(self) -> bool:
        return self.low is not None or self.high is not None


OPEN = ReviewFilter()


def change(db: sqlite3.Connection) -> int:
    """A number that is another one after every change of the items and verdicts."""
    return int(db.execute("SELECT number FROM review_changed").fetchone()[0])


def place_of(item: Item, order: Order) -> Place:
    """Where an item stands in an order; it stays its place when the item goes or changes its state."""
    return (
        (item.score if item.score is not None else -1.0, item.id) if order in ("doubtful", "sure") else (0.0, item.id)
    )


def page(
    db: sqlite3.Connection,
    wanted: ReviewFilter = OPEN,
    order: Order = "oldest",
    *,
    after: Place | None = None,
    before: Place | None = None,
    limit: int = 50,
) -> list[Item]:
    """Items in an order.

    Args:
        db: from `Store.read`.
        wanted: which.
        order: which comes first.
        after: only what comes after this place.
        before: only what comes before it, of that the last; alone.
        limit: at most so many.
    """
    by_score, down = order in ("doubtful", "sure"), order in ("newest", "sure")
    conditions, values = wanted._where()  # noqa: SLF001  # one file
    place = before if before is not None else after
    if before is not None:
        down = not down
    if place is not None:
        sign = "<" if down else ">"
        conditions.append(f"(doubt, id) {sign} (:place, :id)" if by_score else f"id {sign} :id")
        values |= {"place": place[0], "id": place[1]} if by_score else {"id": place[1]}
    way = "DESC" if down else "ASC"
    ordering = f"doubt {way}, id {way}" if by_score else f"id {way}"
    few = not by_score and wanted._of_scores and count(db, wanted) < COUNTED  # noqa: SLF001
    index = wanted._index(by_score=by_score or few)  # noqa: SLF001
    of_states = " UNION ALL ".join(
        f"SELECT * FROM ({_of_state(state, index, 'id, doubt', conditions)} ORDER BY {ordering} LIMIT :limit)"  # noqa: S608
        for state in wanted.states or STATES
    )
    found = f"SELECT id, doubt FROM ({of_states}) ORDER BY {ordering} LIMIT :limit"  # noqa: S608
    ids = [int(row[0]) for row in db.execute(found, values | {"limit": limit})]
    rows = db.execute(f"{_ITEM} WHERE i.id IN (SELECT value FROM json_each(?))", (json.dumps(ids),))  # noqa: S608
    items = {one.id: one for one in map(_item, rows)}
    return [items[number] for number in (reversed(ids) if before is not None else ids)]


def count(db: sqlite3.Connection, wanted: ReviewFilter = OPEN) -> int:
    """How many there are, at most `COUNTED`."""
    conditions, values = wanted._where()  # noqa: SLF001  # one file
    index = wanted._index(by_score=wanted._of_scores)  # noqa: SLF001
    of_states = " UNION ALL ".join(_of_state(state, index, "1", conditions) for state in wanted.states or STATES)
    sql = f"SELECT count(*) FROM (SELECT 1 FROM ({of_states}) LIMIT {COUNTED})"  # noqa: S608
    return int(db.execute(sql, values).fetchone()[0])


def _of_state(state: State, index: str, columns: str, conditions: list[str]) -> str:
    where = " AND ".join([f"state = '{state}'", *conditions])
    return f"SELECT {columns} FROM review_items INDEXED BY {index} WHERE {where}"  # noqa: S608  # our own text


def item(db: sqlite3.Connection, item_id: int) -> Item | None:
    """One item; None: there is none of this id."""
    row = db.execute(f"{_ITEM} WHERE i.id = ?", (item_id,)).fetchone()
    return _item(row) if row is not None else None


def by_tracking_id(db: sqlite3.Connection, tracking_id: str) -> Item | None:
    """One item by its tracking ID; None: there is none."""
    row = db.execute(f"{_ITEM} WHERE i.tracking_id = ?", (tracking_id,)).fetchone()
    return _item(row) if row is not None else None


def neighbours(db: sqlite3.Connection, of: Item) -> list[Item]:
    """Other items of the same track, oldest first: at most two taken before this one and two after it."""
    if of.track is None:
        return []
    found = []
    for sign, way in (("<", "DESC"), (">", "ASC")):
        rows = db.execute(
            f"{_ITEM} WHERE i.camera_id = ? AND i.track = ? AND i.boot_id = ? AND (i.taken_at, i.id) {sign} (?, ?) "
            f"ORDER BY i.taken_at {way}, i.id {way} LIMIT {_NEIGHBOURS}",
            (of.camera_id, of.track, of.boot_id, utc_text(of.taken_at), of.id),
        )
        some = [_item(row) for row in rows]
        found += some if way == "ASC" else some[::-1]
    return found


def history(db: sqlite3.Connection, item_id: int) -> list[Verdict]:
    """Every verdict on an item, oldest first, those that were taken back included."""
    return [_verdict(row) for row in db.execute("SELECT * FROM verdicts WHERE item_id = ? ORDER BY id", (item_id,))]


def labels(db: sqlite3.Connection) -> list[str]:
    """Classes that items ask about, in alphabetical order; empty text, the whole picture, is none."""
    return [label for label in _distinct(db, "label") if label]


def cameras(db: sqlite3.Connection) -> list[str]:
    """Ids of cameras that have items, in alphabetical order."""
    return _distinct(db, "camera_id")


def camera_names(db: sqlite3.Connection) -> dict[str, str]:
    """What each camera that has items was called last, by its id."""
    sql = "SELECT camera_name FROM review_items WHERE camera_id = ? ORDER BY id DESC LIMIT 1"
    return {camera: str(db.execute(sql, (camera,)).fetchone()[0]) for camera in cameras(db)}


def _distinct(db: sqlite3.Connection, column: Literal["label", "camera_id"]) -> list[str]:
    """The values of a column, in order; hops through the index of each state from one to the next."""
    sql = f"""
        WITH RECURSIVE hop(value) AS (
            SELECT min({column}) FROM review_items WHERE state = :state
            UNION ALL
            SELECT (SELECT min({column}) FROM review_items WHERE state = :state AND {column} > hop.value)
            FROM hop WHERE hop.value IS NOT NULL
        )
        SELECT value FROM hop WHERE value IS NOT NULL
    """  # noqa: S608  # our own names
    return sorted({str(row[0]) for state in STATES for row in db.execute(sql, {"state": state})})


def _text(moment: datetime | None) -> str | None:
    return utc_text(moment) if moment else None


def _number(said: object) -> float | None:
    return float(str(said)) if said is not None else None


def _time(said: object) -> datetime | None:
    return datetime.fromisoformat(str(said)) if said else None


def _verdict(row: sqlite3.Row, prefix: str = "", number: str = "id") -> Verdict:
    boxes, back = row[f"{prefix}boxes"], row[f"{prefix}taken_back_at"]
    return Verdict(
        id=row[number],
        kind=row[f"{prefix}kind"],
        label=row[f"{prefix}label"],
        boxes=boxes_of(boxes) if boxes is not None else None,
        who=row[f"{prefix}who"],
        role=row[f"{prefix}role"],
        decided_at=datetime.fromisoformat(row[f"{prefix}decided_at"]),
        seconds=row[f"{prefix}seconds"],
        replaces=row[f"{prefix}replaces"],
        taken_back_at=datetime.fromisoformat(back) if back else None,
    )


def _item(row: sqlite3.Row) -> Item:
    corners = tuple(row[name] for name in ("x0", "y0", "x1", "y1"))
    boxed = corners[0] is not None
    return Item(
        id=row["id"],
        tracking_id=row["tracking_id"],
        camera_id=row["camera_id"],
        camera_name=row["camera_name"],
        label=row["label"],
        score=row["score"],
        track=row["track"],
        box=Box((corners[0], corners[1], corners[2], corners[3]), row["label"], row["score"], row["track"])
        if boxed
        else None,
        reason=row["reason"],
        why=json.loads(row["why"]),
        probability=row["probability"],
        boxes=boxes_of(row["boxes"]),
        size=(row["width"], row["height"]),
        model=row["model"],
        ran=tuple(json.loads(row["ran"])),
        taken_at=datetime.fromisoformat(row["taken_at"]),
        boot_id=row["boot_id"],
        picture=PurePosixPath(row["picture"]) if row["picture"] else None,
        picture_size=(row["picture_width"], row["picture_height"]) if row["picture"] else None,
        crop=PurePosixPath(row["crop"]) if row["crop"] else None,
        picture_why=row["picture_why"],
        state=row["state"],
        verdict=_verdict(row, "v_", "verdict_id") if row["v_kind"] is not None else None,
    )
