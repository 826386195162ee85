"""The filmstrip: holds a stretch, asks at its ends, keeps what is looked at in its place; and what stands beside it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from widgets import theme
from widgets.choices import Choices, matching
from widgets.cut_label import CutLabel
from widgets.film import GAP_PX, ROW_PX, Film, Shot
from widgets.theme import px
from widgets.verdict_bar import VerdictBar


def shots(first: int, last: int) -> list[Shot]:
    return [Shot(number, f"person .{number:02}", "Yard, random") for number in range(first, last)]


@pytest.fixture
def film(qtbot: QtBot, qapp: object) -> Film:
    theme.use(qapp, theme.DARK)  # type: ignore[arg-type]
    made = Film()
    qtbot.addWidget(made)
    made.resize(230, 600)
    made.show()
    return made


def top_shot(film: Film) -> int:
    return film.shots[film.indexAt(film.viewport().rect().topLeft()).row()].id


class TestFilm:
    def test_it_asks_for_what_is_in_sight_first_and_for_more_at_an_end(self, film: Film, qtbot: QtBot) -> None:
        wanted: list[list[int]] = []
        ends: list[str] = []
        film.pictures_wanted.connect(wanted.append)
        film.more_wanted.connect(ends.append)
        film.show_shots(shots(100, 160), 100)
        qtbot.waitUntil(lambda: bool(wanted))
        assert wanted[0][:3] == [100, 101, 102]
        assert len(wanted[0]) < 30, "only what is in sight, or nearly"
        assert ends == ["front"]
        film.verticalScrollBar().setValue(film.verticalScrollBar().maximum())
        qtbot.waitUntil(lambda: "back" in ends)

    def test_what_is_looked_at_stays_in_its_place(self, film: Film, qtbot: QtBot) -> None:
        film.show_shots(shots(100, 160), 130)
        qtbot.wait(1)
        film.verticalScrollBar().setValue(20 * (px(ROW_PX) + px(GAP_PX)))
        seen = top_shot(film)
        film.add(shots(40, 100), "front")
        assert top_shot(film) == seen
        film.cut(60, "front")
        assert top_shot(film) == seen
        film.cut(10, "back")
        assert top_shot(film) == seen
        assert film.chosen == 130
        assert [shot.id for shot in film.shots] == list(range(100, 150))

    def test_a_hundred_thousand_go_by_and_few_are_held(self, film: Film) -> None:
        film.show_shots(shots(0, 60), 0)
        for first in range(60, 100_000, 5000):
            film.add(shots(first, first + 60), "back")
            film.cut(60, "front")
            for number in range(first, first + 60):
                film.set_picture(number, QImage(4, 4, QImage.Format.Format_RGB32))
        assert len(film.shots) == 60
        assert len(film.pictures) <= 400

    def test_an_operator_picks_and_code_does_not(self, film: Film) -> None:
        picked: list[int] = []
        film.picked.connect(picked.append)
        film.show_shots(shots(0, 20), 3)
        film.choose(5)
        assert picked == []
        film.setFocus()
        QTest.keyClick(film, Qt.Key.Key_Down)
        assert picked == [6]
        QTest.keyClick(film, Qt.Key.Key_S)  # an action of the page, no search
        assert picked == [6]

    def test_marks_are_said_and_seen(self, film: Film) -> None:
        film.show_shots(shots(0, 3), 0)
        picture = QImage(148, 100, QImage.Format.Format_RGB32)
        picture.fill(QColor("#ff0000"))
        film.set_picture(0, picture)
        before = film.viewport().grab().toImage()
        film.set_mark(0, "kept", "right")
        assert film.shots[0].words == "person .00, Yard, random, right, kept"
        assert film.viewport().grab().toImage() != before
        film.set_mark(0, "", "")
        assert film.viewport().grab().toImage() == before


class TestBeside:
    def test_a_class_is_found_by_the_beginnings_of_its_words_first(self) -> None:
        labels = ["dog", "fire hydrant", "hair drier", "carrot", "car"]
        assert matching(labels, "car") == ["carrot", "car"]
        assert matching(labels, "h") == ["hair drier", "fire hydrant"]
        assert matching(labels, "RO") == ["carrot"]
        assert matching(labels, " ") == labels

    def test_digits_stay_while_somebody_types(self, qtbot: QtBot) -> None:
        choices = Choices("Classes", "")
        picked: list[str] = []
        qtbot.addWidget(choices)
        choices.picked.connect(picked.append)
        choices.set_labels([f"class {number}" for number in range(12)])
        assert choices.digit(9) == "class 8"
        assert choices.digit(0) == ""
        choices.show()
        choices.begin("11")
        QTest.keyClick(choices.field, Qt.Key.Key_Return)
        assert picked == ["class 11"]
        choices.begin()
        QTest.keyClicks(choices.field, "class")
        QTest.keyClick(choices.field, Qt.Key.Key_Down)
        QTest.keyClick(choices.field, Qt.Key.Key_Return)
        assert picked[-1] in {"class 1", "class"}
        choices.begin("nothing like it")
        QTest.keyClick(choices.field, Qt.Key.Key_Escape)
        assert choices.field.text() == ""
        assert isinstance(choices.field, QLineEdit)

    def test_verdicts_stand_in_two_rows_where_one_has_no_room(self, qtbot: QtBot) -> None:
        bar = VerdictBar([(name, f"Verdict {name}", "Ctrl+K") for name in "abcde"])
        qtbot.addWidget(bar)
        bar.resize(1200, 40)
        bar.show()
        assert len({bar[name].y() for name in "abcde"}) == 1
        bar.resize(500, 80)
        qtbot.waitUntil(lambda: len({bar[name].y() for name in "abcde"}) == 2)
        said: list[str] = []
        bar.said.connect(said.append)
        bar["d"].click()
        assert said == ["d"]
        bar.set_shown("ab")
        assert bar["c"].isHidden()

    def test_a_line_that_is_cut_says_the_whole_in_its_tooltip(self, qtbot: QtBot) -> None:
        label = CutLabel("Yard east, 21:13:58, track 118, score .34")
        qtbot.addWidget(label)
        label.resize(90, 20)
        label.show()
        qtbot.waitUntil(lambda: label.text().endswith("…"))
        assert label.toolTip() == "Yard east, 21:13:58, track 118, score .34"
        assert label.accessibleName() == label.toolTip()
        label.resize(600, 20)
        assert label.text() == label.accessibleName()
        assert label.toolTip() == ""
