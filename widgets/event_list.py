"""The list of events: a thumbnail, what and where, which track and when, and whether somebody has seen to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from models.words import _
from widgets.theme import RADIUS, font, px, tokens

PICTURE_PX = (64, 48)
ROW_PX, GAP_PX = 60, 4

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class EventItem:
    """One line of the list.

    Attributes:
        id: the event's.
        title: what and where: "Person, Yard east".
        detail: which and when: "track 118, 21:13:58".
        seen_by: who acknowledged it; empty: it is new.
        alarm: its rule sounds the alarm.
        picture: its thumbnail, or None.
        why: why it has none; empty while it is being made.
    """

    id: int
    title: str
    detail: str
    seen_by: str = ""
    alarm: bool = False
    picture: QImage | None = None
    why: str = ""

    @property
    def mark(self) -> tuple[str, str]:
        """The words at its end, and the token of their colour."""
        if self.seen_by:
            return f"✓ {self.seen_by}", "dim"
        return (f"▲ {_('alarm')}", "needs_you") if self.alarm else (f"● {_('new')}", "accent")

    @property
    def words(self) -> str:
        """All of it in one sentence, for assistive technology and the tooltip."""
        state = _("acknowledged by {name}").format(name=self.seen_by) if self.seen_by else self.mark[0][2:]
        return ", ".join(filter(None, [self.title, self.detail, state, self.why]))


class _Items(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.items: list[EventItem] = []

    def rowCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: N802, B008  # Qt's signature
        return len(self.items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        item = self.items[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return item.title
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return item.words
        return item if role == Qt.ItemDataRole.UserRole else None

    def take(self, items: Sequence[EventItem]) -> int:
        """Show these; how many came in at the front where nothing else changed its place, else -1."""
        before = [item.id for item in self.items]
        fresh = [item.id for item in items]
        at = fresh.index(before[0]) if before and before[0] in fresh else -1
        kept = len(fresh) - at
        if at < 0 or fresh[at:] != before[:kept]:
            self.beginResetModel()
            self.items = list(items)
            self.endResetModel()
            return -1
        if kept < len(before):
            self.beginRemoveRows(QModelIndex(), kept, len(before) - 1)
            del self.items[kept:]
            self.endRemoveRows()
        if at:
            self.beginInsertRows(QModelIndex(), 0, at - 1)
            self.items[:0] = items[:at]
            self.endInsertRows()
        for row in range(at, len(fresh)):
            if self.items[row] != items[row]:
                self.items[row] = items[row]
                self.dataChanged.emit(self.index(row), self.index(row))
        return at


class EventList(QListView):
    """Events, newest on top. Choosing one by key or mouse picks it.

    Signals:
        picked: the id of the event an operator chose.
        more_wanted: the end of the list is near.
    """

    picked = Signal(int)
    more_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(_("Events"))
        self._items = _Items(self)
        self._quiet = False
        self._empty = ""
        self.setModel(self._items)
        self.setItemDelegate(_Line(self))
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QListView.SelectionMode.SingleSelection)
        self.setUniformItemSizes(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setViewportMargins(px(4), px(4), px(2), 0)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.selectionModel().currentChanged.connect(self._choose)

    @property
    def items(self) -> list[EventItem]:
        """What is listed, newest first."""
        return list(self._items.items)

    @property
    def chosen(self) -> int:
        """The chosen event's id, or 0."""
        index = self.currentIndex()
        return self._items.items[index.row()].id if index.isValid() else 0

    def set_items(self, items: Sequence[EventItem]) -> None:
        """Show these, newest first; what was chosen stays chosen, and what is looked at stays in its place."""
        chosen, bar = self.chosen, self.verticalScrollBar()
        at = bar.value()
        self._quiet = True
        came = self._items.take(items)
        if came < 0 and chosen:
            self._go_to(chosen)
        self._quiet = False
        if at > 0:
            self.doItemsLayout()
            bar.setValue(at + max(came, 0) * px(ROW_PX + GAP_PX))
        self.viewport().update()

    def set_empty(self, words: str) -> None:
        """What stands here while nothing is listed."""
        self._empty = words
        self.setAccessibleDescription(words)
        self.viewport().update()

    def choose(self, event_id: int) -> None:
        """Choose an event as if an operator had; one that is not listed changes nothing."""
        self._go_to(event_id)

    def step(self, rows: int) -> None:
        """Choose the event so many lines further down; the first when none is chosen."""
        if count := len(self._items.items):
            now = self.currentIndex().row() if self.currentIndex().isValid() else -1
            row = 0 if now < 0 else min(max(now + rows, 0), count - 1)
            self.setCurrentIndex(self._items.index(row))

    def next_new(self) -> int:
        """The id of the next event nobody has acknowledged, down from the chosen one, then up; 0: there is none."""
        now = self.currentIndex().row()
        items = self._items.items
        rows = [*range(now + 1, len(items)), *range(now - 1, -1, -1)]
        return next((items[row].id for row in rows if not items[row].seen_by), 0)

    def paintEvent(self, event: object) -> None:  # noqa: N802
        """The list, or the words for an empty one."""
        super().paintEvent(event)  # type: ignore[arg-type]
        if not self._items.items and self._empty:
            painter = QPainter(self.viewport())
            painter.setPen(QColor(tokens().dim))
            painter.setFont(font())
            area = self.viewport().rect().adjusted(px(12), px(12), -px(12), -px(12))
            painter.drawText(area, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, self._empty)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow theme and text scale."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange}:
            self.scheduleDelayedItemsLayout()

    def _go_to(self, event_id: int) -> None:
        for row, item in enumerate(self._items.items):
            if item.id == event_id:
                self.setCurrentIndex(self._items.index(row))
                return

    def _choose(self, index: QModelIndex) -> None:
        if not self._quiet and index.isValid():
            self.picked.emit(self._items.items[index.row()].id)

    def _scrolled(self, value: int) -> None:
        if self._items.items and value >= self.verticalScrollBar().maximum() - px(ROW_PX):
            self.more_wanted.emit()


class _Line(QStyledItemDelegate):
    """Paints one event."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802
        return QSize(px(200), px(ROW_PX + GAP_PX))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        item: EventItem = index.data(Qt.ItemDataRole.UserRole)
        t = tokens()
        state: QStyle.StateFlag = option.state
        area: QRect = option.rect.adjusted(0, 0, -1, -px(GAP_PX))
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hover = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.setPen(QPen(QColor(t.accent if chosen else t.faint if hover else t.line), px(2) if chosen else 1))
        painter.setBrush(QColor(t.raised))
        painter.drawRoundedRect(QRectF(area).adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        left = area.left() + px(6)
        wide, high = (px(side) for side in PICTURE_PX)
        _paint_picture(painter, item, QRect(left, area.center().y() - high // 2, wide, high))
        left += wide + px(8)
        room = QRect(left, area.top() + px(6), area.right() - px(8) - left, area.height() - px(12))
        _paint_words(painter, item, room)
        painter.restore()


def _paint_picture(painter: QPainter, item: EventItem, area: QRect) -> None:
    t = tokens()
    painter.fillRect(area, QColor(t.ground))
    if item.picture is not None:
        ratio = painter.device().devicePixelRatio()
        sharp = Qt.TransformationMode.SmoothTransformation
        drawn = item.picture.scaled(area.size() * ratio, Qt.AspectRatioMode.KeepAspectRatio, sharp)
        wide, high = round(drawn.width() / ratio), round(drawn.height() / ratio)
        place = QRect(area.center().x() - wide // 2 + 1, area.center().y() - high // 2 + 1, wide, high)
        painter.drawImage(place.intersected(area), drawn)
        return
    painter.setPen(QColor(t.dim))
    painter.setFont(font(10))
    words = _("no picture") if item.why else "..."
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, words)


def _paint_words(painter: QPainter, item: EventItem, room: QRect) -> None:
    """Title over detail, the mark at the end of the lower line; a title too long is cut."""
    t = tokens()
    half = room.height() // 2
    upper = QRect(room.left(), room.top(), room.width(), half)
    lower = QRect(room.left(), room.top() + half, room.width(), room.height() - half)
    _line(painter, item.title, upper, font(13, 400 if item.seen_by else 600), t.dim if item.seen_by else t.text)
    mark, colour = item.mark
    letters = font(11, 400 if item.seen_by else 600)
    metrics = QFontMetrics(letters)
    detail = QFontMetrics(font(12)).horizontalAdvance(item.detail)
    most = max(room.width() - detail - px(8), room.width() // 2)  # the detail is cut before the mark is
    width = min(metrics.horizontalAdvance(mark) + 1, most)
    end = QRect(room.right() - width, lower.top(), width, lower.height())
    _line(painter, mark, end, letters, str(getattr(t, colour)))
    _line(painter, item.detail, lower.adjusted(0, 0, -width - px(8), 0), font(12), t.dim)


def _line(painter: QPainter, words: str, area: QRect, letters: QFont, colour: str) -> None:
    painter.setFont(letters)
    painter.setPen(QColor(colour))
    cut = QFontMetrics(letters).elidedText(words, Qt.TextElideMode.ElideRight, area.width() + 1)
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, cut)
