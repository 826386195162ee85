"""Keys: presets, own keys over them, and nobody without his key in silence."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from console.settings.schema import DeskSettings
from console.ui.actions import Actions, all_in_words, keys_in_words, wrong_in_words
from console.ui.entries import ENTRIES, FIXED, TABLE, Entry, collide
from console.ui.key_presets import PRESET_WORDS, PRESETS
from console.ui.keys import BETWEEN, Conflict, parse, parse_all, pressed, resolve, write_all
from console.ui.keys_dialog.dialog import KeysDialog
from console.ui.keys_dialog.draft import Draft
from tests.console.quiet_workplace import quiet_workplace
from widgets.key_button import KeyButton
from widgets.keys_sheet import KeysSheet

A = Entry("a", "A", ("Ctrl+A", "X"), "one", "review")
B = Entry("b", "B", ("Y",), "one", "review")
EDIT = Entry("edit", "E", ("X",), "one", "edit", over=("all",))
ALL = Entry("all", "All", ("Ctrl+Z",), "one")
SMALL = (A, B, EDIT, ALL)


@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_has_a_key_twice_where_both_work(preset: str) -> None:
    keys = resolve(preset)
    assert keys.conflicts == ()
    shared = [
        (one.name, other.name)
        for one, other in combinations(TABLE, 2)
        if collide(one, other) and set(keys.of[one.name]) & set(keys.of[other.name])
    ]
    assert shared == []
    assert set(PRESETS[preset]) <= set(ENTRIES)
    assert {key for of in keys.of.values() for key in of} == {parse(k) for of in keys.of.values() for k in of}
    assert preset in PRESET_WORDS


def test_presets_are_as_users_of_these_tools_know_them() -> None:
    labelimg, cvat = resolve("labelimg").of, resolve("cvat").of
    assert (labelimg["edit.add"], labelimg["review.next"], labelimg["review.back"]) == (("W",), ("D",), ("A",))
    assert labelimg["edit.save"][0] == "Ctrl+S"
    assert (cvat["edit.add"], cvat["review.next"], cvat["review.back"]) == (("N",), ("F",), ("D",))
    assert cvat["edit.delete"][0] == labelimg["edit.delete"][0] == "Del"
    assert labelimg["wall.4"] == ("4",)
    assert resolve("of tomorrow").of == resolve().of


def test_places_and_what_stands_over() -> None:
    assert collide(A, B)
    assert not collide(A, EDIT)
    assert collide(A, ALL)
    assert not collide(EDIT, ALL)
    assert not collide(ALL, EDIT)


def test_an_own_key_wins_and_the_loser_is_named() -> None:
    keys = resolve(own={"b": "x", "all": "X"}, table=SMALL)
    assert keys.of == {"a": ("Ctrl+A",), "b": ("X",), "edit": ("X",), "all": ()}
    assert keys.conflicts == (Conflict("X", ("b", "all", "a")),)
    assert keys.problems == ()


def test_no_key_at_all_and_several() -> None:
    keys = resolve(own={"a": "", "b": f"F2{BETWEEN}ctrl+b"}, table=SMALL)
    assert keys.of["a"] == ()
    assert keys.of["b"] == ("F2", "Ctrl+B")


def test_mistakes_are_said_and_stop_nothing() -> None:
    keys = resolve(own={"nobody": "X", "a": "Hyper+Q", "b": "F2; Foo"}, table=SMALL)
    assert keys.of["a"] == ("Ctrl+A", "X")
    assert keys.of["b"] == ("F2",)
    assert [word in problem for word, problem in zip(("nobody", "Hyper+Q", "Foo"), keys.problems, strict=True)] == [
        True, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "key"),
    [("ctrl+shift+k", "Ctrl+Shift+K"), ("delete", "Del"), (",", ","), (";", ";"), ("Ctrl++", "Ctrl++"), ("+", "+"),
     ("Shift+Tab", "Shift+Tab"), ("Ctrl", None), ("Ctrl+", None), ("", None), ("Foo", None), ("Ctrl+K, X", None)],
)  # fmt: skip
def test_what_is_a_key(text: str, key: str | None) -> None:
    assert parse(text) == key


def test_what_is_pressed_is_what_is_written() -> None:
    none, shift, pad = (
        Qt.KeyboardModifier.NoModifier,
        Qt.KeyboardModifier.ShiftModifier,
        Qt.KeyboardModifier.KeypadModifier,
    )
    cases = [
        (Qt.Key.Key_A, none, "A"), (Qt.Key.Key_A, shift, "Shift+A"), (Qt.Key.Key_Plus, shift, "+"),
        (Qt.Key.Key_Plus, pad, "+"), (Qt.Key.Key_Backtab, shift, "Shift+Tab"), (Qt.Key.Key_Enter, pad, "Enter"),
        (Qt.Key.Key_Shift, shift, None), (Qt.Key.Key_Space, shift, "Shift+Space"), (Qt.Key.Key_Delete, none, "Del"),
    ]  # fmt: skip
    for key, how, written in cases:
        assert pressed(QKeyCombination(how, key)) == written


own = st.dictionaries(
    st.sampled_from([entry.name for entry in TABLE]),
    st.lists(st.sampled_from(["Return", "Ctrl+Z", "N", "X", "F5", "Tab", "Ctrl+1", "Esc"]), max_size=3).map(write_all),
    max_size=12,
)


@given(st.sampled_from(list(PRESETS)), own)
def test_whatever_is_wished_no_key_is_had_twice_and_none_is_lost_unsaid(preset: str, wishes: dict[str, str]) -> None:
    keys = resolve(preset, wishes)
    assert keys.problems == ()
    for one, other in combinations(TABLE, 2):
        if collide(one, other):
            assert not set(keys.of[one.name]) & set(keys.of[other.name])
    said = {(conflict.key, name) for conflict in keys.conflicts for name in conflict.actions[1:]}
    for name, text in wishes.items():
        assert {(key, name) for key in parse_all(text)[0] if key not in keys.of[name]} <= said


def test_keys_change_at_once_and_buttons_follow(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    page, done = QWidget(), list[str]()
    window.setCentralWidget(page)
    page.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    actions = Actions(window)
    for name in ("tile.boxes", "tile.snapshot"):
        actions.bind(name, lambda name=name: done.append(name), page)
    button, gone = actions.button("tile.boxes", "Boxes"), actions.button("tile.boxes", "Boxes")
    qtbot.addWidget(button)
    gone.deleteLater()
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window, timeout=5000)
    page.setFocus()
    QTest.keyClick(page, Qt.Key.Key_B)
    assert not isValid(gone)
    with qtbot.waitSignal(actions.keys_changed):
        keys = actions.apply(DeskSettings(keys={"tile.boxes": "S"}))
    assert keys.conflicts == (Conflict("S", ("tile.boxes", "tile.snapshot")),)
    assert wrong_in_words(keys) == [
        "S does “Show or hide its boxes”, not “Save a redacted snapshot”, which should have it too."
    ]
    QTest.keyClick(page, Qt.Key.Key_B)
    QTest.keyClick(page, Qt.Key.Key_S)
    assert done == ["tile.boxes", "tile.boxes"]
    assert button.toolTip() == "Boxes  S"
    assert isinstance(button, KeyButton)
    assert [(c.name, c.keys) for c in actions.commands()] == [("tile.boxes", "S"), ("tile.snapshot", "")]
    actions.set_place("live", on=False)
    QTest.keyClick(page, Qt.Key.Key_S)
    actions.set_place("live", on=True)
    actions.enable("tile.boxes", on=False)
    QTest.keyClick(page, Qt.Key.Key_S)
    assert len(done) == 2


def test_the_sheet_shows_keys_that_never_change_with_their_group(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    actions = Actions(window)
    actions.bind("desk.keys", lambda: None)
    assert [command.name for command in actions.sheet()] == ["desk.keys"]
    actions.bind("edit.add", lambda: None, window)
    actions.bind("camera.up", lambda: None, window)
    groups = [command.group for command in actions.sheet()]
    assert groups == ["Drawing"] * (1 + len(FIXED)) + ["Cameras", "Desk"]
    changed = []
    sheet = KeysSheet(actions.sheet(), window)
    sheet.change_wanted.connect(lambda: changed.append(1))
    sheet.show()
    sheet.change.click()
    assert changed == [1]
    assert not sheet.isVisible()


def test_enter_is_called_enter() -> None:
    assert keys_in_words("Return") == "Enter"
    assert all_in_words(("Return", "Enter", "Ctrl+S")) == "Enter   Keypad Enter   Ctrl+S"


def test_a_draft_takes_over_gives_back_and_resets() -> None:
    draft = Draft("sightdesk", {})
    assert [entry.name for entry in draft.colliding("review.skip", "Return")] == ["review.accept"]
    assert draft.colliding("edit.delete", "S") == ()
    draft.give("review.skip", "Return")
    assert draft.own == {"review.accept": "Enter", "review.skip": "Return"}
    assert draft.keys.conflicts == ()
    assert draft.changed
    draft.give("review.skip", "S", more=True)
    assert draft.keys.of["review.skip"] == ("Return", "S")
    draft.give("review.accept", "Return")
    draft.give("review.accept", "Enter", more=True)
    draft.give("review.skip", "S")
    assert draft.own == {}  # as they were: nothing of it is written
    assert not draft.changed
    draft.clear("review.skip")
    assert draft.settings()["desk.keys"] == {"review.skip": ""}
    draft.reset("review.skip")
    draft.choose("cvat")
    assert draft.keys.of["review.next"] == ("F",)
    draft.give("review.next", "X")
    draft.reset_all()
    assert draft.settings() == {"desk.key_preset": "cvat", "desk.keys": {}}


def test_a_draft_says_who_has_what_somebody_wants() -> None:
    draft = Draft("sightdesk", {"review.skip": "Return"})
    assert [(key, entry.name) for key, entry in draft.wanting("review.accept")] == [("Return", "review.skip")]
    assert draft.wanting("review.skip") == []


SETTINGS = """\
# how it looks
desk:
  theme: dark  # easy on the eyes
  keys: {nobody.knows: F9}
"""


def test_the_dialog_by_keyboard(qtbot: QtBot, tmp_path: Path) -> None:
    """Search, press Enter, press a key; a taken one is said, and taken over; then one change that can be undone."""
    with quiet_workplace(tmp_path, SETTINGS) as workplace:
        dialog = KeysDialog(workplace)
        qtbot.addWidget(dialog)
        dialog.show()
        dialog.activateWindow()
        qtbot.waitUntil(lambda: QApplication.activeWindow() is dialog, timeout=5000)

        def press(*keys: Qt.Key) -> None:
            for key in keys:
                QTest.keyClick(QApplication.focusWidget(), key)

        assert "nobody.knows" in dialog.problems.text()
        assert not dialog.keep.isEnabled()
        QTest.keyClicks(dialog.query, "skip")
        assert dialog.list.chosen == "review.skip"
        press(Qt.Key.Key_Down, Qt.Key.Key_Return)
        assert dialog.field.listening
        press(Qt.Key.Key_Escape)
        assert not dialog.field.listening
        assert dialog.isVisible()
        dialog.list.setFocus()
        press(Qt.Key.Key_Return, Qt.Key.Key_Tab)  # free on that page
        assert dialog.draft.keys.of["review.skip"] == ("Tab",)
        assert QApplication.focusWidget() is dialog.list
        press(Qt.Key.Key_Return, Qt.Key.Key_E)
        assert "Draw" in dialog.said.text()
        assert dialog.draft.keys.of["review.skip"] == ("Tab",)
        assert QApplication.focusWidget() is dialog.take
        press(Qt.Key.Key_Space)
        assert dialog.draft.keys.of["review.skip"] == ("E",)
        assert dialog.draft.keys.of["review.edit"] == ()
        assert not dialog.said.isVisible()
        dialog.keep.click()
        assert not dialog.isVisible()
        keys = workplace.settings.desk.keys
        assert keys == {"nobody.knows": "F9", "review.edit": "", "review.skip": "E"}
        text = workplace.file.path.read_text(encoding="utf-8")
        assert "# easy on the eyes" in text
        workplace.undo()
        assert workplace.settings.desk.keys == {"nobody.knows": "F9"}


def test_the_dialog_leaves_clears_resets_and_goes_by_a_preset(qtbot: QtBot, tmp_path: Path) -> None:
    with quiet_workplace(tmp_path, SETTINGS) as workplace:
        dialog = KeysDialog(workplace)
        qtbot.addWidget(dialog)
        dialog.show()
        dialog.list.choose("edit.delete")
        dialog.field.taken.emit("N")
        dialog.leave.click()
        assert dialog.draft.keys.of["edit.add"] == ("N",)
        dialog.esc.click()
        assert "Leave drawing" in dialog.said.text()
        dialog.take.click()
        assert dialog.draft.keys.of["edit.delete"] == ("Esc",)
        assert dialog.draft.keys.of["edit.cancel"] == ()
        dialog.more.taken.emit("F8")
        assert dialog.draft.keys.of["edit.delete"] == ("Esc", "F8")
        QTest.keyClick(dialog.list, Qt.Key.Key_Delete)
        assert dialog.draft.keys.of["edit.delete"] == ()
        dialog.reset.click()
        assert dialog.draft.keys.of["edit.delete"] == ("Del", "Backspace")
        dialog.presets.picked.emit("labelimg")
        assert dialog.draft.keys.of["review.next"] == ("D",)
        dialog.reset_all.click()
        assert dialog.draft.settings() == {"desk.key_preset": "labelimg", "desk.keys": {}}
        dialog.keep.click()
        assert workplace.settings.desk.key_preset == "labelimg"
        again = KeysDialog(workplace)
        qtbot.addWidget(again)
        again.list.choose("review.next")
        again.clear.click()
        again.put_away.click()
        assert workplace.settings.desk.keys == {}


def test_all_of_the_dialog_has_names(qtbot: QtBot, tmp_path: Path) -> None:
    with quiet_workplace(tmp_path, SETTINGS) as workplace:
        dialog = KeysDialog(workplace)
        qtbot.addWidget(dialog)
        nameless = [
            type(part).__name__
            for part in dialog.findChildren(QWidget)
            if part.focusPolicy() is not Qt.FocusPolicy.NoFocus
            and not part.objectName().startswith("qt_")
            and not (part.accessibleName() or getattr(part, "text", lambda: "")())
        ]
        assert nameless == []


def test_what_was_changed_is_not_dropped_by_one_esc(qtbot: QtBot, tmp_path: Path) -> None:
    with quiet_workplace(tmp_path) as workplace:
        dialog = KeysDialog(workplace)
        qtbot.addWidget(dialog)
        dialog.show()
        dialog.draft.give("review.skip", "F9", more=False)
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        assert dialog.isVisible()
        assert "not kept" in dialog.said.text()
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        assert not dialog.isVisible()
        assert workplace.settings.desk.keys == {}
        dialog.show()
        dialog.put_away.click()  # Cancel says what it does
        assert not dialog.isVisible()
