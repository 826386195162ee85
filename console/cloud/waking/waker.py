"""Lets a worker wait until there may be something to do."""

from __future__ import annotations

import asyncio
import threading
from typing import Protocol

from console.cloud.waking.address import read_url
from console.cloud.waking.base import Line
from console.cloud.waking.standing import Standing


class Waker(Protocol):
    """What a worker waits with."""

    @property
    def problem(self) -> str:
        """Why nobody wakes it just now, in words; empty: all is well."""

    def wait(self, timeout_s: float) -> bool:
        """Wait until there may be something to do, which a look at the database then tells. Of one thread.

        Returns:
            True: woken; False: the time is over, or it was closed.
        """

    def close(self) -> None:
        """End it, and who waits, within 2 s."""


def make_waker(url: str) -> Waker:
    """What a worker waits with.

    Args:
        url: of the broker; empty: there is none, and the time is all that ends a wait.

    Raises:
        CloudError: the URL can't be used.
    """
    return BrokerWaker(url) if url else Clock()


class Clock:
    """Without a broker: time passes."""

    problem = ""

    def __init__(self) -> None:
        self._closed = threading.Event()

    def wait(self, timeout_s: float) -> bool:
        """See the protocol."""
        self._closed.wait(timeout_s)
        return False

    def close(self) -> None:
        """See the protocol."""
        self._closed.set()


class BrokerWaker:
    """Woken by a broker's messages; however many came since the last wait, they count as one.

    It counts as woken, too, when a connection was made: something may have been said before it.
    """

    def __init__(self, url: str) -> None:
        address = read_url(url)
        address.context()
        self._woken, self._closed, self._waiting = threading.Event(), False, False
        self._changed: asyncio.Event | None = None
        self._standing = Standing("waker", address, self._listen, listen=True)

    @property
    def problem(self) -> str:
        """See the protocol."""
        return self._standing.problem

    def wait(self, timeout_s: float) -> bool:
        """See the protocol."""
        self._turn(waiting=True)
        try:
            woken = self._woken.wait(timeout_s)
        finally:
            self._turn(waiting=False)
        if not woken or self._closed:
            return False
        self._woken.clear()
        return True

    def close(self) -> None:
        """See the protocol."""
        self._closed = True
        self._woken.set()
        self._standing.close()

    def _turn(self, *, waiting: bool) -> None:
        """Messages are taken only while somebody waits: the others are for other workers."""
        self._waiting = waiting
        self._standing.tell(self._change)

    def _change(self) -> None:
        if self._changed is not None:
            self._changed.set()

    async def _listen(self, line: Line) -> None:
        """With an open line, until it breaks."""
        self._changed = changed = asyncio.Event()
        self._standing.well()
        self._woken.set()
        while True:
            changed.clear()
            if not self._waiting or self._woken.is_set():
                await changed.wait()
            elif await _first(line, changed):
                self._woken.set()


async def _first(line: Line, changed: asyncio.Event) -> bool:
    """Whether a message came before things changed."""
    coming, turned = asyncio.ensure_future(line.one()), asyncio.ensure_future(changed.wait())
    try:
        await asyncio.wait({coming, turned}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        turned.cancel()
        if not coming.done():
            coming.cancel()
        await asyncio.wait({coming, turned})
    if coming.cancelled():
        return False
    coming.result()
    return True
