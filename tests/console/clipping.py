"""Finds what is cut on a screen: words without room, widgets outside their places, parts that lie over each other."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QCoreApplication, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListWidget,
    QScrollArea,
    QScrollBar,
    QSplitterHandle,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QTreeWidget,
    QWidget,
)

from widgets.figure import Figure
from widgets.key_button import KeyButton
from widgets.tile import CameraTile

_ROUNDS = 12
_SLACK = 1
"""Pixels that rounding at a fractional scale may take."""


def faults(window: QWidget) -> list[str]:
    """Everything in `window` that can't be seen whole, in words that name it; empty when all is well.

    A text that is cut on purpose is none where its tooltip has the whole of it.
    """
    for _round in range(_ROUNDS):  # figures may have changed a moment ago: their new places first
        QCoreApplication.sendPostedEvents()
    found = [_named(window, "reaches beyond the screen")] if _beyond_screen(window) else []
    for widget in [window, *window.findChildren(QWidget)]:
        if widget.window() is not window or not widget.isVisible() or _is_inner(widget):
            continue
        found += [_named(widget, words) for words in _judge(widget)]
    return found


def _judge(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, QLabel):
        yield from _label(widget)
    elif isinstance(widget, QAbstractButton):
        yield from _button(widget)
    elif isinstance(widget, QComboBox):
        yield from _combo(widget)
    elif isinstance(widget, QLineEdit):
        yield from _placeholder(widget)
    elif isinstance(widget, QTabBar):
        yield from _tabs(widget)
    elif isinstance(widget, QHeaderView):
        yield from _header(widget)
    elif isinstance(widget, (QListWidget, QTreeWidget)):
        yield from _items(widget)
    elif isinstance(widget, QAbstractSpinBox) and widget.width() < widget.minimumSizeHint().width():
        yield f"is {widget.width()} wide and needs {widget.minimumSizeHint().width()}"
    yield from _placed(widget)
    yield from _overlaps(widget)


def _label(label: QLabel) -> Iterator[str]:
    words = label.text()
    if not words or isinstance(label, Figure):  # a Figure cuts itself and says the whole in its tooltip
        return
    if label.wordWrap():
        needs = label.heightForWidth(label.width())
        if needs > label.height() + _SLACK:
            yield f"is {label.height()} high and needs {needs}"
        room = label.contentsRect().width()
        longest = max((QFontMetrics(label.font()).horizontalAdvance(word) for word in words.split()), default=0)
        if longest > room + _SLACK and words not in label.toolTip():
            yield f"has a word of {longest} in a room of {room}"
        return
    wanted = label.sizeHint()
    if wanted.width() > label.width() + _SLACK and words not in label.toolTip():
        yield f"is {label.width()} wide and needs {wanted.width()}"
    if wanted.height() > label.height() + _SLACK:
        yield f"is {label.height()} high and needs {wanted.height()}"


def _button(button: QAbstractButton) -> Iterator[str]:
    wanted = button.sizeHint()
    hint = button.toolTip() or (button.parentWidget().toolTip() if button.parentWidget() else "")
    told = bool(button.text()) and button.text() in hint and not isinstance(button, KeyButton)  # one is never to be cut
    if wanted.width() > button.width() + _SLACK and not told:
        yield f"is {button.width()} wide and needs {wanted.width()}"
    if wanted.height() > button.height() + _SLACK:
        yield f"is {button.height()} high and needs {wanted.height()}"
    if not button.text() and not isinstance(button, QCheckBox) and not button.toolTip() and not _inside_a_field(button):
        yield "has no words and no tooltip"


def _combo(box: QComboBox) -> Iterator[str]:
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    part = QStyle.SubControl.SC_ComboBoxEditField
    room = box.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, box).width()
    needs = QFontMetrics(box.font()).horizontalAdvance(box.currentText())
    if not box.isEditable() and needs > room + _SLACK and box.currentText() not in box.toolTip():
        yield f"shows {box.currentText()!r} of {needs} in a room of {room}"


def _placeholder(line: QLineEdit) -> Iterator[str]:
    words = line.placeholderText()
    margins = line.textMargins()
    room = line.contentsRect().width() - margins.left() - margins.right() - 4  # QLineEdit's own margins
    needs = QFontMetrics(line.font()).horizontalAdvance(words)
    box = line.parentWidget()
    hint = line.toolTip() or (box.toolTip() if isinstance(box, QComboBox) else "")  # Qt asks the parent for it
    if words and not line.text() and needs > room + _SLACK and words not in hint:
        yield f"has the placeholder {words!r} of {needs} in a room of {room}"


def _tabs(bar: QTabBar) -> Iterator[str]:
    metrics = QFontMetrics(bar.font())
    for number in range(bar.count()):
        area = bar.tabRect(number)
        words = bar.tabText(number)
        if not bar.rect().contains(area) or metrics.horizontalAdvance(words.replace("&", "")) > area.width():
            yield f"has no room for its tab {words!r}"


def _header(header: QHeaderView) -> Iterator[str]:
    if header.orientation() is not Qt.Orientation.Horizontal:
        return
    for section in range(header.count()):
        if not header.isSectionHidden(section) and header.sectionSizeHint(section) > header.sectionSize(section):
            words = header.model().headerData(section, Qt.Orientation.Horizontal)
            yield f"has a section {words!r} of {header.sectionSizeHint(section)} in {header.sectionSize(section)}"


def _items(view: QAbstractItemView) -> Iterator[str]:
    """Lines whose words are cut, with no tooltip that has them."""
    model = view.model()
    for row in range(model.rowCount()):
        for column in range(view.columnCount() if isinstance(view, QTreeWidget) else 1):
            index = model.index(row, column)
            area = view.visualRect(index)
            words = str(model.data(index) or "")
            if not words or not area.intersects(view.viewport().rect()):
                continue
            delegate = view.itemDelegateForIndex(index)
            if type(delegate).__module__.startswith("widgets."):
                continue  # paints its line itself and says there what gives way
            room = area.intersected(view.viewport().rect()).width()
            hint = str(model.data(index, Qt.ItemDataRole.ToolTipRole) or "")
            needs = view.sizeHintForIndex(index).width()
            if needs > room + _SLACK and words not in hint:
                yield f"cuts {words!r}: {needs} in {room}"


def _placed(widget: QWidget) -> Iterator[str]:
    """Whether it lies within its parent, as far as that is not a page to be scrolled."""
    parent = widget.parentWidget()
    if widget.isWindow() or parent is None:
        return
    if isinstance(parent.parentWidget(), QAbstractScrollArea) and parent is parent.parentWidget().viewport():
        area = parent.parentWidget()
        scrolled = area.horizontalScrollBarPolicy() is not Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if isinstance(area, QScrollArea) and not scrolled and widget.width() > parent.width() + _SLACK:
            yield f"is {widget.width()} wide in a view of {parent.width()} that does not scroll"
        return
    slack = QRect(parent.rect()).adjusted(-_SLACK, -_SLACK, _SLACK, _SLACK)
    if widget.width() and widget.height() and not slack.contains(widget.geometry()):
        yield f"lies at {_rect(widget.geometry())}, outside its parent's {_rect(parent.rect())}"


def _overlaps(widget: QWidget) -> Iterator[str]:
    """Children of one layout that lie over each other."""
    layout = widget.layout()
    if layout is None:
        return
    managed = [child for child in widget.children() if isinstance(child, QWidget)]
    managed = [w for w in managed if w.isVisible() and layout.indexOf(w) >= 0 and not w.isWindow()]
    for number, one in enumerate(managed):
        for other in managed[number + 1 :]:
            common = one.geometry().intersected(other.geometry())
            if common.width() > _SLACK and common.height() > _SLACK:
                yield f"has {_called(one)} and {_called(other)} over each other"


def _beyond_screen(window: QWidget) -> bool:
    room = screen_of(window)
    return window.isWindow() and (window.width() > room.width() or window.height() > room.height())


def screen_of(window: QWidget) -> QSize:
    """The room on the screen that a window is on."""
    return window.screen().availableGeometry().size()


def _is_inner(widget: QWidget) -> bool:
    """Parts that Qt makes and lays out by itself, and what is painted by hand."""
    inner = (QScrollBar, QSplitterHandle)
    return (
        isinstance(widget, inner)
        or isinstance(widget.parentWidget(), QLineEdit)
        or widget.objectName().startswith("qt_")
        or (isinstance(widget.parentWidget(), CameraTile) and not isinstance(widget, QAbstractButton))
    )


def _inside_a_field(button: QAbstractButton) -> bool:
    return isinstance(button.parentWidget(), (QLineEdit, QTabBar))


def _called(widget: QWidget) -> str:
    words = widget.text() if isinstance(widget, (QLabel, QAbstractButton)) else widget.accessibleName()
    return f"{type(widget).__name__} {words[:40]!r}" if words else type(widget).__name__


def _named(widget: QWidget, words: str) -> str:
    at = widget.mapTo(widget.window(), QPoint(0, 0))
    chain = []
    above = widget.parentWidget()
    while above is not None and len(chain) < 3:
        if type(above).__module__.partition(".")[0] in {"widgets", "console"}:
            chain.append(type(above).__name__)
        above = above.parentWidget()
    return f"{_called(widget)} in {' in '.join(chain) or '-'} at {at.x()},{at.y()} {words}"


def _rect(area: QRect) -> str:
    return f"({area.x()}, {area.y()}, {area.width()}, {area.height()})"
