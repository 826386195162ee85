"""The desk's supervisor: asked for by dialog and keyboard, shown while in force, back by itself; changes recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import argon2
import keyring
import keyring.backends.fail
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from console.errors import AuditError, NeedsSupervisor
from console.privacy.audit.chain import FILE
from console.privacy.audit.verify import verify
from console.settings import vault
from console.settings.scrub import SCRUBBER
from console.ui.cameras.page import CamerasPage
from console.ui.notices import Notice
from console.ui.settings_page.page import SettingsPage
from console.ui.status import StatusFeed
from console.ui.workplace import Workplace
from tests.console.quiet_workplace import CAMERAS, QuietSite, quiet_workplace
from widgets.pin_dialog import PinDialog
from widgets.status_strip import StatusStrip

PIN = "471108"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    real = argon2.PasswordHasher
    monkeypatch.setattr(argon2, "PasswordHasher", lambda: real(time_cost=1, memory_cost=64, parallelism=1))
    monkeypatch.setattr(vault, "COST", 10)
    monkeypatch.setenv("SIGHTDESK_PASSPHRASE", "a long passphrase")
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)
    SCRUBBER.forget_all()


@pytest.fixture
def open_place(qtbot: QtBot, tmp_path: Path) -> Iterator[Workplace]:
    """No PIN is set."""
    with quiet_workplace(tmp_path, CAMERAS) as made:
        made.operator = "Kim"
        yield made
        made.supervision.close()


@pytest.fixture
def workplace(open_place: Workplace) -> Workplace:
    open_place.supervisor.set_pin("", PIN)
    return open_place


@pytest.fixture
def said(open_place: Workplace) -> list[Notice]:
    heard: list[Notice] = []
    open_place.notices.shown.connect(heard.append)
    return heard


def recorded(workplace: Workplace, event: str) -> list[dict[str, Any]]:
    lines = (workplace.home.path / FILE).read_text(encoding="utf-8").splitlines()
    return [entry for entry in map(json.loads, lines) if entry["event"] == event]


def dialog() -> PinDialog:
    return next(w for w in QApplication.topLevelWidgets() if isinstance(w, PinDialog) and w.isVisible())


def no_dialog() -> bool:
    return not any(isinstance(w, PinDialog) and w.isVisible() for w in QApplication.topLevelWidgets())


def type_pin(qtbot: QtBot, *pins: str) -> None:
    """By keyboard alone: each field, then Enter."""
    shown = dialog()
    for line, pin in zip(shown.lines, pins, strict=True):
        qtbot.keyClicks(line, pin)
        qtbot.keyClick(line, Qt.Key.Key_Return)


def test_without_a_pin_everything_may_be_done_and_that_is_said_once(
    open_place: Workplace, said: list[Notice], qtbot: QtBot
) -> None:
    assert open_place.may("erasing")
    open_place.edit({"privacy.faces": False}, "Changed faces")
    assert open_place.may("erasing")
    assert len(said) == 1
    assert "No supervisor's PIN is set" in said[0].what
    assert said[0].way_on is not None
    said[0].way_on[1]()
    type_pin(qtbot, PIN, PIN)
    qtbot.waitUntil(lambda: open_place.supervisor.has_pin and no_dialog(), timeout=5000)
    assert not open_place.supervisor.allowed


def test_the_pin_is_asked_for_and_then_it_is_done(workplace: Workplace, qtbot: QtBot) -> None:
    done: list[str] = []
    assert not workplace.may("erasing pictures", lambda: done.append("it"))
    assert any("Erasing pictures is for a supervisor." in label.text() for label in dialog().findChildren(QLabel))
    type_pin(qtbot, "999998")
    shown = dialog()
    qtbot.waitUntil(shown.trouble.isVisible, timeout=5000)
    assert dialog().trouble.text() == "▲ That is not the PIN."
    assert dialog().lines[0].text() == ""
    type_pin(qtbot, PIN)
    qtbot.waitUntil(lambda: done == ["it"], timeout=5000)
    assert no_dialog()
    assert workplace.may("more")
    assert recorded(workplace, "wrong supervisor PIN")[0]["who"] == "Kim"


def test_too_many_wrong_ones_are_counted_down(workplace: Workplace, qtbot: QtBot) -> None:
    for _ in range(3):
        assert not workplace.supervisor.unlock("999998")
    workplace.may("erasing")
    assert not dialog().go.isEnabled()
    assert not dialog().lines[0].isEnabled()
    assert "Too many wrong PINs. Again in" in dialog().trouble.text()
    dialog()._free_at = 0
    dialog()._count()
    assert dialog().lines[0].isEnabled()
    type_pin(qtbot, PIN)
    qtbot.waitUntil(lambda: "Too many wrong PINs" in dialog().trouble.text(), timeout=5000)
    assert not workplace.supervisor.unlocked


def test_giving_up_leaves_an_operator(workplace: Workplace, qtbot: QtBot) -> None:
    done: list[str] = []
    workplace.may("erasing", lambda: done.append("it"))
    qtbot.keyClick(dialog(), Qt.Key.Key_Escape)
    assert no_dialog()
    assert not workplace.supervisor.unlocked
    workplace.may("erasing", lambda: done.append("it"))
    shown = dialog()
    qtbot.keyClicks(shown.lines[0], PIN)
    shown.go.click()
    shown.reject()  # while it is being looked at
    qtbot.waitUntil(lambda: not workplace.jobs.running, timeout=5000)
    QApplication.processEvents()
    assert not workplace.supervisor.unlocked
    assert done == []


def test_what_is_a_supervisors_changes_only_with_the_pin(workplace: Workplace, qtbot: QtBot) -> None:
    before = workplace.file.content()
    changes: list[dict[str, object]] = [
        {"privacy.faces": False}, {"keep.days": 2}, {"events.keep_days": 2}, {"audit.anchor": "/x/y"},
        {"remote.allowed": [{"address": "h:1", "purpose": "x"}]}, {"cameras.gate.privacy": {"style": "blur"}},
        {"cameras.gate.published_as": "a film"},
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(NeedsSupervisor):
            workplace.edit(change, "Changed it")
        assert workplace.file.content() == before, change
        assert not workplace.file.changed_outside
    dialog().reject()
    workplace.edit({"log.keep": 7, "cameras.gate.name": "North gate"}, "An operator's own")
    workplace.supervisor.unlock(PIN)
    for change in changes[:3]:
        workplace.edit(change, "Changed it")
    entries = recorded(workplace, "privacy settings changed")
    assert [(entry["who"], entry["supervisor"]) for entry in entries] == [("Kim", True)] * 3
    assert entries[0]["changes"] == [{"what": "privacy.faces", "from": True, "to": False}]
    assert entries[1]["changes"] == [{"what": "keep.days", "from": 30, "to": 2}]
    assert verify(workplace.home.path).sound


def test_neither_undo_nor_a_file_edited_elsewhere_goes_round_it(
    workplace: Workplace, said: list[Notice], qtbot: QtBot
) -> None:
    workplace.supervisor.unlock(PIN)
    workplace.edit({"privacy.style": "blur"}, "Changed the style")
    workplace.supervisor.lock()
    workplace.undo()
    assert workplace.settings.privacy.style == "blur"
    assert "for a supervisor" in said[-1].what
    assert workplace.can_undo == "Changed the style"
    type_pin(qtbot, PIN)
    qtbot.waitUntil(lambda: workplace.settings.privacy.style == "solid", timeout=5000)
    workplace.supervisor.lock()
    text = workplace.file.path.read_text()
    workplace.file.path.write_text(text + "\nprivacy: {faces: false}\n")
    workplace.reload()
    assert workplace.settings.privacy.faces
    type_pin(qtbot, PIN)
    qtbot.waitUntil(lambda: not workplace.settings.privacy.faces, timeout=5000)
    found = recorded(workplace, "privacy settings changed")[-1]["changes"]
    assert found == [{"what": "privacy.style", "from": "blur", "to": "solid"}]
    assert recorded(workplace, "privacy settings found changed")[-1]["changes"][0]["what"] == "privacy.faces"


def test_what_was_changed_while_the_desk_was_closed_is_recorded_at_the_start(qtbot: QtBot, tmp_path: Path) -> None:
    with quiet_workplace(tmp_path, CAMERAS) as first:
        first.guard.record_found(first.settings)
    with quiet_workplace(tmp_path, CAMERAS) as second:
        second.guard.record_found(second.settings)
        assert not (second.home.path / FILE).exists(), "nothing changed"
    with quiet_workplace(tmp_path, CAMERAS + "keep: {days: 3}\n") as third:
        third.guard.record_found(third.settings)
        assert recorded(third, "privacy settings found changed")[0]["changes"] == [
            {"what": "keep.days", "from": 30, "to": 3}
        ]
    with quiet_workplace(tmp_path, CAMERAS + "keep: {days: 3}\n") as fourth:
        fourth.guard.record_found(fourth.settings)
        assert len(recorded(fourth, "privacy settings found changed")) == 1


def test_a_change_that_can_not_be_recorded_is_taken_back(
    open_place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_place.file.content()

    def refuse(*_: object, **__: object) -> None:
        raise AuditError("The disk is full.")

    monkeypatch.setattr(open_place.audit, "write", refuse)
    with pytest.raises(AuditError):
        open_place.edit({"privacy.faces": False}, "Changed faces")
    assert open_place.file.content() == before
    assert open_place.settings.privacy.faces
    open_place.edit({"log.keep": 7}, "What is nobody's business")


def test_the_settings_page_asks_and_then_writes(workplace: Workplace, qtbot: QtBot) -> None:
    page = SettingsPage(workplace)
    qtbot.addWidget(page)
    page.show()
    page._edit("privacy.faces", False)
    assert page.rows["privacy.faces"].value is True
    assert not page.rows["privacy.faces"].error
    type_pin(qtbot, PIN)
    qtbot.waitUntil(lambda: page.rows["privacy.faces"].value is False, timeout=5000)
    assert not workplace.settings.privacy.faces


def test_a_camera_with_a_policy_of_its_own_is_not_removed_by_an_operator(open_place: Workplace, qtbot: QtBot) -> None:
    open_place.edit({"cameras.gate.privacy": {"live": True}}, "Covered live")
    open_place.supervisor.set_pin("", PIN)
    page = CamerasPage(open_place)
    qtbot.addWidget(page)
    page.table.choose(["line-1"], "line-1")
    page.remove()
    assert len(open_place.settings.cameras) == 3
    page.table.choose(["gate"], "gate")
    page.remove()
    assert len(open_place.settings.cameras) == 3
    type_pin(qtbot, PIN)
    qtbot.waitUntil(lambda: len(open_place.settings.cameras) == 2, timeout=5000)


def test_who_is_in_force_is_shown_and_goes_by_itself(
    workplace: Workplace, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed: list[bool] = []
    workplace.role_changed.connect(lambda: changed.append(workplace.supervisor.unlocked))
    assert workplace.supervision.words() == ""
    workplace.supervisor.idle_s = 240
    workplace.supervisor.unlock(PIN)
    qtbot.waitUntil(lambda: changed == [True], timeout=3000)
    assert workplace.supervision.words() == "supervisor for 4 min"
    clock = workplace.supervisor._clock
    workplace.supervisor._clock = lambda: clock() + 239
    other = SettingsPage(workplace)
    qtbot.addWidget(other)
    qtbot.keyClick(other, Qt.Key.Key_Shift)  # any key anywhere
    workplace.supervisor._clock = lambda: clock() + 300
    assert workplace.supervisor.unlocked
    workplace.supervisor._clock = lambda: clock() + 500
    qtbot.waitUntil(lambda: changed == [True, False], timeout=3000)
    assert recorded(workplace, "supervisor locked")[0]["why"] == "idle"


def test_somebody_else_at_the_desk_is_an_operator(workplace: Workplace) -> None:
    workplace.supervisor.unlock(PIN)
    workplace.operator = "Sam"
    assert not workplace.supervisor.unlocked
    assert (
        recorded(workplace, "supervisor locked")[0] | {"who": "Kim", "why": "somebody else sits here"}
        == recorded(workplace, "supervisor locked")[0]
    )


def test_the_key_becomes_supervisor_and_goes_back(workplace: Workplace, qtbot: QtBot) -> None:
    workplace.supervision.toggle()
    type_pin(qtbot, PIN)
    qtbot.waitUntil(lambda: workplace.supervisor.unlocked, timeout=5000)
    workplace.supervision.toggle()
    assert not workplace.supervisor.unlocked


def test_another_pin_takes_the_old_one_and_two_that_differ_are_said(workplace: Workplace, qtbot: QtBot) -> None:
    workplace.supervision.set_pin()
    assert len(dialog().lines) == 3
    type_pin(qtbot, PIN, "220711", "220712")
    assert dialog().trouble.text() == "▲ These two differ."
    dialog().lines[2].clear()
    qtbot.keyClicks(dialog().lines[2], "220711")
    qtbot.keyClick(dialog().lines[2], Qt.Key.Key_Return)
    qtbot.waitUntil(no_dialog, timeout=5000)
    assert workplace.supervisor.unlock("220711")


def test_every_field_has_a_name_hides_what_is_typed_and_keeps_nothing(workplace: Workplace, qtbot: QtBot) -> None:
    workplace.supervision.set_pin()
    shown = dialog()
    for line in shown.lines:
        assert line.accessibleName()
        assert line.echoMode() is line.EchoMode.Password
    qtbot.keyClicks(shown.lines[0], PIN)
    shown.reject()
    assert [line.text() for line in shown.lines] == ["", "", ""]


def test_an_anchor_that_is_gone_is_said_once_and_when_it_is_back(
    open_place: Workplace, said: list[Notice], monkeypatch: pytest.MonkeyPatch
) -> None:
    from console.ui import guarding

    problem = [""]
    monkeypatch.setattr(guarding, "anchor_problem", lambda _home: problem[0])
    for problem[0] in ("The share is gone.", "The share is gone.", "", ""):
        open_place.guard.say_anchor()
    assert [notice.kind for notice in said] == ["needs you", "said"]
    assert "The share is gone." in said[0].what


def test_the_strip_says_it(qtbot: QtBot, workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    site = QuietSite()
    site.busy = False  # type: ignore[attr-defined]
    strip = StatusStrip()
    qtbot.addWidget(strip)
    strip.resize(1600, 30)
    feed = StatusFeed.__new__(StatusFeed)
    feed._workplace, feed._strip = workplace, strip
    for name in ("_show_cameras", "_show_latency", "_show_machine", "_show_jobs"):
        monkeypatch.setattr(StatusFeed, name, lambda _self: None)
    workplace.supervisor.unlock(PIN)
    feed.refresh()
    assert strip._buttons["operator"].text() == "Kim, supervisor for 5 min"
    workplace.supervisor.lock()
    feed.refresh()
    assert strip._buttons["operator"].text() == "operator Kim"
