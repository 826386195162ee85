"""One setting on screen: its name, its help, an editor that fits it, and beside it why a value won't do."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, QSize, Signal
from PySide6.QtGui import QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from models.words import _
from widgets.form_editors import FieldSpec, make_editor
from widgets.theme import px

_BESIDE = 460


class FieldRow(QWidget):
    """A field with everything around it.

    Args:
        spec: what it is.
        compact: help goes to `helped` and the tool tip instead of standing below the name, and there is no way back to
            the default: for dialogs.
    """

    edited = Signal(str, object)
    """(key, value): the operator has finished a change; the value may be no valid one."""
    typed = Signal(str)
    """(key): something was typed; a change may follow."""
    helped = Signal(str)
    """Help of the field that has got the keyboard."""
    reverted = Signal(str)
    """(key): back to the default."""

    def __init__(self, spec: FieldSpec, *, compact: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spec = spec
        self._compact = compact
        self._row: QBoxLayout | None = None
        self._last: Any = spec.default
        self.label = QLabel(spec.label)
        self.label.setWordWrap(True)
        self._error = QLabel(wordWrap=True)
        self._error.setProperty("role", "stopped")
        self._error.setVisible(False)
        self.editor, self._read, self._write = make_editor(spec, self.finish, self._on_typed)
        self.editor.setAccessibleName(spec.label)
        self._about = " ".join(filter(None, (spec.help, spec.limits)))
        self.editor.setAccessibleDescription(self._about)
        self.editor.installEventFilter(self)
        self.label.setBuddy(self.editor)
        self.revert = QPushButton(_("Default"))
        self.revert.setProperty("role", "flat")
        self.revert.setAccessibleName(_("{label}: back to the default").format(label=spec.label))
        self.revert.clicked.connect(lambda: self.reverted.emit(spec.key))
        self._lay_out()
        self.set_value(spec.default)

    @property
    def value(self) -> Any:
        """What stands in the editor; text that is no number stays text, so that whoever judges it can say so."""
        return self._read()

    def set_value(self, value: Any) -> None:
        """Show a value; nothing is emitted."""
        blocked = self.editor.blockSignals(True)  # noqa: FBT003
        self._write(value)
        self.editor.blockSignals(blocked)
        self._last = self.value
        self._show_revert(value)
        self._tell_tip()

    def set_error(self, words: str) -> None:
        """Say beside the field why its value won't do; empty: all is well."""
        self._error.setText(f"▲ {words}" if words else "")
        self._error.setVisible(bool(words))
        self.editor.setProperty("wrong", bool(words))
        self.editor.style().polish(self.editor)
        self.editor.setAccessibleDescription(words or self._about)

    @property
    def error(self) -> str:
        """What stands beside the field; empty when all is well."""
        return self._error.text()

    def matches(self, query: str) -> bool:
        """Whether every word of a search is found in its key, name or help."""
        text = f"{self.spec.key} {self.spec.label} {self.spec.help}".casefold()
        return all(word in text for word in query.casefold().split())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Where there is no room beside the name, the editor stands below it."""
        super().resizeEvent(event)
        if self._row is not None:
            ways = QBoxLayout.Direction
            self._row.setDirection(ways.TopToBottom if self.width() < px(_BESIDE) else ways.LeftToRight)

    def minimumSizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """Narrower than the layout thinks: see `resizeEvent`."""
        least = super().minimumSizeHint()
        return least if self._row is None else QSize(min(px(260), least.width()), least.height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """Focus shows the help; a wheel over a closed list must not change a setting in passing."""
        if event.type() == QEvent.Type.FocusIn:
            self.helped.emit(self._about)
        if isinstance(event, QWheelEvent) and isinstance(watched, QComboBox):
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _on_typed(self) -> None:
        self.typed.emit(self.spec.key)

    def finish(self) -> None:
        """The operator has finished with the editor: say so if the value is another one."""
        value = self.value
        if value != self._last or self.error:
            self._last = value
            self._show_revert(value)
            self._tell_tip()
            self.edited.emit(self.spec.key, value)

    def _tell_tip(self) -> None:
        """The help where it stands nowhere else, and the whole of a choice that its closed list may cut."""
        chosen = self.editor.currentText() or self.spec.placeholder if isinstance(self.editor, QComboBox) else ""
        self.editor.setToolTip("\n".join(filter(None, (chosen, self.spec.help if self._compact else ""))))

    def _show_revert(self, value: Any) -> None:
        if not self._compact:
            self.revert.setVisible(value != self.spec.default)

    def _lay_out(self) -> None:
        editor = QHBoxLayout()
        editor.setSpacing(px(6))
        editor.addWidget(self.editor)
        if self.spec.unit:
            unit = QLabel(self.spec.unit)
            unit.setProperty("role", "dim")
            editor.addWidget(unit)
        if self.spec.kind in ("whole", "number"):
            editor.addStretch()
        if self._compact:
            self._lay_out_compact(editor)
            return
        if isinstance(self.editor, QCheckBox):
            self.editor.setText(_("On"))
        words = QVBoxLayout()
        words.setSpacing(px(2))
        self.label.setProperty("role", "heading")
        words.addWidget(self.label)
        about = QLabel(self._about, wordWrap=True)
        about.setProperty("role", "small")
        words.addWidget(about)
        words.addStretch()
        beside = QVBoxLayout()
        beside.setSpacing(px(4))
        beside.addLayout(editor)
        beside.addWidget(self._error)
        beside.addStretch()
        row = self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        row.setContentsMargins(px(12), px(8), px(12), px(8))
        row.setSpacing(px(16))
        row.addLayout(words, 3)
        row.addLayout(beside, 2)
        back = QWidget()
        back.setFixedWidth(self.revert.sizeHint().width())
        inside = QVBoxLayout(back)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.revert)
        inside.addStretch()
        row.addWidget(back)

    def _lay_out_compact(self, editor: QHBoxLayout) -> None:
        self.revert.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(3))
        if self.spec.kind != "flag":
            self.label.setProperty("role", "small")
            column.addWidget(self.label)
        else:
            self.label.hide()
        column.addLayout(editor)
        column.addWidget(self._error)
