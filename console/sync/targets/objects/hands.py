"""Threads that put objects for several `send` at once, and the order among those that are about the same thing."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from console.sync.targets.base import Unreachable
from models.words import _

_END_S = 0.5
_Job = Callable[[], None]


class Hands:
    """So many threads, started at the first job. Whoever waits for them is let go when they are closed.

    Args:
        number: of threads: so many requests are under way at most.
        name: of the threads.
    """

    def __init__(self, number: int, name: str) -> None:
        self._number, self._name = number, name
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()
        self._closed = False
        self._busy: set[str] = set()

    def run(self, jobs: Iterable[_Job]) -> None:
        """Have jobs done, and wait for all of them. A job raises nothing.

        Raises:
            Unreachable: closed before all were done; those under way go on.
        """
        wanted = list(jobs)
        left = len(wanted)

        def done(job: _Job) -> None:
            nonlocal left
            try:
                job()
            finally:
                with self._changed:
                    left -= 1
                    self._changed.notify_all()

        self._start()
        for job in wanted:
            self._jobs.put(partial(done, job))
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not left)
            if left:
                raise _closing()

    @contextmanager
    def alone(self, ids: Iterable[str]) -> Iterator[None]:
        """Nobody else is at any of these tracking IDs within the block.

        Raises:
            Unreachable: closed.
        """
        wanted = set(ids)
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not wanted & self._busy)
            if self._closed:
                raise _closing()
            self._busy |= wanted
        try:
            yield
        finally:
            with self._changed:
                self._busy -= wanted
                self._changed.notify_all()

    def close(self) -> None:
        """Begin nothing any more, and let go of who waits. Harmless when done already."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for _thread in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(_END_S / len(self._threads))

    def _start(self) -> None:
        with self._changed:
            if self._threads or self._closed:
                return
            # a program that ends must not wait for a store that hangs
            self._threads = [
                threading.Thread(target=self._loop, name=f"{self._name}-{n}", daemon=True) for n in range(self._number)
            ]
            for thread in self._threads:
                thread.start()

    def _loop(self) -> None:
        while (job := self._jobs.get()) is not None:
            if not self._closed:
                job()


def _closing() -> Unreachable:
    return Unreachable(_("The outbox is closing; what was under way is sent again."))
