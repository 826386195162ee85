"""Pictures that are ready, and batches made of them: as many as there are when the models are free, up to the most.

A batch that is not full waits for more for a short while, counted from when its first picture was ready; while the
models are busy the next one gathers by itself. That is how Triton's dynamic batcher forms its own.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from console.cloud.working.opening import Opened

MOST_PIXELS = 100_000_000
"""Pixels that wait, beside those of one picture: 300 MB."""
_LEAST_S = 0.001
_SLICE_S = 0.2
"""A signal's handler can't wake whoever waits; he looks so often by himself."""


class Pool:
    """Between the thread that reads and the one that has the models.

    Args:
        most: pictures in a batch.
        wait_s: so long one may wait for others.
        stop: set when no batch is wanted any more.
    """

    def __init__(self, most: int, wait_s: float, stop: threading.Event) -> None:
        self._most, self._wait_s, self._stop = most, wait_s, stop
        self._ready: deque[Opened] = deque()
        self._pixels = 0
        self._changed = threading.Condition()
        self._idle = self._closed = False

    def room(self) -> int:
        """How many more pictures may be ready."""
        with self._changed:
            return self._most - len(self._ready)

    def put(self, opened: Opened) -> bool:
        """Add a picture, waiting for room; False: it was closed, and this one not taken."""
        with self._changed:
            while self._ready and not self._closed and self._pixels + opened.pixels > MOST_PIXELS:
                self._changed.wait(_SLICE_S)
            if self._closed:
                return False
            self._ready.append(opened)
            self._pixels += opened.pixels
            self._changed.notify_all()
            return True

    def take(self, until: float) -> list[Opened]:
        """The next batch: a job that was begun before comes alone. None before `until` (monotonic), or the stop."""
        with self._changed:
            self._idle = True
            self._changed.notify_all()
            try:
                while not self._due():
                    left = (self._full_at() if self._ready else until) - time.monotonic()
                    if self._stop.is_set() or (left <= 0 and not self._ready):
                        return []
                    self._changed.wait(min(max(left, 0.0), _SLICE_S))
                return self._taken()
            finally:
                self._idle = False

    @property
    def empty(self) -> bool:
        """Whether no picture is ready."""
        with self._changed:
            return not self._ready

    def rest(self, seconds: float) -> None:
        """Wait, while pictures are ready, until there is a reason to look for jobs again, but no longer.

        Reasons are that they were taken, and that the models are free and wait for more.
        """
        begin = time.monotonic()
        with self._changed:
            while self._ready and not self._closed:
                hurry = self._idle and len(self._ready) < self._most
                left = begin + (max(self._wait_s / 2, _LEAST_S) if hurry else seconds) - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)

    def close(self) -> list[Opened]:
        """Take nothing more; what was ready, and is not begun."""
        with self._changed:
            self._closed = True
            left = list(self._ready)
            self._ready.clear()
            self._pixels = 0
            self._changed.notify_all()
            return left

    def _due(self) -> bool:
        """Whether a batch may go now."""
        if not self._ready or self._stop.is_set():
            return False
        alone = any(one.job.attempt > 1 for one in self._ready)  # what stands before it waits for nothing either
        full = len(self._ready) >= self._most or self._pixels >= MOST_PIXELS
        return alone or full or time.monotonic() >= self._full_at()

    def _full_at(self) -> float:
        """When the first that waits has waited for long enough."""
        return self._ready[0].ready_s + self._wait_s if self._ready else float("inf")

    def _taken(self) -> list[Opened]:
        batch: list[Opened] = []
        while self._ready and len(batch) < self._most and (not batch or self._ready[0].job.attempt == 1):
            one = self._ready.popleft()
            batch.append(one)
            self._pixels -= one.pixels
            if one.job.attempt > 1:
                break
        self._changed.notify_all()
        return batch
