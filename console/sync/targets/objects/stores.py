"""The store itself: objects put, copied, read, listed and deleted, through obstore. Every error is a target's."""

from __future__ import annotations

import itertools
import os
import shutil
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from console.errors import SecretError
from console.settings.sync import TargetSettings
from console.sync.targets.base import Denied, Secret, Unreachable, WrongAnswer
from console.sync.targets.objects.errors import NO_BUCKET, folder_of, meant, no_bucket
from console.sync.targets.objects.options import made
from models.words import _

if TYPE_CHECKING:
    from obstore.store import ObjectStore

T = TypeVar("T")
SHORT_S, LONG_S = 30, 600
"""Seconds for an object of a message, and for a list, which may be large and the line thin."""
LARGE = 1 << 20
_AT_ONCE = 1000


class Place:
    """Where a target's objects are; paths are below its address. Any thread may call it. Made at its first use.

    Every method raises a `TargetError` where the store refuses or can't be reached.
    """

    def __init__(self, settings: TargetSettings, secret: Secret) -> None:
        self._settings, self._secret = settings, secret
        self._stores: dict[int, ObjectStore] = {}
        self._lock = threading.Lock()
        self._root = Path(folder_of(settings)) if settings.url.startswith("file:") else None

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of this machine, or a share."""
        return self._root is not None

    def put(self, path: str, content: bytes, content_type: str) -> None:
        """Put an object whole, in the place of what was there; on the disk of a folder when this returns."""
        import obstore  # noqa: PLC0415  # 30 ms, and not installed everywhere

        timeout = LONG_S if len(content) > LARGE else SHORT_S
        attributes: Any = None if self._root else {"Content-Type": content_type}
        self._asked(
            lambda: obstore.put(self._store(timeout), path, content, attributes=attributes, use_multipart=False)
        )
        self._kept(path)

    def copy(self, source: str, to: str, size: int) -> bool:
        """Copy an object of so many bytes to another path; False: it is not there.

        Whoever copies means to delete the source, so a yes is not believed before the copy is seen.
        """
        import obstore  # noqa: PLC0415

        def ask() -> bool:
            obstore.copy(self._store(), source, to)
            return True

        if not self._asked(ask, absent=False):
            return False
        if not self.has(to, size):
            raise WrongAnswer(
                _("The object store said that it copied an object, and did not."),
                _("Look what stands between this desk and the store."),
            )
        self._kept(to)
        return True

    def get(self, path: str) -> bytes | None:
        """An object's content; None: it is not there."""
        import obstore  # noqa: PLC0415

        return self._asked(lambda: bytes(obstore.get(self._store(), path).bytes()), absent=None)

    def has(self, path: str, size: int | None = None) -> bool:
        """Whether an object is there, of so many bytes if that is said."""
        import obstore  # noqa: PLC0415

        found = self._asked(lambda: int(obstore.head(self._store(), path)["size"]), absent=-1)
        return found == size if size is not None else found >= 0

    def listed(self, below: str) -> list[str]:
        """Paths of all objects below one."""
        import obstore  # noqa: PLC0415

        def ask() -> list[str]:
            return [str(one["path"]) for page in obstore.list(self._store(), below) for one in page]

        return self._asked(ask, absent=[])

    def delete(self, paths: Iterable[str]) -> None:
        """Delete objects, in this order; those that are not there count as deleted."""
        import obstore  # noqa: PLC0415

        wanted = list(dict.fromkeys(paths))
        if self._settings.url.startswith("s3:"):
            for first in range(0, len(wanted), _AT_ONCE):
                part = wanted[first : first + _AT_ONCE]
                self._asked(lambda: obstore.delete(self._store(), part))  # noqa: B023  # called at once
            return
        for path in wanted:
            self._asked(lambda: obstore.delete(self._store(), path), absent=None)  # noqa: B023  # called at once
            self._tidied(path)

    def delete_below(self, folder: str) -> None:
        """Delete all objects below a path, and what else a folder has there."""
        self.delete(self.listed(folder))
        if self._root is not None:
            try:
                shutil.rmtree(self._root / folder)
            except FileNotFoundError:
                return
            except OSError as error:
                raise meant(error, self._settings) from error

    def _asked(self, ask: Callable[[], T], **absent: T) -> T:
        """What the store answers; `absent` instead where the object is not there.

        Raises:
            TargetError: it refuses, or can't be reached.
        """
        from obstore.exceptions import BaseError  # noqa: PLC0415

        try:
            self._there()
            return ask()
        except FileNotFoundError as error:
            if NO_BUCKET.search(str(error)) or (self._root is None and "absent" not in absent):
                raise no_bucket(self._settings) from error
            if "absent" in absent:
                return absent["absent"]
            raise meant(error, self._settings) from error
        except (BaseError, OSError, ValueError) as error:
            raise meant(error, self._settings) from error

    def _there(self) -> None:
        """A folder is never made: where a drive is not mounted, what is written would land on another."""
        if self._root is not None and not self._root.is_dir():
            raise Unreachable(
                _("The folder {path} is not there.").format(path=self._root),
                _("Mount its drive or the network share, or make the folder."),
            )

    def _kept(self, path: str) -> None:
        """A folder's file and its name are on the disk from here on; other stores answer when theirs are."""
        if self._root is None:
            return
        self._tidied(path)
        try:
            for one in (self._root / path, (self._root / path).parent):
                if os.name == "nt" and one.is_dir():
                    continue
                handle = os.open(one, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)
        except OSError as error:
            raise meant(error, self._settings) from error

    def _tidied(self, path: str) -> None:
        """In a folder: take away what a put that was killed, or a copy onto the same file, left beside it."""
        if self._root is None:
            return
        for n in itertools.count():
            try:
                (
                    self._root / f"{path}#{n}"
                ).unlink()  # as the library names its unfinished files: copies 0, puts from 1
            except FileNotFoundError:
                if n:
                    return
            except OSError as error:
                raise meant(error, self._settings) from error

    def _store(self, timeout_s: int = SHORT_S) -> ObjectStore:
        with self._lock:
            if timeout_s not in self._stores:
                try:
                    self._stores[timeout_s] = made(self._settings, self._secret, timeout_s)
                except SecretError as error:
                    raise Denied(error.what, error.hint) from error
            return self._stores[timeout_s]
