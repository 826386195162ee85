"""A transaction on MongoDB: every call is made within it, and it is ended whole or taken back."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from pymongo import ReadPreference
from pymongo.errors import ConnectionFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from console.cloud.database.mongo.client import BUSY_S, Document
from console.cloud.database.mongo.refusals import TRANSIENT, UNKNOWN, collided
from console.cloud.database.mongo.schema import TURNS
from console.cloud.database.words import away, busy

if TYPE_CHECKING:
    from pymongo.client_session import ClientSession
    from pymongo.database import Database

T = TypeVar("T")
AT_ONCE = 500
"""Values in one request."""
_PAUSE_S = (0.005, 0.05)
_AGAIN_S = 0.1


def parts(values: Iterable[T]) -> Iterator[list[T]]:
    """Values, each once and as they come, some at a time."""
    rest = iter(dict.fromkeys(values))
    while part := list(islice(rest, AT_ONCE)):
        yield part


class Tx:
    """Calls within a transaction.

    Args:
        db: the database.
        session: of the driver, in a transaction.
        clock: says the server's time.
    """

    def __init__(self, db: Database[Document], session: ClientSession, clock: Callable[[], str]) -> None:
        self._db, self._session, self.now = db, session, clock

    def find(
        self, where: str, wanted: Document, *, by: Sequence[str] = (), most: int = 0, only: Sequence[str] = ()
    ) -> list[Document]:
        """Documents, in the order of these fields; `most` 0: all; `only`: with these fields."""
        shown = dict.fromkeys(only, 1) if only else None
        found = self._db[where].find(wanted, shown, session=self._session)
        if by:
            found = found.sort([(key, 1) for key in by])
        return list(found.limit(most) if most else found)

    def one(self, where: str, wanted: Document) -> Document | None:
        """A document; None: there is none."""
        return self._db[where].find_one(wanted, session=self._session)

    def number(self, where: str, wanted: Document) -> int:
        """How many there are."""
        return self._db[where].count_documents(wanted, session=self._session)

    def insert(self, where: str, documents: Sequence[Document]) -> None:
        """Add documents; one that is there already is an error, and ends the transaction."""
        if documents:
            self._db[where].insert_many(documents, session=self._session)

    def change(self, where: str, wanted: Document, change: Document) -> int:
        """Change all of these; how many there are."""
        return self._db[where].update_many(wanted, change, session=self._session).matched_count

    def put(self, where: str, changes: Iterable[tuple[Document, Document]]) -> None:
        """Change documents, each made where it is missing: what tells one, and its change."""
        for wanted, change in changes:
            self._db[where].update_one(wanted, change, upsert=True, session=self._session)

    def add_to(self, where: str, key: str, field: str, many: int) -> int:
        """Add to a number of a document, which is made where it is missing; what it then is."""
        self._db[where].update_one({"_id": key}, {"$inc": {field: many}}, upsert=True, session=self._session)
        found = self.one(where, {"_id": key})
        return int(found[field]) if found is not None else many

    def remove(self, where: str, wanted: Document) -> int:
        """Remove all of these; how many there were."""
        return self._db[where].delete_many(wanted, session=self._session).deleted_count


def begin(session: ClientSession) -> None:
    """Begin a transaction that sees one moment's state, and is on the disks of most servers when it is committed."""
    session.start_transaction(
        read_concern=ReadConcern("snapshot"),
        write_concern=WriteConcern("majority", j=True, wtimeout=int(BUSY_S * 1000)),
        read_preference=ReadPreference.PRIMARY,
        max_commit_time_ms=int(BUSY_S * 1000),
    )


def begin_in_turn(session: ClientSession, db: Database[Document], site: str, place: str) -> None:
    """Begin a transaction in the turn of a site, which lasts until it ends.

    Who comes second is sent back at once (a write conflict), has done nothing yet, and tries again. MongoDB takes back
    a transaction of somebody who stands still within it after a minute (transactionLifetimeLimitSeconds).

    Raises:
        DatabaseAway: the turn did not come in time.
        PyMongoError: the database refused.
    """
    until = time.monotonic() + BUSY_S
    while True:
        begin(session)
        try:
            db[TURNS].update_one({"_id": site}, {"$inc": {"n": 1}}, upsert=True, session=session)
        except PyMongoError as error:
            take_back(session)
            if not collided(error):
                raise
            if time.monotonic() > until:
                if isinstance(error, ConnectionFailure):
                    raise
                raise busy(place) from error
            time.sleep(random.uniform(*_PAUSE_S))  # noqa: S311  # so that two do not meet again
        else:
            return


def commit(session: ClientSession, place: str) -> None:
    """Commit; asked again while it is not known whether it was, which changes nothing where it was.

    Raises:
        DatabaseAway: it is still not known.
        PyMongoError: it was not.
    """
    until = time.monotonic() + BUSY_S
    while True:
        try:
            session.commit_transaction()
        except PyMongoError as error:
            if not error.has_error_label(UNKNOWN):
                if isinstance(error, ConnectionFailure) and not error.has_error_label(TRANSIENT):
                    raise away(place, type(error).__name__) from error
                raise
            if time.monotonic() > until:
                raise away(place, type(error).__name__) from error
            time.sleep(_AGAIN_S)
        else:
            return


def take_back(session: ClientSession) -> None:
    """Undo what was done in a transaction; where the server can't be told so, it does so by itself."""
    if session.in_transaction:
        with suppress(PyMongoError):
            session.abort_transaction()
