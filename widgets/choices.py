"""Classes to choose from: nine by digit, all of them by typing a few letters, or a new one by its whole name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from models.words import _
from widgets.cut_label import CutLabel
from widgets.theme import font, px, tokens

DIGITS = 9
_SHOWN = 9
_ROW_PX = 24
_LABEL, _DIGIT, _COUNT, _NEW = (Qt.ItemDataRole.UserRole + number for number in range(4))
Index = QModelIndex | QPersistentModelIndex
_OWN_KEYS = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Up, Qt.Key.Key_Down}


def matching(labels: Sequence[str], typed: str) -> list[str]:
    """Labels that fit what was typed: those that begin with it, then those of which a word does, then all with it."""
    wanted = typed.strip().casefold()
    if not wanted:
        return list(labels)

    def rank(label: str) -> int:
        name = label.casefold()
        if name.startswith(wanted):
            return 0
        return 1 if any(word.startswith(wanted) for word in name.split()) else 2

    return sorted((label for label in labels if wanted in label.casefold()), key=rank)


class Choices(QWidget):
    """The classes, the most used with a digit each.

    Signals:
        picked: the class an operator chose.
        left: he has gone back without choosing.
    """

    picked = Signal(str)
    left = Signal()

    def __init__(self, title: str, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: tuple[str, ...] = ()
        self._counts: Mapping[str, int] = {}
        self._title, self._hint = CutLabel(title), CutLabel(hint)
        self._title.setProperty("role", "heading")
        self._hint.setProperty("role", "small")
        self.field = _Field()
        self.field.setPlaceholderText(_("another class"))
        self.field.setAccessibleName(_("Class, a few letters of it"))
        self.field.textChanged.connect(lambda _text: self._fill())
        self.field.key.connect(self._key)
        self.list = QListWidget()
        self.list.setAccessibleName(title)
        self.list.setItemDelegate(_Line(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its keys are the field's
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setStyleSheet("QListWidget { background: transparent; border: none; } ::item { padding: 0; }")
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.list.itemClicked.connect(self._take)
        top = QHBoxLayout()
        self._hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        top.addWidget(self._title, 3)
        top.addWidget(self._hint, 2)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(px(6))
        whole.addLayout(top)
        whole.addWidget(self.list)
        whole.addWidget(self.field)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of their digits."""
        return self._labels

    def set_labels(self, labels: Sequence[str], counts: Mapping[str, int] | None = None) -> None:
        """Offer these; the first nine have a digit. `counts`: shown at their ends."""
        counts = dict(counts or {})
        if (tuple(labels), counts) != (self._labels, self._counts):
            self._labels, self._counts = tuple(labels), counts
            self._fill()

    def digit(self, number: int) -> str:
        """The class of a digit, 1 to 9; empty: it has none."""
        return self._labels[number - 1] if 0 < number <= min(len(self._labels), DIGITS) else ""

    def begin(self, letters: str = "") -> None:
        """Let somebody type, beginning with these letters."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.setText(letters)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Follow the text scale."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.StyleChange, QEvent.Type.FontChange}:
            self._fit()

    def _fill(self) -> None:
        typed = self.field.text().strip()
        found = matching(self._labels, typed)
        self.list.clear()
        for label in found:
            number = self._labels.index(label) + 1
            self._add(label, str(number) if number <= DIGITS and not typed else "", self._counts.get(label))
        if typed and typed.casefold() not in {label.casefold() for label in self._labels}:
            self._add(typed, "", None, new=True)
        if typed and self.list.count():
            self.list.setCurrentRow(0)
        self._fit()

    def _add(self, label: str, digit: str, count: int | None, *, new: bool = False) -> None:
        item = QListWidgetItem(label)
        for role, value in ((_LABEL, label), (_DIGIT, digit), (_COUNT, count), (_NEW, new)):
            item.setData(role, value)
        words = _("new class: {name}").format(name=label) if new else label
        item.setToolTip(words)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{digit} {words}".strip())
        self.list.addItem(item)

    def _fit(self) -> None:
        rows = min(max(len(self._labels), 1), _SHOWN)
        self.list.setFixedHeight(rows * px(_ROW_PX))
        self.list.scheduleDelayedItemsLayout()

    def _key(self, key: int) -> None:
        count = self.list.count()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and count:
            step = 1 if key == Qt.Key.Key_Down else -1
            self.list.setCurrentRow((self.list.currentRow() + step) % count)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(self.list.currentItem())
        elif key == Qt.Key.Key_Escape:
            self.field.clear()
            self.left.emit()

    def _take(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        label = str(item.data(_LABEL))
        self.field.clear()
        self.list.setCurrentRow(-1)
        self.picked.emit(label)


class _Field(QLineEdit):
    """Keeps the keys that belong to the list: elsewhere they are verdicts."""

    key = Signal(int)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.key() in _OWN_KEYS and not event.modifiers() & _HELD:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.key.emit(event.key())
                return True
        return super().event(event)


_HELD = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


class _Line(QStyledItemDelegate):
    """A digit in a frame, the class, how many there were."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802  # Qt's name
        return QSize(px(80), px(_ROW_PX))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        t, area = tokens(), QRect(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            painter.setPen(QPen(QColor(t.accent), 1) if chosen else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.raised))
            painter.drawRoundedRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        digit, count = str(index.data(_DIGIT)), index.data(_COUNT)
        frame = QRect(area.left() + px(2), area.center().y() - px(8), px(20), px(17))
        if digit:
            painter.setPen(QPen(QColor(t.line).lighter(130) if t.dark else QColor(t.line), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(frame).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            painter.setPen(QColor(t.dim))
            painter.setFont(font(11))
            painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, digit)
        words = str(index.data(_LABEL))
        words = _("new class: {name}").format(name=words) if index.data(_NEW) else words
        number = "" if count is None else str(count)
        letters = font(12)
        width = QFontMetrics(letters).horizontalAdvance(number) + px(6)
        left = frame.right() + px(9)
        room = QRect(left, area.top(), area.right() - width - left, area.height())
        painter.setFont(letters)
        painter.setPen(QColor(t.dim))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(area.adjusted(0, 0, -px(2), 0), right, number)
        painter.setFont(font(13))
        painter.setPen(QColor(t.text))
        cut = QFontMetrics(font(13)).elidedText(words, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, cut)
        painter.restore()
