"""Boxes of somebody else on the canvas: seen beside one's own, in a line of their own, and out of reach."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.canvas import Canvas, Mark
from widgets.canvas.chips import ASKED, BESIDE, CHOSEN, pen

SOURCE = (800, 400)
OWN = Mark((100, 100, 200, 300), "person", 0.34, asked=True)
THEIRS = Mark((400, 100, 600, 200), "plate", 0.91)


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    """A source pixel is a pixel of the screen."""
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(*SOURCE)
    picture = QImage(*SOURCE, QImage.Format.Format_RGB32)
    picture.fill(QColor("#405060"))
    made.show_picture(picture, SOURCE)
    made.set_boxes((OWN,))
    made.show()
    qtbot.waitExposed(made)
    return made


def painted(canvas: Canvas) -> QImage:
    return canvas.grab().toImage()


def other(one: QImage, two: QImage, *corners: int) -> int:
    """How many pixels of a rectangle differ."""
    x0, y0, x1, y1 = corners
    return sum(one.pixel(x, y) != two.pixel(x, y) for x in range(x0, x1) for y in range(y0, y1))


def test_they_are_seen_and_gone_again(canvas: Canvas) -> None:
    before = painted(canvas)
    canvas.set_beside((THEIRS,), "cloud")
    with_them = painted(canvas)
    assert other(before, with_them, 394, 80, 606, 206) > 500
    assert other(before, with_them, 420, 120, 580, 180) == 0  # an outline, nothing over the picture
    assert other(before, with_them, 60, 60, 240, 340) == 0
    assert canvas.accessibleDescription().endswith("cloud: plate .91")
    canvas.set_beside(())
    assert other(before, painted(canvas), 0, 0, *SOURCE) == 0
    assert "cloud" not in canvas.accessibleDescription()


def test_of_one_object_both_are_seen(canvas: Canvas) -> None:
    alone = painted(canvas)
    canvas.set_beside((Mark(OWN.xyxy, "vehicle", 0.8),), "cloud")
    both = painted(canvas)
    assert other(alone, both, 95, 150, 99, 250) > 100  # theirs lies around one's own ...
    assert all(alone.pixel(100, y) == both.pixel(100, y) for y in range(120, 280))  # ... which is as it was
    lines = [pen(style, 1.0, dashed=style == ASKED) for style in (ASKED, CHOSEN, BESIDE)]
    assert len({tuple(line.dashPattern()) for line in lines}) == 3  # not by colour alone
    assert pen(BESIDE, 1.0).width() < pen(ASKED, 1.0).width()


def test_nothing_that_is_done_reaches_them(canvas: Canvas) -> None:
    canvas.set_beside((THEIRS,), "cloud")
    canvas.editing = True
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(500, 150))
    assert canvas.chosen == -1
    for _n in range(3):
        canvas.step(1)
        assert canvas.chosen == 0
    canvas.delete()
    canvas.undo()
    canvas.add_in_middle()
    assert canvas.beside == (THEIRS,)
    assert THEIRS.label not in {mark.label for mark in canvas.boxes()}


def test_a_thousand_of_them_hold_nothing_up(canvas: Canvas) -> None:
    canvas.set_beside([Mark((n, n / 3, n + 40, n / 3 + 30), f"thing {n}", 0.5) for n in range(60)], "cloud")
    assert not painted(canvas).isNull()
    assert len(canvas.beside) == 60
