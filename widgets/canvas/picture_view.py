"""A picture that can be looked at closely: zoom and pan, scaled once a view."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from models.words import _
from widgets.canvas.marks import Corners, Size
from widgets.canvas.paint import paint_focus, paint_hint, paint_why
from widgets.canvas.picture import Shown, ground
from widgets.canvas.view import STEP, View, fitted
from widgets.theme import px

CONTEXT = 3.0
"""How many times a box's longer side is seen when the view goes to it."""


class PictureView(QWidget):
    """A raster widget. Coordinates are float pixels of the source picture; the picture may be stored smaller.

    What is to be shown comes ready: a picture in the size of `picture_size` is copied, any other is scaled once.

    Signals:
        view_changed: nearer, farther, or another part.

    Attributes:
        on_painted: called after each painting, for whoever measures; None for nobody.
    """

    view_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.on_painted: Callable[[], None] | None = None
        self._shown = Shown()
        self._why = ""
        self._hint = ""
        self._view = View.fit((1, 1), (16, 9))
        self._painter = QPainter()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 120)
        self.setAccessibleName(_("Picture"))

    def show_picture(self, image: QImage | None, source_size: Size, why_none: str = "") -> None:
        """Show a picture; kept by reference. The view goes back to all of it where the source's size is another.

        Args:
            image: best in the size of `picture_size` and in RGB32; None: there is none.
            source_size: (width, height) of the picture that boxes refer to; the image may be smaller.
            why_none: said where there is no image.
        """
        self._shown.show(image if image is not None and not image.isNull() else None)
        self._why = why_none
        if self._view.whole or self._view.source != source_size:
            self._set_view(View.fit(self._room(), source_size, self._shown.size))
        self.refresh()

    @property
    def has_picture(self) -> bool:
        """A picture is shown, not the words why there is none."""
        return self._shown.image is not None

    def picture_size(self, source_size: Size) -> Size:
        """(width, height) in physical pixels at which all of such a picture is shown: what it is best scaled to."""
        return fitted(source_size, self._room())

    def set_hint(self, words: str) -> None:
        """Say something at the foot of the picture; empty: nothing."""
        if words != self._hint:
            self._hint = words
            self.update()

    # The view

    @property
    def view(self) -> View:
        """How the picture is seen; in physical pixels."""
        return self._view

    @property
    def zoomed(self) -> bool:
        """Less than all of the picture is seen."""
        return not self._view.whole

    def fit(self) -> None:
        """All of the picture."""
        self._set_view(View.fit(self._room(), self._view.source, self._shown.size))

    def zoom_to(self, xyxy: Corners, context: float = CONTEXT) -> None:
        """Go to a box; `context` times its longer side is seen, or all of the picture where that is more."""
        self._set_view(self._view.at(xyxy, context))

    def zoom(self, steps: float, at: QPointF | None = None) -> None:
        """Nearer (or farther, where negative) around a point of the widget, or its middle."""
        ratio = self.devicePixelRatioF()
        where = (self.width() / 2, self.height() / 2) if at is None else (at.x(), at.y())
        view = self._view.zoomed(STEP**steps, where[0] * ratio, where[1] * ratio)
        self._set_view(View.fit(self._room(), view.source, self._shown.size) if view.whole else view)

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by pixels of the widget, as far as there is picture."""
        ratio = self.devicePixelRatioF()
        self._set_view(self._view.moved(dx * ratio, dy * ratio))

    # Painting

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """Copy the picture, and paint what lies over it."""
        painter, ratio = self._painter, self.devicePixelRatioF()
        painter.begin(self)
        if self._shown.image is None:
            paint_why(painter, self.rect(), self._why)
        else:
            painter.fillRect(self.rect(), ground())
            if ratio != 1:
                painter.scale(1 / ratio, 1 / ratio)
            self._shown.paint(painter, self._view)
            self.paint_over(painter, ratio)
            painter.resetTransform()
        hint = self.hint()
        if hint:
            paint_hint(painter, self.rect(), hint)
        if self.hasFocus():
            paint_focus(painter, self.rect())
        painter.end()
        if self.on_painted is not None:
            self.on_painted()

    def paint_over(self, painter: QPainter, ratio: float) -> None:
        """Paint what lies over the picture; the painter is in physical pixels, `ratio` of them to a logical one."""

    def refresh(self) -> None:
        """Something is other: paint anew."""
        self.update()

    def hint(self) -> str:
        """What is said at the foot of the picture; empty: nothing."""
        return self._hint

    def _set_view(self, view: View) -> None:
        if view != self._view:
            self._view = view
            self.refresh()
            self.view_changed.emit()

    def _room(self) -> Size:
        ratio = self.devicePixelRatioF()
        return max(int(self.width() * ratio), 1), max(int(self.height() * ratio), 1)

    # Events

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """A picture of some size."""
        return QSize(px(960), px(600))

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """The same view in another room."""
        view = self._view.in_room(self._room())
        self._set_view(View.fit(self._room(), view.source, self._shown.size) if view.whole else view)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Follow the theme and the text scale."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.StyleChange, QEvent.Type.FontChange, QEvent.Type.DevicePixelRatioChange}:
            self.refresh()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802  # Qt's name
        """Nearer or farther around the mouse."""
        self.zoom(event.angleDelta().y() / 120, event.position())
        event.accept()
