"""As many pictures are decoded and drawn at a time as there are processors.

Sixteen cameras of one wall send their pictures in the same moment. If all their threads worked at once, each would be
interrupted in the middle, some of them while they hold Python's lock, and everything that needs it, the screen first,
would wait until they are let on again: measured with 16 x 720p30 on two busy cores, a thread that wakes up for a
millisecond of Python came 130 ms late at the 95th percentile, and 8 ms with turns; half as many processor seconds were
wasted as well. In turns, each does its work and goes.
"""

from __future__ import annotations

import os
import queue
import sys
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_S = 0.25
"""Who has waited so long goes ahead without a turn: a decoder that hangs must not stop the others."""


class Turns:
    """So many may work at a time; a courtesy, not a lock.

    Args:
        places: how many.
    """

    def __init__(self, places: int) -> None:
        self._free: queue.SimpleQueue[None] = queue.SimpleQueue()  # waits and wakes in C, ten times cheaper here
        for _ in range(places):
            self._free.put(None)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Work inside of this when it is your turn."""
        try:
            self._free.get(timeout=PATIENCE_S)
        except queue.Empty:
            yield
            return
        try:
            yield
        finally:
            self._free.put(None)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


TURNS = Turns(_processors())
"""The process's."""
