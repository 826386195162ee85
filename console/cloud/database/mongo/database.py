"""One MongoDB database by its URL: transactions that write, consistent looks, errors in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bson.errors import BSONError
from pymongo.errors import PyMongoError

from console.cloud.database.mongo import schema
from console.cloud.database.mongo.client import check_server, clock, connect, place_of
from console.cloud.database.mongo.refusals import in_words
from console.cloud.database.mongo.session import MongoSession
from console.cloud.database.mongo.transaction import Tx, begin, begin_in_turn, commit, take_back


class MongoDatabase:
    """See `console.cloud.database.base.Repository`; an open database of this schema.

    Those who write for one site take turns, and those who claim jobs; see `transaction.begin_in_turn`.

    Attributes:
        place: where it is, without a password.

    Args:
        url: ``mongodb://user@host/name`` or ``mongodb+srv://user@host/name``.
        make: bring it to this schema; False: it must have it already.

    Raises:
        CloudError: it can't be used, or is from a newer Sightdesk; `DatabaseAway` where trying again may help.
    """

    def __init__(self, url: str, *, make: bool = True) -> None:
        self.place = place_of(url)
        self._client = connect(url)
        try:
            with self._in_words():
                check_server(self._client, self.place)
                self._db = self._client.get_default_database()
                (schema.make if make else schema.check)(self._db, self.place)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def writing(self, site: str) -> Iterator[MongoSession]:
        """A transaction that is committed at the end of the block, durably, or not at all when it raises.

        Raises:
            CloudError: the database refused. Only where it is `DatabaseAway` may it have been kept after all.
        """
        with self._in_words(), self._client.start_session() as session:
            begin_in_turn(session, self._db, site, self.place)
            try:
                yield MongoSession(Tx(self._db, session, partial(clock, self._client)))
            except BaseException:
                take_back(session)
                raise
            commit(session, self.place)

    @contextmanager
    def reading(self) -> Iterator[MongoSession]:
        """A look at one moment's state.

        Raises:
            CloudError: the database refused.
        """
        with self._in_words(), self._client.start_session() as session:
            begin(session)
            try:
                yield MongoSession(Tx(self._db, session, partial(clock, self._client)))
            except BaseException:
                take_back(session)
                raise
            commit(session, self.place)  # only then is what was read on most servers, and stays

    def forget_log(self) -> None:
        """MongoDB can't be asked for it: what was overwritten leaves the servers' oplog as it runs full."""

    def close(self) -> None:
        """Let go of it; harmless when done already."""
        self._client.close()

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except (PyMongoError, BSONError) as error:
            raise in_words(error, self.place) from error
