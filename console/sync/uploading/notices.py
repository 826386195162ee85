"""How far targets are, written for whoever looks from another process: when it changes, not for each message."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING

from console.errors import StoreError
from console.store.store import Store
from console.sync.uploading.pace import Clock
from console.sync.uploading.records import Said, say

if TYPE_CHECKING:
    from sqlite_utils import Database

log = logging.getLogger(__name__)

_SETTLED_S = 2.0
"""A target that goes from idle to sending and back is said to do so only when it stays so for this long."""
_AGAIN_S = 10.0
_USUAL = ("idle", "sending")


class Notices:
    """Writes `outbox_targets`. Belongs to one thread.

    Args:
        store: where it is written.
        clock: to go by.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._written: dict[str, Said] = {}
        self._seen: dict[str, tuple[Said, float]] = {}
        self._job: tuple[Future[None], dict[str, Said]] | None = None
        self._not_before = 0.0

    def tell(self, said: Mapping[str, Said]) -> None:
        """What holds now, by target; returns at once."""
        now = self._clock.monotonic()
        self._look(now)
        news = {name: one for name, one in said.items() if self._is_news(name, one, now)}
        if news and self._job is None and now >= self._not_before:
            self._write(news, now)

    def finish(self, said: Mapping[str, Said], patience_s: float) -> None:
        """What holds at the end; waits for its being stored, so long at most."""
        if self._job is not None:
            with suppress(TimeoutError, Exception):  # an earlier one: whether it was stored does not matter any more
                self._job[0].result(patience_s)
        self._write(dict(said), self._clock.monotonic())
        if self._job is not None:
            with suppress(TimeoutError, StoreError):
                self._job[0].result(patience_s)

    def _is_news(self, name: str, said: Said, now: float) -> bool:
        written = self._written.get(name)
        if said == written:
            self._seen.pop(name, None)
            return False
        if written is None or not (
            said.state in _USUAL and written.state in _USUAL and said.problem == written.problem
        ):
            return True
        seen, since = self._seen.get(name, (said, now))
        if seen != said:
            since = now
        self._seen[name] = said, since
        return now - since >= _SETTLED_S

    def _write(self, news: dict[str, Said], now: float) -> None:
        at = self._clock.wall()

        def job(db: Database) -> None:
            say(db, news, at)

        try:
            self._job = self._store.write(job), news
        except StoreError:
            self._not_before = now + _AGAIN_S

    def _look(self, now: float) -> None:
        if self._job is None or not self._job[0].done():
            return
        (future, news), self._job = self._job, None
        if future.exception() is None:
            self._written |= news
        else:
            log.warning("How far the outbox is could not be written", exc_info=future.exception())
            self._not_before = now + _AGAIN_S
