"""Where the processor's time goes, by stage: for `bench pipeline`, off otherwise."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

Cost = str


class Costs:
    """CPU nanoseconds by stage, from each thread's own clock. Any thread may add."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ns: Counter[Cost] = Counter()

    @contextmanager
    def stage(self, name: Cost) -> Iterator[None]:
        """Charge the calling thread's CPU time inside to `name`."""
        begin = time.thread_time_ns()
        try:
            yield
        finally:
            self.add(name, time.thread_time_ns() - begin)

    def add(self, name: Cost, cpu_ns: int) -> None:
        """Charge `cpu_ns` to `name`."""
        with self._lock:
            self._ns[name] += cpu_ns

    def seconds(self) -> dict[Cost, float]:
        """CPU seconds by stage so far."""
        with self._lock:
            return {name: ns / 1e9 for name, ns in self._ns.items()}


class NoCosts(Costs):
    """Measures nothing."""

    @contextmanager
    def stage(self, name: Cost) -> Iterator[None]:
        """Do nothing."""
        del name
        yield

    def add(self, name: Cost, cpu_ns: int) -> None:
        """Do nothing."""
