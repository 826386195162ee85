"""The line before a target: which of what waits goes together in the next send, and which goes to the end."""

from __future__ import annotations

from collections.abc import Collection, KeysView, Sequence
from dataclasses import dataclass

from console.sync.uploading.records import Waiting

PATIENCE = 8
"""So often a message may fail for a reason that may be its own; then it goes to the end of the line."""
_Way = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Load:
    """How much one send may take.

    Attributes:
        messages: so many.
        size: bytes of bodies and files together; a larger message goes alone.
    """

    messages: int
    size: float


class Line:
    """What is known of messages that failed, and the rules of the order. Belongs to one thread.

    Of one tracking ID nothing goes while something is under way, and within a priority the lower number always goes
    first. What a target was told to erase goes alone: after all that is under way, before all that is not. A message
    that failed goes alone, too, so that it can't hold up others.
    """

    def __init__(self) -> None:
        self._tries: dict[int, int] = {}
        self._last: dict[int, _Way] = {}

    @property
    def at_the_end(self) -> KeysView[int]:
        """Numbers of messages that go only when nothing else waits."""
        return self._last.keys()

    def failed(self, rows: Sequence[Waiting]) -> None:
        """They failed together, and one of them may be why."""
        for row in rows:
            tries = self._tries[row.number] = self._tries.get(row.number, 0) + 1
            if tries >= PATIENCE:
                self._last[row.number] = _way(row)

    def over(self, numbers: Collection[int]) -> None:
        """They were taken, or set aside."""
        for number in numbers:
            self._tries.pop(number, None)
            self._last.pop(number, None)

    def forget(self) -> None:
        """Begin anew: somebody wants everything tried."""
        self._tries.clear()
        self._last.clear()

    def next(
        self,
        rows: Sequence[Waiting],
        under_way: Collection[str],
        load: Load,
        *,
        probe: bool = False,
        last: bool = False,
    ) -> list[Waiting]:
        """What goes next, out of what waits.

        Args:
            rows: in their order; none of them is under way.
            under_way: tracking IDs of which something is.
            load: how much goes at once.
            probe: one message is to show whether the target works: if possible one that did not fail yet.
            last: nothing waits but what is at the end of the line; it goes now.

        Returns:
            What one send takes; none: nothing before something that is under way has come back.
        """
        batch: list[Waiting] = []
        tried: list[Waiting] = []
        held: set[_Way] = set() if last else set(self._last.values())
        mine: set[str] = set()
        size = 0
        for row in rows:
            way, erases = _way(row), row.kind == "erased"
            if (erases and under_way) or (batch and erases != (batch[0].kind == "erased")):
                break
            if row.tracking_id in under_way or row.tracking_id in mine or way in held:
                held.add(way)
            elif row.number in self._tries:
                tried.append(row)
                held.add(way)
                if not (batch or probe or last):
                    break
            elif batch and size + row.size > load.size:
                break
            else:
                batch.append(row)
                mine.add(row.tracking_id)
                size += row.size
                if len(batch) >= load.messages:
                    break
        return batch or ([min(tried, key=lambda row: self._tries[row.number])] if tried else [])


def _way(row: Waiting) -> _Way:
    return row.priority, row.tracking_id
