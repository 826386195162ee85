"""Copies of the database without what is erased: written anew, or removed where that can't be done."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from console.errors import HomeError
from console.privacy.erasing.rows import erase_from_copy
from console.privacy.erasing.scope import Scope
from console.settings.disk import in_words, sync_folder
from console.settings.home import Home
from console.store.connect import APPLICATION_ID, in_turn, turn
from console.store.migrations import shipped

_OURS = ("*.part", "*.part-journal", "*.db-journal", "*.db-wal", "*.db-shm")


@dataclass(frozen=True, slots=True)
class CopyDone:
    """What became of one copy.

    Attributes:
        rows: so many went from it.
        removed: the copy itself went, since it could not be written anew.
        paths: picture files that it alone still named.
    """

    rows: int
    removed: bool
    paths: tuple[str, ...] = ()


def copies(home: Home) -> list[Path]:
    """The copies there are, oldest first, whoever made them."""
    return sorted(home.backups.glob("*.db")) if home.backups.is_dir() else []


def erase_from(home: Home, copy: Path, scope: Scope, paths: list[str]) -> CopyDone:
    """Take what is meant out of one copy. Whole afterwards or as it was before, whenever this is ended.

    Raises:
        HomeError: the disk refused; the copy is as it was.
        StoreError: somebody else holds the database for too long.
    """
    part = copy.with_suffix(".part")
    with in_turn(turn(home.run), home.database):  # nobody makes a copy meanwhile
        _clear(home.backups)
        if not copy.exists():
            return CopyDone(0, removed=False)
        try:
            part.touch(mode=0o600)
            shutil.copyfile(copy, part)
            done = _rewrite(part, scope, paths)
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            part.replace(copy)
        except sqlite3.Error:  # damaged, or of a Sightdesk that we know nothing of
            copy.unlink(missing_ok=True)
            done = CopyDone(0, removed=True)
        except OSError as error:
            raise in_words(error, copy) from error
        finally:
            _clear(home.backups)
        sync_folder(home.backups)
    return done


def _rewrite(part: Path, scope: Scope, paths: list[str]) -> CopyDone:
    with closing(sqlite3.connect(part, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = MEMORY")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA temp_store = MEMORY")
        ours = int(db.execute("PRAGMA application_id").fetchone()[0]) == APPLICATION_ID
        if not ours or int(db.execute("PRAGMA user_version").fetchone()[0]) > shipped()[-1].number:
            raise sqlite3.DatabaseError("a copy of something else")
        db.execute("BEGIN")
        gone = erase_from_copy(db, scope, paths)
        db.execute("COMMIT")
        db.execute("VACUUM")
        if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("not sound")
    return CopyDone(gone.events + gone.pictures + gone.sealed + gone.items, removed=False, paths=gone.paths)


def _clear(folder: Path) -> None:
    """Remove what a crash left half made."""
    for pattern in _OURS:
        for left in folder.glob(pattern):
            with suppress(FileNotFoundError):
                try:
                    left.unlink()
                except PermissionError as error:
                    raise HomeError(in_words(error, left).what) from error
