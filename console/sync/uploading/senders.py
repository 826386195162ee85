"""The threads that hand messages to one target: started when there is something to do, ended when there is not."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from console.sync.uploading.pace import Effort
from console.sync.uploading.records import Waiting
from console.sync.uploading.sending import Outcome

What = Literal["open", "send", "settle", "close"]
IDLE_S = 5.0
"""A sender that had nothing to do for so long ends."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done with a target.

    Attributes:
        what: which.
        work: does it; never raises.
        rows: the messages it is about.
        epoch: how often the target had failed when it was given; see `console.sync.uploading.standing`.
        last: its message is one that goes only when nothing else waits.
    """

    what: What
    work: Callable[[], Outcome]
    rows: Sequence[Waiting] = ()
    epoch: int = 0
    last: bool = False


class Senders:
    """Does tasks in the order they were given, several at once; after one that failed none is begun before `withdraw`.

    Args:
        name: of the target; threads are called after it.
        done: told what came of a task, on the thread that did it.
        effort: counts what they compute.
    """

    def __init__(self, name: str, done: Callable[[Task, Outcome], None], effort: Effort) -> None:
        self._name, self._done, self._effort = name, done, effort
        self._tasks: deque[Task] = deque()
        self._changed = threading.Condition()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._count = 0
        self._ended = self._held = False

    @property
    def threads(self) -> list[threading.Thread]:
        """Those that run."""
        with self._changed:
            return list(self._threads)

    def give(self, task: Task, most: int) -> None:
        """Have a task done; a thread is started where none is free and fewer than `most` run."""
        with self._changed:
            self._tasks.append(task)
            if self._idle < len(self._tasks) and len(self._threads) < most:
                self._count += 1
                thread = threading.Thread(target=self._loop, name=f"sync {self._name} {self._count}", daemon=True)
                self._threads.add(thread)
                thread.start()
            self._changed.notify()

    def withdraw(self) -> list[Task]:
        """Take the tasks back that nobody began."""
        with self._changed:
            taken = list(self._tasks)
            self._tasks.clear()
            self._held = False
        return taken

    def end(self) -> None:
        """Have the threads end, each after what it is doing."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def join(self, deadline: float) -> list[str]:
        """Wait for the threads, until a time of `time.monotonic`; names of those that are stuck."""
        threads = self.threads
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0.0))
        return [thread.name for thread in threads if thread.is_alive()]

    def _loop(self) -> None:
        while (task := self._next()) is not None:
            with self._effort.counted():
                outcome = task.work()
            if outcome.error is not None:
                self._held = True
            self._done(task, outcome)
            del task, outcome  # an idle sender keeps nobody's messages

    def _next(self) -> Task | None:
        with self._changed:
            self._idle += 1
            try:
                found = self._changed.wait_for(lambda: (self._tasks and not self._held) or self._ended, IDLE_S)
            finally:
                self._idle -= 1
            if found and self._tasks:
                return self._tasks.popleft()
            self._threads.discard(threading.current_thread())
            return None
