"""Copies of the database from before its migrations; the newest three are kept."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from console.errors import HomeError, StoreError
from console.settings.disk import in_words as disk_in_words
from console.settings.disk import sync_folder
from console.store.connect import BUSY_S, in_words
from models.words import _

KEEP = 3
_FILE = re.compile(r"(\d{6})-schema-(\d{4})\.db")


def kept(folder: Path) -> list[Path]:
    """The backups, the newest last. Their running number orders them, since a clock can be set back."""
    return sorted(file for file in folder.glob("*.db") if _FILE.fullmatch(file.name))


def back_up(path: Path, folder: Path, version: int) -> Path:
    """Copy a database with everything committed so far, check the copy, and drop all but the newest three.

    Args:
        path: the database; it may be in use.
        folder: where backups go; made where it is missing.
        version: the schema's, for the copy's name.

    Raises:
        StoreError: there is no room, or the copy is not sound.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = kept(folder)
        number = int(before[-1].name[:6]) + 1 if before else 1
        made = folder / f"{number:06}-schema-{version:04}.db"
        part = made.with_suffix(".part")
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        _copy(path, part)
        part.rename(made)
        sync_folder(folder)
    except sqlite3.Error as error:
        raise _failed(path, folder, in_words(error, folder)) from error
    except OSError as error:
        raise _failed(path, folder, disk_in_words(error, folder)) from error
    for old in [*before, made][:-KEEP]:
        with suppress(OSError):
            old.unlink()
    return made


def _copy(path: Path, part: Path) -> None:
    with (
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as source,
        closing(sqlite3.connect(part, isolation_level=None)) as copy,
    ):
        copy.execute("PRAGMA synchronous = FULL")
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, to be carried away whole
        if copy.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError(_("the copy is not sound"))


def _failed(path: Path, folder: Path, why: StoreError | HomeError) -> StoreError:
    return StoreError(
        _(
            "The database {path} has to be migrated, and the backup before it failed: {what} Nothing was changed."
        ).format(path=path, what=why.what),
        _("Make room in {folder}, then start again.").format(folder=folder),
    )
