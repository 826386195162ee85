"""The lines of the event list: what stands in each, and the model that keeps the choice while lines come and go."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QImage

from models.words import _

PICTURES = 200
"""Thumbnails held in memory, about 20 MB; the rest is read again when it is seen."""
LINE = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event as it is shown; all texts are ready to be read.

    Attributes:
        id: later events have higher ones.
        title: what and where, such as "Person, Yard east".
        detail: such as "track 118, 21:13:58".
        seen_by: who acknowledged it; empty: nobody yet.
        picture: what `picture_wanted` asks for; empty: there is none.
        why: why there is none; empty while it is being made.
        tip: all there is to know.
    """

    id: int
    title: str
    detail: str
    seen_by: str = ""
    picture: str = ""
    why: str = ""
    tip: str = ""


class EventModel(QAbstractListModel):
    """Lines, newest first, in strictly falling order of their ids.

    Signals:
        picture_wanted: a thumbnail is about to be seen and not here; answered by `set_picture`.
    """

    picture_wanted = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: list[EventLine] = []
        self._pictures: OrderedDict[str, QImage | None] = OrderedDict()

    @property
    def lines(self) -> Sequence[EventLine]:
        """All lines."""
        return self._lines

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802  # Qt's signature
        """How many lines there are."""
        return 0 if parent.isValid() else len(self._lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The line for `LINE`, else words for the eye and for a screen reader."""
        if not index.isValid() or index.row() >= len(self._lines):
            return None
        line = self._lines[index.row()]
        if role == LINE:
            return line
        if role == Qt.ItemDataRole.DisplayRole:
            return line.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return line.tip or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            seen = _("acknowledged by {who}").format(who=line.seen_by) if line.seen_by else _("new")
            return f"{line.title}, {line.detail}, {seen}"
        return None

    def show_lines(self, lines: Sequence[EventLine]) -> None:
        """Show these lines; rows that stay are only told to have changed, so that choice and place stay too."""
        wanted = {line.id for line in lines}
        known = {line.id for line in self._lines}
        if not wanted & known:
            self.beginResetModel()
            self._lines = list(lines)
            self.endResetModel()
            return
        self._remove([row for row, line in enumerate(self._lines) if line.id not in wanted])
        self._insert(lines, [row for row, line in enumerate(lines) if line.id not in known])
        for row, line in enumerate(lines):
            if self._lines[row] != line:
                self._lines[row] = line
                index = self.index(row)
                self.dataChanged.emit(index, index)

    def row_of(self, event_id: int) -> int | None:
        """The row of an event, or None."""
        return next((row for row, line in enumerate(self._lines) if line.id == event_id), None)

    def picture(self, line: EventLine) -> QImage | None:
        """The thumbnail; None: there is none, or it has just been asked for."""
        if not line.picture:
            return None
        if line.picture in self._pictures:
            self._pictures.move_to_end(line.picture)
            return self._pictures[line.picture]
        self._keep(line.picture, None)
        self.picture_wanted.emit(line.picture)
        return None

    def set_picture(self, picture: str, image: QImage) -> None:
        """Take a thumbnail in; a null image: it can't be read."""
        self._keep(picture, None if image.isNull() else image)
        for row, line in enumerate(self._lines):
            if line.picture == picture:
                self.dataChanged.emit(self.index(row), self.index(row))

    def _keep(self, picture: str, image: QImage | None) -> None:
        self._pictures[picture] = image
        self._pictures.move_to_end(picture)
        while len(self._pictures) > PICTURES:
            self._pictures.popitem(last=False)

    def _remove(self, rows: list[int]) -> None:
        for first, last in reversed(_runs(rows)):
            self.beginRemoveRows(QModelIndex(), first, last)
            del self._lines[first : last + 1]
            self.endRemoveRows()

    def _insert(self, lines: Sequence[EventLine], rows: list[int]) -> None:
        for first, last in _runs(rows):
            self.beginInsertRows(QModelIndex(), first, last)
            self._lines[first:first] = lines[first : last + 1]
            self.endInsertRows()


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Rising numbers as (first, last) of those without holes."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and runs[-1][1] == row - 1:
            runs[-1] = runs[-1][0], row
        else:
            runs.append((row, row))
    return runs
