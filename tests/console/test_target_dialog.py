"""Adding and changing a target: the fields of its kind, mistakes beside them, a try first, and secrets in no file."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import keyring.backends.fail
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from console.settings import vault
from console.settings.schema import Settings
from console.settings.secrets import Secrets
from console.settings.sync import TargetSettings
from console.sync.targets.base import Denied
from console.ui.sync_page.target_dialog import TargetDialog
from console.ui.sync_page.target_draft import FIELDS, Draft, changes_for, judge, shown_url, way_of
from console.ui.sync_page.target_words import WAYS
from console.ui.workplace import Workplace
from models import words
from tests.console import clipping
from tests.console.clipping import faults
from tests.console.quiet_workplace import quiet_workplace
from tests.console.sync_cases import TARGETS
from widgets import room

SECRET = "geheim!77"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(vault, "COST", 10)
    monkeypatch.setenv("SIGHTDESK_PASSPHRASE", "a long passphrase")
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def workplace(qtbot: QtBot, tmp_path: Path) -> Iterator[Workplace]:
    with quiet_workplace(tmp_path, TARGETS) as made:
        yield made


def opened(qtbot: QtBot, workplace: Workplace, name: str = "") -> TargetDialog:
    own = next((one for one in workplace.settings.sync.targets if one.name == name), None)
    dialog = TargetDialog(workplace, own)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def type_into(dialog: TargetDialog, **values: Any) -> None:
    for name, value in values.items():
        row = dialog.fields.rows[dialog.fields.way].get(name) or dialog.common.rows[name]
        row.set_value(value)
        row.edited.emit(name, value)


def test_each_kind_asks_for_what_it_needs_and_no_more(qtbot: QtBot, workplace: Workplace) -> None:
    dialog = opened(qtbot, workplace)
    for way in WAYS:
        dialog.choose_kind(way)
        QApplication.processEvents()
        seen = {name for rows in dialog.fields.rows.values() for name, row in rows.items() if row.isVisible()}
        assert seen == set(FIELDS[way])
        shown = [row for rows in dialog.fields.rows.values() for row in rows.values() if row.isVisible()]
        assert len(shown) == len(FIELDS[way])
    dialog.reject()


def test_what_two_kinds_share_is_not_typed_twice(qtbot: QtBot, workplace: Workplace) -> None:
    dialog = opened(qtbot, workplace)
    dialog.choose_kind("mqtt")
    type_into(dialog, user="desk", secret=SECRET, name="broker", url="mqtts://b.example.com:8883/x")
    dialog.choose_kind("s3")
    assert dialog.draft().values["user"] == "desk"
    assert dialog.draft().secret == SECRET
    assert dialog.draft().values["url"] == ""  # an address of another kind is of no use here
    dialog.choose_kind("mqtt")
    assert dialog.draft().values["url"] == "mqtts://b.example.com:8883/x"
    dialog.reject()


def test_mistakes_stand_beside_their_fields_and_nothing_typed_is_lost(qtbot: QtBot, workplace: Workplace) -> None:
    dialog = opened(qtbot, workplace)
    dialog.choose_kind("webhook")
    assert not dialog.common.rows["name"].error  # nobody has tried to save yet
    type_into(dialog, name="archive", url="http://example.com/x", hours="25:00-26:00")
    dialog.save()
    assert dialog.isVisible()
    assert "already" in dialog.common.rows["name"].error
    assert (
        "in the clear" in dialog.fields.rows["webhook"]["url"].error or dialog.fields.rows["webhook"]["url"].error == ""
    )
    assert dialog.common.rows["hours"].error
    assert dialog.fields.rows["webhook"]["secret"].error
    type_into(dialog, name="hook-2", hours="22:00-06:00", secret=SECRET)
    assert "in the clear" in dialog.fields.rows["webhook"]["url"].error
    assert not dialog.common.rows["hours"].error
    for check in dialog.common.sends.values():
        check.setChecked(False)
    assert not dialog.common._wrong.isHidden()
    assert dialog.draft().values["url"] == "http://example.com/x"
    assert len(workplace.settings.sync.targets) == 3
    dialog.reject()


def test_a_secret_goes_into_no_file_of_settings(qtbot: QtBot, workplace: Workplace) -> None:
    dialog = opened(qtbot, workplace)
    dialog.choose_kind("s3")
    type_into(dialog, name="bucket", url="s3://plant-7/north", user="AKIA", secret=SECRET)
    dialog.common.cameras.item(0).setCheckState(Qt.CheckState.Checked)
    dialog.common.sends["audit"].setChecked(True)
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow, timeout=5000)
    qtbot.keyClick(dialog.common.rows["hours"].editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(workplace.settings.sync.targets) == 4, timeout=10_000)
    made = workplace.settings.sync.targets[-1]
    assert (made.kind, made.url, made.user, made.cameras) == ("objects", "s3://plant-7/north", "AKIA", ("gate",))
    assert made.sends == ("events", "verdicts", "pictures", "audit")
    assert made.secret is not None
    assert Secrets(workplace.home).get(made.secret.secret).get_secret_value() == SECRET
    text = workplace.file.path.read_text()
    assert SECRET not in text
    assert "# where it goes" in text
    assert "# theirs" in text
    qtbot.waitUntil(lambda: not dialog.isVisible())
    workplace.undo()
    assert workplace.file.path.read_text() == TARGETS


def test_a_change_leaves_what_was_not_touched(qtbot: QtBot, workplace: Workplace) -> None:
    dialog = opened(qtbot, workplace, "cloud")
    assert dialog.fields.way == "cloud"
    assert not dialog.common.rows["name"].editor.isEnabled()  # what waits is kept under it
    type_into(dialog, hours="20:00-06:00", kilobytes_per_second=500)
    dialog.save()
    assert not dialog.isVisible()
    cloud = workplace.settings.sync.targets[1]
    assert (cloud.hours, cloud.kilobytes_per_second, cloud.sends) == ("20:00-06:00", 500, ("events", "verdicts"))
    text = workplace.file.path.read_text()
    assert "url: https://cloud.example.com   # theirs" in text
    workplace.undo()
    assert workplace.file.path.read_text() == TARGETS


def test_past_a_supervisor_nothing_is_stored(
    qtbot: QtBot, workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workplace, "may", lambda *_: False)
    dialog = opened(qtbot, workplace)
    dialog.choose_kind("webhook")
    type_into(dialog, name="hook-2", url="https://example.com/2", secret=SECRET)
    dialog.save()
    assert dialog.isVisible()
    assert dialog.draft().secret == SECRET  # it is still there when the PIN was right
    assert Secrets(workplace.home).names() == {}
    assert len(workplace.settings.sync.targets) == 3
    dialog.reject()


class Peer:
    """A target that waits to be closed, or answers."""

    def __init__(self, settings: TargetSettings, secret: Any, outcome: Any) -> None:
        self.settings, self.secret, self.outcome = settings, secret, outcome
        self.closed = threading.Event()

    def check(self) -> str:
        if self.outcome is None:
            self.closed.wait(20)
            raise Denied("Given up.")
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return str(self.outcome)

    def close(self) -> None:
        self.closed.set()


def test_what_was_typed_is_tried_before_it_is_saved(qtbot: QtBot, workplace: Workplace) -> None:
    made: list[Peer] = []
    outcomes: list[Any] = [Denied("It knows no such key.", "Type it again."), "Bucket plant-7 answers in 12 ms.", None]

    def make(settings: TargetSettings, secret: Any, *_: object) -> Peer:
        made.append(Peer(settings, secret, outcomes[len(made)]))
        return made[-1]

    dialog = opened(qtbot, workplace)
    dialog.trial.make = make  # type: ignore[assignment]  # a peer is target enough to be tried
    dialog.test()
    assert made == []  # nothing is filled in
    assert dialog.common.rows["name"].error
    dialog.choose_kind("s3")
    type_into(dialog, name="bucket", url="s3://plant-7/north", user="AKIA", secret=SECRET)
    dialog.test_button.click()
    qtbot.waitUntil(lambda: not dialog.trial.running, timeout=5000)
    assert "It knows no such key. Type it again." in dialog.hint.text()
    assert made[0].secret(made[0].settings.secret.secret) == SECRET  # as typed; it is stored nowhere yet
    assert Secrets(workplace.home).names() == {}
    dialog.test()
    qtbot.waitUntil(lambda: not dialog.trial.running, timeout=5000)
    assert "answers in 12 ms" in dialog.hint.text()
    dialog.test()
    qtbot.waitUntil(lambda: len(made) == 3, timeout=5000)
    assert "Stop trying" in dialog.test_button.text()
    dialog.test()
    qtbot.waitUntil(lambda: not dialog.trial.running, timeout=5000)
    assert "Test" in dialog.test_button.text()
    assert len(workplace.settings.sync.targets) == 3
    dialog.reject()


def test_what_leaves_stands_beside_what_is_ticked(qtbot: QtBot, workplace: Workplace) -> None:
    dialog = opened(qtbot, workplace)

    def said() -> set[str]:
        return {name.text() for name, _value in dialog.leaving._leaves._labels if not name.isHidden()}

    assert "Covered pictures" in said()
    dialog.common.sends["pictures"].setChecked(False)
    assert "Covered pictures" not in said()
    assert "not covered" in dialog.leaving._never.text()
    dialog.reject()


def test_a_folder_is_chosen_and_kept_by_its_address(
    qtbot: QtBot, workplace: Workplace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "to where it goes"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    dialog = opened(qtbot, workplace)
    dialog.choose_kind("folder")
    picker = dialog.fields.rows["folder"]["url"].parentWidget()
    picker.choose.click()
    type_into(dialog, name="share")
    dialog.save()
    made = workplace.settings.sync.targets[-1]
    assert made.url == folder.as_uri()
    assert (way_of(made), shown_url(made)) == ("folder", str(folder))


def test_drafts() -> None:
    settings = Settings.model_validate({
        "sync": {"targets": [{"name": "a", "kind": "webhook", "url": "https://x/y", "secret": {"secret": "shared"}},
                             {"name": "b", "kind": "webhook", "url": "https://x/z", "secret": {"secret": "shared"}}]}
    })  # fmt: skip
    a = settings.sync.targets[0]
    values = {"name": "a", "url": "https://x/y", "sends": ["events", "verdicts", "pictures"]}
    kept = judge(Draft("webhook", values, "", a), settings)
    assert kept.target == a
    assert changes_for(kept.target, settings, a) == {}
    another = judge(Draft("webhook", values, "new", a), settings, {"a-target"})
    assert another.secret == "a-target-2"  # b's secret stays what it is
    assert "new" not in repr(Draft("webhook", values, "new", a))
    assert changes_for(another.target, settings, a) == {"sync.targets.1.secret": {"secret": "a-target-2"}}
    assert "name" in judge(Draft("webhook", values | {"name": "b"}, "s"), settings).errors
    assert "name" in judge(Draft("webhook", values | {"name": "B b"}, "s"), settings).errors
    assert "url" in judge(Draft("s3", values | {"url": "https://x"}), settings).errors
    assert "key" in judge(Draft("cloud", values | {"certificate": "/a.pem", "name": "c"}), settings).errors


def test_every_control_has_a_name_and_nothing_is_cut(
    qtbot: QtBot, workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "room_for", lambda _window: QSize(1232, 672))
    monkeypatch.setattr(clipping, "screen_of", lambda _window: QSize(1280, 720))
    monkeypatch.setattr(words, "_now", words.Pseudo())
    dialog, wrong = opened(qtbot, workplace), []
    for way in WAYS:
        dialog.choose_kind(way)
        dialog.save()
        for _round in range(4):
            QApplication.processEvents()
        wrong += [f"{way}: {fault}" for fault in faults(dialog)]
        for part in dialog.findChildren(QWidget):
            if part.isVisible() and part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.focusProxy() is None:
                assert part.accessibleName() or getattr(part, "text", str)(), part
    dialog.reject()
    assert wrong == []
