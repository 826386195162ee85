"""Trying again: how long to wait, and how to say that something is away once, not each time."""

from __future__ import annotations

import logging
import random

log = logging.getLogger(__name__)

LONGEST_S = 30.0
_JITTER = 0.5


def pause_s(tries: int, first_s: float = 1.0, longest_s: float = LONGEST_S) -> float:
    """How long to wait after so many failures in a row: twice as long each time, by chance up to half less or more.

    Args:
        tries: failures so far, at least 1.
        first_s: after the first.
        longest_s: never more than this and its half.
    """
    return min(first_s * 2.0 ** min(tries - 1, 20), longest_s) * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  # no secret


class Standing:
    """Whether something answers. That it does not is said once, and so is that it does again.

    Args:
        back: what is said when it answers again.
    """

    def __init__(self, back: str) -> None:
        self._back = back
        self._why = ""
        self._tries = 0

    def bad(self, why: str) -> float:
        """It did not answer.

        Args:
            why: in words; said where it is another than the last time.

        Returns:
            Seconds to wait until it is asked again.
        """
        self._tries += 1
        if why != self._why:
            log.warning("%s", why)
        self._why = why
        return pause_s(self._tries)

    def good(self) -> None:
        """It answered."""
        if self._tries:
            log.info("%s", self._back)
        self._tries, self._why = 0, ""
