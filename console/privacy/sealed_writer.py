"""Writes sealed pictures: what a policy lets one key's holder read goes to disk encrypted for it, and only so."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from uuid_utils import uuid7

from console.errors import HomeError, PictureError, SightdeskError, StoreError
from console.privacy.sealing import PublicKey, seal
from console.settings.disk import in_words, write_whole
from console.settings.home import Home
from console.store.holds import REVIEW, hold
from console.store.outbox import Message, put, targets_of
from console.store.sealed import SealedRow, insert
from console.store.store import Store, utc_text
from models.policy import Cover
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils import Database

SUFFIX = ".sealed"


@dataclass(frozen=True, slots=True)
class WrittenSealed:
    """A sealed picture on disk and in the database."""

    path: Path
    sha256: str
    key_number: str


@dataclass(frozen=True, slots=True)
class OfItem:
    """The review item that a crop was made for.

    Attributes:
        id, tracking_id: its.
        place: where in the camera's picture the crop was, pixels: x, y of its corner, source_width and source_height of
            the picture; of one that was made smaller also crop_width and crop_height, its size before.
    """

    id: int
    tracking_id: str
    place: Mapping[str, int]


class SealedWriter:
    """Seals crops and writes them beside the pictures. Any thread may call it.

    As with pictures, the file is on the disk before its row is in the database. With its row it leaves to whoever wants
    sealed crops, where it belongs to an event or a review item. An item that waits for its verdict holds its crop.
    """

    def __init__(self, home: Home, store: Store) -> None:
        self._home = home
        self._store = store

    def write(
        self,
        crop_bgr: NDArray[np.uint8],
        *,
        camera_id: str,
        taken_at: datetime,
        policy: Cover,
        event_id: int | None = None,
        item: OfItem | None = None,
    ) -> WrittenSealed:
        """Seal a crop for the key of a policy, write and record it; all is safe when this returns.

        Args:
            crop_bgr: (H, W, 3) uint8, as it was seen.
            camera_id: the camera.
            taken_at: when, with a time zone.
            policy: under which; its `seal_plates_for` names the key, for an item its `seal_doubtful_for`.
            event_id: the event it belongs to, or None.
            item: the review item it belongs to, or None; never with an event.

        Raises:
            SealError: the policy names no key, or a damaged one, or the crop can't be encoded.
            PictureError: the disk refused it, or the database did, or what it belongs to was erased; nothing of it
                stays.
        """
        about: dict[str, str | int | None] = {
            "camera_id": camera_id,
            "taken_at": taken_at.isoformat(),
            "purpose": policy.purpose,
        }
        about |= {"event_id": event_id} if item is None else {"tracking_id": item.tracking_id, **item.place}
        key = PublicKey.of(policy.seal_plates_for if item is None else policy.seal_doubtful_for)
        sealed = seal(crop_bgr, about, key)
        path = self._put(sealed.content)
        row = SealedRow(
            path=PurePosixPath(path.relative_to(self._home.path).as_posix()),
            sha256=hashlib.sha256(sealed.content).hexdigest(),
            camera_id=camera_id,
            taken_at=taken_at,
            event_id=event_id,
            key_id=sealed.key_number,
            purpose=policy.purpose,
            bytes=len(sealed.content),
            item_id=item.id if item is not None else None,
        )
        self._record(path, row)
        return WrittenSealed(path, row.sha256, row.key_id)

    def _put(self, content: bytes) -> Path:
        """Write the file. Raises PictureError."""
        path = self._home.pictures / f"{datetime.now(UTC):%Y-%m-%d}" / f"{uuid7()}{SUFFIX}"
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_whole(path, content)
        except OSError as error:
            words = in_words(error, path)
            raise PictureError(words.what, words.hint) from error
        except HomeError as error:
            raise PictureError(error.what, error.hint) from error
        return path

    def _record(self, path: Path, row: SealedRow) -> None:
        try:
            future = self._store.write(lambda db: _insert(db, row, self._store.boot_id), wait_s=5.0)
        except SightdeskError as error:  # not accepted
            _remove(path)
            raise _unrecorded(error) from error
        try:
            future.result()
        except BaseException as error:
            # a row that is being written keeps its file; should it fail after all, the sweep at the next start finds it
            if future.cancel() or (future.done() and future.exception() is not None):
                _remove(path)
            if isinstance(error, SightdeskError):
                raise _unrecorded(error) from error
            raise


def sealed_body(row: SealedRow) -> dict[str, Any]:
    """What is said of a sealed crop that leaves."""
    said = asdict(row)
    about = {name: said[name] for name in ("sha256", "bytes", "key_id", "purpose")}
    of = "event" if row.item_id is None else "item"
    return {"of": of, **about, "taken_at": utc_text(row.taken_at)}


def _insert(db: Database, row: SealedRow, boot_id: str) -> int:
    tracking_id, waits = _belongs_to(db, row)
    number = insert(db, row)
    if waits:
        hold(db, REVIEW, sealed=[number])
    targets = targets_of(db, "sealed", row.camera_id)
    if targets and tracking_id is not None:
        body = sealed_body(row)
        message = Message("sealed", tracking_id, row.camera_id, body, sealed_id=number, file_bytes=row.bytes)
        put(db, message, boot_id, targets=targets)
    return number


def _belongs_to(db: Database, row: SealedRow) -> tuple[str | None, bool]:
    """Tracking ID of the event or item of a crop, and whether that waits for a verdict. Raises StoreError: it is gone.

    Events that are older than the outbox have none.
    """
    if row.item_id is not None:
        sql, number = "SELECT tracking_id, state <> 'done' FROM review_items WHERE id = ?", row.item_id
    elif row.event_id is not None:
        sql, number = "SELECT tracking_id, 0 FROM events WHERE id = ?", row.event_id
    else:
        return None, False
    found = db.execute(sql, (number,)).fetchone()
    if found is None:
        raise StoreError(_("What it belongs to was erased meanwhile."))
    return found[0], bool(found[1])


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _unrecorded(error: SightdeskError) -> PictureError:
    return PictureError(_("The sealed picture could not be recorded: {what}").format(what=error.what), error.hint)
