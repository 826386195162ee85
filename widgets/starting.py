"""What stands in the window until its pages are there: what is being done, how far, and a way to stop it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from models.words import _
from widgets.theme import px


class Starting(QWidget):
    """Says what is being done while the desk starts. Silent at first, since most starts are over before one can read.

    Signals:
        stopped: the operator does not want to wait.
    """

    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._what, self._far = QLabel(), QLabel()
        self._what.setProperty("role", "title")
        self._far.setProperty("role", "dim")
        self._bar = QProgressBar(textVisible=False)
        self._bar.setAccessibleName(_("Progress"))
        self._stop = QPushButton(_("Stop"))
        self._stop.clicked.connect(self.stopped)
        layout = QVBoxLayout(self)
        layout.setSpacing(px(8))
        layout.addStretch(1)
        for part in (self._what, self._bar, self._far, self._stop):
            layout.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
            part.hide()
        layout.addStretch(1)
        self._bar.setFixedWidth(px(360))

    def say(self, what: str, done: int, of: int) -> None:
        """Say what is done and how far it is, in bytes; `of` 0 when nobody knows."""
        self._what.setText(what)
        self._bar.setRange(0, 1000 if of else 0)
        self._bar.setValue(1000 * done // of if of else 0)
        self._far.setText(_("{done:.1f} of {of:.1f} MB").format(done=done / 1e6, of=of / 1e6) if of else "")
        for part in (self._what, self._bar, self._far, self._stop):
            part.show()
