"""The dialog of what is kept: figures, and erasing from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from console.privacy.erasing import erasure
from console.privacy.erasing.scope import Scope
from console.store.holds import hold
from console.ui.keeping.dialog import KeepingDialog
from console.ui.workplace import Workplace
from models import words
from tests.console.clipping import faults
from tests.console.erasing import Item, plant, remains
from tests.console.quiet_workplace import CAMERAS, quiet_workplace


@pytest.fixture
def workplace(tmp_path: Path, qapp: QApplication) -> Iterator[Workplace]:
    with quiet_workplace(tmp_path, CAMERAS) as made:
        yield made


@pytest.fixture
def items(workplace: Workplace) -> list[Item]:
    planted = [plant(workplace.home, workplace.store, ("gate", "old-camera")[n % 2], n, track=n) for n in range(4)]
    store, old = workplace.store, "2020-01-02T00:00:00.000000+00:00"
    store.write(lambda db: hold(db, "review", pictures=[1])).result(10)
    store.write(lambda db: db.execute("UPDATE pictures SET written_at = ? WHERE id = 1", (old,)) and None).result(10)
    return planted


@pytest.fixture
def dialog(workplace: Workplace, items: list[Item], qtbot: QtBot) -> Iterator[KeepingDialog]:
    made = KeepingDialog(workplace)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made.table.topLevelItemCount() == 2)
    yield made
    qtbot.waitUntil(lambda: not workplace.jobs.running, timeout=10_000)


def test_each_camera_has_its_figures_and_what_stays_says_why(dialog: KeepingDialog) -> None:
    rows = [[dialog.table.topLevelItem(n).text(c) for c in range(6)] for n in range(2)]
    assert rows[0][0:2] == ["Gate", "4"]
    assert rows[0][3:5] == ["2020-01-02", "30 days"]
    assert rows[0][5].startswith("▲ 1 for review")
    assert rows[1][0] == "old-camera (not in the settings)"
    assert rows[1][5] == ""


def test_erasing_is_looked_at_first_then_done(
    dialog: KeepingDialog, workplace: Workplace, items: list[Item], qtbot: QtBot
) -> None:
    assert not dialog.erase_button.isEnabled()
    dialog.table.topLevelItem(1).setSelected(True)
    assert dialog.fields.camera.value == "old-camera"
    dialog.look()
    qtbot.waitUntil(dialog.erase_button.isEnabled)
    assert dialog.erase_button.text() == "Erase 6 items for good"
    assert "2 events, 2 pictures and 2 sealed crops would go" in dialog.summary.text()
    dialog.fields.track.editor.setText("1")
    dialog.fields.track.finish()
    assert not dialog.erase_button.isEnabled(), "what was looked at is not what would be erased"
    dialog.look()
    qtbot.waitUntil(dialog.erase_button.isEnabled)
    dialog.erase_button.click()
    qtbot.waitUntil(lambda: "Erased: 1 events" in dialog.summary.text(), timeout=10_000)
    assert remains(workplace.home.path, items[1].needles) == {}
    assert remains(workplace.home.path, items[3].needles) != {}
    assert not dialog.erase_button.isEnabled()


def test_without_the_supervisor_nothing_goes(
    dialog: KeepingDialog, workplace: Workplace, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(workplace, "may", lambda what, then: asked.append((what, then)))
    dialog.fields.choose("gate")
    dialog.look()
    qtbot.waitUntil(dialog.erase_button.isEnabled)
    dialog.erase_button.click()
    assert asked == [("Erasing pictures", dialog.erase)]
    assert not workplace.jobs.running
    assert erasure.look(workplace.home, Scope(camera_id="gate")).events == 2


def test_what_can_not_be_meant_is_said(dialog: KeepingDialog) -> None:
    dialog.look()
    assert dialog.summary.text().startswith("▲ Nothing is named")
    dialog.fields.since.editor.setText("yesterday")
    dialog.look()
    assert "'yesterday' is no time" in dialog.summary.text()
    assert not dialog.erase_button.isEnabled()


@pytest.mark.parametrize("give_up", [False, True])
def test_a_stopped_erasure_waits_to_go_on_or_to_be_given_up(
    dialog: KeepingDialog, workplace: Workplace, qtbot: QtBot, give_up: bool
) -> None:
    erasure.begin(workplace.home, workplace.store, Scope(camera_id="gate"), "Mira")
    dialog.refresh()
    qtbot.waitUntil(dialog.go_on_button.isVisible)
    (dialog.give_up_button if give_up else dialog.go_on_button).click()
    qtbot.waitUntil(lambda: "Erased:" in dialog.summary.text(), timeout=10_000)
    qtbot.waitUntil(lambda: not dialog.go_on_button.isVisible())
    assert erasure.look(workplace.home, Scope(camera_id="gate")).events == (2 if give_up else 0)


def test_every_control_can_be_told_by_its_name(dialog: KeepingDialog) -> None:
    nameless = [
        widget
        for widget in dialog.findChildren(QWidget)
        if widget.focusPolicy()
        and widget.isVisible()
        and not (widget.accessibleName() or getattr(widget, "text", str)())
    ]
    assert nameless == []


@pytest.mark.parametrize("language", ["en", "pseudo"])
def test_nothing_in_it_is_cut(
    workplace: Workplace, items: list[Item], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr(words, "_now", words.Pseudo() if language == "pseudo" else words.NullTranslations())
    erasure.begin(workplace.home, workplace.store, Scope(camera_id="old-camera"), "Mira")
    made = KeepingDialog(workplace)
    qtbot.addWidget(made)
    made.resize(760, 620)
    made.show()
    qtbot.waitUntil(made.go_on_button.isVisible)
    made.fields.choose("gate")
    made.look()
    qtbot.waitUntil(made.erase_button.isEnabled)
    QApplication.processEvents()
    assert faults(made) == []
    qtbot.waitUntil(lambda: not workplace.jobs.running)
