"""A camera's tile: its picture as it comes, boxes over it, and what there is to say about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from models.detections import Detections
from models.words import _
from widgets.theme import px, tokens
from widgets.tile_boxes import BoxLayer, Rectangle
from widgets.tile_paint import (
    BORDER,
    Figures,
    Header,
    Marks,
    button_top,
    header_height,
    paint_border,
    paint_face,
    paint_ground,
    paint_header,
)
from widgets.tile_state import LIVE, TileState

_PictureGround = QColor(10, 12, 14)


class CameraTile(QWidget):
    """One camera on the wall. A raster widget: pictures come ready in its size and are copied, not scaled.

    Attributes:
        on_painted: called after each painting of the picture area, for whoever measures; None for nobody.
    """

    activated = Signal()
    """Double click or Enter."""
    chosen = Signal()
    """Clicked, or reached by keyboard."""
    way_on = Signal()
    """The button of its face."""
    context_wanted = Signal(QPoint)
    """Right click or the menu key; global position."""
    dragged = Signal(QPoint)
    """Moved while the button is held; global position."""
    dropped = Signal(QPoint)
    """Let go after being dragged; global position."""

    def __init__(self, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.on_painted: Callable[[], None] | None = None
        self._name = name
        self._state = LIVE
        self._marks = Marks()
        self._figures = Figures()
        self._pixels: NDArray[np.uint8] | None = None
        self._image: QImage | None = None
        self._source = (16, 9)
        self._boxes = BoxLayer()
        self._area = QRect()
        self._size = (0, 0)
        self._place: Rectangle = (0, 0, 0, 0)
        self._changing = QRect()
        self._painter = QPainter()
        self._ratio = 1.0
        self._press: QPoint | None = None
        self._dragging = False
        self._button = QPushButton(self)
        self._button.setVisible(False)
        self._button.clicked.connect(self.way_on)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(96, 72)
        self.set_name(name)

    # What it shows

    @property
    def name(self) -> str:
        """The camera's name."""
        return self._name

    @property
    def state(self) -> TileState:
        """The face it has."""
        return self._state

    @property
    def frozen(self) -> bool:
        """Whether the operator froze it."""
        return self._marks.frozen

    @property
    def boxes_hidden(self) -> bool:
        """Whether boxes are left out."""
        return self._marks.boxes_hidden

    def set_name(self, name: str) -> None:
        """Say whose picture it is."""
        self._name = name
        self._tell()

    def show_picture(self, pixels: NDArray[np.uint8] | None, source: tuple[int, int] = (16, 9)) -> None:
        """Show a picture, (h, w, 4) uint8 in memory order B, G, R, 255; kept by reference. None: nothing to show.

        Args:
            pixels: best in the size of `picture_size`, as far as its shape allows; any other is scaled, slowly.
            source: (width, height) of the picture that boxes refer to.
        """
        self._pixels, self._source = pixels, source
        size = (0, 0)
        if pixels is None:
            self._image = None
        else:
            height, width = pixels.shape[:2]
            size = (width, height)
            self._image = QImage(pixels, width, height, pixels.strides[0], QImage.Format.Format_RGB32)  # type: ignore[call-overload]
        if size != self._size:
            self._size = size
            self._find_place()
            self.update(self._area)
        else:
            self.update(self._changing)

    def show_boxes(self, found: Detections, firm: NDArray[np.float32], labels: Sequence[str]) -> None:
        """Draw these boxes, in pixels of the source, each with its opacity (N,) in 0..1; `labels` name the classes."""
        had = len(self._boxes)
        self._boxes.set(found, firm, labels)
        if had or len(found):
            self.update(self._changing)

    def set_figures(self, fps: str, latency: str, age: str) -> None:
        """Figures in the header, with their units; empty for none."""
        figures = Figures(fps, latency, age)
        if figures != self._figures:
            self._figures = figures
            self._update_header()

    def set_state(self, state: TileState) -> None:
        """Put on a face."""
        if state == self._state:
            return
        self._state = state
        self._button.setAccessibleName(f"{state.way_on}, {self._name}")
        self._tell()
        self._set_out()

    def set_frozen(self, frozen: bool) -> None:  # noqa: FBT001
        """Mark the picture as frozen by the operator; it is whoever shows pictures that stops."""
        self._marks.frozen = frozen
        self._tell()

    def set_chosen(self, chosen: bool) -> None:  # noqa: FBT001
        """Mark it as the one that keys work on."""
        if chosen != self._marks.chosen:
            self._marks.chosen = chosen
            self.update()

    def set_redacted(self, redacted: bool) -> None:  # noqa: FBT001
        """Mark the picture as one in which faces, plates or areas are covered."""
        if redacted != self._marks.redacted:
            self._marks.redacted = redacted
            self._tell()

    def set_revealed(self, seconds: int | None) -> None:
        """Mark the picture as one that is shown as it is for so many seconds more; None: it isn't."""
        if seconds != self._marks.revealed:
            self._marks.revealed = seconds
            self._tell()

    def set_boxes_hidden(self, hidden: bool) -> None:  # noqa: FBT001
        """Leave boxes out, or don't."""
        self._marks.boxes_hidden = hidden
        self._tell()

    def picture_size(self) -> tuple[int, int]:
        """(width, height) of the picture area in physical pixels: what a picture should be drawn to."""
        ratio = self.devicePixelRatioF()
        return max(int(self._area.width() * ratio), 2), max(int(self._area.height() * ratio), 2)

    def sizeHint(self) -> QSize:  # noqa: N802
        """A quarter of a wall of four on a small screen."""
        return QSize(px(480), px(270) + header_height())

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint what changed: most of the time the picture area alone."""
        painter = self._painter  # kept, as everything is that is used a picture: see `tile_boxes`
        painter.begin(self)
        dirty = event.rect()
        if self._image is not None and self._changing.contains(dirty) and not self._state.covers:
            self._paint_picture(painter, self._image)
        else:
            self._paint_all(painter, dirty)
        painter.end()
        if self.on_painted is not None:
            self.on_painted()

    def _paint_all(self, painter: QPainter, dirty: QRect) -> None:
        framed = not self._area.contains(dirty)
        if framed:
            paint_ground(painter, self.rect())
            header = QRect(BORDER, BORDER, self.width() - 2 * BORDER, header_height())
            paint_header(painter, header, Header(self._name, self._state, self._marks, self._figures))
        if dirty.intersects(self._area):
            painter.fillRect(self._area, _PictureGround if self._image is not None else QColor(tokens().panel))
            if self._image is not None:
                painter.save()
                painter.setClipRect(self._area)
                self._paint_picture(painter, self._image)
                painter.restore()
            if self._state.covers:
                below = self._button.height() if self._button.isVisible() else 0
                paint_face(painter, self._area, self._state, over_picture=self._image is not None, below=below)
        if framed:
            paint_border(painter, self.rect(), self._state, self._marks)

    def _paint_picture(self, painter: QPainter, image: QImage) -> None:
        """In physical pixels from here on: what is copied lies on them, and lines are sharp at every scale."""
        ratio = self._ratio
        if ratio != 1:
            painter.scale(1 / ratio, 1 / ratio)
        left, top, width, height = self._place
        if self._size == (width, height):
            painter.drawImage(left, top, image)
        else:
            painter.drawImage(QRect(left, top, width, height), image)
        if not self._marks.boxes_hidden and not self._state.covers:
            self._boxes.paint(painter, self._place, self._source, ratio)

    def _find_place(self) -> None:
        """Where in its area the picture stands, in physical pixels, and what of the tile changes with each picture."""
        ratio = self._ratio = self.devicePixelRatioF()
        if self._image is None:
            self._place, self._changing = (0, 0, 0, 0), self._area
            return
        wide, high = self.picture_size()
        width, height = _fitted(*self._size, wide, high)
        left = round(self._area.left() * ratio) + (wide - width) // 2
        top = round(self._area.top() * ratio) + (high - height) // 2
        self._place = (left, top, width, height)
        x0, y0 = math.floor(left / ratio), math.floor(top / ratio)
        x1, y1 = math.ceil((left + width) / ratio), math.ceil((top + height) / ratio)
        self._changing = QRect(x0, y0, x1 - x0, y1 - y0)

    def _update_header(self) -> None:
        self.update(0, 0, self.width(), header_height() + BORDER)

    def _set_out(self) -> None:
        """Areas and the button for the size and face it has."""
        top = BORDER + header_height()
        self._area = QRect(BORDER, top, max(self.width() - 2 * BORDER, 1), max(self.height() - top - BORDER, 1))
        self._find_place()
        shown = bool(self._state.way_on) and self._state.covers and self._button_fits()
        self._button.setVisible(shown)
        if shown:
            left = self._area.center().x() - self._button.width() // 2
            self._button.move(left, button_top(self._area, self._state, self._button.height()))
        self.update()

    def _button_fits(self) -> bool:
        """Put as much on the button as there is room for, its key at the least; whether that fits."""
        state = self._state
        whole = f"{state.way_on}  ({state.key})" if state.key else state.way_on
        self._button.setToolTip(whole)
        room = self._area.width() - px(8)
        for words in filter(None, (whole, state.way_on, state.key)):
            self._button.setText(words)
            self._button.adjustSize()
            if self._button.width() <= room:
                break
        return self._button.width() <= room and self._button.height() + px(4) <= self._area.height()

    def _tell(self) -> None:
        """Name, state and marks in words, for a screen reader and as a tool tip."""
        marks = [self._state.word] if self._state.word else []
        if self._marks.revealed is not None:
            marks.append(_("shown unredacted"))  # without the seconds, which a screen reader would never finish
        elif self._marks.redacted:
            marks.append(_("redacted"))
        marks += [_("frozen by you")] if self._marks.frozen else []
        marks += [_("boxes hidden")] if self._marks.boxes_hidden else []
        self.setAccessibleName(", ".join([self._name, *marks]))
        self.setAccessibleDescription(self._state.sentence)
        self.setToolTip(self._state.sentence)
        self.update()

    # Events

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802
        """Find its areas anew."""
        self._set_out()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the theme and the text scale."""
        if event.type() in _LOOKS:
            self._set_out()
        super().changeEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Reached by keyboard or mouse: it is the chosen one."""
        super().focusInEvent(event)
        self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter focuses; every other key is the wall's."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.modifiers() & ~_KEYPAD:
            self.activated.emit()
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Choose it; a drag may begin here."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.chosen.emit()
        if event.button() == Qt.MouseButton.LeftButton:
            self._press = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Drag."""
        if self._press is None:
            return
        here = event.position().toPoint()
        if self._dragging or (here - self._press).manhattanLength() >= QApplication.startDragDistance():
            self._dragging = True
            self.dragged.emit(event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Drop what was dragged."""
        dragging, self._press, self._dragging = self._dragging, None, False
        if dragging:
            self.dropped.emit(event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Focus on this camera."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.activated.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Ask for the menu of this camera."""
        self.chosen.emit()
        self.context_wanted.emit(event.globalPos())


_LOOKS = {
    QEvent.Type.PaletteChange,
    QEvent.Type.StyleChange,
    QEvent.Type.FontChange,
    QEvent.Type.DevicePixelRatioChange,
}
_KEYPAD = Qt.KeyboardModifier.KeypadModifier


def _fitted(width: int, height: int, wide: int, high: int) -> tuple[int, int]:
    """The size to draw a picture at: its own where it fills the room as well as an even size can, else scaled."""
    factor = min(wide / width, high / height)
    fitted = max(int(width * factor), 1), max(int(height * factor), 1)
    close = width <= wide and height <= high and abs(fitted[0] - width) <= 4 and abs(fitted[1] - height) <= 4
    return (width, height) if close else fitted
