"""A home whose outbox is full: redacted pictures of a given size, as the desk writes them, and their messages."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from uuid_utils import uuid7

from console.bench.outbox_papers import Papers
from console.privacy.redactor import Redactor
from console.privacy.stored import Named, open_stored
from console.privacy.writer import PictureWriter
from console.settings.home import Home
from console.settings.schema import Settings
from console.settings.sync import SyncSettings, TargetSettings
from console.store.outbox import Message, put
from console.store.pictures import PictureRow, insert
from console.store.store import Store
from console.sync import routes
from console.sync.targets.base import Parcel
from models.detections import Detections
from models.frames import ArrayPicture
from models.policy import Cover
from models.redaction import Redacted

if TYPE_CHECKING:
    from sqlite_utils import Database

TARGET = "cloud"
PICTURE_BYTES = 20_000
WIDTH, HEIGHT = 480, 270
GRAIN = 1.455  # with it the covered scenes make JPEGs of so many bytes
_POLICY = Cover(purpose="to measure how fast it leaves")
_AT_ONCE = 2000
_CAMERA = "bench"
_MESSAGES = (
    "SELECT m.id, m.message_id, m.tracking_id, m.camera_id, m.written_at, m.body, p.path, p.sha256, p.policy_json "
    "FROM outbox m JOIN pictures p ON p.id = m.picture_id ORDER BY m.id"
)


def settings(url: str, papers: Papers, concurrency: int = 4) -> Settings:
    """Settings with one target, which gets events with their pictures."""
    target = TargetSettings(
        name=TARGET, kind="cloud", url=url, sends=("events", "pictures"), ca=str(papers.ca),
        certificate=str(papers.desk), key=str(papers.desk_key), concurrency=concurrency,
    )  # fmt: skip
    return Settings(sync=SyncSettings(targets=(target,), quota_gigabytes=1000.0))


def fill(
    home: Home, store: Store, wanted: Settings, messages: int, *, files: int, say: Callable[[str], None]
) -> list[bytes]:
    """Have so many picture messages wait for the target.

    Args:
        home: its pictures' place.
        store: of it.
        wanted: the settings with the target.
        messages: how many; each has a picture of its own in the database, and a file.
        files: so many different files; the others are further names of the same.
        say: told what happens.

    Returns:
        The different files' contents.

    Raises:
        SightdeskError: a picture can't be written, or the database refused.
    """
    routes.apply(store, wanted)
    files = min(files, messages)
    say(f"writing {files:,} pictures of {PICTURE_BYTES / 1000:.0f} kB")
    contents = _written(home, store, files)
    say(f"writing {messages:,} messages")
    numbers = iter(range(messages))
    while batch := [number for _n, number in zip(range(_AT_ONCE), numbers, strict=False)]:
        rows = [_picture_of(home, store, number, contents) for number in batch]
        store.write(lambda db, rows=rows: _put(db, rows, store.boot_id), wait_s=10.0).result()  # type: ignore[misc]
    return [content for _path, content in contents]


def waiting_again(store: Store) -> None:
    """Everything that was sent waits again, and its files are held, as if it had just been written."""

    def job(db: Database) -> None:
        db.execute("UPDATE outbox_deliveries SET state = 'waiting', sent_at = NULL, attempts = 0, tried_at = NULL")
        db.execute(
            "INSERT INTO holds (picture_id, why, held_at) SELECT picture_id, 'sync', written_at FROM outbox "
            "WHERE picture_id IS NOT NULL ON CONFLICT DO NOTHING"
        )

    store.write(job, wait_s=10.0).result()


def parcels_of(home: Home, store: Store) -> list[Parcel]:
    """All messages, as the target is given them, their files read."""
    with store.read() as db:
        rows = db.execute(_MESSAGES).fetchall()
    return [
        Parcel(
            row["id"], row["message_id"], row["tracking_id"], "picture", row["camera_id"], row["written_at"],
            json.loads(row["body"]), open_stored(home.path, Named(row["path"], row["sha256"], row["policy_json"])),
        )
        for row in rows
    ]  # fmt: skip


def _written(home: Home, store: Store, number: int) -> list[tuple[PurePosixPath, bytes]]:
    """Pictures as the desk writes them: looked at, covered, encoded, synced and recorded."""
    writer, found = PictureWriter(home, store), []
    draw, now = _Drawing(), datetime.now(UTC)
    for _n in range(number):
        written = writer.write(draw.covered(), camera_id=_CAMERA, taken_at=now)
        path = PurePosixPath(written.path.relative_to(home.path).as_posix())
        found.append((path, written.path.read_bytes()))
    return found


class _Drawing:
    """Draws scenes of big patches, with grain."""

    def __init__(self) -> None:
        self._redactor = Redactor()
        self._rng = np.random.default_rng(7)
        self._noise = self._rng.standard_normal((HEIGHT, WIDTH, 1), np.float32)

    def covered(self) -> Redacted:
        """A scene unlike those before, with a person covered."""
        seen = Detections.of([(20.0, 30.0, 60.0, 120.0)], [0.9], [0])
        return self._redactor.redact(ArrayPicture(self._scene()), seen, ("person", "car"), (), _POLICY)

    def _scene(self) -> NDArray[np.uint8]:
        patches = self._rng.integers(40, 200, (9, 16, 3), np.uint8)
        smooth = cv2.resize(patches, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).astype(np.float32)
        noise = np.roll(self._noise, int(self._rng.integers(WIDTH)), 1) * GRAIN
        return np.clip(smooth + noise, 0, 255).astype(np.uint8)


def _picture_of(home: Home, store: Store, number: int, contents: list[tuple[PurePosixPath, bytes]]) -> PictureRow:
    """The row of a message's picture; the first ones have theirs already, which is told by path."""
    path, content = contents[number % len(contents)]
    if number >= len(contents):
        folder = home.pictures / f"more-{number // 1000}"
        folder.mkdir(mode=0o700, exist_ok=True)
        further = folder / f"{number}.jpg"
        os.link(home.path / path, further)
        path = PurePosixPath(further.relative_to(home.path).as_posix())
    digest = hashlib.sha256(content).hexdigest()
    return PictureRow(
        path, digest, WIDTH, HEIGHT, _CAMERA, datetime.now(UTC), store.boot_id, _POLICY.kind,
        json.dumps(_POLICY.model_dump()), _POLICY.purpose, len(content),
    )  # fmt: skip


def _put(db: Database, rows: list[PictureRow], boot_id: str) -> None:
    for row, number in zip(rows, _ids(db, rows), strict=True):
        body: dict[str, Any] = {
            "of": "event", "sha256": row.sha256, "bytes": row.bytes, "size": [row.width, row.height],
            "source_size": [1920, 1080], "taken_at": row.taken_at.isoformat(), "policy": json.loads(row.policy_json),
            "label": "person", "box": [20.0, 30.0, 60.0, 120.0],
        }  # fmt: skip
        message = Message("picture", str(uuid7()), _CAMERA, body, picture_id=number, file_bytes=row.bytes)
        put(db, message, boot_id, targets=[TARGET])


def _ids(db: Database, rows: list[PictureRow]) -> Iterator[int]:
    for row in rows:
        found = db.execute("SELECT id FROM pictures WHERE path = ?", (str(row.path),)).fetchone()
        yield int(found[0]) if found else insert(db, row)
