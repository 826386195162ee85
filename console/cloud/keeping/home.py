"""The folder of a cloud side: held by one process, and belonging to one database.

Whoever starts with the database of another folder would find no file of its messages, and take all files that are
there for left behind; so the two know each other by a number.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from console.cloud.database.base import FOLDER, Repository
from console.cloud.errors import CloudError
from console.cloud.keeping.disk import in_words
from console.errors import HomeError
from console.settings.disk import write_whole
from models.words import _

if TYPE_CHECKING:
    from filelock import BaseFileLock

NUMBER = "folder.id"
_MOST = 64


def hold(folder: Path) -> BaseFileLock:
    """Make the folder and keep others from it until the lock is released, or this process ends, however it does.

    Raises:
        CloudError: another process has it, or it can't be made.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415  # 40 ms that --help can do without

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(folder / "cloud.lock", timeout=0, thread_local=False, mode=0o600)
        lock.acquire()
    except Timeout:
        raise CloudError(
            _("Another process keeps the folder {folder}.").format(folder=folder),
            _("Only one `sightdesk cloud serve` works with a folder; end the other, or name another with --folder."),
        ) from None
    except OSError as error:
        raise in_words(error, folder) from error
    return lock


def pair(folder: Path, files: Path, database: Repository) -> None:
    """See that folder and database are of one another; those that are both new are made so.

    Args:
        folder: held.
        files: where the files are, within it.
        database: with our tables.

    Raises:
        CloudError: they are not, or one of them can't be read or written.
    """
    number = _number(folder)
    with database.writing(FOLDER) as db:
        found = db.about(FOLDER)
        if found is not None:
            if found != number:
                raise _others(folder, database)
            return
        if number is not None and files.is_dir() and any(files.iterdir()):
            raise _others(folder, database)
        number = number or secrets.token_hex(16)
        try:
            write_whole(folder / NUMBER, number.encode())
        except HomeError as error:
            raise CloudError(error.what) from error
        db.set_about(FOLDER, number)


def see_paired(folder: Path, database: Repository) -> None:
    """See that folder and database are of one another, for whoever reads beside the process that keeps them.

    Raises:
        CloudError: they are not, or one of them can't be read.
    """
    number = _number(folder)
    with database.reading() as db:
        found = db.about(FOLDER)
    if number is None or found != number:
        raise _others(folder, database)


def _number(folder: Path) -> str | None:
    try:
        with (folder / NUMBER).open("rb") as file:
            return file.read(_MOST).decode("ascii", "replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise in_words(error, folder) from error


def _others(folder: Path, database: Repository) -> CloudError:
    return CloudError(
        _("The folder {folder} and the database {place} do not belong together.").format(
            folder=folder, place=database.place
        ),
        _("Name two that were used together before (--folder, --database), or two new ones. Nothing was changed."),
    )
