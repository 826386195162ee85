"""The panel of events over a real store: what arrives, what keys do, what is heard, and who acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QMainWindow, QPushButton
from pytestqt.qtbot import QtBot

from console.errors import StoreError
from console.events import queries
from console.events.rows import NewEvent, insert
from console.ui.actions import Actions
from console.ui.live import sounds
from console.ui.live.event_feed import PORTION
from console.ui.live.events import EventsPanel
from console.ui.notices import Notice
from console.ui.workplace import Workplace
from tests.console.quiet_workplace import CAMERAS, quiet_workplace
from widgets.operator_picker import OperatorPicker

ONE = NewEvent("gate", "Gate", "person", 7, "people", "none", 0.9, (1, 2, 3, 4), (160, 120), datetime.now(UTC))


@dataclass
class Shown:
    workplace: Workplace
    panel: EventsPanel
    actions: Actions
    window: QMainWindow
    said: list[Notice]
    heard: list[str]

    def put(self, *events: NewEvent) -> list[int]:
        store = self.workplace.store
        rows = [(event, "busy") for event in events]
        return store.write(lambda db: insert(db, rows, store.boot_id)).result(10)

    @property
    def ids(self) -> list[int]:
        return [item.id for item in self.panel.list.items]

    def stored(self) -> list[queries.Event]:
        with self.workplace.store.read() as db:
            return queries.page(db, limit=10_000)


@pytest.fixture
def shown(tmp_path: Path, qtbot: QtBot) -> Iterator[Shown]:
    with quiet_workplace(tmp_path, CAMERAS) as workplace:
        window = QMainWindow()
        qtbot.addWidget(window)
        actions = Actions(window)
        said: list[Notice] = []
        heard: list[str] = []
        workplace.notices.shown.connect(said.append)
        panel = EventsPanel(workplace, actions, window)
        panel.sounds = SimpleNamespace(play=heard.append)  # type: ignore[assignment]
        window.setCentralWidget(panel)
        window.show()
        yield Shown(workplace, panel, actions, window, said, heard)
        panel.stop()
        panel.stop()


def count(panel: EventsPanel) -> str:
    return panel._count.text()


def test_events_arrive_by_themselves_in_words(shown: Shown, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: count(shown.panel) == "0 new")
    assert shown.panel.list.accessibleDescription() == "No events yet."
    yesterday = replace(ONE, label="car", seen_at=ONE.seen_at - timedelta(days=2))
    shown.put(ONE, yesterday)
    qtbot.waitUntil(lambda: shown.ids == [2, 1])
    old, new = shown.panel.list.items
    assert (new.title, new.why) == ("Person, Gate", "busy")
    assert new.detail == f"track 7, {ONE.seen_at.astimezone():%H:%M:%S}"
    assert old.detail == f"track 7, {yesterday.seen_at.astimezone():%Y-%m-%d %H:%M}"
    assert count(shown.panel) == "2 new"


def test_the_first_acknowledgement_asks_who_sits_here_and_goes_on_to_the_next(shown: Shown, qtbot: QtBot) -> None:
    shown.put(ONE, ONE, ONE)
    qtbot.waitUntil(lambda: len(shown.ids) == 3)
    picked: list[int] = []
    shown.panel.picked.connect(lambda event: picked.append(event.id))
    shown.actions.trigger("event.next")
    shown.actions.trigger("event.acknowledge")
    picker = shown.window.findChild(OperatorPicker)
    assert picker is not None
    entry = picker.findChild(QLineEdit)
    qtbot.keyClicks(entry, "Kim")
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [item.seen_by for item in shown.panel.list.items] == ["Kim", "", ""])
    assert shown.workplace.operator == "Kim"
    assert shown.workplace.settings.operators == ("Kim",)
    assert shown.panel.list.chosen == 2
    shown.actions.trigger("event.acknowledge")
    qtbot.waitUntil(lambda: count(shown.panel) == "1 new")
    assert picked == [3, 2, 1]
    shown.actions.trigger("event.previous")
    assert shown.panel.list.chosen == 2
    shown.actions.trigger("event.acknowledge")  # acknowledged already: to the next new one
    assert shown.panel.list.chosen == 1


def test_giving_the_picker_up_acknowledges_nothing(shown: Shown, qtbot: QtBot) -> None:
    shown.put(ONE)
    qtbot.waitUntil(lambda: len(shown.ids) == 1)
    shown.actions.trigger("event.all")
    picker = shown.window.findChild(OperatorPicker)
    assert picker is not None
    picker.reject()
    assert shown.stored()[0].acknowledged_by == ""


def test_all_means_all_that_are_listed(shown: Shown, qtbot: QtBot) -> None:
    shown.workplace.operator = "Sam"
    shown.put(ONE, replace(ONE, camera_id="road", camera_name="Road"), ONE)
    qtbot.waitUntil(lambda: len(shown.ids) == 3)
    box = shown.panel.findChildren(QComboBox)[0]
    box.setCurrentIndex(box.findData("gate"))
    qtbot.waitUntil(lambda: shown.ids == [3, 1] and count(shown.panel) == "2 new")
    shown.actions.trigger("event.all")
    qtbot.waitUntil(lambda: any("2 events acknowledged" in notice.what for notice in shown.said))
    assert [event.acknowledged_by for event in shown.stored()] == ["Sam", "", "Sam"]
    qtbot.waitUntil(lambda: count(shown.panel) != "2 new")
    shown.actions.trigger("event.all")
    assert "no event" in shown.said[-1].what


def test_all_can_be_taken_back_and_what_was_seen_before_stays_seen(shown: Shown, qtbot: QtBot) -> None:
    shown.workplace.operator = "Sam"
    shown.put(ONE, ONE, ONE)
    qtbot.waitUntil(lambda: len(shown.ids) == 3)
    shown.panel.list.choose(2)
    shown.actions.trigger("event.acknowledge")
    qtbot.waitUntil(lambda: count(shown.panel) == "2 new")
    shown.actions.trigger("event.all")
    qtbot.waitUntil(lambda: any("2 events acknowledged" in notice.what for notice in shown.said))
    words, undo = shown.said[-1].way_on or ("", None)
    assert words == "Undo"
    assert undo is not None
    undo()
    qtbot.waitUntil(lambda: count(shown.panel) == "2 new")
    assert shown.said[-1].what == "2 events are new again."
    assert [event.acknowledged_by for event in shown.stored()] == ["", "Sam", ""]
    assert shown.stored()[0].acknowledged_at is None
    undo()
    qtbot.waitUntil(lambda: shown.said[-1].what == "0 events are new again.")


def test_a_late_undo_leaves_what_somebody_else_acknowledged(shown: Shown, qtbot: QtBot) -> None:
    shown.workplace.operator = "Sam"
    shown.put(ONE, ONE)
    qtbot.waitUntil(lambda: len(shown.ids) == 2)
    shown.actions.trigger("event.all")
    qtbot.waitUntil(lambda: any(notice.way_on for notice in shown.said))
    _words, undo = shown.said[-1].way_on or ("", None)
    assert undo is not None
    undo()
    qtbot.waitUntil(lambda: count(shown.panel) == "2 new")
    shown.workplace.operator = "Kim"
    shown.actions.trigger("event.all")
    qtbot.waitUntil(lambda: count(shown.panel) == "0 new")
    undo()
    qtbot.waitUntil(lambda: shown.said[-1].what == "0 events are new again.")
    assert [event.acknowledged_by for event in shown.stored()] == ["Kim", "Kim"]


def test_filters_by_class_and_new_only_which_is_remembered(shown: Shown, qtbot: QtBot) -> None:
    shown.workplace.operator = "Sam"
    shown.put(ONE, replace(ONE, label="car"))
    qtbot.waitUntil(lambda: len(shown.ids) == 2)
    box = shown.panel.findChildren(QComboBox)[1]
    assert [box.itemText(row) for row in range(box.count())] == ["All classes", "Car", "Person"]
    box.setCurrentIndex(1)
    qtbot.waitUntil(lambda: shown.ids == [2])
    shown.actions.trigger("event.all")
    qtbot.waitUntil(lambda: count(shown.panel) == "0 new")
    only = next(b for b in shown.panel.findChildren(QPushButton) if b.isCheckable())
    only.click()
    qtbot.waitUntil(lambda: shown.ids == [])
    assert shown.panel.list.accessibleDescription() == "No events fit this choice."
    assert shown.workplace.state.get("only new events") is True


def test_a_camera_that_goes_while_it_is_the_filter_gives_the_list_back(shown: Shown, qtbot: QtBot) -> None:
    shown.put(ONE, replace(ONE, camera_id="road"))
    box = shown.panel.findChildren(QComboBox)[0]
    box.setCurrentIndex(box.findData("gate"))
    qtbot.waitUntil(lambda: shown.ids == [1])
    shown.workplace.edit({"cameras.gate": None}, "Removed Gate")
    qtbot.waitUntil(lambda: shown.ids == [2, 1])


def test_the_end_of_the_list_brings_more(shown: Shown, qtbot: QtBot) -> None:
    shown.put(*[ONE] * (3 * PORTION))
    qtbot.waitUntil(lambda: len(shown.ids) == PORTION)
    bar = shown.panel.list.verticalScrollBar()
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: len(shown.ids) == 2 * PORTION)


def test_the_strongest_sound_is_heard_once_and_never_that_of_the_past(shown: Shown, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: count(shown.panel) == "0 new")
    shown.put(ONE, replace(ONE, sound="ping"), replace(ONE, sound="alarm"))
    qtbot.waitUntil(lambda: len(shown.ids) == 3)
    assert shown.heard == ["alarm"]
    shown.workplace.edit({"desk.sounds": False}, "Sounds off")
    shown.put(replace(ONE, sound="ping"))
    qtbot.waitUntil(lambda: len(shown.ids) == 4)
    assert shown.heard == ["alarm"]


def test_events_of_before_the_start_are_not_heard(tmp_path: Path, qtbot: QtBot) -> None:
    with quiet_workplace(tmp_path, CAMERAS) as workplace:
        rows = [(replace(ONE, sound="alarm"), "busy")]
        workplace.store.write(lambda db: insert(db, rows, workplace.store.boot_id)).result(10)
        window = QMainWindow()
        qtbot.addWidget(window)
        panel = EventsPanel(workplace, Actions(window), window)
        heard: list[str] = []
        panel.sounds = SimpleNamespace(play=heard.append)  # type: ignore[assignment]
        qtbot.waitUntil(lambda: len(panel.list.items) == 1)
        panel.stop()
        assert heard == []


def test_events_that_are_not_stored_are_said_until_they_are(shown: Shown) -> None:
    recorder = SimpleNamespace(problem=StoreError("The disk is full.", "Make room."))
    shown.panel.recorder = recorder  # type: ignore[assignment]
    shown.panel._look_at_recorder()
    shown.panel._look_at_recorder()
    assert [notice.what for notice in shown.said] == ["The disk is full."]
    assert shown.panel._fault.isVisible()
    recorder.problem = None
    shown.panel._look_at_recorder()
    assert not shown.panel._fault.isVisible()


def test_sounds_are_played_one_at_a_time_by_what_the_system_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = tmp_path / "played"
    player = tmp_path / "player"
    player.write_text(f'#!/bin/sh\nhead -c 4 "$1" >> {played}\n')
    player.chmod(0o755)
    monkeypatch.setattr(sounds, "_command", lambda: [str(player)])
    one = sounds.Sounds()
    assert one.play("alarm")
    assert not one.play("ping")
    assert one._thread is not None
    one._thread.join(10)
    assert played.read_text() == "RIFF"


def test_a_system_that_cannot_play_beeps(monkeypatch: pytest.MonkeyPatch, qapp: object) -> None:
    beeps: list[int] = []
    monkeypatch.setattr(sounds, "_command", lambda: None)
    monkeypatch.setattr(sounds.QApplication, "beep", lambda: beeps.append(1))
    assert sounds.Sounds().play("ping")
    assert beeps == [1]
