"""Pace: how long a target is left alone after a failure, how fast it is sent to, and how fast that went."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from random import Random

MOST_AFTER_S = 24 * 3600.0
"""No target has us wait longer, whatever its Retry-After says."""
LEAST_S, MOST_S = 1.0, 300.0
PERSON_LEAST_S, PERSON_MOST_S = 15.0, 900.0
"""Where a person has to do something first, asking often helps nobody."""
_AGAIN_S = (0.05, 0.25)
_WELL_S = 10.0
_METER_S = 10.0
_SEND_S = 0.25


class Clock:
    """The clocks the uploader goes by; tests have their own."""

    def monotonic(self) -> float:
        """Seconds that never go back; everything waits by these."""
        return time.monotonic()

    def wall(self) -> datetime:
        """The time here, with its zone: for hours of the day and for rows."""
        return datetime.now().astimezone()

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait on a condition whose lock is held, until it is notified or so long (None: without end)."""
        condition.wait(seconds)


class Backoff:
    """How long a target that failed is left alone: longer each time, up to a bound, never twice the same.

    A target that took something a moment ago is tried again almost at once, the first time: most failures are of one
    connection.

    Args:
        random: whom the jitter comes from.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._failures = 0
        self._well_at: float | None = None

    @property
    def failures(self) -> int:
        """In a row."""
        return self._failures

    def failed(self, now: float, *, person: bool = False, after_s: float | None = None) -> float:
        """It failed; returns for how many seconds it is left alone.

        Args:
            now: monotonic.
            person: somebody has to do something before it can work.
            after_s: what the target asked for: never less, but for `MOST_AFTER_S`.
        """
        self._failures += 1
        well = self._well_at is not None and now - self._well_at < _WELL_S
        if self._failures == 1 and well and not person:
            wait = self._random.uniform(*_AGAIN_S)
        else:
            least, most = (PERSON_LEAST_S, PERSON_MOST_S) if person else (LEAST_S, MOST_S)
            wait = self._random.uniform(least, min(most, least * 2.0 ** min(self._failures, 30)))
        return max(wait, min(after_s, MOST_AFTER_S)) if after_s is not None else wait

    def well(self, now: float) -> None:
        """It took something."""
        self._failures, self._well_at = 0, now


class Bucket:
    """Holds something to so much per second, over time; one second's worth may go at once.

    Something larger than that goes when nothing is owed, and what comes after waits for it.

    Args:
        rate: bytes per second, or whatever is counted; None: no bound.
        now: monotonic.
    """

    def __init__(self, rate: float | None, now: float) -> None:
        self._rate, self._at = rate, now
        self._tokens = rate or 0.0

    @property
    def most(self) -> float | None:
        """So much one send may take, so that it does not pass the bound by much; None: no bound."""
        return self._rate * _SEND_S if self._rate is not None else None

    def wait_s(self, now: float) -> float:
        """For how long nothing may go yet; 0: now."""
        if self._rate is None:
            return 0.0
        self._fill(now, self._rate)
        return 0.0 if self._tokens > 0 else max(-self._tokens / self._rate, 0.001)

    def take(self, size: float, now: float) -> None:
        """So much goes."""
        if self._rate is not None:
            self._fill(now, self._rate)
            self._tokens -= size

    def _fill(self, now: float, rate: float) -> None:
        self._tokens = min(self._tokens + (now - self._at) * rate, rate)
        self._at = now


class Effort:
    """Holds the uploader to a share of one core over time, so that a wall beside it loses nothing while it catches up.

    Any thread may call it. What libraries do on threads of their own is not counted.

    Args:
        share: of one core; None: no bound.
        clock: to go by.
    """

    def __init__(self, share: float | None, clock: Clock) -> None:
        self._bucket = Bucket(share, clock.monotonic())
        self._clock, self._lock = clock, threading.Lock()
        self.bound = share is not None

    def wait_s(self) -> float:
        """For how long nothing more should be begun; 0: now."""
        with self._lock:
            return self._bucket.wait_s(self._clock.monotonic())

    @contextmanager
    def counted(self) -> Iterator[None]:
        """What the calling thread computes in here is counted."""
        before = time.thread_time()
        try:
            yield
        finally:
            with self._lock:
                self._bucket.take(time.thread_time() - before, self._clock.monotonic())


class Meter:
    """How many messages and bytes went per second, over the last 10 s."""

    def __init__(self) -> None:
        self._seconds: deque[list[float]] = deque()

    def add(self, messages: int, size: int, now: float) -> None:
        """So much went."""
        if self._seconds and now - self._seconds[-1][0] < 0.5:
            self._seconds[-1][1] += messages
            self._seconds[-1][2] += size
        else:
            self._seconds.append([now, messages, size])
        self._forget(now)

    def rates(self, now: float) -> tuple[float, float]:
        """Messages and bytes per second."""
        self._forget(now)
        return sum(one[1] for one in self._seconds) / _METER_S, sum(one[2] for one in self._seconds) / _METER_S

    def _forget(self, now: float) -> None:
        while self._seconds and now - self._seconds[0][0] > _METER_S:
            self._seconds.popleft()
