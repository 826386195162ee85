"""A database by its URL, whatever kind it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.cloud.database.base import Repository


def open_repository(url: str, *, make: bool = True) -> Repository:
    """Open a database.

    Args:
        url: ``sqlite:///file``, ``postgresql://user@host/name`` or ``mongodb://user@host/name``.
        make: bring it to this program's schema; False: it must have it already, as the server saw to it.

    Raises:
        CloudError: it can't be used, or is from a newer Sightdesk; `DatabaseAway` where trying again may help.
    """
    from console.cloud.database.sql.database import Database  # noqa: PLC0415  # one kind is enough

    return Database(url, make=make)
