"""Making a version of a gold set of decided review items: all of it in one transaction, or nothing."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from console.datasets import gold
from console.datasets.gold_content import SPLITS, Member, Split, frozen_labels, set_digest
from console.datasets.gold_splits import BLOCK_S, groups, split
from console.datasets.truth import Judgement
from console.errors import SightdeskError, UsageError
from console.review.items import Box, boxes_of
from console.store.holds import GOLD, hold
from console.store.store import Store, utc_text
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils import Database

SHARES: Mapping[Split, float] = {"train": 70.0, "val": 15.0, "test": 15.0}
_TRIES = 5
_ITEMS = """
SELECT i.id, i.tracking_id, i.camera_id, i.label, i.score, i.track, i.x0, i.y0, i.x1, i.y1, i.width, i.height, i.boxes,
       i.boot_id, i.taken_at, i.why, v.kind, v.label AS said, v.boxes AS drawn,
       p.id AS picture_id, p.path, p.sha256, p.width AS stored_width, p.height AS stored_height
FROM review_items i JOIN verdicts v ON v.id = i.verdict_id JOIN pictures p ON p.id = i.picture_id
WHERE i.state = 'done' AND (:camera = '' OR i.camera_id = :camera)
  AND (:since = '' OR i.taken_at >= :since) AND (:until = '' OR i.taken_at <= :until)
ORDER BY i.id
"""
_INSERT_MEMBER = """
INSERT INTO gold_members (set_id, item_id, tracking_id, split, picture_id, picture_sha256, truth, exhaustive, asked)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a version is to be made of: decided items that have a picture.

    Attributes:
        name: the set's.
        camera: of this camera alone.
        label: that ask about this class, or whose truth has it.
        since, until: taken in this time, with its zone.
        exhaustive_only: only pictures of which all is known.
        shares: parts of train, val and test, in any unit.
        who: who makes it.
    """

    name: str
    camera: str = ""
    label: str = ""
    since: datetime | None = None
    until: datetime | None = None
    exhaustive_only: bool = False
    shares: Mapping[Split, float] | None = None
    who: str = "-"

    def spec(self) -> dict[str, Any]:
        """As the set remembers it."""
        return {
            "camera": self.camera,
            "label": self.label,
            "since": utc_text(self.since) if self.since else None,
            "until": utc_text(self.until) if self.until else None,
            "exhaustive_only": self.exhaustive_only,
            "splits": dict(self.shares or SHARES),
            "block_s": BLOCK_S,
        }


@dataclass(frozen=True, slots=True)
class Made:
    """A version that was made.

    Attributes:
        title: NAME@VERSION.
        sha256: of all it holds.
        labels: its classes in their order.
        splits: how many members each split has.
        exhaustive: of how many all is known.
        empty: splits that were asked for and got nothing.
        groups: sizes of what stays together, largest first: a track, a stretch of a camera's time, a chain of these.
    """

    title: str
    sha256: str
    labels: tuple[str, ...]
    splits: Mapping[str, int]
    exhaustive: int
    empty: tuple[str, ...]
    groups: tuple[int, ...]

    @property
    def members(self) -> int:
        """How many there are."""
        return sum(self.splits.values())


class NothingNew(SightdeskError):
    """The version would hold what the latest one holds; none is made."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A version as it would be; `change` tells whether the items are still those it was made of."""

    wanted: Wanted
    labels: tuple[str, ...]
    members: tuple[Member, ...]
    version: int
    change: int


def shares_of(text: str) -> dict[Split, float]:
    """Shares as somebody writes them: 70/15/15. Raises UsageError: they are none."""
    try:
        parts = [float(part) for part in text.split("/")]
    except ValueError:
        parts = []
    if len(parts) != len(SPLITS) or not all(0 <= part < float("inf") for part in parts) or sum(parts) <= 0:
        raise UsageError(
            _("{text} are no shares of train, val and test.").format(text=repr(text)),
            _("Write three numbers, such as 70/15/15, or 0/0/100 for a set that is only measured on."),
        )
    return dict(zip(SPLITS, parts, strict=True))


def create(store: Store, wanted: Wanted) -> Made:
    """Make a version. Whatever happens, either all of it is kept when this returns or nothing is.

    It is worked out beside the database, and written only if no item has changed meanwhile; where they change all the
    time, the last try works it out while nobody else can write.

    Raises:
        UsageError: the name is none.
        NothingNew: the latest version holds the same.
        SightdeskError: there is nothing to make it of.
        StoreError: the database can't be read or written; such as a full disk.
    """
    gold.check_name(wanted.name)
    for last in (False,) * (_TRIES - 1) + (True,):
        with store.read() as db:
            plan = _plan(db, wanted)
        try:
            made = store.write(partial(_write, plan=plan, last=last), wait_s=10.0).result()
        except sqlite3.IntegrityError:  # a picture went meanwhile
            if last:
                raise
            continue
        if made is not None:
            return made
    raise AssertionError("the last try is written")


def _plan(db: sqlite3.Connection, wanted: Wanted) -> _Plan:
    known = gold.latest(db, wanted.name)
    before = gold.members(db, known) if known else []
    values = {"camera": wanted.camera, "since": "", "until": ""}
    values |= {key: utc_text(at) for key, at in (("since", wanted.since), ("until", wanted.until)) if at}
    rows = db.execute(_ITEMS, values).fetchall()
    found = [one for row in rows if (one := _candidate(row)) is not None]
    members = [one for one in found if _is_wanted(one, wanted)]
    if not members:
        raise SightdeskError(
            _("There is nothing to make a gold set of: no reviewed item with a picture is as asked."),
            _("Judge items on the page Review, or ask for less: `sightdesk review list --state done` lists them."),
        )
    fresh = {member.tracking_id for member in members}
    everyone = members + [member for member in before if member.tracking_id not in fresh]
    own = {row["tracking_id"]: its for row in rows if (its := _own_split(row["why"])) is not None}
    placed_before = {member.tracking_id: member.split for member in before}
    splits = split(everyone, wanted.shares or SHARES, own | placed_before)
    placed = tuple(replace(one, split=where) for one, where in zip(members, splits, strict=False))
    labels = frozen_labels(known.labels if known else (), placed)
    if known and known.sha256 == set_digest(labels, (member.digest() for member in placed)):
        raise NothingNew(
            _("{title} holds the same; no new version was made.").format(title=known.title),
            _("What is in a version stays in its split, whatever shares are asked for: for others use another name."),
        )
    change = int(db.execute("SELECT number FROM review_changed").fetchone()[0])
    return _Plan(wanted, labels, placed, known.version + 1 if known else 1, change)


def _own_split(why: str) -> Split | None:
    """The split an imported picture had in the set it came from: who trained with it there is not measured on it."""
    said = json.loads(why).get("split")
    return next((one for one in SPLITS if one == said), None)


def _is_wanted(member: Member, wanted: Wanted) -> bool:
    asked = {member.asked.label} if member.asked else set()
    return (member.exhaustive or not wanted.exhaustive_only) and (
        not wanted.label or wanted.label in member.labels | asked
    )


def _candidate(row: sqlite3.Row) -> Member | None:
    """A decided item as a member, in no split yet; None where its verdict says nothing of its picture."""
    asked = None
    if row["x0"] is not None:
        asked = Box((row["x0"], row["y0"], row["x1"], row["y1"]), row["label"], None, row["track"])
    judged = Judgement(row["kind"], asked, row["said"], boxes_of(row["drawn"]) if row["drawn"] else ())
    if not judged.says_something:
        return None
    return Member(
        tracking_id=row["tracking_id"],
        picture_id=row["picture_id"],
        picture=row["path"],
        picture_sha256=row["sha256"],
        stored=(row["stored_width"], row["stored_height"]),
        source=(row["width"], row["height"]),
        truth=judged.truth,
        verdict=judged.kind,
        asked=asked,
        exhaustive=judged.exhaustive,
        split="train",
        camera_id=row["camera_id"],
        boot_id=row["boot_id"],
        taken_at=datetime.fromisoformat(row["taken_at"]),
        tracks=gold.tracks_of((*judged.truth, *boxes_of(row["boxes"]))),
        item_id=row["id"],
        block=gold.block_of(row["tracking_id"], row["why"]),
    )


def _write(db: Database, *, plan: _Plan, last: bool) -> Made | None:
    """Store a version; None: something has changed since it was worked out."""
    now = int(db.execute("SELECT number FROM review_changed").fetchone()[0])
    version = db.execute("SELECT max(version) FROM gold_sets WHERE name = ?", (plan.wanted.name,)).fetchone()[0] or 0
    if now != plan.change or version + 1 != plan.version:
        if not last:
            return None
        db.conn.row_factory, before = sqlite3.Row, db.conn.row_factory
        try:
            plan = _plan(db.conn, plan.wanted)
        finally:
            db.conn.row_factory = before
    return _insert(db, plan)


def _insert(db: Database, plan: _Plan) -> Made:
    wanted, digests = plan.wanted, sorted(member.digest() for member in plan.members)
    sha256 = set_digest(plan.labels, digests)
    spec = json.dumps(wanted.spec() | {"digests": digests}, ensure_ascii=False)
    cursor = db.execute(
        "INSERT INTO gold_sets (name, version, sha256, labels, members, spec, who, made_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            wanted.name, plan.version, sha256, json.dumps(plan.labels, ensure_ascii=False), len(plan.members), spec,
            wanted.who, utc_text(datetime.now(UTC)),
        ),
    )  # fmt: skip
    number = int(cursor.lastrowid or 0)
    for one in plan.members:
        values = (
            number, one.item_id, one.tracking_id, one.split, one.picture_id, one.picture_sha256, one.truth_json(),
            int(one.exhaustive), one.asked_json(),
        )  # fmt: skip
        db.execute(_INSERT_MEMBER, values)
    hold(db, GOLD, pictures=sorted({one.picture_id for one in plan.members}))
    counted = Counter(one.split for one in plan.members)
    return Made(
        f"{wanted.name}@{plan.version}",
        sha256,
        plan.labels,
        {one: counted[one] for one in SPLITS},
        sum(one.exhaustive for one in plan.members),
        tuple(one for one in SPLITS if (wanted.shares or SHARES)[one] > 0 and not counted[one]),
        tuple(sorted(Counter(groups(plan.members)).values(), reverse=True)),
    )
