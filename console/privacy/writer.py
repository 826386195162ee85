"""The one writer of pictures: takes `Redacted` and nothing else, and records under which policy."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import cv2
from uuid_utils import uuid7

from console.errors import HomeError, PictureError, SightdeskError
from console.settings.disk import in_words, write_whole
from console.settings.home import Home
from console.store import sealed
from console.store.pictures import PictureRow, insert, recorded
from console.store.store import Store
from models.redaction import Redacted
from models.words import _

JPEG_QUALITY = 90
ORPHAN_AGE_S = 60.0
"""A file without a row that is younger may be one whose row is just being written."""


@dataclass(frozen=True, slots=True)
class WrittenPicture:
    """A picture on disk and in the database."""

    path: Path
    sha256: str


class PictureWriter:
    """Writes redacted pictures into the home. Any thread may call it.

    A picture's file is on the disk before its row is in the database: a crash between leaves a file nobody knows of,
    which `sweep` removes, and never a row without its picture.
    """

    def __init__(self, home: Home, store: Store) -> None:
        self._home = home
        self._store = store

    @property
    def home(self) -> Home:
        """Where it writes to."""
        return self._home

    def write(self, picture: Redacted, *, camera_id: str, taken_at: datetime) -> WrittenPicture:
        """Write a picture as JPEG and record it; both are safe when this returns.

        Args:
            picture: a redacted picture.
            camera_id: the camera.
            taken_at: when, with a time zone.

        Raises:
            TypeError: it is not `Redacted`: a plain picture is never written.
            PictureError: the disk refused it, or the database did; nothing of it stays.
        """
        if type(picture) is not Redacted:
            raise TypeError(f"only Redacted pictures are written, not {type(picture).__name__}")
        encoded, jpeg = cv2.imencode(".jpg", picture.bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        if not encoded:
            raise PictureError(_("The picture could not be encoded as JPEG."))
        content = jpeg.tobytes()
        path = self._home.pictures / f"{datetime.now(UTC):%Y-%m-%d}" / f"{uuid7()}.jpg"
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_whole(path, content)
        except OSError as error:
            words = in_words(error, path)
            raise PictureError(words.what, words.hint) from error
        except HomeError as error:
            raise PictureError(error.what, error.hint) from error
        written = WrittenPicture(path, hashlib.sha256(content).hexdigest())
        self._record(picture, written, camera_id, taken_at, len(content))
        return written

    def _record(
        self, picture: Redacted, written: WrittenPicture, camera_id: str, taken_at: datetime, size: int
    ) -> None:
        height, width = picture.bgr.shape[:2]
        row = PictureRow(
            path=PurePosixPath(written.path.relative_to(self._home.path).as_posix()),
            sha256=written.sha256,
            width=width,
            height=height,
            camera_id=camera_id,
            taken_at=taken_at,
            boot_id=self._store.boot_id,
            policy=picture.policy.kind,
            policy_json=json.dumps(picture.policy.model_dump()),
            purpose=picture.policy.purpose,
            bytes=size,
        )
        try:
            future = self._store.write(lambda db: insert(db, row), wait_s=5.0)
        except SightdeskError as error:  # not accepted
            _remove(written.path)
            raise _unrecorded(error) from error
        try:
            future.result()
        except BaseException as error:
            # A row that is being written, or was, keeps its picture, though nobody waits for it any more (Ctrl+C);
            # should it fail after all, `sweep` finds the file.
            if future.cancel() or (future.done() and future.exception() is not None):
                _remove(written.path)
            if isinstance(error, SightdeskError):
                raise _unrecorded(error) from error
            raise


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _unrecorded(error: SightdeskError) -> PictureError:
    return PictureError(_("The picture could not be recorded: {what}").format(what=error.what), error.hint)


def sweep(home: Home) -> list[Path]:
    """Remove files of pictures, sealed ones too, that no row knows: left over from a crash between file and row.

    Returns what was removed.

    Raises:
        StoreError: the database can't be read; then nothing is removed.
    """
    paths = [*(path for path, _ in recorded(home.database)), *sealed.recorded(home.database)]
    known = {home.path.joinpath(*path.parts) for path in paths}
    removed = []
    for path in _files(home.pictures):
        with suppress(FileNotFoundError):  # another process's unfinished file has got its name meanwhile
            if path not in known and time.time() - path.stat().st_mtime > ORPHAN_AGE_S:
                path.unlink()
                removed.append(path)
    return removed


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
