"""What was proved about files, so that a start does not hash a hundred megabytes again, and which source gave them."""

from __future__ import annotations

import contextlib
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from console.catalog.entries import CatalogFile
from console.catalog.landing import sha256_of


class _Record(BaseModel):
    """`stamp` is what the file system said of the file when it was hashed: any change to the file changes it."""

    sha256: str
    stamp: tuple[int, ...]
    source: str
    proved_at: datetime


class Records:
    """The records of one folder of models or clips; also vouches for files elsewhere (mirrors) without touching them.

    Args:
        home: the folder whose files need no path in their record, so that it can be moved.
        folder: where the records lie; made when the first one is written.
    """

    def __init__(self, home: Path, folder: Path) -> None:
        self._home = home
        self._folder = folder

    def holds(self, path: Path, file: CatalogFile, source: str) -> bool:
        """Whether the file is there and is what the catalogue describes.

        Hashes it unless it was hashed before and has not changed since. `source` is noted for a file that was never
        seen before. Never raises: a file that can't be read is not there.
        """
        try:
            stamp = _stamp(path)
            if path.stat().st_size != file.size:
                return False
            record = self._read(path)
            if record is not None and record.stamp == stamp:
                return record.sha256 == file.sha256
            sha256 = sha256_of(path)
            if _stamp(path) == stamp:  # else it changed under our hands: prove it next time
                self._write(path, sha256, stamp, record.source if record else source)
        except OSError:
            return False
        return sha256 == file.sha256

    def source(self, path: Path) -> str:
        """Which source gave the file, in words; empty when nothing is known about it."""
        record = self._read(path)
        return record.source if record else ""

    def note(self, path: Path, file: CatalogFile, source: str) -> None:
        """A file has just been proved and put there. Never raises: unwritten, the file is hashed again some day."""
        with contextlib.suppress(OSError):
            self._write(path, file.sha256, _stamp(path), source)

    def _read(self, path: Path) -> _Record | None:
        try:
            return _Record.model_validate_json(self._place(path).read_bytes())
        except (OSError, ValidationError):
            return None

    def _write(self, path: Path, sha256: str, stamp: tuple[int, ...], source: str) -> None:
        record = _Record(sha256=sha256, stamp=stamp, source=source, proved_at=datetime.now(UTC))
        place = self._place(path)
        fresh = place.with_name(f"{place.name}.{os.getpid()}")
        with contextlib.suppress(OSError):  # a read-only home: then every start hashes
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh.write_text(record.model_dump_json(indent=2), "utf-8")
            fresh.replace(place)

    def _place(self, path: Path) -> Path:
        if path.parent == self._home:
            return self._folder / f"{path.name}.json"
        where = hashlib.sha256(str(path.parent).encode("utf-8", "surrogateescape")).hexdigest()[:12]
        return self._folder / f"{path.name}@{where}.json"


def _stamp(path: Path) -> tuple[int, ...]:
    """Size, times and identity. The change time can't be set back by a program, unlike the modification time."""
    stat = path.stat()
    return (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
