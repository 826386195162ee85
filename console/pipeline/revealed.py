"""A covered camera shown as it is, for a while."""

from __future__ import annotations

import time

from console.pipeline.display import Display
from models.frames import Frame


class Revealed(Display):
    """A display that shows what the camera sees until its time is over: by the clock, whoever forgets to end it.

    It stands beside the camera's covered display (`Lane.revealed`), and takes no part in it.

    Args:
        seconds: from now on.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._until_ns = time.monotonic_ns() + round(seconds * 1e9)

    @property
    def over(self) -> bool:
        """Whether nothing of it may be seen any more."""
        return time.monotonic_ns() >= self._until_ns

    @property
    def left_s(self) -> float:
        """Seconds left; 0 when it is over."""
        return max((self._until_ns - time.monotonic_ns()) / 1e9, 0.0)

    def offer(self, frame: Frame) -> None:
        """Draw a frame, while it is not over."""
        if not self.over:
            super().offer(frame)
        if self.over:  # by now
            self.latest = None

    def end(self) -> None:
        """It is over now."""
        self._until_ns = 0
        self.latest = None
