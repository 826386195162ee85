"""What surrounds a tile's picture: header, border, the face of a state. Painted rarely, in logical pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPolygonF

from models.words import _
from widgets.theme import DARK, RADIUS, Tokens, font, px, tokens
from widgets.tile_state import TileState

BORDER = 2
VEIL = QColor(10, 14, 18, 190)


@lru_cache(maxsize=16)
def _letters(size: int, weight: int, pixels: int) -> tuple[QFont, QFontMetrics]:
    """Letters and their measures; `pixels` is the key that changes with the text scale."""
    del pixels
    letters = font(size, weight)
    return letters, QFontMetrics(letters)


def letters(size: int, weight: int = 400) -> tuple[QFont, QFontMetrics]:
    """`theme.font` with its measures, made once a text scale."""
    return _letters(size, weight, px(size))


def header_height() -> int:
    """Height of a tile's header in logical pixels."""
    return px(26)


@dataclass(slots=True)
class Figures:
    """What the right end of a header says; empty parts are left out."""

    fps: str = ""
    latency: str = ""
    age: str = ""


@dataclass(slots=True)
class Marks:
    """What holds for a tile beside its camera's state.

    Attributes:
        frozen, boxes_hidden, chosen: what the operator did.
        redacted: its pictures are covered where they have to be.
        revealed: they are not for so many seconds more, though they are otherwise; None: not so.
    """

    frozen: bool = False
    boxes_hidden: bool = False
    chosen: bool = False
    redacted: bool = False
    revealed: int | None = None


def paint_border(painter: QPainter, whole: QRect, state: TileState, marks: Marks) -> None:
    """The frame of a tile: accent for the choice, the state's colour inside it where something is wrong."""
    look = tokens()
    alarm = state.needs_you or state.stopped or marks.revealed is not None
    colour = look.needs_you if marks.revealed is not None else state.colour(look)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    outer = look.accent if marks.chosen else colour if alarm else look.line
    width = 2.0 if marks.chosen or alarm else 1.0
    half = width / 2
    painter.setPen(QPen(QColor(outer), width))
    painter.drawRoundedRect(QRectF(whole).adjusted(half, half, -half, -half), RADIUS, RADIUS)
    if marks.chosen and alarm:
        painter.setPen(QPen(QColor(colour), 1.0))
        painter.drawRoundedRect(QRectF(whole).adjusted(2.5, 2.5, -2.5, -2.5), RADIUS - 2, RADIUS - 2)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def paint_ground(painter: QPainter, whole: QRect) -> None:
    """The surface under everything, with what shows behind the rounded corners."""
    look = tokens()
    painter.fillRect(whole, QColor(look.ground))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(look.panel))
    painter.drawRoundedRect(QRectF(whole), RADIUS, RADIUS)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


@dataclass(frozen=True, slots=True)
class Header:
    """All that a header says."""

    name: str
    state: TileState
    marks: Marks
    figures: Figures


def paint_header(painter: QPainter, area: QRect, header: Header) -> None:
    """Name and marks on the left, figures on the right; the name is elided last."""
    look, pad = tokens(), px(8)
    name, figures = header.name, header.figures
    inner = area.adjusted(pad, 0, -pad, 0)
    small, metrics = letters(12)
    words = _marks(header.state, header.marks, look)
    needed = sum(px(24) + letters(12, 600)[1].horizontalAdvance(word) for word, *_look in words)
    bold, bold_metrics = letters(13, 600)
    name_width = min(bold_metrics.horizontalAdvance(name), inner.width() // 3)
    needed = min(needed, inner.width() - name_width - px(12))  # a long state is cut, not the name
    right = _fitting(figures, metrics, inner.width() - name_width - needed - px(12))
    painter.setFont(small)
    painter.setPen(QColor(look.dim))
    painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, right)
    room = inner.width() - needed - (metrics.horizontalAdvance(right) + px(10) if right else 0)
    painter.setFont(bold)
    painter.setPen(QColor(look.text))
    shown = bold_metrics.elidedText(name, Qt.TextElideMode.ElideRight, max(room, px(24)))
    painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
    x = inner.left() + bold_metrics.horizontalAdvance(shown) + px(8)
    painter.setFont(letters(12, 600)[0])
    for word in words:
        x = _mark(painter, x, inner, word)


def _marks(state: TileState, marks: Marks, look: Tokens) -> list[tuple[str, str, str]]:
    """Words with their colour and shape."""
    words = []
    if marks.revealed is not None:
        words.append((_("unredacted for {n} s").format(n=marks.revealed), look.needs_you, "triangle"))
    if state.word:
        shape = "triangle" if state.needs_you else "square" if state.stopped else "dot"
        words.append((state.word, state.colour(look), shape))
    if marks.redacted and marks.revealed is None and not state.covers:
        words.append((_("redacted"), look.dim, "bar"))
    if marks.frozen:
        words.append((_("frozen by you"), look.accent, "bars"))
    if marks.boxes_hidden:
        words.append((_("boxes hidden"), look.dim, "ring"))
    return words


def _mark(painter: QPainter, x: int, area: QRect, mark: tuple[str, str, str]) -> int:
    """Draw a shape and its word; returns where the next may begin."""
    word, colour, shape = mark
    size, middle = px(8), area.center().y() + 1
    box = QRectF(x, middle - size / 2, size, size)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    if shape == "triangle":
        painter.drawPolygon(QPolygonF([box.bottomLeft(), QPointF(box.center().x(), box.top()), box.bottomRight()]))
    elif shape == "square":
        painter.drawRect(box)
    elif shape == "bars":
        painter.drawRect(QRectF(box.left(), box.top(), size * 0.35, size))
        painter.drawRect(QRectF(box.left() + size * 0.62, box.top(), size * 0.35, size))
    elif shape == "bar":
        painter.drawRect(QRectF(box.left(), box.top() + size * 0.25, size, size * 0.5))
    elif shape == "ring":
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colour), 1.2, Qt.PenStyle.DashLine))
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
    else:
        painter.drawEllipse(box.adjusted(1, 1, -1, -1))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.setPen(QColor(colour))
    left = x + size + px(4)
    room = max(area.right() - left, 0)
    shown = QFontMetrics(painter.font()).elidedText(word, Qt.TextElideMode.ElideRight, room)
    painter.drawText(
        QRect(left, area.top(), room, area.height()), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown
    )
    return left + QFontMetrics(painter.font()).horizontalAdvance(shown) + px(10)


def _fitting(figures: Figures, metrics: QFontMetrics, room: int) -> str:
    """The figures there is room for; frames a second stay longest."""
    parts = [part for part in (figures.fps, figures.latency, figures.age) if part]
    while parts and metrics.horizontalAdvance("   ".join(parts)) > room:
        parts.pop()
    return "   ".join(parts)


def paint_face(painter: QPainter, area: QRect, state: TileState, *, over_picture: bool, below: int) -> None:
    """The state in large letters over the picture area, leaving `below` pixels for the button under it.

    Where both find no room, the button alone stands there: the header has the state in a word.
    """
    look = tokens()
    if over_picture:
        painter.fillRect(area, VEIL)
        look = DARK  # a veiled picture is dark in both themes
    title, body = font(15, 600), font(13)
    width = min(area.width() - px(24), px(440))
    if width < px(40) or (below and not _words_fit(area, below)):
        return
    metrics = QFontMetrics(body)
    head = QFontMetrics(title).height()
    spare = area.height() - px(16) - head - px(6) - (below + px(10) if below else 0)
    lines = wrapped(state.sentence, metrics, width, max(spare // metrics.height(), 0))
    high = head + (px(6) + len(lines) * metrics.height() if lines else 0) + (below + px(10) if below else 0)
    y = area.top() + max((area.height() - high) // 2, px(4))
    left = area.center().x() - width // 2
    painter.setFont(title)
    painter.setPen(QColor(look.text))
    word = state.word[:1].upper() + state.word[1:]
    shown = QFontMetrics(title).elidedText(word, Qt.TextElideMode.ElideRight, width)
    painter.drawText(QRect(left, y, width, head), Qt.AlignmentFlag.AlignCenter, shown)
    y += head + px(6)
    painter.setFont(body)
    painter.setPen(QColor(look.dim if not over_picture else "#c3cad0"))
    for line in lines:
        painter.drawText(QRect(left, y, width, metrics.height()), Qt.AlignmentFlag.AlignCenter, line)
        y += metrics.height()


def button_top(area: QRect, state: TileState, height: int) -> int:
    """Where the button of a face begins: under its words as `paint_face` sets them, or in the middle without them."""
    if not _words_fit(area, height):
        return area.top() + (area.height() - height) // 2
    body = QFontMetrics(font(13))
    head = QFontMetrics(font(15, 600)).height()
    width = min(area.width() - px(24), px(440))
    spare = area.height() - px(16) - head - px(6) - height - px(10)
    lines = wrapped(state.sentence, body, width, max(spare // body.height(), 0))
    words = head + (px(6) + len(lines) * body.height() if lines else 0)
    high = words + height + px(10)
    return area.top() + max((area.height() - high) // 2, px(4)) + words + px(10)


def _words_fit(area: QRect, button: int) -> bool:
    """Whether the state in large letters fits over a button of this height."""
    return QFontMetrics(font(15, 600)).height() + px(10) + button + 2 * px(4) <= area.height()


def wrapped(text: str, metrics: QFontMetrics, width: int, most: int) -> list[str]:
    """`text` in lines of at most `width` pixels, `most` of them; the last is elided where more would follow."""
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < most:
        line = words.pop(0)
        while words and metrics.horizontalAdvance(f"{line} {words[0]}") <= width:
            line = f"{line} {words.pop(0)}"
        if words and len(lines) == most - 1:
            line = " ".join((line, *words))
        lines.append(metrics.elidedText(line, Qt.TextElideMode.ElideRight, width))
    return lines
