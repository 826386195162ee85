"""Who sits here: picked or added with the keyboard alone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QListWidget
from pytestqt.qtbot import QtBot

from widgets.operator_picker import OperatorPicker

NAMES = ("Kim", "Sam Okafor", "Ines")


def opened(
    qtbot: QtBot, names: tuple[str, ...] = NAMES, now: str = ""
) -> tuple[OperatorPicker, list[tuple[str, bool]]]:
    picker = OperatorPicker(names, now, "why")
    qtbot.addWidget(picker)
    picked: list[tuple[str, bool]] = []
    picker.picked.connect(lambda name, new: picked.append((name, new)))
    picker.show()
    return picker, picked


def offered(picker: OperatorPicker) -> list[str]:
    found = picker.findChild(QListWidget)
    assert found is not None
    return [found.item(row).text() for row in range(found.count())]


@pytest.mark.parametrize(
    ("typed", "downs", "name", "new"),
    [
        ("", 1, "Sam Okafor", False),
        ("ok", 0, "Sam Okafor", False),
        ("  Alex   Doe ", 0, "Alex Doe", True),
        ("Ki", 1, "Ki", True),
        ("kim", 5, "Kim", False),
    ],
)
def test_letters_arrows_and_enter(qtbot: QtBot, typed: str, downs: int, name: str, new: bool) -> None:
    picker, picked = opened(qtbot)
    entry = picker.findChild(QLineEdit)
    assert entry is not None
    qtbot.keyClicks(entry, typed)
    for _ in range(downs):
        qtbot.keyClick(entry, Qt.Key.Key_Down)
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert picked == [(name, new)]
    assert not picker.isVisible()


def test_who_sits_here_is_marked_and_may_leave(qtbot: QtBot) -> None:
    picker, _picked = opened(qtbot, now="Alex")
    assert offered(picker) == ["Kim", "Sam Okafor", "Ines", "Alex (now)", "Nobody"]


def test_without_any_names_nothing_can_be_picked_by_accident(qtbot: QtBot) -> None:
    picker, picked = opened(qtbot, names=())
    entry = picker.findChild(QLineEdit)
    assert entry is not None
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert picked == []
    qtbot.keyClick(entry, Qt.Key.Key_Escape)
    assert not picker.isVisible()
