"""The list of events: what it says, what stays where it is, and what the keys do."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from widgets.event_list import EventItem, EventList


def items(*ids: int, **more: object) -> list[EventItem]:
    return [EventItem(n, f"Person, camera {n}", f"track {n}, 21:13:58", **more) for n in ids]  # type: ignore[arg-type]


@pytest.fixture
def shown(qtbot: QtBot) -> EventList:
    events = EventList()
    qtbot.addWidget(events)
    events.resize(300, 300)
    events.show()
    return events


def test_every_line_is_a_sentence_for_assistive_technology(shown: EventList) -> None:
    shown.set_items(
        [
            EventItem(3, "Person, Gate", "track 3, 21:00:00", why="the disk is full"),
            EventItem(2, "Car, Road", "track 2, 20:00:00", seen_by="Kim"),
            EventItem(
                1, "Car, Road", "track 1, 20:00:00", alarm=True, picture=QImage(8, 6, QImage.Format.Format_RGB32)
            ),
        ]
    )
    model = shown.model()
    said = [model.data(model.index(row, 0, QModelIndex()), Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert said == [
        "Person, Gate, track 3, 21:00:00, new, the disk is full",
        "Car, Road, track 2, 20:00:00, acknowledged by Kim",
        "Car, Road, track 1, 20:00:00, alarm",
    ]
    assert not shown.grab().isNull()


def test_keys_and_clicks_pick_and_refreshing_does_not(shown: EventList, qtbot: QtBot) -> None:
    picked: list[int] = []
    shown.picked.connect(picked.append)
    shown.set_items(items(3, 2, 1))
    shown.step(1)
    shown.step(1)
    qtbot.keyClick(shown, Qt.Key.Key_Down)
    assert picked == [3, 2, 1]
    shown.step(1)
    shown.step(-9)
    assert picked == [3, 2, 1, 3]
    qtbot.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(40, 90))
    assert picked[-1] == 2
    shown.set_items(items(5, 4, 3, 2, 1))
    shown.set_items(items(9, 2))
    assert (picked[-1], len(picked), shown.chosen) == (2, 5, 2)


def test_what_is_looked_at_stays_in_its_place_while_new_ones_come(shown: EventList) -> None:
    shown.set_items(items(*range(50, 0, -1)))
    shown.doItemsLayout()
    shown.verticalScrollBar().setValue(640)
    before = shown.indexAt(QPoint(40, 100)).row()
    shown.set_items(items(*range(53, 0, -1)))
    assert shown.indexAt(QPoint(40, 100)).row() == before + 3
    shown.verticalScrollBar().setValue(0)
    shown.set_items(items(*range(54, 0, -1)))
    assert shown.items[shown.indexAt(QPoint(40, 20)).row()].id == 54


def test_any_list_may_follow_any_other(shown: EventList) -> None:
    for ids in ([1], [], [3, 2, 1], [3, 1], [7, 3, 1], [9, 8], [9, 8, 3], [9], [10, 9, 2], [5, 4]):
        shown.set_items(items(*ids))
        assert [item.id for item in shown.items] == ids
        assert shown.model().rowCount() == len(ids)


def test_a_changed_line_is_shown_without_moving_anything(shown: EventList) -> None:
    shown.set_items(items(3, 2, 1))
    shown.choose(2)
    shown.set_items([*items(4, 3), *items(2, seen_by="Kim"), *items(1)])
    assert shown.chosen == 2
    assert [item.seen_by for item in shown.items] == ["", "", "Kim", ""]


def test_the_next_new_one_is_down_the_list_then_up(shown: EventList) -> None:
    shown.set_items([*items(4), *items(3, seen_by="Kim"), *items(2), *items(1, seen_by="Kim")])
    assert shown.next_new() == 4
    shown.choose(3)
    assert shown.next_new() == 2
    shown.choose(2)
    assert shown.next_new() == 4
    shown.set_items(items(4, 3, seen_by="Kim"))
    assert shown.next_new() == 0


def test_an_empty_list_says_why(shown: EventList) -> None:
    shown.set_empty("No events yet.")
    shown.step(1)
    assert shown.chosen == 0
    assert shown.accessibleDescription() == "No events yet."
    assert not shown.grab().isNull()


def test_the_end_asks_for_more(shown: EventList, qtbot: QtBot) -> None:
    shown.set_items(items(*range(50, 0, -1)))
    shown.doItemsLayout()
    with qtbot.waitSignal(shown.more_wanted):
        shown.verticalScrollBar().setValue(shown.verticalScrollBar().maximum())
