"""The canvas on the screen: what is painted, and what mouse and keyboard do."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from widgets.canvas import Canvas, Mark
from widgets.canvas.label_picker import LabelPicker
from widgets.theme import BOX, DARK, DOUBT, LIGHT, use

SOURCE = (800, 400)
LEFT = Qt.MouseButton.LeftButton
PERSON = Mark((100, 100, 200, 300), "person", 0.34, asked=True)
CAR = Mark((400, 100, 600, 200), "car", 0.9)


def picture(colour: str = "#405060", size: tuple[int, int] = SOURCE) -> QImage:
    made = QImage(*size, QImage.Format.Format_RGB32)
    made.fill(QColor(colour))
    return made


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    """A source pixel is a pixel of the screen; all of it is moved down by 100."""
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show_picture(picture(), SOURCE)
    made.set_boxes((PERSON, CAR))
    made.set_labels(["person", "car", "dog"])
    made.show()
    qtbot.waitExposed(made)
    made.setFocus()
    return made


@pytest.fixture
def editor(canvas: Canvas) -> Canvas:
    canvas.editing = True
    return canvas


def at(x: float, y: float) -> QPoint:
    return QPoint(round(x), round(y + 100))


def drag(canvas: Canvas, begin: QPoint, end: QPoint, how: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.mousePress(canvas, LEFT, how, begin)
    for share in (0.5, 1.0):
        there = QPointF(begin) + (QPointF(end) - QPointF(begin)) * share
        _move(canvas, there, how)
    QTest.mouseRelease(canvas, LEFT, how, end)


def _move(canvas: Canvas, there: QPointF, how: Qt.KeyboardModifier) -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    none = Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, there, canvas.mapToGlobal(there), none, LEFT, how)
    QApplication.sendEvent(canvas, event)


def press(canvas: Canvas, *keys: Qt.Key, how: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    for key in keys:
        QTest.keyClick(canvas, key, how)


def colour_at(canvas: Canvas, x: float, y: float) -> QColor:
    return canvas.grab().toImage().pixelColor(at(x, y))


SHIFT, CONTROL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


def test_picture_and_boxes_are_where_they_belong(canvas: Canvas) -> None:
    canvas.clearFocus()
    drawn = canvas.grab().toImage()
    assert drawn.pixelColor(at(300, 350)) == QColor("#405060")
    assert drawn.pixelColor(QPoint(300, 50)) == QColor(10, 12, 14)
    calm = drawn.pixelColor(at(500, 100))
    assert calm.blue() > 180  # three quarters of the colour of boxes
    assert calm != QColor(BOX)
    left = {drawn.pixelColor(at(100, y)).name() for y in range(120, 280)}
    assert DOUBT in left
    assert len(left) > 1  # dashed
    canvas.set_boxes_hidden(True)
    assert colour_at(canvas, 500, 100) == QColor("#405060")


def test_a_stored_picture_may_be_smaller_than_its_source(canvas: Canvas) -> None:
    canvas.show_picture(picture("#804020", (400, 200)), SOURCE)
    drawn = canvas.grab().toImage()
    assert drawn.pixelColor(at(5, 5)) == QColor("#804020")
    assert drawn.pixelColor(at(795, 395)) == QColor("#804020")
    assert drawn.pixelColor(at(500, 100)).blue() > 180


def test_a_picture_in_the_right_size_is_not_scaled(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("widgets.canvas.picture._scaled", lambda *_args: pytest.fail("scaled"))
    canvas.show_picture(picture("#804020", canvas.picture_size((1600, 800))), (1600, 800))
    assert colour_at(canvas, 10, 10) == QColor("#804020")


def test_scaling_is_done_once_a_view(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    import widgets.canvas.picture as module

    scaled, done = module._scaled, []
    monkeypatch.setattr(module, "_scaled", lambda *args: (done.append(1), scaled(*args))[1])
    canvas.show_picture(picture("#804020", (400, 200)), SOURCE)
    for _ in range(5):
        canvas.repaint()
    assert len(done) == 1


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=["dark", "light"])
def test_without_a_picture_it_says_why(canvas: Canvas, qapp: QApplication, look: object) -> None:
    use(qapp, look)  # type: ignore[arg-type]
    canvas.show_picture(None, SOURCE, "It was erased.")
    canvas.set_boxes(())
    empty = canvas.grab().toImage()
    canvas.show_picture(None, SOURCE)
    assert canvas.grab().toImage() != empty
    use(qapp, DARK)


def test_the_wheel_goes_nearer_around_the_mouse(canvas: Canvas) -> None:
    where = QPointF(at(150, 200))
    before = canvas.view.to_source(where.x(), where.y())
    wheel = QWheelEvent(
        where, canvas.mapToGlobal(where), QPoint(), QPoint(0, 360), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas, wheel)
    assert canvas.zoomed
    assert canvas.view.to_source(where.x(), where.y()) == pytest.approx(before, abs=1)
    left = canvas.view.left
    press(canvas, Qt.Key.Key_Right)
    assert canvas.view.left < left
    canvas.fit()
    assert not canvas.zoomed
    canvas.zoom_to(PERSON.xyxy)
    x0, _y0, x1, _y1 = canvas.view.seen()
    assert x1 - x0 < 801
    assert canvas.zoomed == (canvas.view.sx > 1)


def test_the_picture_is_moved_by_the_middle_button_and_by_space(editor: Canvas) -> None:
    editor.zoom(6)
    left = editor.view.left
    QTest.mousePress(editor, Qt.MouseButton.MiddleButton, pos=QPoint(400, 300))
    _move(editor, QPointF(440, 300), Qt.KeyboardModifier.NoModifier)
    QTest.mouseRelease(editor, Qt.MouseButton.MiddleButton, pos=QPoint(440, 300))
    assert editor.view.left == left + 40
    QTest.keyPress(editor, Qt.Key.Key_Space)
    drag(editor, QPoint(400, 300), QPoint(380, 300))
    QTest.keyRelease(editor, Qt.Key.Key_Space)
    assert editor.view.left == left + 20
    assert editor.boxes() == (PERSON, CAR)
    drag(editor, QPoint(10, 10), QPoint(60, 60))
    assert len(editor.boxes()) == 3


def test_the_same_view_stays_for_a_picture_that_comes_sharper(canvas: Canvas) -> None:
    canvas.zoom(4)
    view = canvas.view
    canvas.show_picture(picture(size=(800, 400)), SOURCE)
    assert canvas.view == view
    canvas.show_picture(picture(size=(640, 480)), (640, 480))
    assert not canvas.zoomed


def test_nothing_is_changed_outside_edit_mode(canvas: Canvas) -> None:
    drag(canvas, at(20, 20), at(90, 90))
    press(canvas, Qt.Key.Key_2, Qt.Key.Key_Right)
    canvas.delete()
    assert canvas.boxes() == (PERSON, CAR)


def test_a_drag_beside_all_boxes_draws_one(editor: Canvas, qtbot: QtBot) -> None:
    with qtbot.waitSignals([editor.edited, editor.history_changed, editor.chosen_changed]):
        drag(editor, at(250, 320), at(350, 380))
    assert editor.boxes()[2] == Mark((250, 320, 350, 380), "person", drawn=True)
    assert editor.chosen == 2
    QTest.mouseClick(editor, LEFT, pos=at(700, 350))
    assert editor.chosen == -1
    assert len(editor.boxes()) == 3
    editor.undo()
    assert editor.boxes() == (PERSON, CAR)
    editor.redo()
    assert len(editor.boxes()) == 3


def test_boxes_are_moved_and_stretched(editor: Canvas) -> None:
    drag(editor, at(500, 150), at(510, 170))
    assert editor.boxes()[1].xyxy == (410, 120, 610, 220)
    drag(editor, at(610, 220), at(650, 260))
    assert editor.boxes()[1].xyxy == (410, 120, 650, 260)
    drag(editor, at(410, 190), at(380, 190))
    assert editor.boxes()[1].xyxy == (380, 120, 650, 260)
    drag(editor, at(500, 190), at(500 + 147, 190))  # its right side 3 from the border: caught
    assert editor.boxes()[1].xyxy[2] == 800
    editor.undo()
    drag(editor, at(500, 190), at(500 + 147, 190), ALT)
    assert editor.boxes()[1].xyxy[2] == 797
    for _ in range(4):
        editor.undo()
    assert editor.boxes() == (PERSON, CAR)
    assert not editor.can_undo


def test_a_click_that_trembles_moves_nothing(editor: Canvas) -> None:
    drag(editor, at(500, 150), at(501, 152))
    assert editor.boxes() == (PERSON, CAR)
    assert editor.chosen == 1


def test_adding_draws_over_other_boxes_and_ends_with_one(editor: Canvas) -> None:
    editor.set_adding(True)
    drag(editor, at(420, 120), at(480, 160), ALT)
    assert editor.boxes()[2].xyxy == (420, 120, 480, 160)
    assert not editor.adding


def test_escape_gives_up_one_thing_at_a_time(editor: Canvas) -> None:
    editor.set_adding(True)
    QTest.mousePress(editor, LEFT, pos=at(20, 20))
    _move(editor, QPointF(at(90, 90)), Qt.KeyboardModifier.NoModifier)
    assert len(editor.boxes()) == 3
    press(editor, Qt.Key.Key_Escape)
    assert editor.boxes() == (PERSON, CAR)
    QTest.mouseRelease(editor, LEFT, pos=at(90, 90))
    assert editor.boxes() == (PERSON, CAR)
    assert editor.adding
    press(editor, Qt.Key.Key_Escape)
    assert not editor.adding
    assert not editor.escape()


def test_undo_while_the_mouse_holds_a_box_ends_the_drag(editor: Canvas) -> None:
    QTest.mousePress(editor, LEFT, pos=at(500, 150))
    _move(editor, QPointF(at(560, 170)), Qt.KeyboardModifier.NoModifier)
    assert editor.boxes() != (PERSON, CAR)
    editor.undo()
    _move(editor, QPointF(at(590, 190)), Qt.KeyboardModifier.NoModifier)
    QTest.mouseRelease(editor, LEFT, pos=at(590, 190))
    assert editor.boxes() == (PERSON, CAR)


def test_a_box_by_keyboard_alone(editor: Canvas) -> None:
    editor.set_adding(True)
    press(editor, Qt.Key.Key_Return)
    assert editor.boxes()[2] == Mark((300, 150, 500, 250), "person", drawn=True)
    press(editor, Qt.Key.Key_Left, Qt.Key.Key_Up)
    press(editor, Qt.Key.Key_Right, how=SHIFT)
    assert editor.boxes()[2].xyxy == (309, 149, 509, 249)
    press(editor, Qt.Key.Key_Right, how=CONTROL)
    press(editor, Qt.Key.Key_Down, how=CONTROL | SHIFT)
    assert editor.boxes()[2].xyxy == (309, 149, 510, 259)
    press(editor, Qt.Key.Key_3)
    assert editor.boxes()[2].label == "dog"
    press(editor, Qt.Key.Key_9)
    assert editor.boxes()[2].label == "dog"
    editor.step(1)
    assert editor.chosen == 1
    assert "car, box 2 of 3, 200 by 100 pixels" in editor.accessibleDescription()


def test_adding_and_an_arrow_puts_one_in_the_middle_too(editor: Canvas) -> None:
    editor.set_adding(True)
    press(editor, Qt.Key.Key_Right)
    assert editor.boxes()[2].xyxy == (301, 150, 501, 250)


def test_going_through_boxes_brings_them_into_sight(editor: Canvas) -> None:
    editor.zoom_to((700, 300, 760, 360), 1)
    scale = editor.view.sx
    editor.step(1)
    x0, y0, x1, y1 = editor.view.seen()
    box = editor.boxes()[editor.chosen].xyxy
    assert x0 <= (box[0] + box[2]) / 2 <= x1
    assert y0 <= (box[1] + box[3]) / 2 <= y1
    assert editor.view.sx == pytest.approx(scale, rel=0.5)


def test_a_double_click_asks_for_the_class(editor: Canvas, qtbot: QtBot) -> None:
    with qtbot.waitSignal(editor.label_wanted):
        QTest.mouseDClick(editor, LEFT, pos=at(500, 150))
    assert editor.chosen == 1


def test_a_box_without_a_known_class_asks_for_one(editor: Canvas, qtbot: QtBot) -> None:
    editor.drawing.label = ""
    with qtbot.waitSignal(editor.label_wanted):
        drag(editor, at(250, 320), at(350, 380))
    editor.drawing.label = ""
    with qtbot.waitSignal(editor.label_wanted):
        editor.add_in_middle()


def test_leaving_edit_mode_gives_up_what_is_under_way(editor: Canvas) -> None:
    editor.set_adding(True)
    QTest.mousePress(editor, LEFT, pos=at(20, 20))
    _move(editor, QPointF(at(90, 90)), Qt.KeyboardModifier.NoModifier)
    editor.editing = False
    assert editor.boxes() == (PERSON, CAR)
    assert not editor.adding


def test_the_chosen_box_has_handles_and_lines_are_shown_where_it_catches(editor: Canvas) -> None:
    editor.clearFocus()
    drawn = editor.grab().toImage()
    assert drawn.pixelColor(at(100, 100)) == QColor("#ffffff")
    assert drawn.pixelColor(at(150, 200)) != QColor("#405060")  # tinted
    QTest.mousePress(editor, LEFT, pos=at(500, 150))
    _move(editor, QPointF(at(500 - 197, 150)), Qt.KeyboardModifier.NoModifier)  # its left to the other's right
    line = {editor.grab().toImage().pixelColor(QPoint(200, y)).name() for y in range(510, 590)}
    assert len(line) > 1
    QTest.mouseRelease(editor, LEFT, pos=at(303, 150))


def test_many_boxes_hide_the_picture_no_more_than_their_labels_may(canvas: Canvas) -> None:
    canvas.set_boxes(tuple(Mark((n, n % 300, n + 40, n % 300 + 40), "person", 0.5) for n in range(0, 760, 2)))
    assert canvas.grab().toImage().pixelColor(QPoint(400, 50)) == QColor(10, 12, 14)


def test_a_class_is_found_by_a_few_letters_or_is_new(qtbot: QtBot) -> None:
    for typed, wanted in (("or", "forklift"), ("car", "car"), ("tram", "tram"), ("", "cart")):
        picker = LabelPicker(["cart", "car", "forklift"])
        qtbot.addWidget(picker)
        picker.show()
        with qtbot.waitSignal(picker.picked) as picked:
            QTest.keyClicks(picker.findChild(QLineEdit), typed)
            QTest.keyClick(picker.findChild(QLineEdit), Qt.Key.Key_Return)
        assert picked.args == [wanted]


def test_the_class_it_has_is_chosen_and_arrows_move(qtbot: QtBot) -> None:
    picker = LabelPicker(["cart", "car", "forklift"], "car")
    qtbot.addWidget(picker)
    picker.show()
    QTest.keyClick(picker.findChild(QLineEdit), Qt.Key.Key_Down)
    with qtbot.waitSignal(picker.picked) as picked:
        QTest.keyClick(picker.findChild(QLineEdit), Qt.Key.Key_Return)
    assert picked.args == ["forklift"]
