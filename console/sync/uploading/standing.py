"""How a target stands: well, or failing since when, for what, and when it is tried again; when it is settled."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from console.errors import SightdeskError
from console.store.store import utc_text
from console.sync.uploading.pace import MOST_AFTER_S, Backoff, Clock
from console.sync.uploading.sending import Outcome

SETTLE_S = 30.0
"""While it is being sent to, a target is settled this often."""
REST = 20.0
"""Settling takes a share of the time of one in so much: lists of a long day are large, and the line may be thin."""


class Standing:
    """Keeps one back-off and what it is for. Belongs to its lane's thread.

    Several sends that were under way together fail together: that is one failure. Each failure begins an epoch, and
    only what was given in the present one counts.

    Args:
        clock: to wait by.
        random: for the jitter.

    Attributes:
        problem: why it is failing, in words; None: it is not.
        epoch: counts failures.
        next_try: monotonic; nothing is tried sooner.
        next_try_at: the same by the clock on the wall, as the database writes times; for people.
    """

    def __init__(self, clock: Clock, random: Random) -> None:
        self.problem: SightdeskError | None = None
        self.epoch = 0
        self.next_try = 0.0
        self.next_try_at: str | None = None
        self._clock = clock
        self._backoff = Backoff(random)

    @property
    def failing(self) -> bool:
        """The last thing that was tried failed."""
        return self.problem is not None

    def wait_s(self, now: float) -> float:
        """For how long nothing may be tried yet."""
        return max(self.next_try - now, 0.0) if self.failing else 0.0

    def failed(self, outcome: Outcome, epoch: int) -> None:
        """Something failed that was given in an epoch."""
        if outcome.error is None:
            return
        now = self._clock.monotonic()
        if epoch == self.epoch:
            self.epoch += 1
            self.problem = outcome.error
            self._until(now + self._backoff.failed(now, person=outcome.needs_person, after_s=outcome.after_s), now)
        elif outcome.after_s is not None:  # it failed together with another: what it asks for is heard all the same
            self._until(max(self.next_try, now + min(outcome.after_s, MOST_AFTER_S)), now)

    def well(self, epoch: int) -> None:
        """Something went well that was given in an epoch."""
        if epoch == self.epoch:
            self._backoff.well(self._clock.monotonic())
            self.problem, self.next_try_at = None, None

    def try_now(self) -> None:
        """Wait no longer, this once."""
        self.next_try, self.next_try_at = 0.0, None

    def _until(self, when: float, now: float) -> None:
        self.next_try = when
        self.next_try_at = utc_text(self._clock.wall() + timedelta(seconds=when - now))


class Settling(Standing):
    """When a target is settled: when nothing waits, and now and then before; the rarer the longer it takes."""

    def __init__(self, clock: Clock, random: Random) -> None:
        super().__init__(clock, random)
        self._since: float | None = None
        self._began = self._rests_until = 0.0

    @property
    def behind(self) -> bool:
        """Something was sent since, or the last run may not have come to it."""
        return self._since is not None

    def wait_s(self, now: float) -> float:
        """For how long it may not be settled yet."""
        return max(super().wait_s(now), self._rests_until - now, 0.0)

    def due(self, now: float) -> bool:
        """Whether it is settled before anything else is sent."""
        return self._since is not None and not self.wait_s(now) and now - self._since >= SETTLE_S

    def sent(self, now: float) -> None:
        """What sums up is behind from now on, if not before."""
        self._since = now if self._since is None else self._since

    def begun(self, now: float) -> None:
        """It is being settled."""
        self._began = now

    def done(self, now: float) -> None:
        """It was settled."""
        self._since, self._rests_until = None, now + REST * (now - self._began)
        self.well(self.epoch)

    def try_now(self) -> None:
        """Wait no longer, this once."""
        super().try_now()
        self._rests_until = 0.0
