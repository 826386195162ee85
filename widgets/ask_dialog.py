"""A question with a few answers, asked before something is done that can't be taken back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from models.words import _
from widgets.room import no_default
from widgets.theme import px

Answer = tuple[str, str, str]
"""Its value, its words, and the button's role: "", "primary" or "danger"."""
_WIDTH = 460


class AskDialog(QDialog):
    """Asks; closing it without an answer does nothing.

    Args:
        title: what it is about.
        question: what happens with each answer.
        answers: from left to right, after "Cancel".

    Signals:
        answered: the value of the answer.
    """

    answered = Signal(str)

    def __init__(self, title: str, question: str, answers: Sequence[Answer], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setModal(True)
        self.buttons: dict[str, QPushButton] = {}
        heading, words = QLabel(title, wordWrap=True), QLabel(question, wordWrap=True)
        heading.setProperty("role", "title")
        words.setMinimumWidth(px(_WIDTH))
        foot = QHBoxLayout()
        foot.setSpacing(px(8))
        foot.addStretch()
        cancel = QPushButton(_("Cancel"))
        cancel.clicked.connect(self.reject)
        foot.addWidget(cancel)
        for value, text, role in answers:
            button = QPushButton(text)
            if role:
                button.setProperty("role", role)
            button.clicked.connect(lambda _down=False, value=value: self._take(value))
            self.buttons[value] = button
            foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(16), px(16), px(16), px(16))
        column.setSpacing(px(12))
        column.addWidget(heading)
        column.addWidget(words)
        column.addLayout(foot)
        no_default(self)
        cancel.setFocus()

    def _take(self, value: str) -> None:
        self.accept()
        self.answered.emit(value)
