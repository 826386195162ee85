"""Widgets of the Sync page: a table of two lines, what needs a person, a timeline, a bar, a question; and the strip."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from widgets.alarm_list import AlarmList
from widgets.ask_dialog import AskDialog
from widgets.shapes import _DRAW, draw_shape
from widgets.share_bar import ShareBar
from widgets.sparkline import draw_sparkline
from widgets.status_strip import StatusStrip
from widgets.theme import DARK, tokens, use
from widgets.timeline import Moment, Timeline
from widgets.two_line_table import Cell, Column, TwoLineTable

COLUMNS = (Column("Name", stretch=True), Column("State", width=90), Column("Seldom asked for", width=120, spare=True))


def table(qtbot: QtBot, width: int = 600) -> TwoLineTable:
    made = TwoLineTable("Things", COLUMNS)
    qtbot.addWidget(made)
    made.resize(width, 200)
    made.show()
    return made


def rows(*names: str, level: Any = "") -> list[tuple[str, tuple[Cell, ...]]]:
    return [(name, (Cell(name, "small"), Cell("state", level=level, shape="rest"), Cell())) for name in names]


def test_what_is_chosen_stays_chosen_while_figures_change(qtbot: QtBot) -> None:
    made, heard = table(qtbot), []
    made.chosen_changed.connect(heard.append)
    made.show_rows(rows("a", "b", "c"))
    assert made.chosen == "a"
    made.choose("b")
    made.show_rows(rows("a", "b", "c", level="needs you"))
    made.show_rows(rows("z", "b", "c"))
    assert (made.chosen, heard) == ("b", ["a", "b"])
    made.show_rows(rows("z"))
    assert made.chosen == "z"
    made.show_rows([])
    assert made.chosen == ""
    assert heard[-1] == ""
    with pytest.raises(KeyError):
        made.cell("z", 0)


def test_each_cell_says_all_of_it_and_letters_are_left_to_actions(qtbot: QtBot) -> None:
    made = table(qtbot)
    made.show_rows(rows("a", "b"))
    item = made.topLevelItem(0)
    assert item is not None
    assert item.data(0, Qt.ItemDataRole.AccessibleTextRole) == "Name: a, small"
    assert item.toolTip(0) == "a, small"
    qtbot.keyClick(made, Qt.Key.Key_B)
    assert made.chosen == "a"
    qtbot.keyClick(made, Qt.Key.Key_Down)
    assert made.chosen == "b"
    with qtbot.waitSignal(made.wanted) as wanted:
        qtbot.keyClick(made, Qt.Key.Key_Return)
    assert wanted.args == ["b"]
    made.grab()


@pytest.mark.parametrize(("width", "hidden"), [(600, False), (300, True)])
def test_what_can_be_spared_goes_where_there_is_little_room(qtbot: QtBot, width: int, hidden: bool) -> None:
    made = table(qtbot, width)
    QApplication.processEvents()
    assert made.isColumnHidden(2) == hidden


def test_alarms_take_a_line_each_and_the_rest_is_counted(qtbot: QtBot) -> None:
    made = AlarmList()
    qtbot.addWidget(made)
    made.show_alarms([("stopped", f"Trouble {n}", "Do it.") for n in range(5)])
    assert made._more.text() == "and 2 more"
    assert "Trouble 4" in made._more.toolTip()
    assert "Trouble 0 Do it." in made.accessibleDescription()
    made.set_most(5)
    assert made._more.isHidden()
    assert made._labels[0][0].property("role") == "stopped"
    made.show_alarms([])
    assert made.isHidden()
    made.show_alarms([("needs you", "Trouble", "")])
    assert made._labels[0][0].text() == "▲"
    assert made._labels[1][0].isHidden()


def test_steps_wrap_and_say_all_of_it(qtbot: QtBot) -> None:
    made = Timeline("Its way")
    qtbot.addWidget(made)
    made.resize(220, 300)
    made.show()
    long = Moment("12:00:00", "It was seen " * 12, "and kept " * 20, "done")
    made.show_moments([long, Moment("", "It waits", "", "hours"), Moment("1", "No", "why", "needs you", "needs you")])
    assert made.sizeHintForRow(0) > 3 * made.sizeHintForRow(1)
    assert made.item(0).data(Qt.ItemDataRole.AccessibleTextRole) == long.words
    made.grab()
    made.show_moments([], "Nothing yet.")
    assert made.accessibleDescription() == "Nothing yet."
    made.grab()


def test_the_end_of_a_way_stays_in_sight_until_somebody_scrolls(qtbot: QtBot) -> None:
    made = Timeline("Its way")
    qtbot.addWidget(made)
    made.resize(220, 150)
    made.show()
    made.show_moments([Moment("12:00:00", f"Step {n}", "and what goes with it " * 3) for n in range(12)])
    made.show_end()
    bar = made.verticalScrollBar()
    for size in ((220, 150), (180, 90), (300, 120)):
        made.resize(*size)
        qtbot.waitUntil(lambda: bar.value() == bar.maximum() > 0)
    qtbot.keyClick(made, Qt.Key.Key_Home)
    made.resize(200, 100)
    qtbot.wait(20)
    assert bar.value() < bar.maximum()


def test_a_bar_has_words_and_a_colour_only_for_a_person(qtbot: QtBot) -> None:
    use(QApplication.instance(), DARK)  # type: ignore[arg-type]  # there is one
    made = ShareBar()
    qtbot.addWidget(made)
    made.resize(300, 24)
    colours = {}
    for share, level in ((0.4, ""), (0.9, "needs you"), (1.4, "stopped")):
        made.show_share(share, "4 of 10 GB", level)  # type: ignore[arg-type]  # its levels
        colours[level] = made.grab().toImage().pixelColor(QPoint(10, 12)).name()
    assert colours == {"": tokens().dim, "needs you": tokens().needs_you, "stopped": tokens().stopped}
    assert made.accessibleName() == "4 of 10 GB"


def test_every_shape_is_another(qapp: QApplication) -> None:
    drawn = set()
    for shape in _DRAW:
        image = QImage(24, 24, QImage.Format.Format_RGB32)
        image.fill(0)
        painter = QPainter(image)
        draw_shape(painter, QRect(2, 2, 20, 20), shape, QColor("white"))
        painter.end()
        drawn.add(bytes(image.constBits()))
    assert len(drawn) == len(_DRAW)


@pytest.mark.parametrize("values", [(0.0,), (0.0, 0.0), (1.0, 5.0, 2.0)])
def test_a_sparkline_takes_any_values(qapp: QApplication, values: tuple[float, ...]) -> None:
    image = QImage(60, 20, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    draw_sparkline(painter, QRect(0, 0, 60, 18), values)
    painter.end()
    assert any(bytes(image.constBits()))


def test_a_question_does_nothing_by_itself(qtbot: QtBot) -> None:
    said: list[str] = []
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Return):
        dialog = AskDialog("Drop it?", "It never goes there.", [("yes", "Drop it", "danger")])
        qtbot.addWidget(dialog)
        dialog.answered.connect(said.append)
        dialog.show()
        qtbot.keyClick(dialog, key)
    assert said == []
    dialog.buttons["yes"].click()
    assert said == ["yes"]
    assert not dialog.isVisible()


def test_the_strip_leads_to_what_leaves(qtbot: QtBot) -> None:
    strip = StatusStrip()
    qtbot.addWidget(strip)
    strip.resize(1280, 30)
    strip.show()
    button = strip._buttons["outbox"]
    assert not button.isVisible()
    strip.show_outbox("outbox 0, sent 12 s ago", "archive: nothing waits.")
    assert button.isVisible()
    assert button.accessibleName() == "outbox 0, sent 12 s ago"
    with qtbot.waitSignal(strip.outbox_wanted):
        qtbot.keyClick(button, Qt.Key.Key_Space)
    strip.show_attention("stopped", "1 needs you: cloud is full", "", outbox=True)
    with qtbot.waitSignal(strip.outbox_wanted), qtbot.assertNotEmitted(strip.camera_wanted):
        qtbot.keyClick(strip._buttons["attention"], Qt.Key.Key_Space)
    strip.show_outbox("")
    assert not button.isVisible()
