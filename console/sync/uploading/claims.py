"""What waits for a target and what of it is under way: read a page at a time, given out in sends."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from console.store.store import Store
from console.sync.uploading.line import Line, Load
from console.sync.uploading.records import EVERYTHING, May, Waiting, next_ones

_PAGE, _PAGE_MOST = 256, 20_000
_GOOD_S = 0.5
"""A page is looked up anew after so long: something more urgent may have come."""


class Claims:
    """Belongs to its lane's thread. Nothing of it is in the database: a kill leaves everything waiting.

    Args:
        store: read only.
        target: whose.

    Attributes:
        under_way: what is, by number.
        line: the order.
        looks: something may wait that no page has shown yet.
    """

    def __init__(self, store: Store, target: str) -> None:
        self.under_way: dict[int, Waiting] = {}
        self.line = Line()
        self.looks = True
        self._store, self._target = store, target
        self._rows: list[Waiting] = []
        self._may = May()
        self._good_until = 0.0
        self._more = False

    @property
    def erasing(self) -> bool:
        """Something is under way that nothing may go beside."""
        return any(row.kind == "erased" for row in self.under_way.values())

    def next(
        self, now: float, load: Load, may: May, recorded: Iterable[int], *, probe: bool, rested: bool
    ) -> list[Waiting]:
        """What the next send takes; it is under way from now on. None of it: there is nothing just now.

        Args:
            now: monotonic.
            load: how much.
            may: what may go at this time of the day.
            recorded: numbers that were sent, and are yet to be recorded.
            probe: it is to show whether the target works.
            rested: what is at the end of the line may go, if nothing else waits.

        Raises:
            StoreError: the database can't be read.
        """
        if self._behind(now, may):
            self._read(now, may, recorded, max(_PAGE, 2 * load.messages))
        batch = self._pick(load, probe=probe)
        most = _PAGE
        while not batch and self._more and not self.under_way and most < _PAGE_MOST:
            most *= 4  # all of the page stands behind what can't go
            self._read(now, may, recorded, most)
            batch = self._pick(load, probe=probe)
        if not batch and not self.under_way and rested and self.line.at_the_end:
            self._read(now, may, recorded, _PAGE, last=True)
            batch = self._pick(Load(1, load.size), probe=True, last=True)
        for row in batch:
            self.under_way[row.number] = row
        if batch:
            taken = {row.number for row in batch}
            self._rows = [row for row in self._rows if row.number not in taken]
        return batch

    def over(self, rows: Iterable[Waiting]) -> None:
        """They are not under way any more."""
        for row in rows:
            self.under_way.pop(row.number, None)

    def again(self) -> None:
        """Something waits again, or otherwise: what was read before may stand behind it and is read anew."""
        self._rows = []
        self.looks = True

    def is_last(self, rows: Collection[Waiting]) -> bool:
        """Whether this is a message that goes only when nothing else waits."""
        return any(row.number in self.line.at_the_end for row in rows)

    def _behind(self, now: float, may: May) -> bool:
        if self._rows:
            return now >= self._good_until or may != self._may
        return self._more or self.looks or may != self._may

    def _read(self, now: float, may: May, recorded: Iterable[int], most: int, *, last: bool = False) -> None:
        busy = [*self.under_way, *recorded, *(() if last else self.line.at_the_end)]
        with self._store.read() as db:
            self._rows = next_ones(db, self._target, busy, may, most)
        self._more = len(self._rows) >= most
        if last and not self._more and may.below == EVERYTHING:  # what is not there was let go of, or erased
            self.line.over(self.line.at_the_end - {row.number for row in self._rows})
        self._may, self._good_until = may, now + _GOOD_S
        self.looks = False

    def _pick(self, load: Load, *, probe: bool, last: bool = False) -> list[Waiting]:
        under_way = {row.tracking_id for row in self.under_way.values()}
        return self.line.next(self._rows, under_way, load, probe=probe, last=last)
