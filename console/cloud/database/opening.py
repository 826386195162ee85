"""A database by its URL, whatever kind it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cloud.errors import CloudError
from models.words import _

if TYPE_CHECKING:
    from console.cloud.database.base import Repository

_MONGO = ("mongodb", "mongodb+srv")


def open_repository(url: str, *, make: bool = True) -> Repository:
    """Open a database.

    Args:
        url: ``sqlite:///file``, ``postgresql://user@host/name`` or ``mongodb://user@host/name``.
        make: bring it to this program's schema; False: it must have it already, as the server saw to it.

    Raises:
        CloudError: it can't be used, or is from a newer Sightdesk; `DatabaseAway` where trying again may help.
    """
    if _is_mongo(url):
        _check_driver()
        from console.cloud.database.mongo.database import MongoDatabase  # noqa: PLC0415  # one kind is enough

        return MongoDatabase(url, make=make)
    from console.cloud.database.sql.database import Database  # noqa: PLC0415

    return Database(url, make=make)


def kind_and_place(url: str) -> tuple[str, str]:
    """What kind of database it is (sqlite, postgresql, mongodb), and where, without a password.

    Raises:
        CloudError: it is none.
    """
    if _is_mongo(url):
        _check_driver()
        from console.cloud.database.mongo.client import place_of as mongo_place  # noqa: PLC0415

        return _MONGO[0], mongo_place(url)
    from console.cloud.database.sql.engines import place_of, read_url  # noqa: PLC0415

    address = read_url(url)
    return address.get_backend_name(), place_of(address)


def _is_mongo(url: str) -> bool:
    return url.partition("://")[0].lower() in _MONGO


def _check_driver() -> None:
    try:
        import pymongo  # noqa: PLC0415, F401
    except ImportError as error:
        raise CloudError(
            _("The driver for MongoDB is not installed here."), _("Install it: uv sync --extra mongo")
        ) from error
