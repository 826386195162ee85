"""A connection to a broker that is made anew whenever it is lost, in a thread of its own, until it is closed."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Final

from console.cloud.errors import CloudError
from console.cloud.waking.address import Address
from console.cloud.waking.base import CLOSE_S, OPEN_S, Line, line_to
from console.cloud.waking.looping import OwnLoop
from console.cloud.waking.words import Lost, failure

_log = logging.getLogger(__name__)
LIBRARIES: Final = ("aio_pika", "aiormq", "aiokafka", "faststream")
"""They say the same at each attempt; what matters is said here, once."""
END_S: Final = 2.0


class Pause:
    """How long to leave somebody alone: longer each time, up to half a minute, never quite the same."""

    _FIRST_S, _MORE, _MOST_S = 0.5, 1.5, 30.0

    def __init__(self) -> None:
        self._next_s = self._FIRST_S

    def take(self) -> float:
        """Seconds, until the next attempt."""
        now_s, self._next_s = self._next_s, min(self._next_s * self._MORE, self._MOST_S)
        return now_s * random.uniform(0.5, 1.0)  # noqa: S311  # no secret

    def forget(self) -> None:
        """It went well."""
        self._next_s = self._FIRST_S


class Standing:
    """The thread.

    Args:
        name: of the thread.
        address: of the broker.
        use: what is done with an open line, until it raises or is cancelled; it calls `well` when all is well.
        listen: it waits for messages.
    """

    def __init__(self, name: str, address: Address, use: Callable[[Line], Awaitable[None]], *, listen: bool) -> None:
        self._address, self._use, self._listen = address, use, listen
        self._pause, self._closing = Pause(), threading.Event()
        self._loop: OwnLoop | None = None
        self._lock = threading.Lock()
        self.problem = ""
        for library in LIBRARIES:
            if logging.getLogger(library).level == logging.NOTSET:
                logging.getLogger(library).setLevel(logging.CRITICAL)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def well(self) -> None:
        """The broker does what it is for."""
        if self.problem:
            _log.info("%s is back.", self._address.place)
        self.problem = ""
        self._pause.forget()

    def tell(self, call: Callable[[], object]) -> None:
        """Have it called in the loop of the line that there is; harmless where there is none."""
        loop = self._loop
        if loop is not None:
            loop.tell(call)

    def close(self) -> None:
        """End it, within `END_S`, whatever the broker does. Harmless when done already."""
        self._closing.set()
        with self._lock:
            if self._loop is not None:
                self._loop.stop()
        self._thread.join(END_S)

    def _run(self) -> None:
        while not self._closing.is_set():
            with OwnLoop() as loop:
                with self._lock:
                    self._loop = loop
                    if self._closing.is_set():
                        return
                self._once(loop)
                with self._lock:
                    self._loop = None
            self._closing.wait(self._pause.take())

    def _once(self, loop: OwnLoop) -> None:
        try:
            loop.run(self._session())
        except asyncio.CancelledError:  # libraries end what waits with it, too, when a connection breaks
            if not self._closing.is_set():
                self._say(failure(Lost(), self._address))
        except CloudError as error:
            self._say(error)
        except Exception:  # the thread's outermost frame
            _log.exception("The line to %s failed unexpectedly; it goes on.", self._address.place)
            self.problem = failure(Lost(), self._address).what

    async def _session(self) -> None:
        """From one line's beginning to its end. Raises CloudError: it is lost, or never was."""
        stood = False
        try:
            line = line_to(self._address)
            try:
                async with asyncio.timeout(OPEN_S):
                    await line.open(listen=self._listen)
                stood = True
                await self._until_lost(line)
            finally:
                await self._let_go(line)
        except Exception as error:
            _log.debug("The line to %s: %s", self._address.place, type(error).__name__)
            raise failure(error, self._address, stood=stood) from None

    async def _until_lost(self, line: Line) -> None:
        used = asyncio.ensure_future(self._use(line))
        ended = asyncio.ensure_future(line.ended())
        try:
            done, _rest = await asyncio.wait({used, ended}, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
            raise Lost
        finally:
            used.cancel()
            ended.cancel()
            await asyncio.wait({used, ended}, timeout=CLOSE_S)

    async def _let_go(self, line: Line) -> None:
        begun = time.monotonic()
        try:
            async with asyncio.timeout(CLOSE_S):
                await line.close()
        except Exception as error:  # it is cut with its loop
            took = time.monotonic() - begun
            _log.debug("%s did not hear of our going in %.1f s: %s", self._address.place, took, type(error).__name__)

    def _say(self, error: CloudError) -> None:
        words = f"{error.what} {error.hint}"
        if words != self.problem:
            _log.warning("%s", words)
        self.problem = words
