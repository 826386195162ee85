"""A table whose cells have two lines: what matters, and small below it what goes with it; with a shape and a sparkline.

Everything is drawn by hand, so that a second's new figures cost next to nothing; each cell says all of it to assistive
technology and in its tooltip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from widgets.shapes import Shape, draw_shape
from widgets.sparkline import draw_sparkline
from widgets.theme import font, px, tokens

ROW_PX = 42
_CELL = Qt.ItemDataRole.UserRole
_KEY = Qt.ItemDataRole.UserRole + 1
_PAD, _SHAPE, _SPARK, _STRETCHED = 8, 10, 54, 150
Index = QModelIndex | QPersistentModelIndex
Level = Literal["", "needs you", "stopped"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        words: above it.
        tip: what it means.
        width: pixels at a text scale of 1.
        stretch: takes the room that is left.
        right: figures, which stand at the right.
        spare: goes where there is little room; the first of them goes last.
    """

    words: str
    tip: str = ""
    width: int = 90
    stretch: bool = False
    right: bool = False
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        text: its first line.
        small: its second line.
        shape: drawn before the first line; None: nothing.
        level: how badly it needs a person; decides the colour of shape and first line.
        strong: the first line is set off.
        quiet: the first line is of lesser weight.
        spark: values over time, drawn at the left of the cell.
        tip: more than there is room for; the two lines where it is empty.
    """

    text: str = ""
    small: str = ""
    shape: Shape | None = None
    level: Level = ""
    strong: bool = False
    quiet: bool = False
    spark: tuple[float, ...] = ()
    tip: str = ""

    @property
    def words(self) -> str:
        """All of it in one line."""
        return ", ".join(filter(None, (self.text, self.small)))


class TwoLineTable(QTreeWidget):
    """Rows of cells.

    Args:
        name: what the table is, for assistive technology.
        columns: from left to right.

    Signals:
        wanted: key of the row that somebody wants to open (Enter, double click).
        chosen_changed: key of the row that is chosen now; empty: none.
        menu_wanted: a place in the viewport, where somebody asked for the menu.
    """

    wanted = Signal(str)
    chosen_changed = Signal(str)
    menu_wanted = Signal(object)

    def __init__(self, name: str, columns: Sequence[Column], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._quiet = False
        self.setAccessibleName(name)
        self.setHeaderLabels([column.words for column in columns])
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(_Lines(self, self._columns))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._want_menu)
        header = self.header()
        header.setSectionsMovable(False)
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(px(24))
        for number, column in enumerate(columns):
            self.headerItem().setToolTip(number, column.tip or column.words)
            if column.right:
                self.headerItem().setTextAlignment(number, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            mode = QHeaderView.ResizeMode.Stretch if column.stretch else QHeaderView.ResizeMode.Fixed
            header.setSectionResizeMode(number, mode)
        self._fit()
        self.itemActivated.connect(lambda item, _column: self.wanted.emit(str(item.data(0, _KEY))))
        self.currentItemChanged.connect(lambda _now, _before: self._tell())

    @property
    def chosen(self) -> str:
        """Key of the chosen row; empty: none."""
        item = self.currentItem()
        return str(item.data(0, _KEY)) if item is not None else ""

    @property
    def keys(self) -> list[str]:
        """Keys of the rows, from top to bottom."""
        return [str(item.data(0, _KEY)) for item in self._items()]

    def cell(self, key: str, column: int) -> Cell:
        """One cell as it is shown.

        Raises:
            KeyError: there is no such row.
        """
        for item in self._items():
            if item.data(0, _KEY) == key:
                cell: Cell = item.data(column, _CELL)
                return cell
        raise KeyError(key)

    def show_rows(self, rows: Sequence[tuple[str, Sequence[Cell]]]) -> None:
        """Show rows: (key, cells). What was chosen stays chosen; else the first is."""
        before = self.chosen
        self._quiet = True
        if [key for key, _cells in rows] != self.keys:
            self.clear()
            for key, _cells in rows:
                item = QTreeWidgetItem()
                item.setData(0, _KEY, key)
                self.addTopLevelItem(item)
            if rows:
                self.choose(before if before in self.keys else rows[0][0])
        for item, (_key, cells) in zip(self._items(), rows, strict=True):
            for column, cell in enumerate(cells):
                if item.data(column, _CELL) != cell:
                    self._fill(item, column, cell)
        self._quiet = False
        if self.chosen != before:
            self._tell()

    def choose(self, key: str) -> None:
        """Choose a row; one that is not there changes nothing."""
        for item in self._items():
            if item.data(0, _KEY) == key:
                self.setCurrentItem(item)

    def height_for(self, rows: int) -> int:
        """Pixels that so many rows take, with what is above them."""
        return self.header().sizeHint().height() + rows * px(ROW_PX) + 2 * self.frameWidth() + px(2)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Measure anew: before, it had no theme."""
        super().showEvent(event)
        self._fit()
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Make use of the room."""
        super().resizeEvent(event)
        self._make_room()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Follow theme and text scale."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange}:
            self._fit()
            self._make_room()
            self.scheduleDelayedItemsLayout()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Letters are not searched for: they may be actions."""
        if event.text().isprintable() and event.text().strip() and not event.modifiers():
            event.ignore()
            return
        super().keyPressEvent(event)

    def _want_menu(self, at: QPoint) -> None:
        self.menu_wanted.emit(at)

    def _items(self) -> list[QTreeWidgetItem]:
        items = (self.topLevelItem(row) for row in range(self.topLevelItemCount()))
        return [item for item in items if item is not None]

    def _fill(self, item: QTreeWidgetItem, column: int, cell: Cell) -> None:
        item.setData(column, _CELL, cell)
        item.setData(column, Qt.ItemDataRole.AccessibleTextRole, f"{self._columns[column].words}: {cell.words}")
        item.setToolTip(column, cell.tip or cell.words)

    def _fit(self) -> None:
        """Columns as wide as their words at the text scale in use."""
        header = self.header()
        header.ensurePolished()  # or its words are measured without what the theme puts around them
        header.setMinimumSectionSize(px(24))
        for number, column in enumerate(self._columns):
            if not column.stretch:
                header.resizeSection(number, max(px(column.width), header.sectionSizeHint(number)))

    def _make_room(self) -> None:
        """Leave out what can be spared, as long as the columns that stretch are too narrow."""
        header, room = self.header(), self.viewport().width()
        wants = [
            px(_STRETCHED) if column.stretch else max(px(column.width), header.sectionSizeHint(number))
            for number, column in enumerate(self._columns)
        ]
        total = sum(wants)
        for number in reversed([n for n, column in enumerate(self._columns) if column.spare]):
            over = total > room
            self.setColumnHidden(number, over)
            total -= wants[number] if over else 0

    def _tell(self) -> None:
        if not self._quiet:
            self.chosen_changed.emit(self.chosen)


class _Lines(QStyledItemDelegate):
    """Draws a cell."""

    def __init__(self, parent: QWidget, columns: tuple[Column, ...]) -> None:
        super().__init__(parent)
        self._columns = columns

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802  # Qt's name
        return QSize(px(60), px(ROW_PX))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look, area, cell = tokens(), QRect(option.rect), index.data(_CELL)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(look.line))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(look.raised))
        if index.row():
            painter.fillRect(QRect(area.left(), area.top(), area.width(), 1), QColor(look.line))
        if not isinstance(cell, Cell):
            return
        painter.save()
        room = area.adjusted(px(_PAD), px(3), -px(_PAD), -px(3))
        if cell.spark:
            draw_sparkline(
                painter, QRect(room.left(), room.top() + px(4), px(_SPARK), room.height() - px(8)), cell.spark
            )
            room.setLeft(room.left() + px(_SPARK + 8))
        right = self._columns[index.column()].right
        self._lines(painter, room, cell, right=right)
        painter.restore()

    def _lines(self, painter: QPainter, room: QRect, cell: Cell, *, right: bool) -> None:
        look = tokens()
        level = {"needs you": look.needs_you, "stopped": look.stopped}.get(cell.level)
        letters = font(13, 600 if cell.strong or cell.level else 400)
        first, second = QRect(room), QRect(room)
        if cell.small:
            first.setHeight(room.height() // 2)
            second.setTop(first.bottom() + 1)
        if cell.shape is not None:
            side = px(_SHAPE)
            draw_shape(
                painter, QRect(room.left(), first.center().y() - side // 2, side, side), cell.shape,
                QColor(level or look.dim),
            )  # fmt: skip
            first.setLeft(first.left() + side + px(6))
            second.setLeft(first.left())
        side_flag = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        flags = side_flag | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        colour = level or (look.dim if cell.quiet else look.text)
        for area, words, made, ink in ((first, cell.text, letters, colour), (second, cell.small, font(12), look.dim)):
            if words:
                painter.setFont(made)
                painter.setPen(QColor(ink))
                cut = QFontMetrics(made).elidedText(words, Qt.TextElideMode.ElideRight, area.width())
                painter.drawText(area, flags, cut)
