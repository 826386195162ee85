"""The bar for looking back: half a minute to scrub through, play, slow down and step, and the way back to live."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget

from models.words import _, ngettext
from widgets.icons import icon
from widgets.key_button import KeyButton
from widgets.segments import Segments
from widgets.theme import font, px, tokens

SPEEDS = (0.25, 0.5, 1.0)
_EVERY_S = 5
_LEAST = 3


class Timeline(QSlider):
    """The time that can be seen again, from left to right, in milliseconds from its beginning.

    Under the groove a line stands where something was followed, and a mark where something new came: where to look
    first. Left and Right move by a second, Page Up
    and Page Down by five, Home and End to the ends.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setAccessibleName(_("Moment of the past"))
        self.setSingleStep(1000)
        self.setPageStep(5000)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(_("Line: something was followed. Mark: something new came."))
        self._busy: tuple[tuple[float, float], ...] = ()
        self._arrivals: tuple[float, ...] = ()

    def set_busy(self, busy: Sequence[tuple[float, float]], arrivals: Sequence[float]) -> None:
        """When something was followed, as (from, to), and when something new came; seconds from the beginning."""
        self._busy, self._arrivals = tuple(busy), tuple(arrivals)
        self.setAccessibleDescription(
            ngettext("{n} new track", "{n} new tracks", len(arrivals)).format(n=len(arrivals))
        )
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Groove, ribbon and figures."""
        return QSize(px(320), px(40))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Narrower, and no lower."""
        return QSize(px(160), px(40))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Draw it."""
        look, room = tokens(), self._room()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        groove = QRectF(room.left(), px(8), room.width(), px(4))
        painter.setBrush(QColor(look.line))
        painter.drawRoundedRect(groove, px(2), px(2))
        here = self._place(self.value() / 1000)
        painter.setBrush(QColor(look.accent))
        painter.drawRoundedRect(
            QRectF(groove.left(), groove.top(), here - groove.left(), groove.height()), px(2), px(2)
        )
        painter.setBrush(QColor(look.faint))
        for begin, end in self._busy:
            left, right = self._place(begin), self._place(end)
            painter.drawRect(QRectF(left, px(18), max(right - left, 2.0), 1))
        painter.setBrush(QColor(look.text))
        for arrival in self._arrivals:
            painter.drawRect(QRectF(round(self._place(arrival)) - 1, px(16), 2, px(5)))
        self._paint_figures(painter)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.hasFocus():
            painter.setBrush(QColor(look.accent))
            painter.drawEllipse(QRectF(here - px(9), px(1), px(18), px(18)))
        painter.setBrush(QColor(look.text))
        painter.drawEllipse(QRectF(here - px(6), px(4), px(12), px(12)))

    def _paint_figures(self, painter: QPainter) -> None:
        """How long before the end, every five seconds where there is room."""
        painter.setPen(QColor(tokens().dim))
        painter.setFont(font(11))
        length = self.maximum() / 1000
        words = _("-{n} s")
        wide = painter.fontMetrics().horizontalAdvance(words.format(n=30)) + px(12)
        taken = float("inf")
        for before in range(0, round(length) + 1, _EVERY_S):
            text = words.format(n=before) if before else _("end")
            width = painter.fontMetrics().horizontalAdvance(text)
            middle = self._place(length - before)
            left = min(max(middle - width / 2, 0.0), self.width() - width)
            if left + width > taken:
                continue
            painter.drawText(QRectF(left, px(22), width + 2, px(18)), Qt.AlignmentFlag.AlignVCenter, text)
            taken = left - max(wide - width, px(12)) if before else left - px(12)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Go there at once, and on while the button is held."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Scrub."""
        if self.isSliderDown():
            self._go(event)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:  # noqa: N802
        """Let go."""
        self.setSliderDown(False)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the theme and the text scale."""
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange}:
            self.updateGeometry()
            self.update()
        super().changeEvent(event)

    def _go(self, event: QMouseEvent) -> None:
        room = self._room()
        share = (event.position().x() - room.left()) / max(room.width(), 1.0)
        self.setValue(round(min(max(share, 0.0), 1.0) * self.maximum()))

    def _room(self) -> QRectF:
        side = px(10)
        return QRectF(side, 0, max(self.width() - 2 * side, 1), self.height())

    def _place(self, seconds: float) -> float:
        room = self._room()
        return room.left() + room.width() * min(max(seconds * 1000 / max(self.maximum(), 1), 0.0), 1.0)


class RewindBar(QFrame):
    """Looks back at one camera; what it shows is set, what is wanted is signalled."""

    moved = Signal(float)
    """To a moment, in seconds from the beginning."""
    stepped = Signal(int)
    """One picture back (-1) or on (1)."""
    toggled = Signal()
    """Play, or pause."""
    speed_changed = Signal(float)
    live_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "raised")
        self.setAccessibleName(_("Look back"))
        self.timeline = Timeline()
        self.timeline.valueChanged.connect(lambda value: self.moved.emit(value / 1000))
        self._back = _button("", ",", "left", _("One picture back"))
        self._back.clicked.connect(lambda: self.stepped.emit(-1))
        self._play = _button(_("Pause"), _("Space"), "pause", _("Pause"), [_("Play")])
        self._play.clicked.connect(self.toggled)
        self._on = _button("", ".", "right", _("One picture on"))
        self._on.clicked.connect(lambda: self.stepped.emit(1))
        self._moment = QLabel()
        self._moment.setTextFormat(Qt.TextFormat.PlainText)
        self._moment.setAccessibleName(_("Moment shown"))
        self._note = QLabel()
        self._note.setProperty("role", "small")
        self._note.setWordWrap(True)
        self._note.setVisible(False)
        self._speed = Segments(_("Speed"), [(speed, f"{speed:g}x", _("{n} times").format(n=speed)) for speed in SPEEDS])
        self._speed.choose(1.0)
        self._speed.picked.connect(self.speed_changed.emit)
        self._live = _button(_("Back to live"), _("Esc"), "live", _("Back to live"))
        self._live.clicked.connect(self.live_wanted)
        self._lay_out()
        self.setFocusProxy(self.timeline)

    def set_span(
        self, seconds: float, busy: Sequence[tuple[float, float]], arrivals: Sequence[float], note: str
    ) -> None:
        """How long a time can be seen, when in it something was followed and came, and a sentence about it."""
        blocked = self.timeline.blockSignals(True)  # noqa: FBT003
        self.timeline.setRange(0, max(round(seconds * 1000), 1))
        self.timeline.blockSignals(blocked)
        self.timeline.set_busy(busy, arrivals)
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._moment.setMinimumWidth(0)

    def set_place(self, seconds: float, ago: str, clock: str) -> None:
        """The moment shown: in seconds from the beginning, how long ago in words, and by the clock."""
        if not self.timeline.isSliderDown():
            blocked = self.timeline.blockSignals(True)  # noqa: FBT003
            self.timeline.setValue(round(seconds * 1000))
            self.timeline.blockSignals(blocked)
        words = f"{ago}   {clock}".strip()
        if words != self._moment.text():
            self._moment.setText(words)
            wanted = self._moment.sizeHint().width()
            if wanted > self._moment.minimumWidth():  # it has got a digit more: it keeps that room, so nothing jumps
                self._moment.setMinimumWidth(wanted)
                self._fit()

    def set_playing(self, playing: bool) -> None:  # noqa: FBT001
        """Whether it plays."""
        words = _("Pause") if playing else _("Play")
        self._play.set_words(words)
        self._play.setAccessibleName(words)
        self._play.set_icon("pause" if playing else "play")

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Room for what can't be left out: the time to scrub through, and the buttons by their icons and keys."""
        return QSize(self._wanted(_LEAST), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Leave out what does not fit: first words that icons and keys stand for, then the rest."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the text scale."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.StyleChange, QEvent.Type.FontChange}:
            self._moment.setMinimumWidth(0)
            self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """The same keys as on the buttons, wherever the focus is in the bar."""
        keys: dict[Qt.Key, Callable[[], None]] = {
            Qt.Key.Key_Space: self.toggled.emit,
            Qt.Key.Key_Comma: lambda: self.stepped.emit(-1),
            Qt.Key.Key_Period: lambda: self.stepped.emit(1),
            Qt.Key.Key_Escape: self.live_wanted.emit,
        }
        work: Callable[[], None] | None = keys.get(Qt.Key(event.key()))
        if work is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
            return
        work()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(px(8))
        for part in (self._back, self._play, self._on, self._moment):
            row.addWidget(part)
        row.addStretch(1)
        row.addWidget(self._speed)
        row.addWidget(self._live)
        whole = QVBoxLayout(self)
        whole.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        whole.setContentsMargins(px(10), px(6), px(10), px(8))
        whole.setSpacing(px(4))
        whole.addWidget(self.timeline)
        whole.addLayout(row)
        whole.addWidget(self._note)

    def _fit(self) -> None:
        level = next((level for level in range(_LEAST) if self._wanted(level) <= self.width()), _LEAST)
        for button in (self._play, self._live):
            button.set_short(level > 0)
        self._speed.setVisible(level < 2)
        self._moment.setVisible(level < _LEAST)

    def _wanted(self, level: int) -> int:
        """Width in pixels with everything (0), without words (1), without speeds too (2), buttons alone (3)."""
        keys = self._back.sizeHint().width() + self._on.sizeHint().width()
        keys += sum(button.width_wanted(short=level > 0) for button in (self._play, self._live))
        speed = self._speed.sizeHint().width() + px(8) if level < 2 else 0
        moment = self._moment.sizeHint().width() + px(8) if level < _LEAST else 0
        return keys + speed + moment + px(20) + px(8) * 4


class _Key(KeyButton):
    """A key button whose words and icon may change while its width stays, and that can do without words."""

    def __init__(self, words: str, keys: str, icon_name: str, others: Sequence[str] = ()) -> None:
        """`others`: words it may say later, for which it keeps room."""
        super().__init__(words, keys, icon_name)
        self._words, self._all, self._short = words, (words, *others), False

    def set_icon(self, name: str) -> None:
        self._icon = icon(name)
        self.update()

    def set_words(self, words: str) -> None:
        self._words = words
        self.setText("" if self._short else words)

    def set_short(self, short: bool) -> None:  # noqa: FBT001
        self._short = short
        self.set_words(self._words)
        self.updateGeometry()

    def width_wanted(self, *, short: bool) -> int:
        metrics = self.fontMetrics()
        bare = super().sizeHint().width() - metrics.horizontalAdvance(self.text())
        return bare if short else bare + max(metrics.horizontalAdvance(w) for w in self._all)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(self.width_wanted(short=self._short), super().sizeHint().height())


def _button(words: str, keys: str, icon_name: str, meaning: str, others: Sequence[str] = ()) -> _Key:
    button = _Key(words, keys, icon_name, others)
    button.setAccessibleName(meaning)
    button.setToolTip(f"{meaning}  {keys}")
    return button
