"""One setting on screen: what is read, what is said, what is emitted."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit

from widgets.form import FieldRow
from widgets.form_editors import Check, FieldSpec

CHOICES = (("a", "The first"), ("b", "The second"))


def row(qtbot, kind="text", **more) -> FieldRow:
    made = FieldRow(FieldSpec("part.key", "Label", "Some help.", kind, **more))
    qtbot.addWidget(made)
    return made


@pytest.mark.parametrize(
    ("kind", "more", "value"),
    [
        ("text", {}, "words"), ("password", {}, "p w"), ("choice", {"choices": CHOICES, "default": "a"}, "b"),
        ("suggest", {"choices": CHOICES}, "anything"), ("whole", {"default": 1}, 12), ("number", {"default": 1.0}, 0.5),
        ("flag", {"default": False}, True), ("words", {"default": ()}, ("person", "car")),
        ("number", {"default": None, "optional": True}, None), ("text", {"default": None, "optional": True}, None),
    ],
)  # fmt: skip
def test_what_is_shown_is_read_back_and_nothing_is_emitted(qtbot, kind, more, value) -> None:
    made = row(qtbot, kind, **more)
    heard = []
    made.edited.connect(lambda *said: heard.append(said))
    made.set_value(value)
    assert made.value == value
    assert heard == []
    assert made.editor.accessibleName() == "Label"
    assert "Some help." in made.editor.accessibleDescription()


def test_a_change_is_told_once_when_it_is_finished(qtbot) -> None:
    made = row(qtbot, "number", default=1.0)
    heard = []
    made.edited.connect(lambda *said: heard.append(said))
    line = made.editor
    assert isinstance(line, QLineEdit)
    line.selectAll()
    qtbot.keyClicks(line, "0,25")
    assert heard == []
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert heard == [("part.key", 0.25)]
    line.setText("much")
    made.finish()
    assert heard[-1] == ("part.key", "much")


def test_a_flag_and_a_choice_by_keyboard(qtbot) -> None:
    flag, choice = row(qtbot, "flag", default=False), row(qtbot, "choice", choices=CHOICES, default="a")
    heard = []
    for made in (flag, choice):
        made.edited.connect(lambda _key, value: heard.append(value))
        made.show()
    qtbot.keyClick(flag.editor, Qt.Key.Key_Space)
    qtbot.keyClick(choice.editor, Qt.Key.Key_Down)
    assert heard == [True, "b"]


def test_an_error_stands_beside_the_field(qtbot) -> None:
    made = row(qtbot)
    made.show()
    made.set_error("It must be another.")
    assert "It must be another." in made.error
    assert made.editor.accessibleDescription() == "It must be another."
    assert made.editor.property("wrong")
    made.set_error("")
    assert made.error == ""
    assert "Some help." in made.editor.accessibleDescription()


def test_the_way_back_is_there_only_where_something_is_set(qtbot) -> None:
    made = row(qtbot, default="usual")
    made.show()
    assert not made.revert.isVisible()
    made.set_value("other")
    assert made.revert.isVisible()
    with qtbot.waitSignal(made.reverted):
        qtbot.mouseClick(made.revert, Qt.MouseButton.LeftButton)


def test_a_wheel_in_passing_changes_nothing(qtbot) -> None:
    made = row(qtbot, "choice", choices=CHOICES, default="a")
    made.show()
    box = made.editor
    assert isinstance(box, QComboBox)
    wheel = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(box, wheel)
    assert made.value == "a"


def test_search_finds_by_key_name_and_help(qtbot) -> None:
    made = row(qtbot)
    assert made.matches("")
    assert made.matches("LABEL help")
    assert made.matches("part.k")
    assert not made.matches("label nothing")


def test_a_check_box_paints_in_every_state(qtbot) -> None:
    box = Check("Words")
    qtbot.addWidget(box)
    pictures = set()
    for on, enabled in ((False, True), (True, True), (True, False)):
        box.setChecked(on)
        box.setEnabled(enabled)
        image = box.grab().toImage()
        pictures.add(bytes(image.constBits()))
    assert len(pictures) == 3
