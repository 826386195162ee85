"""The picture as it is shown: scaled once for a view and kept, so that a paint copies and scales nothing."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from widgets.canvas.view import View
from widgets.theme import tokens

_GROUNDS = {True: QColor(10, 12, 14), False: QColor("#d3d8dc")}
_SQUARE = 6.0
"""From so many physical pixels to a pixel of the picture on, its pixels are shown as squares."""
_SHRINK = 0.6
"""Below this, plain bilinear scaling would leave pixels out."""


def ground() -> QColor:
    """What is around the picture: dark, or in the light theme light, since so much of it may be seen."""
    return _GROUNDS[tokens().dark]


class Shown:
    """A picture, and what of it a view shows."""

    def __init__(self) -> None:
        self.image: QImage | None = None
        self._view: View | None = None
        self._drawn: QImage | None = None
        self._at = (0, 0)

    @property
    def size(self) -> tuple[int, int] | None:
        """(width, height) as it came; None without one."""
        return None if self.image is None else (self.image.width(), self.image.height())

    def show(self, image: QImage | None) -> None:
        """Take another one; kept by reference."""
        self.image, self._view, self._drawn = image, None, None

    def paint(self, painter: QPainter, view: View) -> None:
        """Copy what is seen; the painter is in physical pixels."""
        if self.image is None:
            return
        if self._view != view:
            self._make(self.image, view)
            self._view = view
        if self._drawn is not None:
            painter.drawImage(*self._at, self._drawn)

    def _make(self, image: QImage, view: View) -> None:
        left, top, width, height = view.place()
        if view.whole:
            wanted = QSize(round(width), round(height))
            same = image.size() == wanted
            self._drawn = image if same else _scaled(image, wanted)
            self._at = (round(left), round(top))
            return
        room = view.room
        drawn = QImage(room[0], room[1], QImage.Format.Format_RGB32)
        drawn.fill(ground())
        painter = QPainter(drawn)
        across = view.sx * view.source[0] / max(image.width(), 1)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=across < _SQUARE)
        seen = view.seen()
        kx, ky = image.width() / view.source[0], image.height() / view.source[1]
        source = QRectF(seen[0] * kx, seen[1] * ky, (seen[2] - seen[0]) * kx, (seen[3] - seen[1]) * ky)
        x0, y0 = view.to_screen(seen[0], seen[1])
        target = QRectF(x0, y0, (seen[2] - seen[0]) * view.sx, (seen[3] - seen[1]) * view.sy)
        if across < _SHRINK:
            part = image.copy(source.toAlignedRect().intersected(QRect(0, 0, image.width(), image.height())))
            painter.drawImage(target.toRect(), _scaled(part, target.toRect().size()))
        else:
            painter.drawImage(target, image, source)
        painter.end()
        self._drawn, self._at = drawn, (0, 0)


def _scaled(image: QImage, size: QSize) -> QImage:
    mode = Qt.TransformationMode.SmoothTransformation
    made = image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
    return made if made.format() == QImage.Format.Format_RGB32 else made.convertToFormat(QImage.Format.Format_RGB32)
