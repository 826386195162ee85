"""What stands on the wall while there is no camera: how to get the first one there."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from models.words import _
from widgets.key_button import KeyButton
from widgets.theme import px


class Welcome(QWidget):
    """Asks for the first camera's address, or leads to where it is found.

    Signals:
        address_given: what was pasted.
        add_wanted, many_wanted: the dialogs.
    """

    address_given = Signal(str)
    add_wanted = Signal()
    many_wanted = Signal()

    def __init__(self, add_keys: str, many_keys: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        card = QFrame()
        card.setProperty("role", "raised")
        self._card = card
        title = QLabel(_("Put your first camera on the wall"))
        title.setProperty("role", "title")
        self.address = QLineEdit(placeholderText="rtsp://192.168.0.20/stream1", clearButtonEnabled=True)
        self.address.setAccessibleName(_("Address of the camera"))
        self.go = QPushButton(_("Look at it"))
        self.go.setProperty("role", "primary")
        self.go.setEnabled(False)
        row = QHBoxLayout()
        row.setSpacing(px(8))
        row.addWidget(self.address, 1)
        row.addWidget(self.go)
        find = KeyButton(_("USB, file, or by maker"), add_keys, "cameras")
        many = KeyButton(_("Many at once"), many_keys, "copy")
        self._others = others = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        others.setSpacing(px(8))
        others.addWidget(find)
        others.addWidget(many)
        others.addStretch(1)
        self._side_by_side = find, many
        inside = QVBoxLayout(card)
        inside.setContentsMargins(px(24), px(20), px(24), px(20))
        inside.setSpacing(px(12))
        inside.addWidget(title)
        inside.addWidget(
            _said(_("Paste the address of a network camera. You see its picture before anything is saved."))
        )
        inside.addLayout(row)
        inside.addWidget(_said(_("Or choose where the camera is:")))
        inside.addLayout(others)
        inside.addWidget(
            _said(
                _(
                    "Pictures stay on this machine. In whatever is kept, people are covered. "
                    "To try it without a camera: sightdesk demo."
                )
            )
        )
        whole = QVBoxLayout(self)
        whole.addWidget(card, 0, Qt.AlignmentFlag.AlignCenter)
        self.address.textChanged.connect(lambda text: self.go.setEnabled(bool(text.strip())))
        self.address.returnPressed.connect(self._give)
        self.go.clicked.connect(self._give)
        find.clicked.connect(self.add_wanted)
        many.clicked.connect(self.many_wanted)
        self.setFocusProxy(self.address)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """As wide as it reads well, or as there is room; then the buttons stand one below the other."""
        super().resizeEvent(event)
        edge = 2 * px(24) + 2
        wanted = sum(button.sizeHint().width() for button in self._side_by_side) + px(8) + edge
        width = min(max(px(560), wanted), self.width() - px(24))
        ways = QBoxLayout.Direction
        self._others.setDirection(ways.LeftToRight if wanted <= width else ways.TopToBottom)
        self._card.setFixedWidth(width)

    def _give(self) -> None:
        text = self.address.text().strip()
        if text:
            self.address_given.emit(text)
            self.address.clear()


def _said(words: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("role", "dim")
    label.setWordWrap(True)
    return label
