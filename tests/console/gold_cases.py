"""A home with judged items, made by hand: for tests of gold sets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray
from uuid_utils import uuid7

from console.review import rows
from console.review.items import Box, NewItem, boxes_json
from console.settings.home import Home
from console.store import pictures
from console.store.pictures import PictureRow
from console.store.store import Store, utc_text

if TYPE_CHECKING:
    from sqlite_utils import Database

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
SIZE = (64, 64)
WHOLE = (0.0, 0.0, 64.0, 64.0)
_JUDGE = """
INSERT INTO verdicts (key, item_id, kind, label, boxes, who, role, decided_at, seconds, boot_id, before)
VALUES (?, ?, ?, ?, ?, 'Ada', 'first', ?, 1.0, ?, 'open')
"""


def plain(brightness: int) -> NDArray[np.uint8]:
    """A picture of one brightness: a tiny model finds nothing in a black one and a person all over a white one."""
    return np.full((SIZE[1], SIZE[0], 3), brightness, np.uint8)


@dataclass(frozen=True)
class Said:
    """A verdict on an item, and the item's box."""

    kind: str = "accept"
    label: str = "person"
    box: tuple[float, float, float, float] | None = WHOLE
    to: str = ""  # relabel: the class it is
    boxes: tuple[Box, ...] = ()  # edit: all there is
    track: int | None = None


class Judged:
    """A home whose items are judged as they are put in."""

    def __init__(self, home: Home, store: Store) -> None:
        self.home = home
        self.store = store

    def add(
        self,
        said: Said,
        *,
        minutes: float = 0,
        camera: str = "gate",
        pixels: NDArray[np.uint8] | None = None,
        source: tuple[int, int] | None = None,
        state: str = "done",
        picture: bool = True,
    ) -> str:
        """Store a picture, its item and the verdict; returns the tracking ID.

        Args:
            said: what was said of it.
            minutes: when it was taken, after `START`.
            camera: of which camera.
            pixels: the picture as kept; grey by default.
            source: (width, height) of the camera's picture; that of `pixels` by default.
            state: the item's.
            picture: whether it has one.
        """
        image = plain(128) if pixels is None else pixels
        height, width = image.shape[:2]
        name, at = str(uuid7()), START + timedelta(minutes=minutes)
        content = cv2.imencode(".png", image)[1].tobytes()
        file = self.home.pictures / f"{name}.png"
        if picture:
            file.write_bytes(content)
        box = Box(said.box, said.label, 0.4, said.track) if said.box else None
        boxes = (box,) if box else ()
        label = said.label if said.box else ""
        item = NewItem(
            name, camera, camera.title(), label, box, "doubt" if box else "wrong", boxes, source or (width, height),
            "tiny", ({"runtime": "openvino"},), at,
        )  # fmt: skip
        digest = hashlib.sha256(content).hexdigest()
        path, boot = PurePosixPath("pictures") / file.name, self.store.boot_id
        row = PictureRow(path, digest, width, height, camera, at, boot, "cover", "{}", "review", len(content))

        def job(db: Database) -> None:
            picture_id = pictures.insert(db, row) if picture else None
            number = rows.insert(db, item, boot, picture=picture_id, crop=None)
            drawn = boxes_json(said.boxes) if said.kind == "edit" else None
            values = (str(uuid7()), number, said.kind, said.to, drawn, utc_text(at), boot)
            verdict = db.execute(_JUDGE, values).lastrowid
            db.execute("UPDATE review_items SET state = ?, verdict_id = ? WHERE id = ?", (state, verdict, number))

        self.store.write(job, wait_s=5).result()
        return name

    def file(self, tracking_id: str) -> Path:
        """The picture's file of an item."""
        return self.home.pictures / f"{tracking_id}.png"


@contextmanager
def judged_home(folder: Path) -> Iterator[Judged]:
    """A home in `folder` with an open store."""
    with Home.open(folder) as home, Store.open(home) as store:
        yield Judged(home, store)
