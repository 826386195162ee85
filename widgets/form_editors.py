"""Editors for the fields of a form: one for each kind of value, none of which changes by a wheel in passing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from widgets.icons import icon
from widgets.theme import px, tokens

Kind = Literal["text", "password", "choice", "suggest", "whole", "number", "flag", "words"]


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """What a field is.

    Attributes:
        key: how its owner calls it.
        label: its name on screen.
        help: what it is for, one or two sentences; may be empty.
        kind: text; password: hidden; choice: one of `choices`; suggest: text with `choices` to pick from; whole and
            number: figures; flag: on or off; words: several texts with commas between them.
        default: what counts where nothing is set.
        choices: (value, words) pairs.
        limits: which values it takes, in words; may be empty.
        unit: stands after the editor; may be empty.
        optional: may be left empty, which is None.
        placeholder: stands in an empty editor.
    """

    key: str
    label: str
    help: str = ""
    kind: Kind = "text"
    default: Any = ""
    choices: tuple[tuple[Any, str], ...] = ()
    limits: str = ""
    unit: str = ""
    optional: bool = False
    placeholder: str = ""


_Editor = tuple[QWidget, Callable[[], Any], Callable[[Any], None]]
_Tell = Callable[[], None]


def make_editor(spec: FieldSpec, finish: _Tell, typed: _Tell) -> _Editor:
    """An editor: its widget, what reads its value, what writes one.

    Args:
        spec: what is edited.
        finish: called when a change is complete: Enter, another field, a choice.
        typed: called at every key.
    """
    return _EDITORS[spec.kind](spec, finish, typed)


def _line(spec: FieldSpec, finish: _Tell, typed: _Tell) -> QLineEdit:
    line = QLineEdit(placeholderText=spec.placeholder)
    line.editingFinished.connect(finish)
    line.textEdited.connect(typed)
    return line


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _text_editor(spec: FieldSpec, finish: _Tell, typed: _Tell) -> _Editor:
    line = _line(spec, finish, typed)
    empty = None if spec.optional else ""
    return line, lambda: line.text().strip() or empty, lambda value: line.setText(_text(value))


def _password_editor(spec: FieldSpec, finish: _Tell, typed: _Tell) -> _Editor:
    line = _line(spec, finish, typed)
    line.setEchoMode(QLineEdit.EchoMode.Password)
    return line, line.text, lambda value: line.setText(_text(value))


def _words_editor(spec: FieldSpec, finish: _Tell, typed: _Tell) -> _Editor:
    line = _line(spec, finish, typed)

    def words() -> tuple[str, ...]:
        return tuple(filter(None, (word.strip() for word in line.text().split(","))))

    return line, words, lambda value: line.setText(_text(value))


def _number_editor(spec: FieldSpec, finish: _Tell, typed: _Tell) -> _Editor:
    line = _line(spec, finish, typed)
    line.setMaximumWidth(px(140))

    def number() -> Any:
        text = line.text().strip().replace(",", ".")
        if not text:
            return None if spec.optional else ""
        try:
            return int(text) if spec.kind == "whole" else float(text)
        except ValueError:
            return line.text().strip()

    return line, number, lambda value: line.setText(_text(value))


class Check(QCheckBox):
    """On or off, its box visible in both themes whether it is on or not."""

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """The box, the tick, the words."""
        now, side = tokens(), px(16)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = (self.height() - side) // 2
        painter.setPen(QColor(now.accent if self.hasFocus() else now.faint))
        painter.setBrush(QColor(now.raised))
        painter.drawRoundedRect(QRectF(0.5, top + 0.5, side - 1, side - 1), 3, 3)
        if self.isChecked():
            icon("check", None if self.isEnabled() else now.faint).paint(painter, 1, top + 1, side - 2, side - 2)
        painter.setPen(QColor(now.text if self.isEnabled() else now.faint))
        room = self.rect().adjusted(side + px(8), 0, 0, 0)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextShowMnemonic, self.text())
        painter.end()

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """Room for box and words."""
        words = self.fontMetrics().boundingRect(self.text()).width() + px(12)
        return QSize(px(24) + words, max(px(24), self.fontMetrics().height() + px(4)))

    def minimumSizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """The same: words are never cut."""
        return self.sizeHint()

    def hitButton(self, pos: QPoint) -> bool:  # noqa: N802  # Qt's name
        """Box and words take a click."""
        return self.rect().contains(pos)


def _box(*, editable: bool) -> QComboBox:
    box = QComboBox(editable=editable)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    return box


def _choice_editor(spec: FieldSpec, finish: _Tell, _typed: _Tell) -> _Editor:
    box = _box(editable=False)
    values = [value for value, _words in spec.choices]
    for value, words in spec.choices:
        box.addItem(words, value)
    box.setMinimumContentsLength(min(max((len(words) for _value, words in spec.choices), default=8), 16))
    box.activated.connect(finish)

    def read() -> Any:
        return values[box.currentIndex()] if box.currentIndex() >= 0 else None

    return box, read, lambda value: box.setCurrentIndex(values.index(value) if value in values else -1)


def _suggest_editor(spec: FieldSpec, finish: _Tell, typed: _Tell) -> _Editor:
    box = _box(editable=True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    for value, _words in spec.choices:
        box.addItem(str(value))
    if (line := box.lineEdit()) is not None:
        line.setPlaceholderText(spec.placeholder)
        line.setAccessibleName(spec.label)
        line.editingFinished.connect(finish)
        line.textEdited.connect(typed)
    box.activated.connect(finish)
    empty = None if spec.optional else ""
    return box, lambda: box.currentText().strip() or empty, lambda value: box.setCurrentText(_text(value))


def _flag_editor(spec: FieldSpec, finish: _Tell, _typed: _Tell) -> _Editor:
    check = Check(spec.label)
    check.toggled.connect(finish)
    return check, check.isChecked, lambda value: check.setChecked(bool(value))


_EDITORS: dict[Kind, Callable[[FieldSpec, _Tell, _Tell], _Editor]] = {
    "text": _text_editor,
    "password": _password_editor,
    "choice": _choice_editor,
    "suggest": _suggest_editor,
    "whole": _number_editor,
    "number": _number_editor,
    "flag": _flag_editor,
    "words": _words_editor,
}
