"""What a database says when it refuses, in words: away and to be tried again, full, damaged, or to be looked at."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from console.cloud.database.words import away, busy, damaged
from console.cloud.errors import CloudError, Collided, Damaged, DiskFull
from models.words import _

_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002", "58030")
_FULL = ("SQLITE_FULL", "53100")
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "57014", "53200", "53300")
_COLLIDED = ("40001", "40P01")
_AWAY_CLASSES = ("08", "57P", "25P03")
_DENIED = ("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN", "SQLITE_AUTH")
_NOT_LET_IN = ("28", "42501", "3D000")


def in_words(error: SQLAlchemyError, place: str) -> CloudError:
    """What an error means to whoever runs the cloud.

    Args:
        error: as it was raised.
        place: the database, without a password.
    """
    code = _code(error)
    if isinstance(error, IntegrityError) or code in _COLLIDED:
        return Collided(busy(place).what, busy(place).hint)
    if code in _BUSY or isinstance(error, PoolTimeout):
        return busy(place)
    if _is_away(error, code):
        return away(place, _said(error))
    return _of_the_disk(code, place) or _other(code, place, _said(error))


def _of_the_disk(code: str, place: str) -> CloudError | None:
    if code in _DAMAGED:
        return damaged(place)
    if code in _FULL:
        return DiskFull(
            _("The disk of the database {place} is full; this was not kept.").format(place=place), _("Make room on it.")
        )
    if code == "SQLITE_IOERR":
        return Damaged(
            _("The disk failed while working with the database {place}.").format(place=place),
            _("Check the disk and its free space."),
        )
    return None


def _other(code: str, place: str, said: str) -> CloudError:
    if code in _DENIED or code.startswith(_NOT_LET_IN):
        return CloudError(
            _("The database {place} can't be opened: {why}").format(place=place, why=said),
            _("Look whether it is there, and whether user, password and rights are well."),
        )
    return CloudError(_("The database {place} refused: {why}").format(place=place, why=said))


def _code(error: SQLAlchemyError) -> str:
    """SQLite's name of an error without its details, or PostgreSQL's five letters; empty where there is neither."""
    origin = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(origin, sqlite3.Error):
        return "_".join(str(getattr(origin, "sqlite_errorname", "")).split("_")[:2])
    return str(getattr(origin, "sqlstate", None) or "")


def _is_away(error: SQLAlchemyError, code: str) -> bool:
    if not isinstance(error, DBAPIError) or isinstance(error.orig, sqlite3.Error):
        return False
    without_answer = not code and type(error.orig).__name__ == "OperationalError"
    return error.connection_invalidated or code.startswith(_AWAY_CLASSES) or without_answer


def _said(error: SQLAlchemyError) -> str:
    """The first line of what the driver says: it names no value and no password."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    lines = str(origin).strip().splitlines() or [type(origin).__name__]
    return lines[0][:300]
