"""The strip at the foot of the desk: cameras fine, boxes in time, machine coping, what waits, who sits here.

It shows pieces it is given and gives way in good order where there is little room: first the sentence about what needs
a person gets shorter, then what is least missed goes. Nothing is lost: the strip's tooltip has all of it.
"""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QWidget

from models.words import _
from widgets.figure import Figure, Parts
from widgets.theme import RADIUS, font, px, tokens

Kind = Literal["", "needs you", "stopped"]
Piece = Literal["cameras", "latency", "cpu", "dropped", "clock"]

MARKS: dict[Kind, str] = {"": "", "needs you": "▲ ", "stopped": "■ "}
_LEFT = ("cameras", "attention", "latency", "cpu", "dropped")
_RIGHT = ("jobs", "review", "outbox", "operator", "clock")
_GOES_FIRST = ("dropped", "cpu", "jobs", "latency", "cameras", "outbox", "review", "operator", "clock")
_GAP, _MARGIN, _HEIGHT, _STEADY = 20, 14, 30, 10
_LEAST = {"attention": 190, "jobs": 120, "outbox": 90, "operator": 90}


class StripButton(QAbstractButton):
    """Words that can be pressed, with the mark and colour of what they are about."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._kind: Kind = ""
        self._tip = ""

    def show_words(self, words: str, kind: Kind, tip: str) -> None:
        """Say this; empty words hide the button."""
        if (words, kind, tip) != (self.text(), self._kind, self._tip):
            self._kind, self._tip = kind, tip
            self.setText(words)
            self._tell_tip()
            self.setAccessibleName(words)
            self.setAccessibleDescription(tip)
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for all of it."""
        metrics = QFontMetrics(self._letters())
        return QSize(metrics.horizontalAdvance(MARKS[self._kind] + self.text()) + px(12), metrics.height() + px(6))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Draw it."""
        look = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus() or self.underMouse():
            area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.setPen(QPen(QColor(look.accent if self.hasFocus() else look.line), 1))
            painter.setBrush(QColor(look.raised))
            painter.drawRoundedRect(area, RADIUS, RADIUS)
        colours = {"": look.text, "needs you": look.needs_you, "stopped": look.stopped}
        painter.setFont(self._letters())
        painter.setPen(QColor(colours[self._kind]))
        room = self.rect().adjusted(px(6), 0, -px(6), 0)
        words = MARKS[self._kind] + self.text()
        shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room.width() + 1)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802
        """See whether it is cut now."""
        self._tell_tip()

    def _tell_tip(self) -> None:
        cut = self.width() < self.sizeHint().width()
        self.setToolTip("\n".join(filter(None, [self.text() if cut else "", self._tip])))

    def _letters(self) -> QFont:
        return font(13, 600 if self._kind else 400)


class StatusStrip(QFrame):
    """What the desk says at its foot.

    Signals:
        camera_wanted: the camera that the pressed sentence is about.
        jobs_wanted: the work in the background is to be shown.
        review_wanted: what waits for review is to be shown.
        outbox_wanted: what leaves the site is to be shown.
        operator_wanted: somebody else sits here.
    """

    camera_wanted = Signal(str)
    jobs_wanted = Signal()
    review_wanted = Signal()
    outbox_wanted = Signal()
    operator_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAccessibleName(_("Status"))
        self._camera = ""
        self._figures = {name: Figure(self) for name in ("cameras", "latency", "cpu", "dropped", "clock")}
        self._about_outbox = False
        self._buttons = {name: StripButton(self) for name in ("attention", "jobs", "review", "outbox", "operator")}
        self._buttons["attention"].clicked.connect(self._attend)
        self._buttons["outbox"].setAccessibleName(_("Outbox"))  # it is there before anything is to be said
        self._buttons["outbox"].clicked.connect(self.outbox_wanted)
        self._buttons["jobs"].clicked.connect(self.jobs_wanted)
        self._buttons["review"].clicked.connect(self.review_wanted)
        self._buttons["operator"].clicked.connect(self.operator_wanted)
        self._pieces: dict[str, QWidget] = {**self._figures, **self._buttons}
        self._widths: dict[str, int] = {}
        self._there: dict[str, bool] = {}
        self.setFixedHeight(px(_HEIGHT))

    def show_piece(self, name: Piece, pieces: Parts, tip: str = "") -> None:
        """Show figures; no pieces hide them."""
        self._figures[name].show_parts(pieces, tip)
        self._changed(name)

    def show_attention(self, kind: Kind, words: str, camera_id: str, tip: str = "", *, outbox: bool = False) -> None:
        """Say what needs a person; empty words: nothing does. `outbox`: it is about what leaves, not about a camera."""
        self._camera, self._about_outbox = camera_id, outbox
        self._buttons["attention"].show_words(words, kind, tip)
        self._changed("attention")

    def show_jobs(self, words: str, tip: str = "") -> None:
        """Say what is done in the background; empty words: nothing is."""
        self._buttons["jobs"].show_words(words, "", tip)
        self._changed("jobs")

    def show_review(self, words: str, tip: str = "") -> None:
        """Say how much waits for review; empty words: it is not known yet."""
        self._buttons["review"].show_words(words, "", tip)
        self._changed("review")

    def show_outbox(self, words: str, tip: str = "") -> None:
        """Say what leaves the site; empty words: nothing is to."""
        self._buttons["outbox"].show_words(words, "", tip)
        self._changed("outbox")

    def show_operator(self, words: str, tip: str = "") -> None:
        """Say who sits here."""
        self._buttons["operator"].show_words(words, "", tip)
        self._changed("operator")

    def sizeHint(self) -> QSize:  # noqa: N802
        """As wide as there is room."""
        return QSize(px(800), px(_HEIGHT))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """It gives way."""
        return QSize(px(300), px(_HEIGHT))

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802
        """Make use of the room."""
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow theme and text scale."""
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.StyleChange}:
            self._widths.clear()
            self.setFixedHeight(px(_HEIGHT))
            self._arrange()
        super().changeEvent(event)

    def _attend(self) -> None:
        if self._about_outbox:
            self.outbox_wanted.emit()
        else:
            self.camera_wanted.emit(self._camera)

    def _words(self, name: str) -> str:
        return self._figures[name].text() if name in self._figures else self._buttons[name].text()

    def _changed(self, name: str) -> None:
        """A piece says something else: find it a place, unless the one it has still fits it."""
        words, had = self._words(name), self._widths.get(name, 0)
        if bool(words) != self._there.get(name, False) or (words and self._steady(name) != had):
            self._there[name] = bool(words)
            self._arrange()
        elif words:
            self._describe()

    def _describe(self) -> None:
        words = [self._words(name) for name in (*_LEFT, *_RIGHT)]
        self.setAccessibleDescription(". ".join(filter(None, words)))
        hidden = [self._words(name) for name, piece in self._pieces.items() if piece.isHidden()]
        self.setToolTip("\n".join(filter(None, hidden)))

    def _arrange(self) -> None:
        """Give each piece its place; see the module for what gives way."""
        there = [name for name in (*_LEFT, *_RIGHT) if self._words(name)]
        widths = {name: self._steady(name) for name in there}
        over = sum(widths.values()) + px(_GAP) * len(widths) + 2 * px(_MARGIN) - self.width()
        for name in ("attention", "jobs", "outbox", "operator"):
            if over > 0 and name in widths:
                shorter = max(min(px(_LEAST[name]), widths[name]), widths[name] - over)
                over -= widths[name] - shorter
                widths[name] = shorter
        for name in _GOES_FIRST:
            if over > 0 and name in widths:
                over -= widths.pop(name) + px(_GAP)
        if over > 0 and "attention" in widths:
            widths["attention"] = max(widths["attention"] - over, px(40))
        self._place(widths)
        self._describe()

    def _steady(self, name: str) -> int:
        """The width a piece asks for, or a little more: figures that change don't push their neighbours about."""
        wants, had = self._pieces[name].sizeHint().width(), self._widths.get(name, 0)
        self._widths[name] = wants if wants > had or wants < had - px(_STEADY) else had
        return self._widths[name]

    def _place(self, widths: dict[str, int]) -> None:
        for name, piece in self._pieces.items():
            piece.setVisible(name in widths)
        x = px(_MARGIN)
        for name in _LEFT:
            if name in widths:
                self._put(name, x, widths[name])
                x += widths[name] + px(_GAP)
        x = self.width() - px(_MARGIN)
        for name in reversed(_RIGHT):
            if name in widths:
                x -= widths[name]
                self._put(name, x, widths[name])
                x -= px(_GAP)

    def _put(self, name: str, x: int, width: int) -> None:
        height = min(self._pieces[name].sizeHint().height(), self.height())
        self._pieces[name].setGeometry(x, (self.height() - height) // 2, width, height)
