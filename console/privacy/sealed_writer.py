"""Writes sealed pictures: what a policy lets one key's holder read goes to disk encrypted for it, and only so."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from uuid_utils import uuid7

from console.errors import HomeError, PictureError, SightdeskError
from console.privacy.sealing import PublicKey, seal
from console.settings.disk import in_words, write_whole
from console.settings.home import Home
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


class SealedWriter:
    """Seals crops and writes them beside the pictures. Any thread may call it.

    As with pictures, the file is on the disk before its row is in the database. With its row it leaves to whoever wants
    sealed crops, where it belongs to an event.
    """

    def __init__(self, home: Home, store: Store) -> None:
        self._home = home
        self._store = store

    def write(
        self, crop_bgr: NDArray[np.uint8], *, camera_id: str, taken_at: datetime, event_id: int | None, policy: Cover
    ) -> WrittenSealed:
        """Seal a crop for the key of a policy, write and record it; all is safe when this returns.

        Args:
            crop_bgr: (H, W, 3) uint8, as it was seen.
            camera_id: the camera.
            taken_at: when, with a time zone.
            event_id: the event it belongs to, or None.
            policy: under which; its `seal_plates_for` names the key.

        Raises:
            SealError: the policy names no key, or a damaged one, or the crop can't be encoded.
            PictureError: the disk refused it, or the database did; nothing of it stays.
        """
        about = {
            "camera_id": camera_id,
            "taken_at": taken_at.isoformat(),
            "event_id": event_id,
            "purpose": policy.purpose,
        }
        sealed = seal(crop_bgr, about, PublicKey.of(policy.seal_plates_for))
        path = self._home.pictures / f"{datetime.now(UTC):%Y-%m-%d}" / f"{uuid7()}{SUFFIX}"
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_whole(path, sealed.content)
        except OSError as error:
            words = in_words(error, path)
            raise PictureError(words.what, words.hint) from error
        except HomeError as error:
            raise PictureError(error.what, error.hint) from error
        row = SealedRow(
            path=PurePosixPath(path.relative_to(self._home.path).as_posix()),
            sha256=hashlib.sha256(sealed.content).hexdigest(),
            camera_id=camera_id,
            taken_at=taken_at,
            event_id=event_id,
            key_id=sealed.key_number,
            purpose=policy.purpose,
            bytes=len(sealed.content),
        )
        self._record(path, row)
        return WrittenSealed(path, row.sha256, row.key_id)

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
    return {"of": "event", **about, "taken_at": utc_text(row.taken_at)}


def _insert(db: Database, row: SealedRow, boot_id: str) -> int:
    number = insert(db, row)
    event = db.execute("SELECT tracking_id FROM events WHERE id = ?", (row.event_id,)).fetchone()
    targets = targets_of(db, "sealed", row.camera_id)
    if targets and event is not None and event[0] is not None:
        body = sealed_body(row)
        message = Message("sealed", event[0], row.camera_id, body, sealed_id=number, file_bytes=row.bytes)
        put(db, message, boot_id, targets=targets)
    return number


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _unrecorded(error: SightdeskError) -> PictureError:
    return PictureError(_("The sealed picture could not be recorded: {what}").format(what=error.what), error.hint)
