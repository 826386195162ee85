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
from console.settings.home import Home
from console.store import pictures, sealed
from console.store.removal import EVENT_PURPOSE
from console.store.store import Store

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


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
        row = {"sha256": "0" * 64, "camera_id": camera, "taken_at": when}
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


def stale(home: Home, items: Iterable[Item]) -> None:
    """Leave what is to go in free pages and gaps, as a program would that deletes without overwriting."""
    with closing(sqlite3.connect(home.database, isolation_level=None)) as db:
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("BEGIN")
        for item in items:
            for needle in item.needles:
                db.execute("INSERT INTO meta VALUES (?, ?)", (f"{item.event} {needle!r}", needle.decode() * 20))
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
