"""The fetcher of one target: a thread that asks for answers, and stores a page and how far it is in one transaction."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from console.errors import SightdeskError
from console.settings.sync import TargetSettings
from console.store import answers as rows
from console.store.answers import Cursor, Fetched
from console.store.store import utc_text
from console.sync.answers.rhythm import Rhythm
from console.sync.figures import AnswerFigures
from console.sync.targets.base import Denied, Secret
from console.sync.uploading.connection import Parts, Wanted
from console.sync.uploading.hours import Hours
from console.sync.uploading.sending import Outcome
from console.sync.uploading.standing import Standing

if TYPE_CHECKING:
    from sqlite_utils import Database

    from console.sync.answers.page import Page

log = logging.getLogger(__name__)

T = TypeVar("T")
LOOK_S = 5.0
"""So often it is looked whether something was sent, whether it is paused, whether somebody wants to know now."""
TOLD_S = 60.0
"""That nothing new came is written down this often: a disk is not to be woken for it each time."""
_MISHAP_S = 60.0
_STEP_S = 0.2
_REST = 9.0
"""While a wall runs beside it, so many times as long as reading a page computed is rested before the next."""
_SENT = (
    "SELECT coalesce(sum(number), 0) FROM outbox_counts WHERE target = ? AND state = 'sent' "
    "AND kind IN ('picture', 'sealed')"
)


class Asks(Protocol):
    """Whom a fetcher asks; see `console.sync.answers.asking.Asking`."""

    def page(self, after: int) -> Page | None:
        """The next answers; None: there are none to be had."""
        ...

    def close(self) -> None:
        """Break off what is under way."""
        ...


Asker = Callable[[TargetSettings, Secret], Asks]


@dataclass(frozen=True, slots=True)
class _Look:
    """What the database says: nothing goes there, how often somebody asked, how many files went, how far it is."""

    paused: bool
    asked: int
    sent: int
    cursor: Cursor


class _EndedError(Exception):
    """It is to end while it waits for the disk."""


class Fetcher:
    """Fetches what one target answers. What is public may be called from any thread, and returns at once.

    Args:
        name: of the target.
        parts: what all of the uploader share.
        ask: makes whom it asks.
    """

    def __init__(self, name: str, parts: Parts, ask: Asker) -> None:
        self._name, self._parts, self._ask = name, parts, ask
        self._clock, self._store, self._effort = parts.clock, parts.store, parts.effort
        self._changed = threading.Condition()
        self._news = self._ending = self._hurry = False
        self._wanted: Wanted | None = None
        self._used: Wanted | None = None
        self._asks: Asks | None = None
        self._asked: int | None = None
        self._told: tuple[str, str] | None = None
        self._told_at = float("-inf")
        self.figures = AnswerFigures()
        self._begin()
        self._thread = threading.Thread(target=self._loop, name=f"answers {name}", daemon=True)
        self._thread.start()

    def apply(self, wanted: Wanted | None) -> None:
        """Ask by these settings from now on; None: not any more, until others come."""
        with self._changed:
            self._wanted = wanted
            self._wake()

    @property
    def wanted(self) -> bool:
        """There are settings to ask by."""
        return self._wanted is not None

    def hurry(self) -> None:
        """Ask now."""
        with self._changed:
            self._hurry = True
            self._wake()

    def close(self) -> None:
        """End; a request under way is broken off, and what came of it comes again another time."""
        with self._changed:
            self._ending = True
            self._wake()
            asks = self._asks
        if asks is not None:
            asks.close()

    def join(self, by: float) -> list[str]:
        """Wait for its thread after `close`, until a time of `time.monotonic`; its name if it is stuck."""
        self._thread.join(max(by - time.monotonic(), 0.0))
        return [self._thread.name] if self._thread.is_alive() else []

    def _wake(self) -> None:
        self._news = True
        self._changed.notify_all()

    def _loop(self) -> None:
        while not self._ending:
            with self._changed:
                self._news = False
            try:
                with self._effort.counted():
                    wait = self._turn()
            except _EndedError:
                break
            except Exception:  # the thread's outermost frame: answers must not stay away for good
                log.exception("Fetching answers from %s stumbled", self._name)
                wait = _MISHAP_S
            with self._changed:
                if not self._news and not self._ending:
                    self._clock.wait(self._changed, wait)
        self._let_go()

    def _turn(self) -> float | None:
        """Do what there is to be done; for how long there is nothing more, as far as is known."""
        with self._changed:
            wanted, hurry = self._wanted, self._hurry
            self._hurry = False
        if not self._adopts(wanted) or wanted is None:
            return None
        try:
            look = self._look()
        except SightdeskError as error:
            return self._fails(error)
        now = self._clock.monotonic()
        self._rhythm.sent(look.sent, now)
        if hurry or look.asked > (self._asked if self._asked is not None else look.asked):
            self._rhythm.at_once()
            self._standing.try_now()
        self._asked = look.asked
        if look.paused or not self._hours.now(self._clock.wall())[0]:
            return LOOK_S
        if wait := max(self._standing.wait_s(now), self._rhythm.wait_s(now)):
            return min(wait, LOOK_S)
        begun = time.thread_time()
        return max(self._fetch(wanted, look.cursor), (time.thread_time() - begun) * _REST * self._effort.bound)

    def _fetch(self, wanted: Wanted, at: Cursor) -> float:
        """Ask once, and store what came."""
        try:
            asks = self._open(wanted)
            page = asks.page(at.number)
            if page is None:
                self._rhythm.has_none(self._clock.monotonic())
                self._is_well(none=True)
            elif at.store not in ("", page.store) or page.last < at.number:
                self._write(lambda db: rows.move(db, self._name, Cursor(page.store, 0, at.epoch + 1, page.takes)))
                self._rhythm.begins_anew(self._clock.monotonic())
                self._standing.well(self._standing.epoch)
            else:
                self._keep(page, at)
                self._rhythm.came(len(page.answers), self._clock.monotonic(), more=page.more)
                self._is_well()
        except SightdeskError as error:
            if self._ending:
                raise _EndedError from None
            return self._fails(error)
        return 0.0

    def _keep(self, page: Page, at: Cursor) -> None:
        if not page.answers and at.store and page.takes == at.takes:
            return
        at = replace(at, store=page.store, takes=page.takes)
        now, said = utc_text(self._clock.wall()), Fetched()

        def job(db: Database) -> int:
            kept = rows.keep(db, self._name, page.answers, at, now=now, boot_id=self._store.boot_id)
            rows.tell(db, self._name, said, now, fetched=True)
            return kept

        kept = self._write(job)
        self._told, self._told_at = ("", ""), self._clock.monotonic()
        if dropped := len(page.answers) - kept:
            log.info("Answers about what is not here were left out", extra={"target": self._name, "answers": dropped})

    def _is_well(self, *, none: bool = False) -> None:
        self._standing.well(self._standing.epoch)
        self.figures = AnswerFigures(self._clock.wall(), none=none)
        if self._told != ("", "") or self._clock.monotonic() - self._told_at >= TOLD_S:
            self._tell(Fetched(), fetched=not none)

    def _fails(self, error: SightdeskError) -> float:
        """It is tried again after a while, longer each time, or as long as it asks for."""
        self._standing.failed(Outcome(error=error), self._standing.epoch)
        self.figures = replace(self.figures, problem=error)
        if isinstance(error, Denied):
            self._let_go()  # it is made anew, with the certificates and secrets there are then
        kind = type(error).__name__
        if self._told != (kind, error.what):
            try:
                self._tell(Fetched(problem=error.what, hint=error.hint, problem_kind=kind), fetched=False)
            except SightdeskError:
                log.warning("What is the matter with answers of %s can't be written down: %s", self._name, error)
        return min(self._standing.wait_s(self._clock.monotonic()), LOOK_S)

    def _tell(self, said: Fetched, *, fetched: bool) -> None:
        now = utc_text(self._clock.wall())
        self._write(lambda db: rows.tell(db, self._name, said, now, fetched=fetched))
        self._told, self._told_at = (said.problem_kind, said.problem), self._clock.monotonic()

    def _write(self, job: Callable[[Database], T]) -> T:
        """Have a job done, however long the disk takes, but not beyond this fetcher's end."""
        future: Future[T] = self._store.write(job, wait_s=1.0)
        while True:
            try:
                return future.result(_STEP_S)
            except TimeoutError:
                if self._ending:
                    raise _EndedError from None

    def _look(self) -> _Look:
        with self._store.read() as db:
            row = db.execute("SELECT paused, asked FROM outbox_targets WHERE name = ?", (self._name,)).fetchone()
            sent = int(db.execute(_SENT, (self._name,)).fetchone()[0])
            paused, asked = (bool(row[0]), int(row[1])) if row is not None else (False, 0)
            return _Look(paused, asked, sent, rows.cursor(db, self._name))

    def _adopts(self, wanted: Wanted | None) -> bool:
        """Go by other settings from now on; False: there are none."""
        if wanted != self._used:
            if wanted is None or self._used is None or not wanted.same_target(self._used):
                self._let_go()
                self._begin()
            self._used = wanted
            self._hours = Hours(wanted.settings.hours if wanted is not None else "")
        return wanted is not None

    def _begin(self) -> None:
        """As if it had never been asked."""
        self._standing = Standing(self._clock, self._parts.random)
        self._rhythm = Rhythm(self._parts.random, self._clock.monotonic())
        self._hours = Hours()
        self.figures = AnswerFigures()

    def _open(self, wanted: Wanted) -> Asks:
        if self._asks is None:
            made = self._ask(wanted.settings, self._parts.secret)
            with self._changed:
                self._asks = made
        if self._ending:
            raise _EndedError
        return self._asks

    def _let_go(self) -> None:
        with self._changed:
            asks, self._asks = self._asks, None
        if asks is not None:
            asks.close()
