"""Tells a broker which jobs are queued, as the database has them, each at least once."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from console.cloud.database.base import CLAIMING, Repository
from console.cloud.errors import CloudError
from console.cloud.waking.address import read_url
from console.cloud.waking.base import Line
from console.cloud.waking.standing import Pause, Standing
from models.words import _

_log = logging.getLogger(__name__)
MOST: Final = 500
"""Jobs that are told of at once; more wait in the database, not here."""
EACH: Final = 8
"""Jobs of one message: as many as a worker takes at once, so that many jobs wake several workers."""
_LOOK_S: Final = 2.0
_GATHER_S: Final = 0.05


class Relay:
    """Reads what no broker was told of, tells it, and writes down that it did, whenever it is woken and every 2 s.

    Without the broker or the database it waits and tries again; the rows stay as they are.

    Args:
        repository: whose jobs; closed by whoever opened it, after this.
        url: of the broker.

    Raises:
        CloudError: the URL can't be used.
    """

    def __init__(self, repository: Repository, url: str) -> None:
        address = read_url(url)
        address.context()
        self._repository, self._database = repository, ""
        self._woken: asyncio.Event | None = None
        self._standing = Standing("relay", address, self._tell_all, listen=False)

    @property
    def problem(self) -> str:
        """Why nothing is told just now, in words; empty: all is well."""
        return " ".join(filter(None, (self._standing.problem, self._database)))

    def wake(self) -> None:
        """Something was queued: look at once. Costs next to nothing; never raises, from any thread."""
        self._standing.tell(self._wake)

    def close(self) -> None:
        """End it, within 2 s, whatever broker and database do."""
        self._standing.close()

    def _wake(self) -> None:
        if self._woken is not None:
            self._woken.set()

    async def _tell_all(self, line: Line) -> None:
        """With an open line, until it breaks."""
        pause = Pause()
        self._woken = woken = asyncio.Event()
        while True:
            woken.clear()
            try:
                told = await self._tell_some(line)
            except CloudError as error:
                self._say(error.what)
                await asyncio.sleep(pause.take())
                continue
            self._say("")
            pause.forget()
            self._standing.well()
            if told < MOST:
                await asyncio.sleep(_GATHER_S)  # what comes meanwhile goes together
                await _either(woken, _LOOK_S)

    async def _tell_some(self, line: Line) -> int:
        """How many the broker was told of. Raises CloudError of the database's, and whatever the line does."""
        loop = asyncio.get_running_loop()
        ids = await loop.run_in_executor(None, self._read)
        if ids:
            await line.publish(messages_of(ids))
            await loop.run_in_executor(None, self._note, ids)
        return len(ids)

    def _read(self) -> list[str]:
        with _in_words(), self._repository.reading() as session:
            return session.unpublished(MOST)

    def _note(self, ids: list[str]) -> None:
        with _in_words(), self._repository.writing(CLAIMING) as session:
            session.published(ids)

    def _say(self, what: str) -> None:
        if what and what != self._database:
            _log.warning("No broker can be told of queued jobs: %s", what)
        self._database = what


def messages_of(ids: list[str]) -> list[bytes]:
    """The messages that tell of these jobs: JSON lists of their IDs."""
    return [json.dumps(ids[at : at + EACH]).encode() for at in range(0, len(ids), EACH)]


@contextmanager
def _in_words() -> Iterator[None]:
    """Nothing that a database does ends the relay, or counts as the broker's fault."""
    try:
        yield
    except CloudError:
        raise
    except Exception as error:  # the outermost frame of what has nothing to do with the broker
        _log.exception("Queued jobs could not be read or marked.")
        raise CloudError(_("Queued jobs could not be read or marked; the log says why.")) from error


async def _either(woken: asyncio.Event, within_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await woken.wait()
