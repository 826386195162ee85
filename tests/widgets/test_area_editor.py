"""The area editor: the same areas by mouse as by keyboard, and what is where on the screen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.area_editor import LARGE_STEP, STEP, AreaEditor
from widgets.areas import NONE

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def editor(qtbot: QtBot) -> AreaEditor:
    made = AreaEditor()
    qtbot.addWidget(made)
    made.resize(500, 400)
    made.set_place(QRect(50, 50, 400, 300))
    made.show()
    qtbot.waitExposed(made)
    made.setFocus()
    return made


def at(x: float, y: float) -> QPoint:
    return QPoint(round(50 + 400 * x), round(50 + 300 * y))


def drag(editor: AreaEditor, begin: QPoint, end: QPoint) -> None:
    QTest.mousePress(editor, LEFT, pos=begin)
    QTest.mouseMove(editor, (begin + end) / 2)
    QTest.mouseMove(editor, end)
    QTest.mouseRelease(editor, LEFT, pos=end)


def keys(editor: AreaEditor, *pressed: Qt.Key, shift: bool = False, control: bool = False) -> None:
    held = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    held |= Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
    for key in pressed:
        QTest.keyClick(editor, key, held)


def test_a_drag_is_a_rectangle_in_shares_of_the_picture(editor: AreaEditor) -> None:
    drag(editor, at(0.25, 0.2), at(0.5, 0.6))
    assert editor.areas == (
        (pytest.approx((0.25, 0.2)), pytest.approx((0.5, 0.2)), pytest.approx((0.5, 0.6)), pytest.approx((0.25, 0.6))),
    )
    assert editor.drawing.chosen == 0


def test_a_drag_out_of_the_picture_ends_at_its_edge(editor: AreaEditor) -> None:
    drag(editor, at(0.5, 0.5), QPoint(495, 395))
    assert editor.areas[0][2] == (1.0, 1.0)


def test_clicks_are_corners_and_one_at_the_first_closes_them(editor: AreaEditor) -> None:
    for corner in (at(0.2, 0.2), at(0.6, 0.2), at(0.4, 0.7)):
        QTest.mouseClick(editor, LEFT, pos=corner)
    assert editor.areas == ()
    QTest.mouseClick(editor, LEFT, pos=at(0.2, 0.2) + QPoint(2, 2))
    assert len(editor.areas) == 1
    assert len(editor.areas[0]) == 3


def test_corners_and_areas_are_dragged(editor: AreaEditor) -> None:
    drag(editor, at(0.2, 0.2), at(0.4, 0.4))
    drag(editor, at(0.4, 0.4), at(0.5, 0.5))
    assert editor.areas[0][2] == pytest.approx((0.5, 0.5), abs=0.005)
    drag(editor, at(0.25, 0.25), at(0.35, 0.25))
    assert editor.areas[0][0] == pytest.approx((0.3, 0.2), abs=0.005)
    keys(editor, Qt.Key.Key_Z, control=True)
    keys(editor, Qt.Key.Key_Z, control=True)
    assert editor.areas[0][2] == pytest.approx((0.4, 0.4), abs=0.005)
    keys(editor, Qt.Key.Key_Y, control=True)
    assert editor.areas[0][2] == pytest.approx((0.5, 0.5), abs=0.005)


def test_all_of_it_by_keyboard(editor: AreaEditor) -> None:
    keys(editor, Qt.Key.Key_N)
    (before,) = editor.areas
    keys(editor, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up)
    assert editor.areas[0][0] == pytest.approx((before[0][0] + 2 * STEP, before[0][1] - STEP))
    keys(editor, Qt.Key.Key_Left, shift=True)
    assert editor.areas[0][0][0] == pytest.approx(before[0][0] + 2 * STEP - LARGE_STEP)
    keys(editor, Qt.Key.Key_Space, Qt.Key.Key_Space)
    assert editor.drawing.corner == 1
    others = editor.areas[0][0], editor.areas[0][2]
    keys(editor, Qt.Key.Key_Down, shift=True)
    assert (editor.areas[0][0], editor.areas[0][2]) == others
    keys(editor, Qt.Key.Key_Plus)
    assert len(editor.areas[0]) == 5
    keys(editor, Qt.Key.Key_Delete)
    assert len(editor.areas[0]) == 4
    keys(editor, Qt.Key.Key_N, Qt.Key.Key_PageUp)
    assert editor.drawing.chosen == 0
    keys(editor, Qt.Key.Key_Escape)
    assert editor.drawing.chosen == NONE
    keys(editor, Qt.Key.Key_PageDown, Qt.Key.Key_Delete)
    assert len(editor.areas) == 1


def test_escape_closes_the_dialog_only_when_there_is_nothing_to_let_go(editor: AreaEditor, qtbot: QtBot) -> None:
    unused: list[Qt.Key] = []
    parent = editor.keyPressEvent

    def press(event: object) -> None:
        parent(event)
        if not event.isAccepted():
            unused.append(Qt.Key(event.key()))

    editor.keyPressEvent = press
    QTest.mouseClick(editor, LEFT, pos=at(0.2, 0.2))
    keys(editor, Qt.Key.Key_Escape)
    assert editor.drawing.begun == ()
    assert unused == []
    keys(editor, Qt.Key.Key_Escape)
    assert unused == [Qt.Key.Key_Escape]


def test_it_says_what_is_changed_and_chosen_and_only_then(editor: AreaEditor) -> None:
    changed, chosen = [], []
    editor.changed.connect(lambda: changed.append(editor.areas))
    editor.chosen_changed.connect(chosen.append)
    editor.set_areas([[(0.1, 0.1), (0.2, 0.1), (0.2, 0.2)]], ["door"])
    assert (changed, chosen) == ([], [])
    editor.choose(0)
    assert (len(changed), chosen) == (0, [0])
    editor.rename(0, "window")
    assert len(changed) == 1
    assert "window" in editor.accessibleDescription()
    editor.remove()
    assert (len(changed), chosen) == (2, [0, NONE])


def test_areas_lie_on_the_picture_wherever_it_stands(editor: AreaEditor) -> None:
    editor.set_areas([[(0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5)]])
    for place in (QRect(50, 50, 400, 300), QRect(0, 100, 500, 200)):
        editor.set_place(place)
        drawn = editor.grab().toImage()
        inside = place.topLeft() + QPoint(place.width() // 8, place.height() // 8)
        outside = place.topLeft() + QPoint(place.width() * 7 // 8, place.height() * 7 // 8)
        assert drawn.pixelColor(inside) != drawn.pixelColor(outside)
        assert drawn.pixelColor(outside) == drawn.pixelColor(place.bottomRight() - QPoint(9, 9))
