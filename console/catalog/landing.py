"""Where a file arrives: a file of another name that gets the real one only when its size and sha256 are right."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from console.catalog.entries import CatalogFile
from console.catalog.source import SourceFailed
from console.errors import CatalogError
from models.words import _

CHUNK = 1 << 18


@contextmanager
def local_trouble(doing: str) -> Iterator[None]:
    """Turn what our own disk says into words; no other source would help against it.

    Raises:
        CatalogError: the body raised OSError.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise CatalogError(
            _("{doing} failed: {reason}.").format(doing=doing, reason=reason),
            _("Free some space or check the folder's permissions."),
        ) from error


def sha256_of(path: Path) -> str:
    """The sha256 of a file's content, lower-case hex. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Landing:
    """A file on its way in, hashed as it comes. Owned by one thread.

    Attributes:
        path: its temporary name, in the folder (so on the disk) of the real one.
        file: what it has to become.
        done: bytes in it now.
        keep: True when a partial file may stay for a later resume.
    """

    def __init__(self, path: Path, file: CatalogFile, *, keep: bool = False) -> None:
        self.path = path
        self.file = file
        self.keep = keep
        self.done = 0
        self._hash = hashlib.sha256()
        with local_trouble(_("Writing {path}").format(path=path)):
            self._out: BinaryIO = path.open("r+b" if keep and path.exists() else "w+b")
            while chunk := self._out.read(CHUNK):  # what is there already counts, and is hashed again
                self._hash.update(chunk)
                self.done += len(chunk)
        if self.done > file.size:
            self.restart()

    def write(self, chunk: bytes) -> None:
        """Append.

        Raises:
            SourceFailed: more came than the catalogue expects.
            CatalogError: our disk failed.
        """
        if self.done + len(chunk) > self.file.size:
            raise SourceFailed(_("it sent more than the {size:,} bytes that are expected").format(size=self.file.size))
        with local_trouble(_("Writing {path}").format(path=self.path)):
            self._out.write(chunk)
        self._hash.update(chunk)
        self.done += len(chunk)

    def restart(self) -> None:
        """Forget what came so far. Raises CatalogError: our disk failed."""
        with local_trouble(_("Writing {path}").format(path=self.path)):
            self._out.seek(0)
            self._out.truncate()
        self.done = 0
        self._hash = hashlib.sha256()

    def matches(self) -> bool:
        """Size and sha256 are those of the catalogue."""
        return self.done == self.file.size and self._hash.hexdigest() == self.file.sha256

    def settle(self, target: Path) -> None:
        """Prove the content, put it on the disk for good and give it its real name, in one step.

        Raises:
            SourceFailed: it is not what the catalogue describes; names expected and got.
            CatalogError: our disk failed.
        """
        if not self.matches():
            got = _("{done:,} bytes with sha256 {sha256}").format(done=self.done, sha256=self._hash.hexdigest())
            raise SourceFailed(
                _("expected {size:,} bytes with sha256 {sha256}, got {got}").format(
                    size=self.file.size, sha256=self.file.sha256, got=got
                )
            )
        with local_trouble(_("Writing {target}").format(target=target)):
            self._out.flush()
            os.fsync(self._out.fileno())
            self._out.close()
            self.path.replace(target)
            if os.name == "posix":  # the new name, too, must survive a power cut
                folder = os.open(target.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)

    def close(self) -> None:
        """Let go; a partial file stays only where it may be resumed. Safe to call after `settle`."""
        with local_trouble(_("Writing {path}").format(path=self.path)):
            self._out.close()
            if not self.keep or not 0 < self.done < self.file.size:
                self.path.unlink(missing_ok=True)
