"""The widgets of the Review page and where they stand; what they show is the page's business."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from console.ui.review.side import WIDTH_PX, SidePanel
from models.words import _
from widgets.canvas import Canvas
from widgets.cut_label import CutLabel
from widgets.film import WIDTH_PX as FILM_PX
from widgets.film import Film
from widgets.theme import px
from widgets.verdict_bar import VerdictBar, WideButton

_NARROW_PX = 1300
"""A page that is narrower has a slimmer strip and panel."""


class Calm(QWidget):
    """What stands in the middle while there is no item: what that means, and a way on.

    Signals:
        way_on: the button was pressed.
    """

    way_on = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._title, self._words = QLabel(wordWrap=True), QLabel(wordWrap=True)
        self._title.setProperty("role", "title")
        self._words.setProperty("role", "dim")
        self.button = QPushButton()
        self.button.clicked.connect(self.way_on)
        column = QVBoxLayout(self)
        column.addStretch(2)
        for part in (self._title, self._words):
            part.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(part)
        column.addSpacing(px(8))
        column.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        column.setSpacing(px(8))
        column.setContentsMargins(px(24), 0, px(24), 0)

    def show_words(self, title: str, words: str, way: str = "", *, alarm: bool = False) -> None:
        """Show these; `way`: words on the button, or none."""
        role = "stopped" if alarm else "title"
        if self._title.property("role") != role:
            self._title.setProperty("role", role)
            self._title.style().unpolish(self._title)
            self._title.style().polish(self._title)
        self._title.setText(title)
        self._words.setText(words)
        self.button.setText(way)
        self.button.setVisible(bool(way))


class ReviewLayout(QWidget):
    """Strip, picture, verdicts, panel.

    Attributes:
        film: the strip; `choose_filter`: the button over it, `listed`: how many are listed.
        title, about, place: over the picture.
        canvas: the picture; `calm`: in its place while there is none.
        bar: the verdicts; `trouble`, `trouble_way`: a line over them, and its button.
        side: the panel.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.film, self.side, self.canvas, self.calm = Film(), SidePanel(), Canvas(), Calm()
        self.choose_filter = WideButton(_("Filter"), "", "search")
        self.title, self.about, self.place = QLabel(), CutLabel(), QLabel()
        self.trouble, self.trouble_way = QLabel(wordWrap=True), QPushButton()
        self.listed = CutLabel()
        self.bar = VerdictBar(
            [
                ("accept", _("Yes"), ""), ("reject", _("No object"), ""), ("skip", _("Skip"), ""),
                ("edit", _("Draw, edit"), ""), ("whole", _("All is right"), ""),
            ]
        )  # fmt: skip
        self.middle = QStackedWidget()
        self.middle.addWidget(self.canvas)
        self.middle.addWidget(self.calm)
        self._left, self._foot = QWidget(), QStackedWidget()
        self._foot.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._lay_out()
        self.show_trouble("")

    def show_trouble(self, words: str, way: str = "") -> None:
        """Show what stands in the way of this item, and a way on; empty: nothing does."""
        self._trouble.setVisible(bool(words))
        self.trouble.setText(words)
        self.trouble_way.setText(way)
        self.trouble_way.setVisible(bool(way))

    def add_tools(self, tools: QWidget) -> None:
        """Tools that take the verdicts' place while somebody draws."""
        self._foot.addWidget(tools)

    def show_tools(self, on: bool) -> None:  # noqa: FBT001
        """Show the tools for drawing, or the verdicts."""
        if self._foot.count() > 1 and on != bool(self._foot.currentIndex()):
            self._foot.setCurrentIndex(int(on))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Strip and panel give way to the picture."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Follow the text scale."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.StyleChange, QEvent.Type.FontChange}:
            self._fit()

    def minimumSizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """So small that the smallest window holds it."""
        return QSize(px(560), px(420))

    def _fit(self) -> None:
        share = 1.0 if self.width() >= px(_NARROW_PX) else 0.86
        most = self.width() * 0.3
        self._left.setFixedWidth(int(min(px(FILM_PX) * (1 + share) / 2, most * 0.8)))
        self.side.setFixedWidth(int(min(px(WIDTH_PX) * share, most)))

    def _lay_out(self) -> None:
        self.title.setProperty("role", "title")
        self.title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        for label in (self.about, self.place, self.listed):
            label.setProperty("role", "dim")
        self.listed.setProperty("role", "small")
        left = QVBoxLayout(self._left)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(px(8))
        left.addWidget(self.choose_filter)
        left.addWidget(self.listed)
        left.addWidget(self.film, 1)
        head = QHBoxLayout()
        head.setSpacing(px(16))
        head.addWidget(self.title)
        head.addWidget(self.about, 1)
        head.addWidget(self.place)
        self._trouble = QFrame()
        self._trouble.setProperty("role", "raised")
        line = QHBoxLayout(self._trouble)
        line.setContentsMargins(px(10), px(6), px(8), px(6))
        line.addWidget(self.trouble, 1)
        line.addWidget(self.trouble_way)
        column = QVBoxLayout()
        column.setSpacing(px(10))
        column.addLayout(head)
        column.addWidget(self.middle, 1)
        column.addWidget(self._trouble)
        self._foot.addWidget(self.bar)
        column.addWidget(self._foot)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(px(12), px(10), px(12), px(10))
        whole.setSpacing(px(12))
        whole.addWidget(self._left)
        whole.addLayout(column, 1)
        whole.addWidget(self.side)
