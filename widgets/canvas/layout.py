"""Where boxes and their chips go in the room: laid out when something changed, painted from numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from widgets.canvas.chips import ASKED, BESIDE, CALM, CHOSEN, HOVERED, chip, chip_size, pen, shade, words_of
from widgets.canvas.marks import NONE, Mark
from widgets.canvas.view import View
from widgets.theme import px

LABELS = 60
"""Chips of one picture; more would hide it."""
_TINT = QColor(255, 255, 255, 26)
Rectangle = tuple[int, int, int, int]


@dataclass(slots=True)
class Layout:
    """Boxes and chips in physical pixels.

    Attributes:
        boxes: left, top, width, height, the pen under it or None, its pen, whether it is tinted.
        chips: left, top, pixels.
    """

    boxes: list[tuple[int, int, int, int, QPen | None, QPen, bool]] = field(default_factory=list)
    chips: list[tuple[int, int, QImage]] = field(default_factory=list)

    def paint(self, painter: QPainter) -> None:
        """Draw all of it; the painter is in physical pixels."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for x, y, width, height, under, line, tinted in self.boxes:
            if tinted:
                painter.fillRect(x, y, width, height, _TINT)
            if under is not None:
                painter.setPen(under)
                painter.drawRect(x, y, width, height)
            painter.setPen(line)
            painter.drawRect(x, y, width, height)
        for x, y, label in self.chips:
            painter.drawImage(x, y, label)


def lay_out(marks: Sequence[Mark], view: View, ratio: float, *, chosen: int = NONE, hovered: int = NONE) -> Layout:
    """Put boxes and chips in their places; the one in question and the chosen one lie on top."""
    made, taken = Layout(), list[Rectangle]()
    styles = [_style(number, mark, chosen, hovered) for number, mark in enumerate(marks)]
    order = sorted(range(len(marks)), key=lambda number: (_RANK[styles[number]], -_size(marks[number])))
    places = {}
    for number in order:
        style, mark = styles[number], marks[number]
        place = places[number] = place_of(mark, view)
        under = shade(ratio) if style != CALM else None
        line = pen(style, ratio, dashed=mark.asked)
        made.boxes.append((*place, under, line, style == CHOSEN))
    for number in reversed(order[-LABELS:]):
        label, wide, high = chip(words_of(marks[number]), styles[number], chip_size(ratio))
        gap = round(px(5) * ratio) if styles[number] == CHOSEN else 0  # its handles stand out
        at = _free(places[number], (wide, high + gap), view.room, taken, must=styles[number] != CALM)
        if at is not None:
            taken.append((*at, wide, high))
            made.chips.append((*at, label))
    return made


def lay_beside(made: Layout, marks: Sequence[Mark], whose: str, view: View, ratio: float) -> None:
    """Put boxes of somebody else under those that are there, a little wider, so that two of one object are both seen.

    Args:
        made: with the boxes and chips that come first.
        marks: somebody else's.
        whose: said before the class of each.
        view: how the picture is seen.
        ratio: physical pixels to a logical one.
    """
    out = max(round(px(3) * ratio), 1)
    taken = [(x, y, label.width(), label.height()) for x, y, label in made.chips]
    under = []
    for mark in sorted(marks, key=_size, reverse=True):
        x, y, width, height = place_of(mark, view)
        wider = (x - out, y - out, width + 2 * out, height + 2 * out)
        under.append((*wider, shade(ratio, faint=True), pen(BESIDE, ratio), False))
        label, wide, high = chip(f"{whose}: {words_of(mark)}", BESIDE, chip_size(ratio))
        at = _free(wider, (wide, high), view.room, taken, must=False)
        if at is not None:
            taken.append((*at, wide, high))
            made.chips.append((*at, label))
    made.boxes[:0] = under


def place_of(mark: Mark, view: View) -> Rectangle:
    """Left, top, width and height of a box in the room."""
    x0, y0 = view.to_screen(mark.xyxy[0], mark.xyxy[1])
    x1, y1 = view.to_screen(mark.xyxy[2], mark.xyxy[3])
    left, top = max(round(x0), -_FAR), max(round(y0), -_FAR)
    return left, top, max(min(round(x1), _FAR) - left - 1, 1), max(min(round(y1), _FAR) - top - 1, 1)


_FAR = 30_000
"""Painting goes wrong with lines much longer than a screen."""
_RANK = {CALM: 0, HOVERED: 1, ASKED: 2, CHOSEN: 3}


def _style(number: int, mark: Mark, chosen: int, hovered: int) -> int:
    if number == chosen:
        return CHOSEN
    if mark.asked:
        return ASKED
    return HOVERED if number == hovered else CALM


def _size(mark: Mark) -> float:
    return (mark.xyxy[2] - mark.xyxy[0]) * (mark.xyxy[3] - mark.xyxy[1])


def _free(
    box: Rectangle, size: tuple[int, int], room: tuple[int, int], taken: Sequence[Rectangle], *, must: bool
) -> tuple[int, int] | None:
    """A place for a chip beside its box that no other has; `must`: the first there is, if need be."""
    x, y, width, height = box
    if x > room[0] or y > room[1] or x + width < 0 or y + height < 0:
        return None
    wide, high = size
    first = None
    for left in (x, x + width + 1 - wide):
        for top in (y - high, y + height + 1, y + 1):
            at = min(max(left, 0), max(room[0] - wide, 0)), min(max(top, 0), max(room[1] - high, 0))
            first = first or at
            if not any(
                at[0] < t[0] + t[2] and t[0] < at[0] + wide and at[1] < t[1] + t[3] and t[1] < at[1] + high
                for t in taken
            ):
                return at
    return first if must else None
