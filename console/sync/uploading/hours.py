"""Hours: whether a target's time of the day is now, by the clock on the wall."""

from __future__ import annotations

from datetime import datetime, time

from console.settings.sync import hours_of

Spans = tuple[tuple[time, time], ...]


def within(spans: Spans, at: time) -> bool:
    """Whether a time of the day is in one of the spans; without spans it always is.

    A span takes its begin and leaves out its end; one whose end is not after its begin goes over midnight.
    """
    if not spans:
        return True
    at = at.replace(tzinfo=None)
    return any(begin <= at < end if begin < end else at >= begin or at < end for begin, end in spans)


class Hours:
    """When anything may be sent, and when pictures.

    Args:
        anything, pictures: as in the settings; empty: at any time. Pictures go when both say so.
    """

    def __init__(self, anything: str = "", pictures: str = "") -> None:
        self._anything, self._pictures = hours_of(anything), hours_of(pictures)

    def now(self, wall: datetime) -> tuple[bool, bool]:
        """Whether anything may go, and whether pictures may, at a local time."""
        anything = within(self._anything, wall.time())
        return anything, anything and within(self._pictures, wall.time())
