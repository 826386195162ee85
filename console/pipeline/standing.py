"""How a loaded model stands, by its answers: well, or in trouble and why."""

from __future__ import annotations

from collections.abc import Callable

IN_A_ROW = 3
"""So many failures without a good answer between them are trouble ..."""
FOR_S = 2.0
"""... or at least two over so long: with a slow camera, three would take too long."""


class Standing:
    """One model's record. Written by the finisher alone; any thread reads `trouble`.

    Args:
        changed: called on the finisher's thread when trouble begins and when it is over; must return at once.

    Attributes:
        trouble: why the model gives no boxes, in words; empty while all is well.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.trouble = ""
        self._changed = changed
        self._failures = 0
        self._first_ns = 0

    def good(self) -> None:
        """A sound answer came."""
        self._failures = 0
        if self.trouble:
            self.trouble = ""
            self._changed()

    def bad(self, why: str, now_ns: int, *, at_once: bool = False) -> None:
        """There was no answer, or none to believe.

        Args:
            why: in words.
            now_ns: monotonic.
            at_once: it is trouble even when it is the first: an answer that was waited for in vain for long.
        """
        if not self._failures:
            self._first_ns = now_ns
        self._failures += 1
        lasted = self._failures > 1 and now_ns - self._first_ns >= FOR_S * 1e9
        if not self.trouble and (at_once or lasted or self._failures >= IN_A_ROW):
            self.trouble = why
            self._changed()
