"""An event loop for one connection: whatever a library leaves behind in it ends with it, and nothing is waited for."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ParamSpec, Self, TypeVar

_log = logging.getLogger(__name__)
_ENDING_S = 0.3
_P = ParamSpec("_P")
_R = TypeVar("_R")


class OwnLoop:
    """A loop; a context manager that ends everything in it. Only `tell` and `stop` may come from other threads."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(_Hands())
        self._loop.set_exception_handler(_note)
        self._task: asyncio.Task[None] | None = None
        self._stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        loop = self._loop
        try:
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            if left:
                loop.run_until_complete(asyncio.wait(left, timeout=_ENDING_S))
            for transport in list(getattr(loop, "_transports", {}).values()):  # asyncio's own list, where it has one
                transport.abort()
            loop.run_until_complete(asyncio.wait_for(loop.shutdown_asyncgens(), _ENDING_S))
        except TimeoutError:
            _log.debug("A generator of the broker's library does not end.")
        finally:
            loop.close()

    def run(self, main: Coroutine[Any, Any, None]) -> None:
        """Run it to its end. Raises what it does; CancelledError: `stop` ended it."""
        self._task = self._loop.create_task(main)
        if self._stopped:
            self._task.cancel()
        self._loop.run_until_complete(self._task)

    def tell(self, call: Callable[[], object]) -> None:
        """Have it called in the loop; harmless when that has ended."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)

    def stop(self) -> None:
        """End what runs, soon; or what will be run."""
        self._stopped = True
        self.tell(lambda: self._task is not None and self._task.cancel())


class _Hands(ThreadPoolExecutor):
    """Every call has a thread of its own that nobody waits for: a name that can't be resolved keeps nobody here."""

    def submit(self, fn: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_R]:
        """See `concurrent.futures`."""
        future: Future[_R] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=work, name=f"{threading.current_thread().name}-call", daemon=True).start()
        return future


def _note(_loop: asyncio.AbstractEventLoop, about: dict[str, Any]) -> None:
    """What a library let fall; who uses it has been told what matters."""
    _log.debug("In the loop of a broker: %s", about.get("message"))
