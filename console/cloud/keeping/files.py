"""The folder of files: each under its site and its SHA-256, on the disk before anybody is told so, gone when erased.

``files/SITE/DAY/MINUTE/SHA256.NUMBER``. A path is used once: what is written anew after it was erased gets another, so
that a file can never be erased under the feet of a message that just came. Files lie by the minute they came in, so
that a batch syncs one folder, not one for each file.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from console.cloud.keeping.disk import full, in_words
from console.settings.disk import sync_folder

_NAME = re.compile(r"[0-9a-f]{64}\.[0-9a-f]{16}")
_AT_ONCE = 500
"""Files that are asked about together when orphans are looked for."""


class FileStore:
    """Writes, finds and removes files. Any thread may use it; only one process may work with a folder.

    Args:
        folder: is made where it is missing.
        reserve_bytes: so much room stays on its disk: without any, not even erasing would work.

    Raises:
        CloudError: the folder can't be made.
    """

    def __init__(self, folder: Path, reserve_bytes: int) -> None:
        self._folder, self._reserve = folder, reserve_bytes
        self._lock = threading.Lock()
        self._ready: dict[str, str] = {}
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise in_words(error, folder) from error

    def path(self, name: str) -> Path:
        """Where a file is, or was, by the name that `write` gave it."""
        return self._folder / name

    def has(self, name: str, size: int) -> bool:
        """Whether a file of this size is there."""
        try:
            return (self._folder / name).stat().st_size == size
        except OSError:
            return False

    def check(self) -> None:
        """See that there is room for more.

        Raises:
            DiskFull: there is not.
            CloudError: the folder is not there.
        """
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError as error:
            raise in_words(error, self._folder) from error
        if free < self._reserve:
            raise full(self._folder)

    def write(self, site: str, contents: Mapping[str, bytes]) -> dict[str, str]:
        """Write files; each is whole and on the disk, and its folder too, when this returns.

        Args:
            site: whose.
            contents: by their SHA-256 in hex.

        Returns:
            Their names in this store.

        Raises:
            DiskFull: there is no room, or less than the reserve would be left; nothing stays.
            CloudError: the disk refused; nothing stays.
        """
        if not contents:
            return {}
        made: dict[str, str] = {}
        try:
            if shutil.disk_usage(self._folder).free < self._reserve + sum(map(len, contents.values())):
                raise full(self._folder)
            folder = self._of_this_minute(site)
            for sha256, content in contents.items():
                made[sha256] = f"{folder}/{sha256}.{secrets.token_hex(8)}"
                _write(self._folder / made[sha256], content)
            sync_folder(self._folder / folder)
        except OSError as error:
            self.remove(made.values())
            raise in_words(error, self._folder) from error
        return made

    def remove(self, names: Iterable[str]) -> list[str]:
        """Remove files; those that are gone already are passed over. Returns those that would not go."""
        left = []
        for name in names:
            try:
                (self._folder / name).unlink(missing_ok=True)
            except OSError:
                left.append(name)
        return left

    def sweep(self, known: Callable[[list[str]], set[str]]) -> int:
        """Remove what nobody knows: left by a crash between a file and its row, or between a row and its file.

        Only while nobody writes. Folders that are empty then go, too; files that are not ours stay.

        Args:
            known: says which of these names, at most 500, have rows.

        Returns:
            How many went.

        Raises:
            CloudError: the folder can't be read.
        """
        count = 0
        try:
            for minute in list(self._folder.glob("*/*/*")):
                for names in _in_parts(minute, f"{minute.relative_to(self._folder).as_posix()}/"):
                    orphans = set(names) - known(names)
                    count += len(orphans) - len(self.remove(orphans))
                _remove_empty(minute)
            for folder in (*self._folder.glob("*/*"), *self._folder.glob("*")):
                _remove_empty(folder)
        except OSError as error:
            raise in_words(error, self._folder) from error
        return count

    def _of_this_minute(self, site: str) -> str:
        folder = f"{_folder_name(site)}/{datetime.now(UTC):%Y-%m-%d/%H%M}"
        with self._lock:
            if self._ready.get(site) != folder or not (self._folder / folder).is_dir():
                whole = self._folder / folder
                whole.mkdir(mode=0o700, parents=True, exist_ok=True)
                for above in (whole.parent, whole.parent.parent, self._folder):
                    sync_folder(above)
                self._ready[site] = folder
        return folder


def _folder_name(site: str) -> str:
    """A name that any file system takes and tells apart, whatever letters a site has."""
    plain = re.sub(r"[^a-z0-9]+", "-", site.lower())[:32].strip("-")
    return f"{plain or 'site'}-{hashlib.sha256(site.encode()).hexdigest()[:16]}"


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb", buffering=0) as file:
        view = memoryview(content)
        while view:
            view = view[file.write(view) :]
        os.fsync(file.fileno())


def _in_parts(folder: Path, before: str) -> Iterator[list[str]]:
    """Names of our files in a folder, with what stands before them, some at a time."""
    part: list[str] = []
    with os.scandir(folder) as found:
        for entry in found:
            if _NAME.fullmatch(entry.name):
                part.append(before + entry.name)
            if len(part) == _AT_ONCE:
                yield part
                part = []
    if part:
        yield part


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # it is not empty, or no folder
        folder.rmdir()
