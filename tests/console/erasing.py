"""A home full of things that can be told apart byte by byte, and the hunt for what is left of them."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from uuid_utils import uuid7

from console.events.rows import NewEvent, insert, link
from console.review import rows as review_rows
from console.review.items import Box, NewItem
from console.review.verdict_job import decide
from console.review.verdict_rules import Decision, Given
from console.settings.home import Home
from console.store import pictures, sealed
from console.store.holds import GOLD, hold
from console.store.removal import EVENT_PURPOSE
from console.store.store import Store, utc_text

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
REVIEW = ("gold_members", "gold_sets", "verdicts", "review_items", "review_dropped", "review_changed")
OUTBOX = (
    "outbox_routes", "outbox_deliveries", "outbox", "outbox_counts", "outbox_targets", "outbox_objects",
    "outbox_stale_shards", "outbox_labels",
)  # fmt: skip
ANSWERS = ("answers", "answer_cursors")
"""Tables that a copy of an older database lacks, in the order in which they can be dropped."""


@dataclass(frozen=True)
class Item:
    """Something that was seen.

    Attributes:
        needles: byte strings that are nobody else's; no file of the home may hold one when it is erased.
    """

    camera: str
    track: int
    at: datetime
    event: int
    picture: str
    crop: str
    needles: tuple[bytes, ...]


def plant(home: Home, store: Store, camera: str, number: int, *, at: datetime | None = None, track: int = 0) -> Item:
    """An event with a picture and a sealed crop, all of them with words of their own."""
    mark = f"{camera}n{number:04}"
    label, rule, words = f"label-{mark}", f"rule-{mark}", f"purpose-{mark}"
    when, shown = at or NOON + timedelta(minutes=number), f"Name of {camera}"
    event = NewEvent(camera, shown, label, track or number, rule, "none", 0.5, (1, 2, 3, 4), (16, 12), when)
    day = home.pictures / "2026-03-04"
    day.mkdir(exist_ok=True)
    files = day / f"{uuid7()}.jpg", day / f"{uuid7()}.sealed"
    for file in files:
        file.write_bytes(f"bytes-{mark}-{file.suffix}".encode() * 50)
    paths = [PurePosixPath(file.relative_to(home.path).as_posix()) for file in files]

    def job(db: Any) -> int:
        (number,) = insert(db, [(event, "")], store.boot_id)
        row: dict[str, Any] = {"sha256": "0" * 64, "camera_id": camera, "taken_at": when}
        purpose = EVENT_PURPOSE.format(id=number, purpose=words)
        pictures.insert(
            db,
            pictures.PictureRow(
                paths[0], width=16, height=12, boot_id=store.boot_id, policy="cover",
                policy_json=f'{{"purpose": "{words}"}}', purpose=purpose, bytes=files[0].stat().st_size, **row,
            ),
        )  # fmt: skip
        link(db, number, str(paths[0]))
        sealed.insert(db, sealed.SealedRow(paths[1], event_id=number, key_id="k", purpose=words, bytes=7, **row))
        return number

    stored = store.write(job).result(10)
    texts = (label, rule, words, f"bytes-{mark}-", files[0].stem, files[1].stem)
    return Item(camera, event.track, when, stored, str(paths[0]), str(paths[1]), tuple(t.encode() for t in texts))


@dataclass(frozen=True)
class Asked:
    """A review item that was judged and stands in a gold set.

    Attributes:
        id, tracking_id: its.
        pictures: paths of its pictures.
        crop: of its sealed crop.
        needles: byte strings that are nobody else's.
    """

    id: int
    tracking_id: str
    camera: str
    track: int
    at: datetime
    pictures: tuple[str, ...]
    crop: str
    needles: tuple[bytes, ...]


def answer(db: Any, tracking_id: str, camera: str, word: str = "", at: str = "") -> None:
    """What a cloud answered about something."""
    db.execute(
        "INSERT INTO answers (target, message_id, task, number, tracking_id, camera_id, state, why, body, answered_at, "
        "received_at, boot_id) VALUES ('cloud', ?, 'closer', 1, ?, ?, 'done', '', ?, ?, ?, 'boot')",
        (str(uuid7()), tracking_id, camera, json.dumps({"label": word}), at, at),
    )


def plant_asked(
    home: Home, store: Store, camera: str, number: int, *, track: int = 0, others: tuple[int, ...] = ()
) -> Asked:
    """A review item with pictures, a sealed crop, a verdict, a place in a gold set and an answer, of its own words.

    Other tracks may be among the boxes of its picture.
    """
    mark = f"{camera}q{number:04}"
    label, why, said = f"asked-{mark}", f"why-{mark}", f"said-{mark}"
    box = Box((1, 2, 3, 4), label, 0.4, track or number)
    boxes = (box, *(Box((5, 6, 7, 8), label, 0.9, other) for other in others))
    when = NOON + timedelta(minutes=number)
    item = NewItem(
        str(uuid7()), camera, f"Name of {camera}", label, box, "doubt", boxes, (16, 12), f"model-{mark}", (), when,
        {"word": why},
    )  # fmt: skip
    day = home.pictures / "2026-03-04"
    day.mkdir(exist_ok=True)
    files = [day / f"{uuid7()}{suffix}" for suffix in (".jpg", ".jpg", ".sealed")]
    for file in files:
        file.write_bytes(f"shown-{mark}".encode() * 50)
    paths = [PurePosixPath(file.relative_to(home.path).as_posix()) for file in files]

    def job(db: Any) -> int:
        ids = [
            pictures.insert(
                db,
                pictures.PictureRow(
                    path, "0" * 64, 16, 12, camera, when, store.boot_id, "cover", "{}",
                    f"review {item.tracking_id}: to judge", 7,
                ),
            )
            for path in paths[:2]
        ]  # fmt: skip
        number = review_rows.insert(db, item, store.boot_id, picture=ids[0], crop=ids[1])
        given = Given("Mira", supervisor=False, at=when, seconds=1, boot_id=store.boot_id, share=0.0)
        decide(db, number, Decision("relabel", said), given)
        db.execute(
            "INSERT OR IGNORE INTO gold_sets (id, name, version, sha256, labels, members, spec, who, made_at) "
            "VALUES (1, 'street', 1, ?, '[]', 9, ?, 'Mira', '')",
            ("0" * 64, json.dumps({"camera": camera})),
        )
        db.execute(
            "INSERT INTO gold_members (set_id, item_id, tracking_id, split, picture_id, picture_sha256, truth, "
            "exhaustive, asked) VALUES (1, ?, ?, 'test', ?, ?, '[]', 0, ?)",
            (number, item.tracking_id, ids[0], "0" * 64, json.dumps({"label": label})),
        )
        hold(db, GOLD, pictures=ids[:1])
        review_rows.drop(db, camera, label, "duplicate", when)
        sealed.insert(db, sealed.SealedRow(paths[2], "0" * 64, camera, when, None, "k", f"kept-{mark}", 7, number))
        answer(db, item.tracking_id, camera, f"answer-{mark}", utc_text(when))
        return number

    stored = store.write(job).result(10)
    stems = (file.stem for file in files)
    texts = (why, said, f"model-{mark}", f"shown-{mark}", f"kept-{mark}", f"answer-{mark}", *stems, item.tracking_id)
    needles = tuple(text.encode() for text in texts)
    shown, crop = tuple(map(str, paths[:2])), str(paths[2])
    return Asked(stored, item.tracking_id, camera, box.track or 0, when, shown, crop, needles)


def stale(home: Home, items: Iterable[Item | Asked]) -> None:
    """Leave what is to go in free pages and gaps, as a program would that deletes without overwriting."""
    with closing(sqlite3.connect(home.database, isolation_level=None)) as db:
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("BEGIN")
        for item in items:
            for needle in item.needles:
                db.execute("INSERT INTO meta VALUES (?, ?)", (f"{item.needles[0]!r} {needle!r}", needle.decode() * 20))
        db.execute("COMMIT")
        db.execute("DELETE FROM meta WHERE key LIKE '% %'")


_HUNT = """
import json, pathlib, sys
home, needles = json.load(sys.stdin)
found = {}
for path in sorted(pathlib.Path(home).rglob("*")):
    if path.is_file():
        name = path.relative_to(home).as_posix()
        content = path.read_bytes() + name.encode()
        if there := [needle for needle in needles if needle.encode() in content]:
            found[name] = there
json.dump(found, sys.stdout)
"""


def remains(home: Path, needles: Iterable[bytes]) -> dict[str, list[str]]:
    """Which needles stand in the bytes, or in the name, of which file of a home.

    In a process of its own: a process that opens the database's files by itself loses SQLite's locks on them.
    """
    asked = json.dumps([str(home), [needle.decode() for needle in needles]])
    said = subprocess.run([sys.executable, "-S", "-c", _HUNT], input=asked, capture_output=True, text=True, check=True)
    found: dict[str, list[str]] = json.loads(said.stdout)
    return found
