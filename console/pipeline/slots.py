"""Where a camera's frames wait for the model: never a queue that grows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Condition
from typing import Protocol

from models.frames import Frame


class Slot(Protocol):
    """Between one capture thread and one inference loop."""

    def put(self, frame: Frame) -> Frame | None:
        """Offer a frame; returns a frame that was dropped for it, or the frame itself when the slot is closed."""

    def take(self) -> Frame | None:
        """The next frame, or None."""

    def __len__(self) -> int:
        """Frames waiting."""

    def close(self) -> None:
        """Refuse further frames and wake a waiting `put`."""


class LatestSlot:
    """Room for one frame; a newer one takes the place of an older. For live cameras: late is worse than lost.

    Args:
        changed: called after every put, to wake the reader.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._frames: deque[Frame] = deque(maxlen=1)
        self._changed = changed
        self._closed = False

    def put(self, frame: Frame) -> Frame | None:
        """See `Slot.put`."""
        if self._closed:
            return frame
        old = self.take()
        self._frames.append(frame)
        self._changed()
        return old

    def take(self) -> Frame | None:
        """See `Slot.take`."""
        try:
            return self._frames.popleft()
        except IndexError:
            return None

    def __len__(self) -> int:
        return len(self._frames)

    def close(self) -> None:
        """See `Slot.close`."""
        self._closed = True


class FifoSlot:
    """Room for a few frames; `put` waits for room. For files read as fast as possible: every frame counts.

    Args:
        changed: called after every put, to wake the reader.
        room: frames held at most.
    """

    def __init__(self, changed: Callable[[], None], room: int = 2) -> None:
        self._frames: deque[Frame] = deque()
        self._room = room
        self._space = Condition()
        self._changed = changed
        self._closed = False

    def put(self, frame: Frame) -> Frame | None:
        """See `Slot.put`."""
        with self._space:
            self._space.wait_for(lambda: self._closed or len(self._frames) < self._room)
            if self._closed:
                return frame
            self._frames.append(frame)
        self._changed()
        return None

    def take(self) -> Frame | None:
        """See `Slot.take`."""
        with self._space:
            if not self._frames:
                return None
            frame = self._frames.popleft()
            self._space.notify()
            return frame

    def __len__(self) -> int:
        return len(self._frames)

    def close(self) -> None:
        """See `Slot.close`."""
        with self._space:
            self._closed = True
            self._space.notify_all()
