"""Gold sets as they stand in the database: named, numbered, never changed. Only an erasure takes members away.

A version's `sha256` is over its labels in their order and over the digest of every member; see `gold_content`. The
sorted digests stand in `spec` too: what is left of a set after an erasure can be told from what never was in it.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from console.datasets.formats.values import Dataset, Sample
from console.datasets.gold_content import SPLITS, Member, Split
from console.datasets.truth import Origin, merged, sample
from console.errors import SightdeskError, UsageError
from console.review.items import Box, boxes_of
from console.settings.home import Home
from models.words import _

_MEMBERS = """
SELECT m.*, p.path, p.width AS stored_width, p.height AS stored_height, i.width AS source_width,
       i.height AS source_height, i.boxes, i.track, i.why, coalesce(i.camera_id, p.camera_id) AS camera_id,
       coalesce(i.boot_id, p.boot_id) AS boot_id, coalesce(i.taken_at, p.taken_at) AS taken_at
FROM gold_members m JOIN pictures p ON p.id = m.picture_id LEFT JOIN review_items i ON i.id = m.item_id
WHERE m.set_id = ? ORDER BY m.id
"""
_SET = "SELECT id, name, version, sha256, labels, members, who, made_at, erased, spec FROM gold_sets"


@dataclass(frozen=True, slots=True)
class GoldSet:
    """One version of a gold set.

    Attributes:
        id: of its row.
        name, version: versions count from 1.
        sha256: of all it holds.
        labels: its classes, in the order that never changes.
        members: how many it was made of.
        erased: how many an erasure has taken away since.
        spec: what was asked for, and the members' digests.
        who, made_at: by whom and when it was made.
    """

    id: int
    name: str
    version: int
    sha256: str
    labels: tuple[str, ...]
    members: int
    erased: int
    spec: Mapping[str, Any]
    who: str
    made_at: datetime

    @property
    def title(self) -> str:
        """Name and version, as `parse` reads them."""
        return f"{self.name}@{self.version}"

    @property
    def digests(self) -> tuple[str, ...]:
        """Of the members it was made of, sorted."""
        return tuple(self.spec.get("digests", ()))

    @property
    def block_s(self) -> int:
        """Length in seconds of the blocks it was split by."""
        return int(self.spec["block_s"])


def check_name(name: str) -> str:
    """A set's name. Raises UsageError: it is none."""
    if not re.fullmatch(r"[\w][\w.-]{0,63}", name):
        raise UsageError(
            _("{name} is no name for a gold set.").format(name=repr(name)),
            _("Use letters, digits, '.', '-' and '_', 64 at most, and begin with a letter or a digit."),
        )
    return name


def parse(text: str) -> tuple[str, int | None]:
    """A set as somebody names it, NAME or NAME@VERSION; None: the latest. Raises UsageError: it is neither."""
    name, at, version = text.partition("@")
    if at and not (version.isascii() and version.isdigit() and int(version) > 0):
        raise UsageError(
            _("{text} names no version.").format(text=repr(text)), _("Write NAME, or NAME@3 for its third version.")
        )
    return check_name(name), int(version) if at else None


def sets(db: sqlite3.Connection) -> list[GoldSet]:
    """All versions of all sets, by name, the latest version first."""
    return [_set(row) for row in db.execute(f"{_SET} ORDER BY name, version DESC")]


def find(db: sqlite3.Connection, name: str, version: int | None = None) -> GoldSet:
    """A set's version; None: its latest.

    Raises:
        SightdeskError: there is none; says which there are.
    """
    found = latest(db, name) if version is None else None
    if version is not None:
        row = db.execute(f"{_SET} WHERE name = ? AND version = ?", (name, version)).fetchone()
        found = _set(row) if row else None
    if found is not None:
        return found
    there = [f"{row[0]}@{row[1]}" for row in db.execute("SELECT name, max(version) FROM gold_sets GROUP BY name")]
    raise SightdeskError(
        _("There is no gold set {name}.").format(name=name if version is None else f"{name}@{version}"),
        _("There are: {names}.").format(names=", ".join(there))
        if there
        else _("Make one of reviewed items: sightdesk gold create {name}").format(name=name),
    )


def latest(db: sqlite3.Connection, name: str) -> GoldSet | None:
    """A set's latest version, or None."""
    row = db.execute(f"{_SET} WHERE name = ? ORDER BY version DESC LIMIT 1", (name,)).fetchone()
    return _set(row) if row else None


def members(db: sqlite3.Connection, gold: GoldSet, splits: Sequence[str] | None = None) -> list[Member]:
    """What is left of a set's members, in the order they were put in; of these splits alone where any are named.

    Raises:
        UsageError: there is no such split.
    """
    wanted = _splits(splits)
    return [_member(row) for row in db.execute(_MEMBERS, (gold.id,)) if row["split"] in wanted]


def dataset_of(
    db: sqlite3.Connection, home: Home, name: str, version: int | None = None, splits: Sequence[str] | None = None
) -> Dataset:
    """A gold set as a dataset, one sample for each picture.

    `Dataset.folder` is the home and `Sample.picture` the path within it; boxes and size are of the picture on the disk.
    Attributes of samples: tracking_id, taken_at, verdict, source_size, and where there are any rejected, tracking_ids;
    see `console.datasets.truth`.

    Args:
        db: from `Store.read`.
        home: whose pictures they are.
        name: the set's.
        version: None: the latest.
        splits: these alone; None: all.

    Raises:
        SightdeskError: there is none of that name and version.
        UsageError: there is no such split.
    """
    gold = find(db, name, version)
    samples = merged([sample_of_member(member) for member in members(db, gold, splits)])
    return Dataset(gold.title, gold.labels, samples, home.path)


def sample_of_member(member: Member) -> Sample:
    """A member as a sample of a dataset."""
    about = {"taken_at": member.taken_at.isoformat()}
    origin = Origin(member.tracking_id, member.picture, member.stored, member.source, member.camera_id, about)
    made = sample(origin, member.truth, member.rejected, member.verdict)
    return replace(made, split=member.split, taken_at=member.taken_at)


def sets_of(db: sqlite3.Connection, tracking_id: str) -> list[tuple[str, int, str]]:
    """Name, version and split of every gold set an item is in, by its tracking ID."""
    rows = db.execute(
        "SELECT s.name, s.version, m.split FROM gold_members m JOIN gold_sets s ON s.id = m.set_id "
        "WHERE m.item_id = (SELECT id FROM review_items WHERE tracking_id = :id) AND m.tracking_id = :id "
        "ORDER BY s.name, s.version",
        {"id": tracking_id},
    )
    return [(str(name), int(version), str(split)) for name, version, split in rows]


def block_of(tracking_id: str, why: str) -> str:
    """The block of an item whose time is not known, from what is said of how it came; empty: its time is known."""
    return f"!{tracking_id}" if json.loads(why).get("untimed") else ""


def tracks_of(boxes: Iterable[Box]) -> frozenset[int]:
    """Numbers of the objects that were followed."""
    return frozenset(box.track for box in boxes if box.track is not None)


def _splits(wanted: Sequence[str] | None) -> tuple[str, ...]:
    unknown = sorted(set(wanted or ()) - set(SPLITS))
    if unknown:
        raise UsageError(_("There is no split {name}.").format(name=unknown[0]), _("There are train, val and test."))
    return tuple(wanted) if wanted else SPLITS


def _set(row: Sequence[Any]) -> GoldSet:
    number, name, version, sha256, labels, count, who, made_at, erased, spec = tuple(row)
    return GoldSet(
        number, name, version, sha256, tuple(json.loads(labels)), count, erased, json.loads(spec), who,
        datetime.fromisoformat(made_at),
    )  # fmt: skip


def _member(row: sqlite3.Row) -> Member:
    said = json.loads(row["asked"])
    stored, truth = (row["stored_width"], row["stored_height"]), boxes_of(row["truth"])
    asked = Box(cast("Any", tuple(said["box"])), said["label"], None, row["track"]) if said["box"] else None
    return Member(
        tracking_id=row["tracking_id"],
        picture_id=row["picture_id"],
        picture=row["path"],
        picture_sha256=row["picture_sha256"],
        stored=stored,
        source=(row["source_width"], row["source_height"]) if row["source_width"] else stored,
        truth=truth,
        verdict=said["verdict"],
        asked=asked,
        exhaustive=bool(row["exhaustive"]),
        split=cast("Split", row["split"]),
        camera_id=row["camera_id"],
        boot_id=row["boot_id"],
        taken_at=datetime.fromisoformat(row["taken_at"]),
        tracks=tracks_of((*truth, *boxes_of(row["boxes"] or "[]"))),
        item_id=row["item_id"] or 0,
        block=block_of(row["tracking_id"], row["why"] or "{}"),
    )
