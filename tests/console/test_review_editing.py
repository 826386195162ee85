"""Drawing on the review page: one key each, nothing lost, and no key that means two things at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from console.review.items import Box
from console.settings.schema import DeskSettings
from console.ui.actions import Actions
from console.ui.review.editing import Editing, boxes_of, marks_of
from widgets.canvas import Canvas
from widgets.canvas.label_picker import LabelPicker

SOURCE = (800, 400)
ASKED = Box((100.0, 100.0, 200.0, 300.0), "person", 0.34, 7)
CAR = Box((400.0, 100.0, 600.0, 200.0), "car", 0.9, 8)
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@dataclass
class Page:
    """A window with a page that has a canvas; `done`: what happened."""

    window: QMainWindow
    actions: Actions
    canvas: Canvas
    editing: Editing
    done: list[object] = field(default_factory=list)

    def press(self, *keys: Qt.Key, how: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        for key in keys:
            QTest.keyClick(QApplication.focusWidget() or self.window, key, how)
            QApplication.processEvents()

    def begin(self, **how: object) -> None:
        self.editing.begin((ASKED, CAR), ["person", "car", "dog"], asked=ASKED, **how)  # type: ignore[arg-type]

    @property
    def boxes(self) -> tuple[Box, ...]:
        return boxes_of(self.canvas.boxes())


@pytest.fixture
def page(qtbot: QtBot) -> Page:
    window, inside = QMainWindow(), QWidget()
    qtbot.addWidget(window)
    window.setCentralWidget(inside)
    actions, canvas = Actions(window), Canvas()
    made = Page(window, actions, canvas, Editing(canvas, actions, inside))
    for name in ("desk.undo", "desk.redo", "desk.larger", "camera.disable", "camera.add"):
        actions.bind(name, lambda name=name: made.done.append(name))
    for name in ("review.accept", "review.undo", "review.next", "review.skip", "review.label.1"):
        actions.bind(name, lambda name=name: made.done.append(name), inside)
    made.editing.saved.connect(made.done.append)
    made.editing.cancelled.connect(lambda: made.done.append("cancelled"))
    column = QVBoxLayout(inside)
    column.addWidget(canvas)
    column.addWidget(made.editing.bar)
    window.resize(900, 640)
    window.show()
    picture = QImage(*SOURCE, QImage.Format.Format_RGB32)
    picture.fill(QColor("#405060"))
    canvas.show_picture(picture, SOURCE)
    canvas.set_boxes(marks_of((ASKED, CAR), ASKED))
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window, timeout=5000)
    canvas.setFocus()
    return made


def test_boxes_and_marks() -> None:
    marks = marks_of((ASKED, CAR), ASKED)
    assert [mark.asked for mark in marks] == [True, False]
    assert boxes_of(marks) == (ASKED, CAR)
    assert [mark.asked for mark in marks_of((CAR,), ASKED)] == [False, True]
    assert [mark.asked for mark in marks_of((CAR, ASKED, ASKED), ASKED)] == [False, True, False]
    assert marks_of(()) == ()


def test_outside_drawing_keys_are_the_pages(page: Page) -> None:
    page.press(Qt.Key.Key_Return, Qt.Key.Key_J, Qt.Key.Key_1)
    page.press(Qt.Key.Key_N, Qt.Key.Key_Delete)
    assert page.done == ["review.accept", "review.next", "review.label.1"]
    assert page.boxes == (ASKED, CAR)


def test_undo_is_of_verdicts_on_the_page_of_drawing_while_drawing_and_of_settings_elsewhere(page: Page) -> None:
    page.press(Qt.Key.Key_Z, how=CONTROL)
    assert page.done == ["review.undo"]
    page.begin()
    page.press(Qt.Key.Key_Right)
    page.press(Qt.Key.Key_Z, how=CONTROL)
    assert page.boxes == (ASKED, CAR)
    page.press(Qt.Key.Key_Z, how=CONTROL)  # there is nothing more: no setting is undone instead
    page.press(Qt.Key.Key_Z, how=CONTROL | SHIFT)
    assert page.boxes != (ASKED, CAR)
    assert page.done == ["review.undo"]
    page.editing.end()
    page.press(Qt.Key.Key_Y, how=CONTROL)
    other = QPushButton("another page")
    page.window.takeCentralWidget().hide()
    page.window.setCentralWidget(other)
    other.setFocus()
    page.press(Qt.Key.Key_Z, how=CONTROL)
    assert page.done == ["review.undo", "desk.redo", "desk.undo"]
    page.done.clear()
    inside = page.canvas.parentWidget()
    assert inside is not None
    page.window.setCentralWidget(inside)
    inside.show()
    page.canvas.setFocus()
    page.press(Qt.Key.Key_Z, how=CONTROL)
    assert page.done == ["review.undo"]


def test_the_palette_offers_what_can_be_done_to_what_is_seen(page: Page) -> None:
    def offered() -> set[str]:
        return {command.name.split(".")[0] for command in page.actions.commands()}

    assert offered() == {"review", "desk", "camera"}
    page.begin()
    assert offered() == {"edit", "desk", "camera"}
    assert "edit.undo" not in {command.name for command in page.actions.commands()}
    page.window.centralWidget().hide()
    assert offered() == {"desk", "camera"}
    assert {command.group for command in page.actions.sheet()} == {
        "Review", "Class of the review item", "Drawing", "Cameras", "Desk",
    }  # fmt: skip


def test_undo_is_the_pages_wherever_the_focus_is(page: Page) -> None:
    rail = QPushButton("rail", page.window)
    rail.show()
    rail.setFocus()
    page.press(Qt.Key.Key_Z, how=CONTROL)
    page.press(Qt.Key.Key_S)
    assert page.done == ["review.undo"]


def test_a_box_is_drawn_named_and_kept_by_keyboard(page: Page) -> None:
    page.begin()
    page.press(Qt.Key.Key_N)
    assert page.canvas.adding
    page.press(Qt.Key.Key_N)
    page.press(Qt.Key.Key_Right, how=SHIFT)
    page.press(Qt.Key.Key_Down, how=CONTROL)
    page.press(Qt.Key.Key_3)
    page.press(Qt.Key.Key_Return)
    drawn = Box((310.0, 150.0, 510.0, 251.0), "dog")
    assert page.done == [(ASKED, CAR, drawn)]
    assert not page.editing.active
    page.press(Qt.Key.Key_J)
    assert page.done[1:] == ["review.next"]


def test_enter_puts_a_box_in_the_middle_while_one_is_to_be_drawn_and_keeps_all_after(page: Page) -> None:
    page.begin(add=True)
    page.press(Qt.Key.Key_Return)
    assert len(page.boxes) == 3
    assert page.editing.active
    page.press(Qt.Key.Key_Return)
    assert len(page.done) == 1


def test_unchanged_boxes_are_the_truth_too(page: Page) -> None:
    page.begin()
    page.press(Qt.Key.Key_S, how=CONTROL)
    assert page.done == [(ASKED, CAR)]


def test_tab_goes_through_the_boxes_and_del_takes_one_away(page: Page) -> None:
    page.begin()
    page.press(Qt.Key.Key_Tab)
    assert page.canvas.chosen == 1
    page.press(Qt.Key.Key_Backtab, how=SHIFT)
    assert page.canvas.chosen == 0
    page.press(Qt.Key.Key_Delete)
    assert page.boxes == (CAR,)
    page.press(Qt.Key.Key_D)
    assert [box.label for box in page.boxes] == ["car", "car"]
    assert "camera.disable" not in page.done


def test_leaving_with_changes_is_asked_for_twice(page: Page) -> None:
    page.begin()
    page.press(Qt.Key.Key_Escape)
    assert page.done == ["cancelled"]
    page.begin()
    page.press(Qt.Key.Key_Delete, Qt.Key.Key_Escape)
    assert page.editing.active
    assert "Not kept yet" in page.canvas.hint()
    page.press(Qt.Key.Key_Tab, Qt.Key.Key_Right)  # there is more to lose: asked again
    page.press(Qt.Key.Key_Escape)
    assert page.editing.active
    page.press(Qt.Key.Key_Escape)
    assert page.done == ["cancelled", "cancelled"]
    assert page.boxes == (ASKED, CAR)


def test_what_is_missing_is_copied_from_a_moment_earlier_in_one_step(page: Page) -> None:
    bus = Box((10.0, 10.0, 90.0, 60.0), "bus", 0.8, 11)
    near = Box((405.0, 105.0, 605.0, 205.0), "car", 0.7, None)  # the same car, though its track is not known
    page.begin(earlier=(Box((0.0, 0.0, 5.0, 5.0), "person", 0.9, 7), near, bus, Box((700, 10, 790, 90), "dog", 0.4)))
    page.press(Qt.Key.Key_C)
    assert page.boxes[2:] == (Box(bus.xyxy, "bus", None, 11), Box((700, 10, 790, 90), "dog", None))
    page.press(Qt.Key.Key_C)
    assert len(page.boxes) == 4
    assert "missing" in page.canvas.hint()
    page.press(Qt.Key.Key_Z, how=CONTROL)
    assert page.boxes == (ASKED, CAR)


def test_a_class_is_typed(page: Page, qtbot: QtBot) -> None:
    page.begin()
    page.press(Qt.Key.Key_L)
    picker = page.window.findChild(LabelPicker)
    assert picker is not None
    field = picker.findChild(QLineEdit)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is field, timeout=5000)
    QTest.keyClicks(field, "bicycle")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert page.boxes[0] == Box(ASKED.xyxy, "bicycle", None, 7)


def test_a_box_without_a_class_is_not_kept(page: Page) -> None:
    page.editing.begin((), [])
    page.canvas.add_in_middle()
    asked = page.window.findChild(LabelPicker)
    assert asked is not None
    asked.reject()
    page.editing.save()
    assert page.done == []
    assert page.editing.active
    for picker in page.window.findChildren(LabelPicker):
        picker.reject()
    page.canvas.relabel("dog")
    page.editing.save()
    assert [box.label for box in page.done[0]] == ["dog"]  # type: ignore[attr-defined]


def test_buttons_say_what_can_be_done(page: Page) -> None:
    page.begin()
    buttons = {button.text(): button for button in page.editing.bar.findChildren(QPushButton)}
    assert not buttons["Undo"].isEnabled()
    assert not buttons["Copy"].isEnabled()
    assert buttons["Catch"].isChecked()
    page.press(Qt.Key.Key_M)
    assert not buttons["Catch"].isChecked()
    buttons["Delete"].click()
    assert page.boxes == (CAR,)
    assert buttons["Undo"].isEnabled()
    buttons["Undo"].click()
    assert page.boxes == (ASKED, CAR)
    assert all(button.accessibleName() for button in buttons.values())
    buttons["Done"].click()
    assert page.done == [(ASKED, CAR)]


def test_what_can_not_be_seen_is_not_drawn_on(page: Page) -> None:
    page.canvas.show_picture(None, SOURCE, "It was erased.")
    page.begin()
    assert not page.editing.active
    page.press(Qt.Key.Key_J)
    assert page.done == ["review.next"]


def test_zoom_by_key(page: Page) -> None:
    page.begin()
    page.press(Qt.Key.Key_Plus)
    assert page.canvas.zoomed
    page.press(Qt.Key.Key_Minus)
    assert not page.canvas.zoomed
    page.press(Qt.Key.Key_Equal, Qt.Key.Key_0)
    assert not page.canvas.zoomed


@pytest.mark.parametrize("preset", ["labelimg", "cvat"])
def test_keys_of_other_tools(page: Page, preset: str) -> None:
    page.actions.apply(DeskSettings(key_preset=preset))  # type: ignore[arg-type]
    page.press(Qt.Key.Key_D if preset == "labelimg" else Qt.Key.Key_F)
    assert page.done == ["review.next"]
    page.begin()
    assert page.canvas.adding  # the key that opened drawing is the one that draws a box there
    page.press(Qt.Key.Key_Escape)
    assert not page.canvas.adding
    page.press(Qt.Key.Key_W if preset == "labelimg" else Qt.Key.Key_N)
    assert page.canvas.adding
    page.press(Qt.Key.Key_Escape)
    page.press(Qt.Key.Key_D if preset == "labelimg" else Qt.Key.Key_V, how=CONTROL)
    assert len(page.boxes) == 3
    page.press(Qt.Key.Key_Plus, how=CONTROL)
    page.press(Qt.Key.Key_S, how=CONTROL)
    assert len(page.done[-1]) == 3  # type: ignore[arg-type]
    assert ("desk.larger" in page.done) == (preset == "cvat")
    assert "camera.disable" not in page.done
    page.press(Qt.Key.Key_Plus, how=CONTROL)  # drawing is over: text it is again
    assert page.done[-1] == "desk.larger"
