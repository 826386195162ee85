"""Picture files of what is erased, and those that no row knows: removed, once it is certain that nobody writes them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from console.errors import HomeError
from console.settings.disk import in_words
from console.settings.home import Home
from console.store.connect import reading

UNFINISHED_S = 60.0
"""A file that no row knows may be one whose row is just being written; no longer than so long."""
_LOOK_S = 0.25
TRACKING = "tracking IDs"
"""Among the paths that an erasure remembers, tracking IDs stand under this name: they are no files."""


def unlink(home: Home, paths: Iterable[str]) -> None:
    """Remove files by their paths relative to the home; those that are gone already are passed over.

    Raises:
        HomeError: one can't be removed.
    """
    for path in paths:
        parts = PurePosixPath(path).parts
        if ".." in parts or parts[0] == TRACKING:  # no row of ours says the one; the other is no file
            continue
        file = home.path.joinpath(*parts)
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            words = in_words(error, file)
            raise HomeError(words.what, words.hint) from error


def orphans(home: Home) -> list[Path]:
    """Picture files that no row knows."""
    with reading(home.database) as db:
        known = {
            home.path.joinpath(*PurePosixPath(row[0]).parts)
            for row in db.execute("SELECT path FROM pictures UNION ALL SELECT path FROM sealed")
        }
    return [path for path in _files(home.pictures) if path not in known]


def settle(home: Home, stopped: Callable[[], bool], waiting: Callable[[int], None]) -> int:
    """Remove the files that no row knows and that were there when this began: a crash or an erasure left them.

    A young one may still get its row, from the desk that is running; it is waited for, and then the row decides.

    Args:
        home: where.
        stopped: asked whether to give up.
        waiting: told how many are waited for.

    Returns:
        How many were removed.

    Raises:
        HomeError: one can't be removed.
        StoreError: the database can't be read.
    """
    began, wall = time.monotonic(), time.time()
    left, removed = orphans(home), 0
    at_work = home.locked or _runs(home)
    while left:
        ended = time.monotonic() - began > UNFINISHED_S
        later = []
        for path in left:
            with suppress(FileNotFoundError):
                old = wall - path.stat().st_mtime > UNFINISHED_S
                if old or ended or not at_work:
                    unlink(home, [path.relative_to(home.path).as_posix()])
                    removed += 1
                else:
                    later.append(path)
        if not later or stopped():
            break
        waiting(len(later))
        time.sleep(_LOOK_S)
        left = _still_unknown(home, later)
    remove_empty_days(home)
    return removed


def remove_empty_days(home: Home) -> None:
    """Remove folders of days that hold nothing any more; never today's, into which somebody may be about to write."""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    for folder in home.pictures.iterdir() if home.pictures.is_dir() else ():
        if folder.is_dir() and folder.name < today:
            with suppress(OSError):  # not empty
                folder.rmdir()


def _runs(home: Home) -> bool:
    """Whether another process runs this home: only then may a file be an unfinished one."""
    from filelock import FileLock, Timeout  # noqa: PLC0415  # 40 ms

    lock = FileLock(home.run / "home.lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except (Timeout, OSError):
        return True
    lock.release()
    return False


def _still_unknown(home: Home, files: list[Path]) -> list[Path]:
    sql = "SELECT 1 FROM pictures WHERE path = :path UNION ALL SELECT 1 FROM sealed WHERE path = :path"
    with reading(home.database) as db:
        return [
            file
            for file in files
            if file.exists() and db.execute(sql, {"path": file.relative_to(home.path).as_posix()}).fetchone() is None
        ]


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]
