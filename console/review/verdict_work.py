"""What waits in the verdicts' lane: a verdict, a bulk of them, or some that are undone; each a piece at a time."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from console.errors import SightdeskError
from console.review.verdict_job import decide, take_back
from console.review.verdict_rules import Decision, Given, Outcome
from console.store.connect import is_of_the_caller

if TYPE_CHECKING:
    from sqlite_utils import Database

AT_ONCE = 500
"""Verdicts of a bulk in one transaction, so that whoever else writes never waits long."""
Told = Callable[[int, int], None]
"""Told how far a bulk is: done, of."""
Stopped = Callable[[], bool]
"""Asked whether a bulk is to end."""
Answer = Callable[[], None]


class Work(Protocol):
    """Something that waits in the lane."""

    future: Future[Any]

    @property
    def left(self) -> int:
        """Verdicts of it that are not kept yet."""
        ...

    @property
    def over(self) -> bool:
        """Whether nothing of it is left to do."""
        ...

    def run(self, db: Database) -> Answer:
        """Do it, or the next piece of it, inside a transaction; what is returned is called after the commit."""
        ...


class One:
    """A single verdict."""

    def __init__(self, future: Future[Outcome], item_id: int, decision: Decision, given: Given) -> None:
        self.future = future
        self._of = (item_id, decision, given)

    @property
    def left(self) -> int:
        """Verdicts of it that are not kept yet."""
        return int(not self.future.done())

    @property
    def over(self) -> bool:
        """Whether nothing of it is left to do."""
        return True

    def run(self, db: Database) -> Answer:
        """Do it, or the next piece of it; see `Work.run`."""
        answer = _alone(db, lambda: decide(db, *self._of))
        return lambda: settle(self.future, answer)


class Many:
    """A bulk, a piece of it at a time."""

    def __init__(
        self, future: Future[int], ids: Sequence[int], decision: Decision, given: Given, watch: tuple[Told, Stopped]
    ) -> None:
        self.future = future
        self.key = decision.key
        self.ended = False
        self._ids = list(dict.fromkeys(ids))
        self._decision, self._given = decision, given
        self._told, self._stopped = watch
        self._place = self._stored = 0
        self._began: int | None = None

    @property
    def left(self) -> int:
        """Verdicts of it that are not kept yet."""
        return 0 if self.future.done() else len(self._ids) - self._place

    @property
    def over(self) -> bool:
        """Whether nothing of it is left to do."""
        return self.future.done()

    def run(self, db: Database) -> Answer:
        """Do it, or the next piece of it; see `Work.run`."""
        began = self._began
        if began is None:
            began = int(db.execute("SELECT coalesce(max(id), 0) FROM verdicts").fetchone()[0])
        piece = [] if self.ended or self._stopped() else self._ids[self._place : self._place + AT_ONCE]
        stored = sum(self._one(db, item_id, began) for item_id in piece)

        def answer() -> None:
            self._began = began
            self._place += len(piece)
            self._stored += stored
            try:
                if piece:
                    self._told(self._place, len(self._ids))
            except Exception as error:  # of whoever listens; what is stored stays
                settle(self.future, error)
            if not piece or self._place >= len(self._ids):
                settle(self.future, self._stored)

        return answer

    def _one(self, db: Database, item_id: int, began: int) -> bool:
        key = str(uuid.uuid5(uuid.UUID(self.key), str(item_id)))  # the same when this is tried again
        later = "SELECT 1 FROM verdicts WHERE item_id = ? AND id > ? AND key <> ?"
        if db.execute(later, (item_id, began, key)).fetchone() is not None:
            return False
        answer = _alone(db, lambda: decide(db, item_id, replace(self._decision, key=key), self._given))
        if isinstance(answer, Exception) and not isinstance(answer, SightdeskError):
            raise answer
        return not isinstance(answer, Exception)


class Back:
    """Verdicts and bulks that are undone, a piece at a time."""

    def __init__(self, future: Future[int], keys: Sequence[str], given: Given) -> None:
        self.future = future
        self._keys = list(dict.fromkeys(keys))[::-1]
        self._given = given
        self._undone = 0
        self._before: int | None = None

    @property
    def left(self) -> int:
        """Verdicts of it that are not kept yet."""
        return 0 if self.future.done() else len(self._keys)

    @property
    def over(self) -> bool:
        """Whether nothing of it is left to do."""
        return self.future.done()

    def run(self, db: Database) -> Answer:
        """Do it, or the next piece of it; see `Work.run`."""
        keys, before, undone = list(self._keys), self._before, 0
        for _number in range(AT_ONCE):
            if not keys:
                break
            found = self._next(db, keys[0], before)
            if found is None:
                keys.pop(0)
                before = None
                continue
            before = found
            undone += take_back(db, found, self._given.who, self._given.at, self._given.boot_id)

        def answer() -> None:
            self._keys, self._before = keys, before
            self._undone += undone
            if not keys:
                settle(self.future, self._undone)

        return answer

    @staticmethod
    def _next(db: Database, key: str, before: int | None) -> int | None:
        """The last verdict of a key, or of the bulk of this key, that is older than one already looked at."""
        row = db.execute(
            "SELECT max(id) FROM (SELECT id FROM verdicts WHERE key = :key AND id < :before "
            "UNION ALL SELECT max(id) FROM verdicts WHERE bulk = :key AND id < :before)",
            {"key": key, "before": before if before is not None else 1 << 62},
        ).fetchone()
        return int(row[0]) if row[0] is not None else None


def _alone(db: Database, work: Callable[[], Outcome]) -> Outcome | Exception:
    """Do something that may be refused without harm to the rest of the transaction."""
    db.execute("SAVEPOINT one")
    try:
        answer = work()
    except Exception as error:  # the outermost frame of one verdict
        if isinstance(error, sqlite3.Error) and not is_of_the_caller(error):
            raise
        db.execute("ROLLBACK TO one")
        db.execute("RELEASE one")
        return error
    db.execute("RELEASE one")
    return answer


def settle(future: Future[Any], answer: object) -> None:
    """Answer whoever waits, with an error or a value; one who gave up before is passed over."""
    with suppress(InvalidStateError):
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)
