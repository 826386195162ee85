"""What waits to be stored: rows, which are never lost, and the frames for their pictures, which are let go first."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from console.events.rows import NewEvent
from models.frames import Frame
from models.results import Result

ROWS = 20_000
"""Events that may wait in memory, some megabytes; beyond them inference waits."""
FRAMES = 12
"""Frames held for pictures that are still to be made: each is a decoded picture of a megabyte and more."""

Pair = tuple[Frame, Result]


@dataclass(slots=True)
class Entry:
    """The events of one result.

    Attributes:
        events: to be stored.
        pair: the frame they were seen in with its result, while a picture can still be made.
        why: why there will be no picture; empty while there may be one.
        ids: of the rows, once stored.
    """

    events: list[NewEvent]
    pair: Pair | None
    why: str
    ids: list[int]


class EventLane:
    """Between the thread that brings results and the one that stores events.

    Attributes:
        rows: events put in so far.
        waited: how often inference had to wait for room.
        closed: nothing more comes in.
    """

    def __init__(self, rows: int = ROWS, frames: int = FRAMES) -> None:
        self._limit = rows
        self._frames = frames
        self._entries: deque[Entry] = deque()
        self._held = 0
        self._changed = threading.Condition()
        self._size = 0
        self.rows = 0
        self.waited = 0
        self.closed = False

    @property
    def waiting(self) -> int:
        """Events that are not stored yet."""
        return self._size

    def put(self, entry: Entry, crowded: str) -> bool:
        """Take events in; False when the lane is closed.

        Args:
            entry: loses its frame when too many are held already.
            crowded: the words for that.
        """
        with self._changed:
            if self._size >= self._limit and not self.closed:
                self.waited += 1
                self._changed.wait_for(lambda: self._size < self._limit or self.closed)
            if self.closed:
                return False
            if entry.pair is not None:
                if self._held >= self._frames:
                    entry.pair, entry.why = None, crowded
                else:
                    self._held += 1
            self._entries.append(entry)
            self._size += len(entry.events)
            self.rows += len(entry.events)
            self._changed.notify_all()
        return True

    def wait(self, timeout_s: float) -> None:
        """Until something is there, or the lane is closed, or time is up."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._entries) or self.closed, timeout_s)

    def pause(self, timeout_s: float) -> None:
        """Until the lane is closed, or time is up."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed, timeout_s)

    def look(self, most: int) -> list[Entry]:
        """The oldest entries, left where they are: they go by `stored`."""
        with self._changed:
            return [self._entries[index] for index in range(min(most, len(self._entries)))]

    def stored(self, entries: list[Entry]) -> None:
        """These, which `look` gave, are in the database."""
        with self._changed:
            for entry in entries:
                self._entries.popleft()
                self._size -= len(entry.events)
            self._changed.notify_all()

    def let_go(self, entry: Entry) -> None:
        """An entry's frame is no longer needed."""
        with self._changed:
            if entry.pair is not None:
                entry.pair = None
                self._held -= 1

    def close(self) -> None:
        """Nothing more comes in; who waits is woken."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()
