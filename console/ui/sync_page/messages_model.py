"""The messages of the outbox as a table's model: read a page at a time, and anew where somebody looks."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from console.sync.overview.queries import MessageRow, messages
from console.ui.review.reading import Reader
from console.ui.sync_page.words import ONE_KIND, STATES, moment, short, size
from models.words import N_, _, ngettext
from widgets.shaped import LEVEL, SHAPE
from widgets.shapes import Shape

Then = Callable[[list[MessageRow]], None]
Index = QModelIndex | QPersistentModelIndex
PAGE = 200
_HEADS = (N_("Written"), N_("What"), N_("Camera"), N_("Target"), N_("State"), N_("Size"), N_("Tracking ID"))
WHEN, WHAT, CAMERA, TARGET, STATE, SIZE, TRACKING = range(len(_HEADS))
_SHAPES: dict[str, tuple[Shape, str]] = {
    "waiting": ("rest", ""), "later": ("hours", ""), "sent": ("done", ""), "refused": ("needs you", "needs you"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages; empty: all."""

    target: str = ""
    state: str = ""
    kind: str = ""
    tracking_id: str = ""


class MessagesModel(QAbstractTableModel):
    """Rows that were read so far. Belongs to the GUI thread.

    Args:
        reader: looks at the database.
    """

    def __init__(self, reader: Reader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader = reader
        self._turn = 0
        self._asking = self._looking = False
        self._ended = False
        self.rows: list[MessageRow] = []
        self.wanted = Wanted()
        self.names: dict[str, str] = {}

    def want(self, wanted: Wanted) -> None:
        """Show other messages."""
        if wanted != self.wanted:
            self.wanted = wanted
            self.again()

    def again(self) -> None:
        """Read from the newest on."""
        self._turn += 1
        self._asking = self._looking = False
        self._ask(None, PAGE, self._first)

    def look_at(self, first: int, count: int) -> None:
        """Read so many rows anew, from this one on; what is new comes in where the first is the newest."""
        if self._looking:
            return
        self._looking = True
        before = self.rows[first].number + 1 if 0 < first < len(self.rows) else None
        self._ask(before, max(count, 1), lambda found: self._merge(found, before, max(count, 1)), keep=True)

    # What a view asks

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008  # Qt's signature
        """Rows so far."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: N802, B008  # Qt's signature
        """See `_HEADS`."""
        return len(_HEADS)

    def canFetchMore(self, _parent: Index) -> bool:  # noqa: N802  # Qt's name
        """Whether there may be older ones."""
        return not self._ended and not self._asking and bool(self.rows)

    def fetchMore(self, _parent: Index) -> None:  # noqa: N802  # Qt's name
        """Read the next page."""
        if self.rows and not self._asking:
            last = self.rows[-1].number
            self._ask(last, PAGE, lambda found: self._append(found, last))

    def headerData(  # noqa: N802  # Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Names of the columns."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section == SIZE:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return _(_HEADS[section]) if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """One cell."""
        row = self.rows[index.row()]
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(row, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{_(_HEADS[column])}: {self._text(row, column)}"
        if role == Qt.ItemDataRole.TextAlignmentRole and column == SIZE:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if column == STATE and role in (SHAPE, LEVEL):
            return _SHAPES[row.state][0 if role == SHAPE else 1]
        return None

    def find(self, number: int, target: str) -> int:
        """The row of a delivery; -1: it was not read."""
        return next((n for n, row in enumerate(self.rows) if (row.number, row.target) == (number, target)), -1)

    # What comes from the database

    def _ask(self, before: int | None, limit: int, then: Then, *, keep: bool = False) -> None:
        """Read rows for `then`; `keep`: anew, of what is known already. Of each sort one is under way at a time."""
        wanted, turn = self.wanted, self._turn
        if not keep:
            self._asking = True

        def look(db: sqlite3.Connection) -> list[MessageRow]:
            return messages(
                db, target=wanted.target, state=wanted.state, kind=wanted.kind, tracking_id=wanted.tracking_id,
                before=before, limit=limit,
            )  # fmt: skip

        def take(found: list[MessageRow]) -> None:
            if turn != self._turn:
                return  # other ones are wanted by now
            if keep:
                self._looking = False
            else:
                self._asking = False
            then(found)

        self._reader.ask("messages again" if keep else "messages", look, take, first=not keep)

    def _first(self, found: list[MessageRow]) -> None:
        self.beginResetModel()
        self.rows = found
        self._ended = len(found) < PAGE
        self.endResetModel()

    def _append(self, found: list[MessageRow], before: int) -> None:
        """Rows older than `before`, which was the last when they were asked for; it need not be any more."""
        last = self.rows[-1].number if self.rows else 0
        if last > before or not self.rows:
            return  # what is between is not known
        self._ended = len(found) < PAGE
        found = [row for row in found if row.number < last]
        if found:
            self.beginInsertRows(QModelIndex(), len(self.rows), len(self.rows) + len(found) - 1)
            self.rows += found
            self.endInsertRows()

    def _merge(self, found: list[MessageRow], before: int | None, limit: int) -> None:
        """Put what was read anew in the place of what was known of these numbers."""
        whole = len(found) < limit
        lowest = found[-1].number if found and not whole else 0
        if before is None and found and (not self.rows or lowest > self.rows[0].number):
            self._first(found)  # more has come than was read: what is between is not known
            self._ended = whole
            return
        first = (
            0 if before is None else next((n for n, row in enumerate(self.rows) if row.number < before), len(self.rows))
        )
        last = next((n for n in range(first, len(self.rows)) if self.rows[n].number < lowest), len(self.rows))
        if whole and last == len(self.rows):
            self._ended = True
        self._replace(first, last, found)

    def _replace(self, first: int, last: int, found: Sequence[MessageRow]) -> None:
        """Rows from `first` to before `last` become `found`; those that stay keep their place in a view."""
        there = {_key(row) for row in found}
        for n in range(last - 1, first - 1, -1):
            if _key(self.rows[n]) not in there:
                self.beginRemoveRows(QModelIndex(), n, n)
                del self.rows[n]
                self.endRemoveRows()
        for n, row in enumerate(found, first):
            if n < len(self.rows) and _key(self.rows[n]) == _key(row):
                if self.rows[n] != row:
                    self.rows[n] = row
                    self.dataChanged.emit(self.index(n, 0), self.index(n, len(_HEADS) - 1))
            else:
                self.beginInsertRows(QModelIndex(), n, n)
                self.rows.insert(n, row)
                self.endInsertRows()

    # What it says

    def _text(self, row: MessageRow, column: int) -> str:
        if column == STATE:
            return _(STATES[row.state])
        words = {
            WHEN: lambda: moment(row.written_at),
            WHAT: lambda: _(ONE_KIND[row.kind]),
            CAMERA: lambda: self.names.get(row.camera_id, row.camera_id),
            TARGET: lambda: row.target,
            SIZE: lambda: size(row.bytes),
            TRACKING: lambda: short(row.tracking_id),
        }
        return words[column]()

    def _tip(self, row: MessageRow, column: int) -> str:
        if column == TRACKING:
            return row.tracking_id
        if column != STATE:
            return self._text(row, column)
        tries = ngettext("tried {n} time", "tried {n} times", row.attempts).format(n=row.attempts)
        when = moment(row.sent_at) if row.sent_at is not None else ""
        return "\n".join(filter(None, (f"{_(STATES[row.state])} {when}".strip(), tries, row.error)))


def _key(row: MessageRow) -> tuple[int, str]:
    return row.number, row.target
