"""Where the processor's time goes, by stage: for `bench pipeline`, off otherwise."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import psutil

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


class NativeThreads:
    """CPU time of the threads that are not Python's: the runtime's workers."""

    def __init__(self) -> None:
        self._before = self._now()
        self._seen = dict(self._before)

    def look(self) -> None:
        """Note how far each thread is, in case it ends before `seconds` is asked."""
        self._seen.update(self._now())

    def seconds(self) -> float:
        """CPU seconds since this object was made; to the system's clock tick a thread, usually 10 ms."""
        self.look()
        return sum(spent - self._before.get(number, 0.0) for number, spent in self._seen.items())

    @staticmethod
    def _now() -> dict[int, float]:
        python = {thread.native_id for thread in threading.enumerate()}
        everyone = psutil.Process().threads()
        return {t.id: t.user_time + t.system_time for t in everyone if t.id not in python}
