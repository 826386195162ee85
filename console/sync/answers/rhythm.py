"""How often a cloud is asked for answers: often while some may come, else now and then. Pure: no clock, no thread."""

from __future__ import annotations

from random import Random

LATELY_S = 900.0
"""So long after a file was sent there, or after an answer, more may come soon."""
OFTEN_S, SELDOM_S, NEVER_S = 5.0, 60.0, 3600.0
"""Between two questions: while answers may come soon, else, and where the cloud has none to give."""
_EARLY = 0.8


class Rhythm:
    """Of one target. All times are monotonic.

    Args:
        random: so that desks which started together don't ask together.
        now: right at the start answers of an earlier run may wait.
    """

    def __init__(self, random: Random, now: float) -> None:
        self._random = random
        self._lively_until = now + LATELY_S
        self._sent: int | None = None
        self._next = now
        self._anew_at = float("-inf")

    def sent(self, count: int, now: float) -> None:
        """So many files were sent there, as far as is known: where they are more than before, some were just now."""
        if self._sent is not None and count > self._sent:
            self._lively_until = now + LATELY_S
            self._next = min(self._next, now + OFTEN_S)
        self._sent = count

    def came(self, number: int, now: float, *, more: bool) -> None:
        """It was asked, and so many answers came; `more`: others wait behind them."""
        if number:
            self._lively_until = now + LATELY_S
        self._wait(0.0 if more else OFTEN_S if now < self._lively_until else SELDOM_S, now)

    def has_none(self, now: float) -> None:
        """This cloud gives no answers."""
        self._wait(NEVER_S, now)

    def begins_anew(self, now: float) -> None:
        """Numbers are others: it is asked from the first on at once, unless that was so a moment ago."""
        self._wait(SELDOM_S if now - self._anew_at < LATELY_S else 0.0, now)
        self._anew_at = now

    def at_once(self) -> None:
        """Somebody wants to know."""
        self._next = float("-inf")

    def wait_s(self, now: float) -> float:
        """For how long it need not be asked."""
        return max(self._next - now, 0.0)

    def _wait(self, seconds: float, now: float) -> None:
        self._next = now + seconds * self._random.uniform(_EARLY, 1.0)
