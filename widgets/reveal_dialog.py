"""Asks why, and for how long, a redacted camera is to be shown as it is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from models.words import _
from widgets.room import no_default
from widgets.segments import Segments
from widgets.theme import px

MOST_LETTERS = 200


class RevealDialog(QDialog):
    """A reason, a time, and what will be recorded.

    Args:
        camera: its name.
        who: the person who will be named in the record.
        seconds: the times to choose from; the second is chosen at first.

    Signals:
        wanted: seconds and the reason.
    """

    wanted = Signal(float, str)

    def __init__(self, camera: str, who: str, seconds: Sequence[int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = _("Show {camera} unredacted").format(camera=camera)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        heading, about, label = QLabel(title), QLabel(wordWrap=True), QLabel(_("What for"))
        heading.setProperty("role", "title")
        about.setProperty("role", "dim")
        label.setProperty("role", "small")
        about.setText(
            _("What is covered now will be seen on its tile. It is recorded who looked ({who}), when and why.").format(
                who=who
            )
        )
        self.why = QLineEdit(maxLength=MOST_LETTERS)
        self.why.setAccessibleName(_("What for"))
        self.why.setPlaceholderText(_("Such as: somebody has fallen at the gate"))
        label.setBuddy(self.why)
        choices = [(n, _("{n} s").format(n=n) if n < 60 else _("{n} min").format(n=n // 60)) for n in seconds]
        self.times = Segments(_("How long"), [(n, words, words) for n, words in choices])
        self.times.choose(seconds[min(1, len(seconds) - 1)])
        self.cancel_button = QPushButton(_("Cancel"))
        self.show_button = QPushButton(_("Show it"))
        self.show_button.setProperty("role", "primary")
        foot = QHBoxLayout()
        foot.addWidget(self.times)
        foot.addStretch(1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.show_button)
        box = QVBoxLayout(self)
        box.setContentsMargins(px(16), px(12), px(16), px(16))
        box.setSpacing(px(8))
        for widget in (heading, about, label, self.why):
            box.addWidget(widget)
        box.addSpacing(px(4))
        box.addLayout(foot)
        no_default(self)
        self.setMinimumWidth(px(460))
        self.why.textChanged.connect(lambda _text: self._judge())
        self.why.returnPressed.connect(self._take)
        self.show_button.clicked.connect(self._take)
        self.cancel_button.clicked.connect(self.reject)
        self._judge()
        self.why.setFocus(Qt.FocusReason.OtherFocusReason)

    def _reason(self) -> str:
        return " ".join(self.why.text().split())

    def _judge(self) -> None:
        self.show_button.setEnabled(bool(self._reason()))

    def _take(self) -> None:
        if self._reason():
            self.accept()
            self.wanted.emit(float(str(self.times.value)), self._reason())
