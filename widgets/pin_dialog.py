"""Asks for the supervisor's PIN, or for a new one; says why, and how long to wait after wrong ones."""

from __future__ import annotations

import math
import time

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from models.words import _, ngettext
from widgets.room import no_default
from widgets.theme import px

MOST_LETTERS = 64


class PinDialog(QDialog):
    """One to three hidden fields; stays until the PIN is right or the person gives up.

    Args:
        title: what is asked for.
        why: what it is wanted for, a sentence or two.
        button: words of the button that goes on.
        known: whether the PIN of now is asked for.
        new: whether a new one is, twice.

    Signals:
        given: the PIN of now, empty where it is not asked for, and the new one, empty where none is.
    """

    given = Signal(str, str)

    def __init__(
        self, title: str, why: str, button: str, parent: QWidget | None = None, *, known: bool = True, new: bool = False
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setModal(True)
        heading, reason = QLabel(title), QLabel(why, wordWrap=True)
        heading.setProperty("role", "title")
        reason.setProperty("role", "dim")
        self._free_at = 0.0
        self._seconds = QTimer(self, interval=250)
        self._seconds.timeout.connect(self._count)
        self.lines: list[QLineEdit] = []
        self._known = self._line(_("The PIN until now") if new else _("PIN")) if known else None
        self._new = self._line(_("New PIN")) if new else None
        self._again = self._line(_("The same again")) if new else None
        self.trouble = QLabel(wordWrap=True)
        self.trouble.setProperty("role", "needs you")
        self.go, self.cancel = QPushButton(button), QPushButton(_("Cancel"))
        self.go.setProperty("role", "primary")
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.cancel)
        foot.addWidget(self.go)
        box = QVBoxLayout(self)
        box.setContentsMargins(px(16), px(12), px(16), px(16))
        box.setSpacing(px(8))
        for part in (heading, reason, *self.lines, self.trouble):
            box.addWidget(part)
        self.trouble.hide()
        box.addSpacing(px(4))
        box.addLayout(foot)
        no_default(self)
        self.setFixedWidth(px(400))
        self.go.clicked.connect(self._give)
        self.cancel.clicked.connect(self.reject)
        self.lines[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def busy(self) -> None:
        """It is being looked at: nothing can be typed meanwhile."""
        self.trouble.hide()
        self._enable(on=False)

    def refuse(self, words: str, wait_s: float = 0.0) -> None:
        """It was not right.

        Args:
            words: what is wrong, in a sentence.
            wait_s: until then nothing can be typed; the words are followed by a count.
        """
        for line in self.lines:
            line.clear()
        self._say(words)
        self._free_at = time.monotonic() + wait_s
        if wait_s > 0:
            self._words = words
            self._enable(on=False)
            self._seconds.start()
            self._count()
            return
        self._enable(on=True)
        self.lines[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  # Qt's name
        """Nothing typed stays."""
        for line in self.lines:
            line.clear()
        super().hideEvent(event)

    def _line(self, name: str) -> QLineEdit:
        line = QLineEdit(placeholderText=name, maxLength=MOST_LETTERS)
        line.setEchoMode(QLineEdit.EchoMode.Password)
        line.setAccessibleName(name)
        line.returnPressed.connect(self._next)
        self.lines.append(line)
        return line

    def _next(self) -> None:
        """Enter goes on to the next empty field, and from the last one on."""
        empty = next((line for line in self.lines if not line.text()), None)
        if empty is not None:
            empty.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            self._give()

    def _give(self) -> None:
        known, new, again = (line.text() if line else "" for line in (self._known, self._new, self._again))
        if not all(line.text() for line in self.lines) or not self.go.isEnabled():
            return
        if new != again:
            self._say(_("These two differ."))
            return
        self.given.emit(known, new)

    def _say(self, words: str) -> None:
        self.trouble.setText(f"▲ {words}")
        self.trouble.setAccessibleName(words)
        self.trouble.show()

    def _count(self) -> None:
        left = math.ceil(self._free_at - time.monotonic())
        if left > 0:
            more = ngettext("Again in {n} s.", "Again in {n} s.", left).format(n=left)
            self._say(f"{self._words} {more}")
            return
        self._seconds.stop()
        self.trouble.hide()
        self._enable(on=True)
        self.lines[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def _enable(self, *, on: bool) -> None:
        for part in (*self.lines, self.go):
            part.setEnabled(on)
