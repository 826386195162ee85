"""What waits to become review items, with the frames it was seen in: bounded, and never anybody's wait.

Under pressure items thin first: what triage found is let go and counted, what chance drew and what an operator flagged
stays, and only where even the last place is taken it stays without its picture. Nobody who puts something in waits.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime

from console.review.items import NewItem
from console.review.rows import Dropped
from console.review.triage import RATIONED
from models.findings import Findings
from models.frames import Frame
from models.results import Result
from models.words import _

FRAMES = 8
"""Frames held for what triage finds: each is a decoded picture of a megabyte and more ..."""
RESERVED = 4
"""... and so many more, for what chance draws and operators flag."""
ITEMS = 2000
"""Items that may wait while the disk refuses them; those that thin are let go long before."""

Pair = tuple[Frame, Result]
Drops = Counter[tuple[str, str, Dropped, datetime]]
"""By camera, class, why and hour of UTC."""


def thins(item: NewItem) -> bool:
    """Whether an item may be let go under pressure."""
    return item.reason in RATIONED


@dataclass(slots=True)
class Entry:
    """The items of one frame.

    Attributes:
        items: to be stored.
        pair: their frame with its result, while pictures can still be made of it.
        why: why there will be no pictures; empty while there may be.
        future: of an operator's flag: the item's id once it is stored; else None.
        findings: what the face and plate models found in the frame, once they have looked.
    """

    items: list[NewItem]
    pair: Pair | None
    why: str = ""
    future: Future[int] | None = None
    findings: Findings | None = None


class ReviewLane:
    """Between the threads that find items and the one that stores them.

    Args:
        frames, reserved, items: see `FRAMES`, `RESERVED`, `ITEMS`.

    Attributes:
        closed: nothing more comes in.
        gone: how many were let go in this run, by why.
        lost: how many could not be stored that were to be stored in any case.
    """

    def __init__(self, frames: int = FRAMES, reserved: int = RESERVED, items: int = ITEMS) -> None:
        self._frames, self._reserved, self._limit = frames, reserved, items
        self._entries: deque[Entry] = deque()
        self._changed = threading.Condition()
        self._held = self._size = 0
        self._drops: Drops = Counter()
        self.gone: Counter[Dropped] = Counter()
        self.lost = 0
        self.closed = False

    @property
    def waiting(self) -> int:
        """Items that are not stored yet."""
        return self._size

    @property
    def crowded(self) -> bool:
        """Whether what thins is let go now."""
        return self._held >= self._frames

    def put(self, entry: Entry) -> int:
        """Take the items of a frame in; returns at once. How many are lost: those let go under pressure are not."""
        with self._changed:
            if self.crowded or entry.pair is None:
                for item in filter(thins, entry.items):
                    self._drop(item.camera_id, item.label, "crowded")
                entry.items = [item for item in entry.items if not thins(item)]
            if self.closed or self._size + len(entry.items) > self._limit:
                self.lost += len(entry.items)
                return len(entry.items)
            if not entry.items:
                return 0
            if entry.pair is not None:
                if self._held >= self._frames + self._reserved:
                    entry.pair, entry.why = None, _("More came at once than pictures can be written.")
                else:
                    self._held += 1
            self._entries.append(entry)
            self._size += len(entry.items)
            self._changed.notify_all()
        return 0

    def first(self, timeout_s: float) -> Entry | None:
        """The oldest entry, left where it is until `done`; None when there is none in time, or the lane is closed."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._entries) or self.closed, timeout_s)
            return self._entries[0] if self._entries else None

    def settled(self, *, lost: bool = False) -> None:
        """An item of the oldest entry is stored, or let go, or lost."""
        with self._changed:
            self._size -= 1
            self.lost += lost

    def done(self) -> None:
        """All of the oldest entry is settled; its frame is no longer needed."""
        with self._changed:
            if self._entries.popleft().pair is not None:
                self._held -= 1

    def pause(self, timeout_s: float) -> None:
        """Until the lane is closed, or time is up."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed, timeout_s)

    def close(self) -> None:
        """Nothing more comes in; who waits is woken."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    # What was let go

    def drop(self, camera_id: str, label: str, why: Dropped) -> None:
        """Count something that was let go, until `take_drops` has it written down."""
        with self._changed:
            self._drop(camera_id, label, why)

    def _drop(self, camera_id: str, label: str, why: Dropped) -> None:
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        self._drops[camera_id, label, why, hour] += 1
        self.gone[why] += 1

    def take_drops(self) -> Drops:
        """What was let go since the last time."""
        with self._changed:
            drops, self._drops = self._drops, Counter()
        return drops

    def give_drops_back(self, drops: Drops) -> None:
        """They could not be written down."""
        with self._changed:
            self._drops += drops
