"""The settings page: every setting has its place, a change writes its key alone, and a wrong one says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from console.settings.schema import Settings
from console.ui.settings_page.fields import spec_of
from console.ui.settings_page.page import SettingsPage
from console.ui.workplace import Workplace
from models import words
from tests.console.quiet_workplace import CAMERAS, quiet_workplace


@pytest.fixture
def workplace(qtbot, tmp_path: Path) -> Iterator[Workplace]:
    with quiet_workplace(tmp_path, CAMERAS) as made:
        yield made


@pytest.fixture
def page(qtbot, workplace: Workplace) -> SettingsPage:
    made = SettingsPage(workplace)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    return made


def put(page: SettingsPage, path: str, value: object) -> None:
    row = page.rows[path]
    row._write(value)
    row.finish()


def test_every_plain_setting_has_a_field(page: SettingsPage) -> None:
    sections = {name: field.annotation for name, field in Settings.model_fields.items()}
    for name, section in sections.items():
        for key, field in getattr(section, "model_fields", {}).items():
            if spec_of(f"{name}.{key}", field) is not None:
                assert f"{name}.{key}" in page.rows
    assert "site" in page.rows
    assert page.rows["desk.theme"].value == "system"


def test_a_change_writes_its_key_and_leaves_the_rest(page: SettingsPage, workplace: Workplace) -> None:
    put(page, "desk.theme", "dark")
    put(page, "log.keep", 7)
    text = workplace.file.path.read_text()
    assert text == CAMERAS.replace("keep: 3", "keep: 7") + "desk:\n  theme: dark\n"
    assert workplace.settings.desk.theme == "dark"
    workplace.undo()
    workplace.undo()
    assert workplace.file.path.read_text() == CAMERAS
    assert page.rows["desk.theme"].value == "system"
    assert page.rows["log.keep"].value == 3


@pytest.mark.parametrize(("path", "value"), [("log.keep", 900), ("log.keep", "many"), ("desk.text_scale", 9.0)])
def test_what_won_t_do_is_said_beside_the_field(
    page: SettingsPage, workplace: Workplace, path: str, value: object
) -> None:
    put(page, path, value)
    row = page.rows[path]
    assert row.error
    assert row.isVisible()
    assert workplace.file.path.read_text() == CAMERAS
    put(page, path, 1)
    assert not page.rows[path].error


def test_back_to_the_default(page: SettingsPage, workplace: Workplace) -> None:
    page.rows["log.keep"].reverted.emit("log.keep")
    assert workplace.settings.log.keep == 5
    assert page.rows["log.keep"].value == 5
    assert not page.rows["log.keep"].revert.isVisible()


def test_changed_by_someone_else(page: SettingsPage, workplace: Workplace) -> None:
    workplace.file.path.write_text(CAMERAS.replace("Plant 1", "Plant 2"))
    put(page, "log.keep", 8)
    assert page._changed.isVisible()
    assert page.rows["log.keep"].error
    page._reload()
    assert not page._changed.isVisible()
    assert page.rows["site"].value == "Plant 2"
    put(page, "log.keep", 8)
    assert workplace.settings.log.keep == 8
    assert workplace.settings.site == "Plant 2"


def test_a_list_that_stands_by_default_is_written_whole(page: SettingsPage, workplace: Workplace) -> None:
    before = workplace.settings.events.rules
    assert len(before) == 1
    put(page, "events.rules.1.sound", "ping")
    rules = workplace.settings.events.rules
    assert [(rule.name, rule.sound) for rule in rules] == [(before[0].name, "ping")]
    page._edit("events.rules.2", {"name": "New 2"})
    put(page, "events.rules.2.classes", ("person", "car"))
    assert workplace.settings.events.rules[1].classes == ("person", "car")
    page._edit("events.rules.1", None)
    assert [rule.name for rule in workplace.settings.events.rules] == ["New 2"]
    page._edit("events.rules.1", None)
    assert workplace.settings.events.rules == ()
    for _time in range(5):
        workplace.undo()
    assert workplace.file.path.read_text() == CAMERAS
    assert page.rows["events.rules.1.sound"].value == "none"


def test_the_default_of_a_list_can_be_removed(page: SettingsPage, workplace: Workplace) -> None:
    page._edit("events.rules.1", None)
    assert workplace.settings.events.rules == ()
    assert "events.rules.1.name" not in page.rows


def test_search(page: SettingsPage) -> None:
    page.search.setText("rotated")
    assert page.rows["log.megabytes"].isVisible()
    assert not page.rows["desk.theme"].isVisible()
    page.search.setText("no such thing")
    assert page._nothing.isVisible()
    page.show_setting("desk.theme")
    assert page.rows["desk.theme"].isVisible()


def test_every_control_that_takes_the_keyboard_has_a_name(page: SettingsPage) -> None:
    from PySide6.QtCore import Qt

    for part in page.findChildren(QWidget):
        if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.isVisible() and part.focusProxy() is None:
            name = part.accessibleName() or getattr(part, "text", str)()
            assert name, part


def test_in_another_language(qtbot, workplace: Workplace) -> None:
    words.install(words.Pseudo())
    try:
        page = SettingsPage(workplace)
        qtbot.addWidget(page)
        assert all(row.spec.label.startswith("[") for row in page.rows.values())
    finally:
        words.install(words.NullTranslations())
