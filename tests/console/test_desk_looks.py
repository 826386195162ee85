"""Every page, dialog and notice at several sizes, in both themes and a foreign tongue: nothing is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from console.desk.language import VARIABLE, speak
from models import words
from tests.console import clipping, looks
from tests.console.clipping import faults
from tests.console.desks import open_desk
from widgets import room
from widgets.key_button import KeyButton
from widgets.segments import Segments
from widgets.theme import DARK, use
from widgets.tool_row import ToolRow

LOOKS = [
    ((1280, 720), "dark", "pseudo"),
    pytest.param((1280, 720), "light", "en", marks=pytest.mark.soak),
    pytest.param((1920, 1080), "light", "pseudo", marks=pytest.mark.soak),
]


@pytest.fixture
def tongue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    before = words._now

    def say(language: str) -> None:
        monkeypatch.setenv(VARIABLE, language)
        speak()

    yield say
    words.install(before)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_nothing_is_cut_on_any_page(  # noqa: PLR0917  # fixtures
    qtbot: QtBot,
    qapp: QApplication,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tongue: Callable[[str], None],
    size: tuple[int, int],
    theme: str,
    language: str,
) -> None:
    on_a_screen(monkeypatch, size)
    tongue(language)
    looks.settle(tmp_path / "home", theme=theme)
    seen, wrong = [], []
    with open_desk(qtbot, qapp, tmp_path / "home") as desk:
        desk.window.resize(*size)
        while desk.window.notice_bar.words:
            desk.window.notice_bar.put_away()
        for name, window in looks.scenes(desk, lambda until: qtbot.waitUntil(until, timeout=20_000)):
            settle(qapp)
            seen.append(name)
            wrong += [f"{name}: {fault}" for fault in faults(window)]
        for name in desk.window._names:
            assert any(name in scene for scene in seen), f"nobody looks at the page {name}"
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", ["en", "pseudo"])
def test_nothing_is_cut_before_the_first_camera(  # noqa: PLR0917  # fixtures
    qtbot: QtBot,
    qapp: QApplication,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tongue: Callable[[str], None],
    language: str,
) -> None:
    on_a_screen(monkeypatch, (1280, 720))
    tongue(language)
    looks.settle(tmp_path / "home", cameras=0)
    with open_desk(qtbot, qapp, tmp_path / "home") as desk:
        desk.window.resize(1280, 720)
        desk.window.turn_to("live")
        settle(qapp)
        wrong = faults(desk.window)
        desk.window.turn_to("cameras")
        settle(qapp)
        wrong += faults(desk.window)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("width", [900, 420, 300])
def test_a_row_of_tools_gives_way_in_order_and_is_never_cut(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    on_a_screen(monkeypatch, (1280, 720))
    buttons = [KeyButton("Freeze", "Space", "freeze"), KeyButton("Rewind 30 s", "R", "rewind")]
    row = ToolRow([Segments("Size", [(1, "1", "one"), (4, "4", "four")]), *buttons], [KeyButton("Add", "N", "add")])
    qtbot.addWidget(row)
    row.resize(width, 40)
    row.show()
    settle(QApplication.instance())
    assert faults(row) == []
    assert [button.accessibleName() for button in buttons] == ["Freeze", "Rewind 30 s"]
    assert buttons[0].toolTip() == "Freeze  Space"


def test_what_is_cut_is_found(qtbot: QtBot) -> None:
    """The finder itself: a test that finds nothing must be one that could."""
    page = QWidget()
    qtbot.addWidget(page)
    row = QHBoxLayout(page)
    label, wrapping, button = (
        QLabel("A sentence without room"),
        QLabel("One two three four five six"),
        QPushButton("Open"),
    )
    for part in (label, wrapping, button):
        row.addWidget(part)
    page.show()
    settle(QApplication.instance())
    assert faults(page) == []
    label.setFixedWidth(40)
    assert any("A sentence" in fault for fault in faults(page))
    label.setToolTip(label.text())
    assert faults(page) == []
    wrapping.setWordWrap(True)
    wrapping.setFixedSize(60, 16)
    assert any("One two" in fault for fault in faults(page))
    wrapping.setText("1")
    button.setFixedWidth(20)
    assert any("Open" in fault for fault in faults(page))
    button.setFixedWidth(80)
    stray = QPushButton("Away", page)
    stray.move(page.width() - 5, 0)
    stray.show()
    assert any("outside" in fault for fault in faults(page))


def test_a_button_gives_way_and_comes_back(qtbot: QtBot, qapp: QApplication) -> None:
    use(qapp, DARK, 1.0)
    button = KeyButton("Freeze", "Space", "freeze")
    qtbot.addWidget(button)
    whole, bare, alone = (button.width_at(level) for level in range(3))
    assert whole > bare > alone
    button.show_less(2)
    assert button.sizeHint().width() == alone
    button.grab()
    button.show_less(0)
    assert button.sizeHint().width() == whole
    plain = KeyButton("Freeze", "Space")
    qtbot.addWidget(plain)
    plain.show_less(2)
    assert plain.sizeHint().width() == plain.width_at(0)  # without an icon nothing would be left


def on_a_screen(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    """Dialogs open as on a screen of this size: the one tests have is smaller than any desk's."""
    monkeypatch.setattr(room, "room_for", lambda _window: QSize(*size) - QSize(48, 48))
    monkeypatch.setattr(clipping, "screen_of", lambda _window: QSize(*size))


def settle(app: QApplication) -> None:
    """Let layouts and paints that wait be done."""
    for _round in range(4):
        app.processEvents()
