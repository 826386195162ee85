"""A filmstrip: small pictures one under the other, of which only a stretch is held while thousands may follow.

It asks for more at either end and for the pictures of what is in sight; who reads and decodes them is not its business.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from models.words import _
from widgets.theme import RADIUS, font, px, tokens

PICTURE_PX = (74, 50)
ROW_PX, GAP_PX = 62, 6
WIDTH_PX = 230
_HELD_PICTURES = 400
_HELD_ROWS = 80
_NEAR_ROWS = 12
_SETTLE_MS = 15

Index = QModelIndex | QPersistentModelIndex
End = Literal["front", "back"]
Mark = Literal["", "waits", "kept", "failed"]
"""waits: what was said of it is not on the disk yet; kept: it is; failed: it could not be kept."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of the strip.

    Attributes:
        id: whose.
        title: "person .41".
        detail: "Yard west, flicker".
        mark: what became of it.
        said: what was said of it, in a word or two; empty: nothing yet.
    """

    id: int
    title: str
    detail: str
    mark: Mark = ""
    said: str = ""

    @property
    def sign(self) -> tuple[str, str]:
        """The sign at its end, and the token of its colour."""
        return {"": ("", "dim"), "waits": ("…", "dim"), "kept": ("✓", "dim"), "failed": ("■", "stopped")}[self.mark]

    @property
    def words(self) -> str:
        """All of it in one sentence, for assistive technology and the tooltip."""
        state = {"": "", "waits": _("being kept"), "kept": _("kept"), "failed": _("not kept")}[self.mark]
        return ", ".join(filter(None, [self.title, self.detail, self.said, state]))


class FilmModel(QAbstractListModel):
    """The stretch that is held; pages come and go at its ends."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shots: list[Shot] = []
        self._rows: dict[int, int] = {}

    def rowCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: N802, B008  # Qt's signature
        """How many are held."""
        return len(self.shots)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What is in a row."""
        shot = self.shots[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return shot.title
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return shot.words
        return None

    def row_of(self, shot_id: int) -> int:
        """The row of a shot; -1 where it is not held."""
        return self._rows.get(shot_id, -1)

    def replace_all(self, shots: Sequence[Shot]) -> None:
        """Hold these instead."""
        self.beginResetModel()
        self.shots = list(shots)
        self._count()
        self.endResetModel()

    def add(self, shots: Sequence[Shot], end: End) -> None:
        """Hold more at one end."""
        if not shots:
            return
        at = 0 if end == "front" else len(self.shots)
        self.beginInsertRows(QModelIndex(), at, at + len(shots) - 1)
        self.shots[at:at] = shots
        self._count()
        self.endInsertRows()

    def cut(self, number: int, end: End) -> None:
        """Let go of so many at one end."""
        if number <= 0:
            return
        first = 0 if end == "front" else len(self.shots) - number
        self.beginRemoveRows(QModelIndex(), first, first + number - 1)
        del self.shots[first : first + number]
        self._count()
        self.endRemoveRows()

    def change(self, shot: Shot) -> None:
        """Show this for the one of the same id."""
        row = self.row_of(shot.id)
        if row >= 0 and self.shots[row] != shot:
            self.shots[row] = shot
            self.dataChanged.emit(self.index(row), self.index(row))

    def _count(self) -> None:
        self._rows = {shot.id: row for row, shot in enumerate(self.shots)}


class Film(QListView):
    """The strip. Choosing a picture by key or mouse picks it.

    Signals:
        picked: the id of the shot an operator chose.
        more_wanted: an end ("front", "back") is near.
        pictures_wanted: ids whose pictures are in sight, or nearly, and are not held; those in sight first.
    """

    picked = Signal(int)
    more_wanted = Signal(str)
    pictures_wanted = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(_("What is to be judged"))
        self.film = FilmModel(self)
        self.pictures: OrderedDict[int, QImage] = OrderedDict()
        self._quiet = False
        self.setModel(self.film)
        self.setItemDelegate(_Frame(self))
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QListView.SelectionMode.SingleSelection)
        self.setUniformItemSizes(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setAutoScroll(False)  # it goes where `choose` puts it
        self.viewport().setAutoFillBackground(False)
        self.setStyleSheet("QListView { background: transparent; border: none; } QListView::item { padding: 0; }")
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self._ask)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._settle.start())
        self.selectionModel().currentChanged.connect(self._choose)

    @property
    def shots(self) -> list[Shot]:
        """What is held, from the front."""
        return list(self.film.shots)

    @property
    def chosen(self) -> int:
        """The chosen shot's id; 0: none."""
        index = self.currentIndex()
        return self.film.shots[index.row()].id if index.isValid() else 0

    def show_shots(self, shots: Sequence[Shot], chosen: int = 0) -> None:
        """Show these instead of all others."""
        self._quiet = True
        self.film.replace_all(shots)
        self._quiet = False
        if chosen:
            self.choose(chosen)
        self._settle.start()

    def add(self, shots: Sequence[Shot], end: End) -> None:
        """Show more at an end; what is looked at stays in its place."""
        self._keep_place(lambda: self.film.add(shots, end), len(shots) if end == "front" else 0)

    def cut(self, number: int, end: End) -> None:
        """Let go of so many at an end; what is looked at stays in its place."""
        self._keep_place(lambda: self.film.cut(number, end), -number if end == "front" else 0)

    def choose(self, shot_id: int) -> None:
        """Show which one is meant, without telling anybody, a little below the middle's top."""
        row = self.film.row_of(shot_id)
        if row < 0:
            return
        self._quiet = True
        self.setCurrentIndex(self.film.index(row))
        self._quiet = False
        bar, high = self.verticalScrollBar(), self._pitch()
        lowest = row * high - self.viewport().height() + 3 * high
        bar.setValue(max(min(bar.value(), max((row - 1) * high, 0)), lowest))

    def set_mark(self, shot_id: int, mark: Mark, said: str = "") -> None:
        """Show what became of one."""
        row = self.film.row_of(shot_id)
        if row >= 0:
            self.film.change(replace(self.film.shots[row], mark=mark, said=said))

    def set_picture(self, shot_id: int, picture: QImage) -> None:
        """Show a small picture; a null one: there is none."""
        self.pictures[shot_id] = picture
        while len(self.pictures) > _HELD_PICTURES:
            self.pictures.popitem(last=False)
        row = self.film.row_of(shot_id)
        if row >= 0:
            self.update(self.film.index(row))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Follow theme and text scale."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange}:
            self.scheduleDelayedItemsLayout()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """More may be in sight."""
        super().resizeEvent(event)
        self._settle.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Letters are not searched for: they may be actions."""
        if event.text().strip() and event.text().isprintable() and not event.modifiers():
            event.ignore()
            return
        super().keyPressEvent(event)

    def _pitch(self) -> int:
        return px(ROW_PX) + px(GAP_PX)

    def _keep_place(self, change: object, rows: int) -> None:
        bar = self.verticalScrollBar()
        at = bar.value()
        self._quiet = True
        change()  # type: ignore[operator]
        self._quiet = False
        if rows:
            self.doItemsLayout()
            bar.setValue(max(at + rows * self._pitch(), 0))
        self._settle.start()

    def _choose(self, index: QModelIndex) -> None:
        if not self._quiet and index.isValid():
            self.picked.emit(self.film.shots[index.row()].id)

    def _ask(self) -> None:
        """Ask for pictures of what is in sight, and for more where an end is near."""
        count = len(self.film.shots)
        top = self.verticalScrollBar().value() // self._pitch()
        seen = self.viewport().height() // self._pitch() + 2
        if top < _NEAR_ROWS:
            self.more_wanted.emit("front")
        if top + seen > count - _NEAR_ROWS:
            self.more_wanted.emit("back")
        rows = [*range(top, top + seen), *range(top + seen, top + seen + 6), *range(top - 4, top)]
        ids = [self.film.shots[row].id for row in rows if 0 <= row < count]
        missing = [shot_id for shot_id in ids if shot_id not in self.pictures]
        if missing:
            self.pictures_wanted.emit(missing)


class _Frame(QStyledItemDelegate):
    """Paints one shot."""

    def __init__(self, film: Film) -> None:
        super().__init__(film)
        self._film = film
        self._drawn: OrderedDict[tuple[object, ...], QPixmap] = OrderedDict()

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802  # Qt's name
        """All are alike."""
        return QSize(px(120), px(ROW_PX) + px(GAP_PX))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Copy what was drawn before, or draw it."""
        shot = self._film.film.shots[index.row()]
        state: QStyle.StateFlag = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        hover = bool(state & QStyle.StateFlag.State_MouseOver)
        size, ratio = option.rect.size(), painter.device().devicePixelRatio()
        picture = self._film.pictures.get(shot.id)
        key = (shot, chosen, hover, size.width(), size.height(), ratio, id(tokens()), id(picture))
        drawn = self._drawn.get(key)
        if drawn is None:
            drawn = self._drawn[key] = self._draw(shot, size, ratio, (chosen, hover))
            while len(self._drawn) > _HELD_ROWS:
                self._drawn.popitem(last=False)
        painter.drawPixmap(option.rect.topLeft(), drawn)

    def _draw(self, shot: Shot, size: QSize, ratio: float, how: tuple[bool, bool]) -> QPixmap:
        drawn = QPixmap(size * ratio)
        drawn.setDevicePixelRatio(ratio)
        drawn.fill(Qt.GlobalColor.transparent)
        t, (chosen, hover) = tokens(), how
        area = QRect(0, 0, size.width() - px(2), size.height() - px(GAP_PX))
        painter = QPainter(drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(t.accent if chosen else t.faint if hover else t.line), px(2) if chosen else 1))
        painter.setBrush(QColor(t.raised if chosen else t.panel))
        painter.drawRoundedRect(QRectF(area).adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        left = area.left() + px(6)
        wide, high = (px(side) for side in PICTURE_PX)
        self._paint_picture(painter, shot, QRect(left, area.center().y() - high // 2 + 1, wide, high))
        left += wide + px(9)
        room = QRect(left, area.top() + px(9), area.right() - px(8) - left, area.height() - px(18))
        _paint_words(painter, shot, room)
        painter.end()
        return drawn

    def _paint_picture(self, painter: QPainter, shot: Shot, area: QRect) -> None:
        picture = self._film.pictures.get(shot.id)
        t = tokens()
        if picture is None or picture.isNull():
            painter.fillRect(area, QColor(t.ground))
            painter.setPen(QColor(t.dim))
            painter.setFont(font(10))
            words = "…" if picture is None else _("no picture")
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, words)
            return
        if shot.mark in ("waits", "kept"):
            painter.setOpacity(0.5)
        clip = QPainterPath()
        clip.addRoundedRect(QRectF(area), 3, 3)
        painter.setClipPath(clip)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(area, picture, _middle(picture, area))
        painter.setClipping(False)
        painter.setOpacity(1.0)


def _middle(picture: QImage, area: QRect) -> QRect:
    """The part of a picture that fills `area` without being bent."""
    wide, high = picture.width(), picture.height()
    if wide * area.height() > high * area.width():
        part = high * area.width() // area.height()
        return QRect((wide - part) // 2, 0, part, high)
    part = wide * area.height() // area.width()
    return QRect(0, (high - part) // 2, wide, part)


def _paint_words(painter: QPainter, shot: Shot, room: QRect) -> None:
    """Title over detail, the sign at the end of the upper line; what is too long is cut."""
    t = tokens()
    half = room.height() // 2
    sign, colour = shot.sign
    letters = font(12, 600)
    width = QFontMetrics(letters).horizontalAdvance(sign) + px(4) if sign else 0
    upper = QRect(room.left(), room.top(), room.width() - width, half)
    lower = QRect(room.left(), room.top() + half, room.width(), room.height() - half)
    _line(painter, shot.title, upper, font(13), t.dim if shot.mark in ("waits", "kept") else t.text)
    if sign:
        end = QRect(upper.right() + 1, upper.top(), width, half)
        _line(painter, sign, end, letters, str(getattr(t, colour)), Qt.AlignmentFlag.AlignRight)
    _line(painter, shot.said or shot.detail, lower, font(12), t.dim)


def _line(  # noqa: PLR0917  # a line of letters is all of this
    painter: QPainter,
    words: str,
    area: QRect,
    letters: QFont,
    colour: str,
    side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    painter.setFont(letters)
    painter.setPen(QColor(colour))
    cut = QFontMetrics(letters).elidedText(words, Qt.TextElideMode.ElideRight, area.width() + 1)
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | side | Qt.TextFlag.TextSingleLine, cut)
