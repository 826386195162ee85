"""The live picture in the camera dialog: what a camera shows before anything is saved, or in words why it doesn't."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QHideEvent, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from console.errors import SightdeskError
from console.site.preview import Facts
from console.sources.orientation import Orientation
from models.words import _
from widgets.area_editor import AreaEditor
from widgets.theme import RADIUS, font, px, tokens

_TICK_MS = 33
_MOST_ENDING = 2
"""Closed previews that are still stuck in a read; a new one waits for them, or twenty tries would be twenty threads."""


class View(Protocol):
    """What is looked at; see `console.site.preview.Preview`."""

    size: tuple[int, int] | None
    orientation: Orientation

    @property
    def pixels(self) -> NDArray[np.uint8] | None: ...  # noqa: D102
    @property
    def facts(self) -> Facts | None: ...  # noqa: D102
    @property
    def trouble(self) -> SightdeskError | None: ...  # noqa: D102
    @property
    def ended(self) -> bool: ...  # noqa: D102
    @property
    def alive(self) -> bool: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102
    def redraw(self) -> None: ...  # noqa: D102


class PreviewPane(QWidget):
    """Picture, facts, trouble and the button that asks for the picture."""

    asked = Signal()
    """The operator wants to see the picture, now or again."""
    unredacted_asked = Signal()
    """... though it is one that can only be seen unredacted; see `withhold`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: View | None = None
        self._pending: tuple[Callable[[], View], bool] | None = None
        self._ending: list[View] = []
        self._since = 0.0
        self._withheld = ""
        self._orientation = Orientation()
        self.picture = _Picture()
        self.picture.resized.connect(self._set_size)
        self.areas = AreaEditor(self.picture)
        self.areas.hide()
        self._facts = QLabel()
        self._facts.setProperty("role", "dim")
        self._facts.setWordWrap(True)
        self._trouble = QLabel(wordWrap=True)
        self._trouble.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._trouble.hide()
        self.show_button = QPushButton(_("Show the picture"))
        self.show_button.clicked.connect(self._ask)
        foot = QHBoxLayout()
        foot.addWidget(self._facts, 1)
        foot.addWidget(self.show_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(8))
        column.addWidget(self.picture, 1)
        column.addWidget(self._trouble)
        column.addLayout(foot)
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._say()

    @property
    def view(self) -> View | None:
        """What is looked at now."""
        return self._view

    def look(self, make: Callable[[], View], *, alone: bool = False) -> None:
        """Look at something; what was looked at before is let go first.

        Args:
            make: starts the view.
            alone: only once everything before it has ended: a USB camera opens once.
        """
        self.stop()
        self._withheld = ""
        self._pending = make, alone
        self._since = time.monotonic()
        self._timer.start()
        self._tick()

    def withhold(self, why: str) -> None:
        """Show nothing but the words why, and a button that asks for the picture all the same."""
        self.stop()
        self._withheld = why
        self._say()

    def draw_areas(self, on: bool) -> None:  # noqa: FBT001
        """Have areas drawn over the picture, or not."""
        self.areas.setVisible(on)
        self._place_areas()

    def stop(self) -> None:
        """Let go; returns at once."""
        self._pending = None
        self._withheld = ""
        if self._view is not None:
            self._view.close()
            self._ending.append(self._view)
            self._view = None
        self._timer.stop()
        self.picture.show_pixels(None)
        self._say()

    def turn(self, orientation: Orientation) -> None:
        """Turn and mirror the picture, without connecting anew."""
        self._orientation = orientation
        if self._view is not None:
            self._view.orientation = orientation
            self._view.redraw()

    def settled(self) -> bool:
        """Whether nothing that was let go is still ending."""
        self._ending = [view for view in self._ending if view.alive]
        return not self._ending

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  # Qt's name
        """Nobody looks: the camera is let go."""
        self.stop()
        super().hideEvent(event)

    def _tick(self) -> None:
        if self._view is None and self._pending is not None:
            make, alone = self._pending
            self.settled()
            if len(self._ending) <= (0 if alone else _MOST_ENDING - 1):
                self._pending = None
                self._view = make()
                self._view.orientation = self._orientation
                self._set_size()
        view = self._view
        if view is not None:
            if view.ended and view.pixels is None:
                view.redraw()
            self.picture.show_pixels(view.pixels)
            self._place_areas()
            if view.ended and view.trouble is not None:
                self._timer.stop()
        self._say()

    def _ask(self) -> None:
        (self.unredacted_asked if self._withheld else self.asked).emit()

    def _place_areas(self) -> None:
        self.areas.setGeometry(self.picture.rect())
        self.areas.set_place(self.picture.place())

    def _set_size(self) -> None:
        self._place_areas()
        if self._view is not None:
            self._view.size = self.picture.physical_size()
            self._view.redraw()

    def _say(self) -> None:
        """Facts below, trouble in words, and a face for a picture that isn't there."""
        view = self._view
        trouble = view.trouble if view is not None else None
        facts = view.facts if view is not None else None
        words = str(facts) if facts is not None else ""
        if view is not None and view.ended and trouble is None and facts is not None:
            words = _("{facts}. This was all of it.").format(facts=words)
        self._facts.setText(words)
        self._trouble.setVisible(trouble is not None)
        if trouble is not None:
            self._trouble.setText(f"▲ {trouble}")
            self.picture.say(_("No picture"), failed=True)
        elif self._withheld:
            self.picture.say(self._withheld)
        elif view is not None or self._pending is not None:
            waited = time.monotonic() - self._since
            self.picture.say(_("Connecting, {s} s").format(s=f"{waited:.0f}") if waited >= 1 else _("Connecting"))
        else:
            self.picture.say(_("The live picture appears here before you save."))
        again = _("Try again") if trouble is not None else _("Connect again")
        first = _("Show it unredacted") if self._withheld else _("Show the picture")
        self.show_button.setText(again if view is not None else first)
        described = trouble or words or self.picture.words
        self.picture.setAccessibleDescription(str(described))


class _Picture(QFrame):
    """Paints pixels unscaled in the middle, or words where there are none."""

    resized = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(_("Live picture"))
        self.setMinimumSize(240, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._pixels: NDArray[np.uint8] | None = None
        self.words = ""
        self._failed = False

    def physical_size(self) -> tuple[int, int]:
        """(width, height) in physical pixels."""
        ratio = self.devicePixelRatioF()
        return max(int(self.width() * ratio), 32), max(int(self.height() * ratio), 32)

    def place(self) -> QRect:
        """Where the picture stands in this frame; where one of the usual shape would, while there is none."""
        if self._pixels is None:
            width = min(self.width(), self.height() * 16 // 9)
            shown = QRect(0, 0, width, width * 9 // 16)
        else:
            height, width = self._pixels.shape[:2]
            ratio = self.devicePixelRatioF()
            shown = QRect(0, 0, round(width / ratio), round(height / ratio))
        shown.moveCenter(self.rect().center())
        return shown

    def show_pixels(self, pixels: NDArray[np.uint8] | None) -> None:
        """(height, width, 4) in memory order B, G, R, 255; None: words instead."""
        if pixels is not self._pixels:
            self._pixels = pixels
            self.update()

    def say(self, words: str, *, failed: bool = False) -> None:
        """What stands where there is no picture."""
        if (words, failed) != (self.words, self._failed):
            self.words, self._failed = words, failed
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """The picture is drawn anew at the new size."""
        super().resizeEvent(event)
        self.resized.emit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Another theme."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self.update()
        super().changeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """See the class."""
        now = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(now.stopped if self._failed and self._pixels is None else now.line))
        painter.setBrush(QColor(now.panel))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), RADIUS, RADIUS)
        if self._pixels is None:
            painter.setPen(QColor(now.stopped if self._failed else now.dim))
            painter.setFont(font(13, 600 if self._failed else 400))
            room = self.rect().adjusted(px(16), px(16), -px(16), -px(16))
            words = f"■ {self.words}" if self._failed else self.words
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, words)
        else:
            height, width = self._pixels.shape[:2]
            image = QImage(self._pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)
            ratio = self.devicePixelRatioF()
            image.setDevicePixelRatio(ratio)
            painter.drawImage(self.place().topLeft(), image)
        painter.end()
