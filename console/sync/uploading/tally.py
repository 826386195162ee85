"""Counts what went to a target in this run: for figures, and for the record of what left the site."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from console.sync.figures import Summary
from console.sync.uploading.pace import Meter


class Tally:
    """Any thread may ask; a target's lane counts."""

    def __init__(self) -> None:
        self.sent = 0
        self.last_sent: datetime | None = None
        self._meter = Meter()
        self._lock = threading.Lock()
        self._messages = self._size = 0
        self._since: datetime | None = None

    def add(self, messages: int, size: int, now: float, *, seals: int = 0) -> None:
        """So many messages, of so many bytes, were taken.

        Seals among them begin no summary: it would be a line of the record, whose seal is sent, and so on for ever.
        """
        at = datetime.now(UTC)
        with self._lock:
            self.sent += messages
            self.last_sent = at
            self._meter.add(messages, size, now)
            self._messages += messages
            self._size += size
            if messages > seals:
                self._since = self._since or at

    def rates(self, now: float) -> tuple[float, float]:
        """Messages and bytes per second, over the last 10 s."""
        with self._lock:
            return self._meter.rates(now)

    def take(self) -> Summary | None:
        """What was not summed up yet; None: nothing but seals. It is with the caller from now on."""
        with self._lock:
            if self._since is None:
                return None
            summary = Summary(self._messages, self._size, self._since)
            self._messages = self._size = 0
            self._since = None
            return summary

    def put_back(self, summary: Summary) -> None:
        """It could not be written down; it is summed up next time."""
        with self._lock:
            self._messages += summary.messages
            self._size += summary.size
            self._since = summary.since
