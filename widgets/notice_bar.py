"""Where the desk says something: a bar over the page with what happened, what to do, and a way on."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from models.words import _
from widgets.icons import icon
from widgets.theme import px, tokens

PASSING_MS = 6000
_MARKS = {"needs you": "▲", "stopped": "■"}


class NoticeBar(QFrame):
    """One notice at a time; further ones wait behind it. What needs a person stays until it is put away.

    Signals:
        way_on: the button of the notice was pressed; carries what was given to `show_notice` as `token`.
    """

    way_on = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "raised")
        self.setAccessibleName(_("Notice"))
        self._waiting: list[tuple[str, str, str, str, str, object]] = []
        self._token: object = None
        self._details = ""
        self._mark, self._what, self._hint = QLabel(), QLabel(), QLabel()
        for label in (self._what, self._hint):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._what.setProperty("role", "heading")
        self._hint.setProperty("role", "dim")
        self._way, self._copy, self._close = QPushButton(), QPushButton(_("Copy details")), QPushButton()
        self._close.setIcon(icon("close"))
        self._close.setProperty("role", "flat")
        self._close.setAccessibleName(_("Put the notice away"))
        self._close.setToolTip(self._close.accessibleName())
        self._way.clicked.connect(self._take_way)
        self._copy.clicked.connect(self._copy_details)
        self._close.clicked.connect(self.put_away)
        self._timer = QTimer(self, singleShot=True, interval=PASSING_MS)
        self._timer.timeout.connect(self.put_away)
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._what)
        words.addWidget(self._hint)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        for button in (self._way, self._copy, self._close):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)

    def show_notice(
        self, what: str, hint: str = "", kind: str = "said", *, details: str = "", way: str = "", token: object = None
    ) -> None:
        """Show a notice, or put it behind the one that is shown; one that says the same is not repeated.

        Args:
            what: what happened and what it means.
            hint: what to do.
            kind: "said" goes by itself; "needs you" and "stopped" stay.
            details: for the clipboard.
            way: words of a button.
            token: what `way_on` carries.
        """
        notice = (what, hint, kind, details, way, token)
        if not self.isHidden():
            passing = self._timer.isActive()
            if not passing:
                if what != self._what.text() and notice[:3] not in [waiting[:3] for waiting in self._waiting]:
                    self._waiting.append(notice)
                return
        self._put(notice)

    def put_away(self) -> None:
        """Put the notice away; the next one shows, if one waits."""
        self._timer.stop()
        if self._waiting:
            self._put(self._waiting.pop(0))
        else:
            self.hide()

    @property
    def words(self) -> str:
        """What is shown, as one text; empty when nothing is."""
        return f"{self._what.text()} {self._hint.text()}".strip() if not self.isHidden() else ""

    def _put(self, notice: tuple[str, str, str, str, str, object]) -> None:
        what, hint, kind, details, way, self._token = notice
        self._details = details
        self._mark.setText(_MARKS.get(kind, ""))
        self._mark.setVisible(kind in _MARKS)
        self._mark.setProperty("role", kind)
        self._mark.style().polish(self._mark)
        self._what.setText(what)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self._way.setText(way)
        self._way.setVisible(bool(way))
        self._copy.setVisible(bool(details))
        self._copy.setText(_("Copy details"))
        self.setAccessibleDescription(f"{what} {hint}".strip())
        border = {"needs you": tokens().needs_you, "stopped": tokens().stopped}.get(kind, tokens().line)
        self.setStyleSheet(f"NoticeBar {{ border: {px(1)}px solid {border}; }}")
        self._timer.start() if kind == "said" and not way else self._timer.stop()
        self.show()
        self.raise_()

    def _take_way(self) -> None:
        token = self._token
        self.put_away()
        self.way_on.emit(token)

    def _copy_details(self) -> None:
        QGuiApplication.clipboard().setText(self._details)
        self._copy.setText(_("Copied"))
