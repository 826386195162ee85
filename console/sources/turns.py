"""As many pictures are decoded and drawn at a time as there are processors.

Sixteen cameras of one wall send their pictures in the same moment. If all their threads worked at once, each would be
interrupted in the middle, some of them while they hold Python's lock, and everything that needs it, the screen first,
would wait until they are let on again: measured with 16 x 720p30 on two busy cores, a thread that wakes up for a
millisecond of Python came 130 ms late at the 95th percentile, and 8 ms with turns; half as many processor seconds were
wasted as well. In turns, each does its work and goes.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_S = 0.25
"""Who has waited so long goes ahead without a turn: a decoder that hangs must not stop the others."""


class Turns:
    """So many may work at a time, first come, first served; a courtesy, not a lock.

    A turn is handed to whoever has waited longest. Where it merely becomes free, the thread that gave it back takes it
    again for its next picture while the others still wake up: some cameras then show three pictures at once and nothing
    for 200 ms (16 x 720p30 with a model on two cores: 13 pictures a second instead of 25).

    Args:
        places: how many.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: deque[threading.Lock] = deque()
        self._lock = threading.Lock()
        self._mine = threading.local()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Work inside of this when it is your turn. Who has one already goes on with it."""
        mine = self._mine.__dict__  # this thread's, should another one close the generator that stands in here
        if mine.get("held"):
            yield
            return
        has = self._take()
        mine["held"] = True
        try:
            yield
        finally:
            mine["held"] = False
            if has:
                self._give()

    def _take(self) -> bool:
        """Wait for a turn; False: it did not come."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            woken = threading.Lock()
            woken.acquire()
            self._waiting.append(woken)
        if woken.acquire(timeout=PATIENCE_S):
            return True
        with self._lock:
            if woken not in self._waiting:  # it came in this very moment
                return True
            self._waiting.remove(woken)
            return False

    def _give(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


TURNS = Turns(_processors())
"""The process's."""
