"""From a URL to the driver's client: bounded pool and waits, and a server that has transactions."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from console.cloud.errors import CloudError
from models.words import _

Document = dict[str, Any]
BUSY_S = 10.0
"""So long another transaction is waited for, and a free connection, and the servers that are to confirm."""
_POOL = 16
_OLDEST_WIRE, _OLDEST = 9, "4.4"
_WAITS: Document = {
    "connectTimeoutMS": 5_000, "serverSelectionTimeoutMS": 5_000, "socketTimeoutMS": 30_000,
    "waitQueueTimeoutMS": int(BUSY_S * 1000), "appname": "sightdesk cloud",
}  # fmt: skip
"""Of the driver, unless the URL says otherwise: a server that is gone without a word is noticed within seconds."""


def place_of(url: str) -> str:
    """A database as it is named in words: its servers and its name, without user, password and options.

    Raises:
        CloudError: it names no database.
    """
    hosts, _mark, rest = url.partition("://")[2].partition("/")
    name = rest.partition("?")[0]
    if not name:
        raise CloudError(
            _("The address of a MongoDB database must end with its name."),
            _("Such is mongodb://user@db1.example,db2.example/sightdesk?replicaSet=rs0."),
        )
    return f"{hosts.rpartition('@')[2]}/{name}"


def connect(url: str) -> MongoClient[Document]:
    """A client; nothing is sent yet.

    Raises:
        CloudError: the address is none.
    """
    try:
        said = {key.lower() for key, _value in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
        waits = {key: value for key, value in _WAITS.items() if key.lower() not in said}
        return MongoClient(
            url, connect=False, maxPoolSize=_POOL, w="majority", journal=True, retryWrites=True, tz_aware=True, **waits
        )
    except (PyMongoError, ValueError, TypeError):
        # none of what the driver says is repeated: it may hold a part of the password
        raise CloudError(
            _("The address of the database can't be understood."),
            _("Such is mongodb://user@db1.example,db2.example/sightdesk?replicaSet=rs0. Letters such as @ and / in a "
              "password are written as %40 and %2F."),
        ) from None  # fmt: skip


def check_server(client: MongoClient[Document], place: str) -> None:
    """See that the server is one that has transactions.

    Raises:
        CloudError: it has none.
        PyMongoError: it can't be asked.
    """
    hello = client.admin.command("hello")
    if int(hello.get("maxWireVersion", 0)) < _OLDEST_WIRE:
        raise CloudError(
            _("The MongoDB server of {place} is too old.").format(place=place),
            _("Use version {oldest} or a later one.").format(oldest=_OLDEST),
        )
    if not hello.get("setName") and hello.get("msg") != "isdbgrid":
        raise CloudError(
            _("The MongoDB server of {place} stands alone; transactions need a replica set.").format(place=place),
            _("Start it with --replSet rs0 and say rs.initiate() once: one member is enough."),
        )


def clock(client: MongoClient[Document]) -> str:
    """The server's clock, in milliseconds, as the database has times. Raises PyMongoError: it can't be asked."""
    at = client.admin.command("hello")["localTime"]
    return str(at.astimezone(UTC).isoformat(timespec="microseconds"))
