"""The queue as the page holds it: a stretch of items around the one in front, read ahead and let go of behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from console.review import queries
from console.review.items import Item
from console.review.queries import Order, Place, ReviewFilter
from console.ui.review.reading import Reader
from widgets.film import End

PORTION = 60
_MOST = 20_000
"""So many are held at most, where somebody rolls the strip on and on."""
_AHEAD = 40
_HELD = 300
"""So many are held behind and before what is in front; more may follow in the database."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    items: list[Item]
    front: int
    more_front: bool
    more_back: bool


class Queue(QObject):
    """Which items there are to judge, in their order. Belongs to the GUI thread.

    Args:
        reader: looks them up.
        mine: whether an item is for whoever sits here, asked on the reader's thread.

    Attributes:
        wanted, order: what is listed, and how.
        items: the stretch that is held.
        at: the place in it of the item in front; -1: none.
        loading: the first of them are being looked up.

    Signals:
        opened: another filter or order: all items are others.
        added: items and the end ("front", "back") they came to.
        cut: how many went, and at which end.
        moved: another item is in front, or none.
    """

    opened = Signal()
    added = Signal(list, str)
    cut = Signal(int, str)
    moved = Signal()

    def __init__(self, reader: Reader, mine: Callable[[Item], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader, self._mine = reader, mine
        self.wanted = ReviewFilter()
        self.order: Order = "oldest"
        self.items: list[Item] = []
        self.at = -1
        self.loading = True
        self._more: dict[End, bool] = {"front": False, "back": False}
        self._asked: set[End] = set()
        self._opened = 0

    @property
    def current(self) -> Item | None:
        """The item in front."""
        return self.items[self.at] if 0 <= self.at < len(self.items) else None

    def open(self, wanted: ReviewFilter, order: Order, at: int = 0) -> None:
        """List these.

        Args:
            wanted: which.
            order: which comes first.
            at: id of the item to begin at, or of the one it comes after; 0: the first there is.
        """
        self.wanted, self.order = wanted, order
        self.loading = True
        self._opened += 1
        self._asked.clear()
        turn = self._opened
        for end in ("front", "back"):
            self._reader.forget(end)
        self._reader.ask(
            "open",
            lambda db: self._first(db, wanted, order, at),
            lambda found: self._take_first(turn, found),
            first=True,
        )

    def step(self, rows: int) -> bool:
        """Go so many items on or back; False: there is none."""
        to = self.at + rows
        if not 0 <= to < len(self.items):
            return False
        self._go(to)
        return True

    def go_to(self, item_id: int) -> bool:
        """Go to an item; False: it is not held."""
        found = next((row for row, item in enumerate(self.items) if item.id == item_id), -1)
        if found < 0:
            return False
        self._go(found)
        return True

    def next_of(self, open_: Callable[[Item], bool]) -> None:
        """Go to the next item that is open, or where none follows to one before; where there is none, to none."""
        rows = [*range(self.at + 1, len(self.items))]
        found = next((row for row in rows if open_(self.items[row])), -1)
        if found < 0 and self._more["back"]:
            self.more("back")
            self._go(len(self.items))
            return
        if found < 0:
            found = next(
                (row for row in range(min(self.at, len(self.items)) - 1, -1, -1) if open_(self.items[row])), -1
            )
        self._go(found if found >= 0 else len(self.items))

    def ahead(self, forward: int, back: int) -> list[Item]:
        """The item in front, those that follow, those before it: in the order they are wanted."""
        if self.at < 0:
            return self.items[:forward]
        following = self.items[self.at : self.at + forward + 1]
        return [*following, *self.items[max(self.at - back, 0) : self.at][::-1]]

    def more(self, end: str) -> None:
        """Read on at an end, where there is more and it is not being read."""
        side: End = "front" if end == "front" else "back"
        if not self.items or not self._more[side] or side in self._asked or len(self.items) >= _MOST:
            return
        self._asked.add(side)
        turn, wanted, order = self._opened, self.wanted, self.order
        place = queries.place_of(self.items[0 if side == "front" else -1], order)
        self._reader.ask(
            side,
            lambda db: self._portion(db, wanted, order, side, place),
            lambda found: self._take_more(turn, side, found),
        )

    def look_for_more(self) -> None:
        """Something came into the database: it may be of this queue."""
        if not self.items:
            self.open(self.wanted, self.order)
            return
        self._more = {"front": True, "back": True}
        self.more("back")
        if self.order != "oldest":
            self.more("front")

    def replace(self, item: Item) -> None:
        """An item is another now."""
        for row, held in enumerate(self.items):
            if held.id == item.id:
                self.items[row] = item
                return

    # What comes back

    def _first(self, db: sqlite3.Connection, wanted: ReviewFilter, order: Order, at: int) -> _Stretch:
        item = queries.item(db, at) if at else None
        place = queries.place_of(item, order) if item is not None else None
        front: list[Item] = []
        more_front = False
        if place is not None:
            front, more_front = self._portion(db, wanted, order, "front", place)
        begin = queries.place_of(front[-1], order) if front else None
        back, more_back = self._portion(db, wanted, order, "back", begin)
        return _Stretch([*front, *back], len(front), more_front, more_back)

    def _portion(
        self, db: sqlite3.Connection, wanted: ReviewFilter, order: Order, end: End, place: Place | None
    ) -> tuple[list[Item], bool]:
        """Items that are for whoever sits here, and whether there may be more of them."""
        found: list[Item] = []
        while True:
            back = end == "back"
            some = queries.page(
                db, wanted, order, after=place if back else None, before=None if back else place, limit=PORTION
            )
            mine = [item for item in some if self._mine(item)]
            found = [*found, *mine] if back else [*mine, *found]
            if len(some) < PORTION or found:
                return found, len(some) == PORTION
            place = queries.place_of(some[-1 if back else 0], order)

    def _take_first(self, turn: int, found: _Stretch) -> None:
        if turn != self._opened:
            return
        self.loading = False
        self.items = list(found.items)
        self._more = {"front": found.more_front, "back": found.more_back}
        self.at = min(found.front, len(self.items) - 1)
        self.opened.emit()
        self._go(self.at)

    def _take_more(self, turn: int, end: End, found: tuple[Sequence[Item], bool]) -> None:
        if turn != self._opened:
            return
        self._asked.discard(end)
        items, self._more[end] = found
        held = {item.id for item in self.items}
        items = [item for item in items if item.id not in held]
        none = self.current is None
        if items and end == "front":
            self.items[:0] = items
            self.at += len(items)
        elif items:
            self.items += items
        if items:
            self.added.emit(items, end)
        if none and end == "back":
            self._go(min(max(self.at, 0), len(self.items)))

    def _go(self, to: int) -> None:
        self.at = to
        self.moved.emit()
        self._trim()
        if self.at + _AHEAD > len(self.items):
            self.more("back")

    def _trim(self) -> None:
        """Let go of what is far away."""
        if (front := self.at - _HELD) > PORTION:
            del self.items[:front]
            self.at -= front
            self._more["front"] = True
            self.cut.emit(front, "front")
        if (back := len(self.items) - self.at - _HELD) > PORTION:
            del self.items[-back:]
            self._more["back"] = True
            self.cut.emit(back, "back")
