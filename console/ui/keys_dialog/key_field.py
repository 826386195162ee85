"""A field that takes the key that is pressed, whatever it is."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QKeyCombination, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QPushButton, QWidget

from console.ui.keys import pressed
from models.words import _


class KeyField(QPushButton):
    """A button that listens after it was pressed: the next key is taken. Esc stops it, and so does leaving.

    Signals:
        taken: the key, as `keys.parse` gives it.
        listening_changed: it listens, or no longer.
    """

    taken = Signal(str)
    listening_changed = Signal(bool)

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__(words, parent)
        self._words = words
        self._listening = False
        self.setAccessibleName(words)
        self.clicked.connect(lambda: self.listen(on=True))

    @property
    def listening(self) -> bool:
        """The next key is taken."""
        return self._listening

    def listen(self, *, on: bool) -> None:
        """Take the next key, or don't."""
        if on == self._listening:
            return
        self._listening = on
        if on:
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        words = _("Press a key. Esc: none") if on else self._words
        self.setText(words)
        self.setAccessibleName(words)
        self.listening_changed.emit(on)

    def event(self, event: QEvent) -> bool:
        """Every key comes here while it listens: before shortcuts, and before Tab goes on."""
        if self._listening and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self._take(event.keyCombination())
                return True
            if event.type() == QEvent.Type.KeyRelease:
                return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802  # Qt's name
        """It listens no longer."""
        self.listen(on=False)
        super().focusOutEvent(event)

    def _take(self, combination: QKeyCombination) -> None:
        if combination.key() == Qt.Key.Key_Escape and not combination.keyboardModifiers():
            self.listen(on=False)
            return
        key = pressed(combination)
        if key is not None:
            self.listen(on=False)
            self.taken.emit(key)
