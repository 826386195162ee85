"""Pens and label chips of boxes, made once and kept: painting a picture makes no Qt value of its own."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPen

from models.words import _
from widgets.canvas.marks import Mark
from widgets.theme import BOX, DOUBT, LABEL_GROUND, font, px

CALM, ASKED, CHOSEN, HOVERED, BESIDE = range(5)
"""How a box looks: one of many; the one in question; the one that is worked on; the one under the mouse; somebody
else's, which can only be looked at."""
_COLOURS = (BOX, DOUBT, "#ffffff", BOX, "#c3ccd4")
_FIRM = (0.75, 1.0, 1.0, 1.0, 0.95)
_LETTERS = {ASKED: DOUBT, CHOSEN: "#0a0e12", BESIDE: "#c3ccd4"}
_BESIDE_DASHES = [9, 4, 1, 4]
"""Dash and dot: no other box has such a line."""


@lru_cache(maxsize=64)
def pen(style: int, ratio: float, *, dashed: bool = False) -> QPen:
    """The line of a box, in physical pixels."""
    colour = QColor(_COLOURS[style])
    colour.setAlphaF(_FIRM[style])
    width = max(int(ratio), 1) if style in {CALM, BESIDE} else round(2 * ratio)
    made = QPen(colour, width)
    made.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    made.setCapStyle(Qt.PenCapStyle.FlatCap)
    if style == BESIDE:
        made.setDashPattern(_BESIDE_DASHES)
    elif dashed:
        made.setDashPattern([3, 2])
    return made


@lru_cache(maxsize=8)
def shade(ratio: float, *, faint: bool = False) -> QPen:
    """What lies under a line that matters, so that it is seen on any picture."""
    made = QPen(QColor(10, 14, 18, 100 if faint else 150), round((3 if faint else 4) * ratio))
    made.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    return made


@lru_cache(maxsize=8)
def hair(ratio: float) -> QPen:
    """Cross-hairs and lines that caught an edge."""
    made = QPen(QColor(255, 255, 255, 170), max(int(ratio), 1))
    made.setDashPattern([2, 3])
    return made


def words_of(mark: Mark) -> str:
    """What a chip says: class, score, and that it is in question."""
    name = mark.label or _("no class")
    figure = "" if mark.score is None else f" {mark.score:.2f}".replace(" 0.", " .")
    return f"{name}{figure} ?" if mark.asked else f"{name}{figure}"


@lru_cache(maxsize=512)
def chip(words: str, style: int, size: int) -> tuple[QImage, int, int]:
    """A chip as pixels, its width and its height; letters `size` physical pixels high."""
    letters = font(11)
    letters.setPixelSize(size)
    metrics = QFontMetrics(letters)
    pad = max(size // 3, 2)
    wide, high = metrics.horizontalAdvance(words) + 2 * pad, metrics.height() + 2
    drawn = QImage(wide, high, QImage.Format.Format_ARGB32_Premultiplied)
    drawn.fill(QColor(*LABEL_GROUND) if style != CHOSEN else QColor("#ffffff"))
    painter = QPainter(drawn)
    painter.setFont(letters)
    painter.setPen(QColor(_LETTERS.get(style, "#e6e9ec")))
    painter.drawText(pad, 1 + metrics.ascent(), words)
    painter.end()
    return drawn, wide, high


def chip_size(ratio: float) -> int:
    """Letters of a chip, in physical pixels."""
    return max(round(px(11) * ratio), 6)
