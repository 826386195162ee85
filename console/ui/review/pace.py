"""How fast somebody judges, and how long the rest takes at that pace."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from statistics import median

_KEPT = 30
_LEAST = 4
_AWAY_S = 120.0
"""Whoever looks at one item for longer has gone for a coffee: that is not his pace."""


class Pace:
    """Seconds a verdict takes, of the last ones in this session.

    Args:
        clock: seconds, rising.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._took: deque[float] = deque(maxlen=_KEPT)
        self._since = clock()

    def begin(self) -> None:
        """An item is in front now."""
        self._since = self._clock()

    @property
    def looked_s(self) -> float:
        """How long it has been in front."""
        return self._clock() - self._since

    def judged(self) -> float:
        """A verdict was given; how long it took, seconds."""
        took = self.looked_s
        if took < _AWAY_S:
            self._took.append(took)
        return took

    def left_s(self, items: int) -> float | None:
        """How long so many take; None: nobody can say yet."""
        return median(self._took) * items if len(self._took) >= _LEAST else None
