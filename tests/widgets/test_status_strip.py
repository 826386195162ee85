from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from models import words
from models.words import _
from widgets import theme
from widgets.figure import parts
from widgets.status_strip import StatusStrip


@pytest.fixture(autouse=True)
def look(qapp: QApplication):
    theme.use(qapp, theme.DARK)
    yield
    theme.use(qapp, theme.DARK)
    words.install(words.NullTranslations())


def filled(qtbot: QtBot, width: int) -> StatusStrip:
    strip = StatusStrip()
    qtbot.addWidget(strip)
    strip.resize(width, strip.height())
    strip.show()
    strip.show_piece("cameras", parts(_("{n} cameras"), {"n": "16"}))
    what = _("{n} needs you: {what}").format(n=1, what=_("{camera} is frozen").format(camera="The gate by the yard"))
    strip.show_attention("needs you", what, "gate", "all of it")
    strip.show_piece("latency", parts(_("p99 {value} of {limit} ms, late"), {"value": "141"}, limit="100"), "tip")
    strip.show_piece("cpu", parts(_("CPU {value} %"), {"value": "63"}))
    strip.show_piece("dropped", parts(_("dropped {value} %"), {"value": "88"}))
    strip.show_jobs(_("Getting {name}").format(name="yolox_nano") + " 34 %")
    strip.show_review(_("to review {n}").format(n=3), "")
    strip.show_operator(_("operator {name}").format(name="Anna"))
    strip.show_piece("clock", [("21:14:07", False)])
    return strip


def shown(strip: StatusStrip) -> list[QWidget]:
    pieces = [*strip._figures.values(), *strip._buttons.values()]
    return sorted((p for p in pieces if p.isVisibleTo(strip)), key=lambda p: p.x())


@pytest.mark.parametrize("width", [320, 640, 1000, 1280, 1920, 3840])
@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("pseudo", [False, True])
def test_pieces_never_overlap_nor_leave_the_strip(
    qtbot: QtBot, qapp: QApplication, width: int, scale: float, pseudo: bool
) -> None:
    if pseudo:
        words.install(words.Pseudo())
    theme.use(qapp, theme.DARK, scale)
    strip = filled(qtbot, width)
    pieces = shown(strip)
    assert pieces[0].x() >= 0
    assert pieces[-1].geometry().right() < strip.width()
    for left, right in pairwise(pieces):
        assert left.geometry().right() < right.x()
    assert strip._buttons["attention"] in pieces  # what needs a person is the last to go
    for name in strip._words("dropped"), strip._words("cpu"):
        assert name in strip.accessibleDescription()  # nothing is lost to who can't see it


def test_all_is_there_at_the_least_window(qtbot: QtBot) -> None:
    strip = filled(qtbot, 1280)
    assert len(shown(strip)) == 9
    assert strip.toolTip() == ""
    narrow = filled(qtbot, 700)
    assert strip._words("dropped") in narrow.toolTip()


def test_what_needs_a_person_can_be_pressed_by_keyboard(qtbot: QtBot) -> None:
    strip = filled(qtbot, 1280)
    button = strip._buttons["attention"]
    assert button.accessibleName() == "1 needs you: The gate by the yard is frozen"
    with qtbot.waitSignal(strip.camera_wanted) as wanted:
        qtbot.keyClick(button, Qt.Key.Key_Space)
    assert wanted.args == ["gate"]
    with qtbot.waitSignal(strip.operator_wanted):
        qtbot.mouseClick(strip._buttons["operator"], Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(strip.review_wanted):
        qtbot.mouseClick(strip._buttons["review"], Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(strip.jobs_wanted):
        qtbot.mouseClick(strip._buttons["jobs"], Qt.MouseButton.LeftButton)
    strip.show_attention("", "", "")
    strip.show_jobs("")
    assert not button.isVisibleTo(strip)
    assert not strip._buttons["jobs"].isVisibleTo(strip)


def test_every_control_has_a_name(qtbot: QtBot) -> None:
    strip = filled(qtbot, 1280)
    for button in strip.findChildren(QAbstractButton):
        assert button.accessibleName()


def test_figures_that_change_don_t_push_their_neighbours(qtbot: QtBot) -> None:
    strip = filled(qtbot, 1920)
    strip.show_piece("latency", [("p99 ", False), ("101", True)])
    before = strip._figures["cpu"].x()
    strip.show_piece("latency", [("p99 ", False), ("99", True)])
    assert strip._figures["cpu"].x() == before


def test_a_sentence_that_is_cut_stands_whole_in_its_tooltip(qtbot: QtBot) -> None:
    strip = StatusStrip()
    qtbot.addWidget(strip)
    strip.resize(1200, 30)
    strip.show()
    words = "3 need you: North gate of the second yard behind the hall has failed"
    strip.show_attention("stopped", words, "gate", "Press to see it.")
    button = strip._buttons["attention"]
    assert button.toolTip() == "Press to see it."
    strip.resize(330, 30)
    assert button.toolTip() == f"{words}\nPress to see it."
