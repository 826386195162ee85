"""Work that waits for a disk or a database, off the event loop, so many at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, fail_after, to_thread

Result = TypeVar("Result")


class Threads:
    """Runs calls in threads.

    Args:
        most: so many at once; others wait for their turn.
    """

    def __init__(self, most: int) -> None:
        self._limiter = CapacityLimiter(most)

    async def run(self, call: Callable[[], Result]) -> Result:
        """What it returns. Who stops waiting does not stop the call."""
        return await to_thread.run_sync(call, limiter=self._limiter)

    async def run_within(self, seconds: float, call: Callable[[], Result]) -> Result:
        """What it returns.

        Raises:
            TimeoutError: it takes longer; it goes on, and nobody hears of it.
        """
        with fail_after(seconds):
            return await to_thread.run_sync(call, limiter=self._limiter, abandon_on_cancel=True)
