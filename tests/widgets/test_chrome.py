"""What stands around the pages: theme, rail, palette, sheet of keys, notices."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from widgets import room
from widgets.icons import icon
from widgets.key_button import KeyButton
from widgets.keys_sheet import KeysSheet
from widgets.notice_bar import NoticeBar
from widgets.palette import Command, Palette, matches
from widgets.rail import Rail
from widgets.starting import Starting
from widgets.theme import DARK, LIGHT, Tokens, font, px, use
from widgets.welcome import Welcome

COMMANDS = [
    Command("wall.4", "Wall of 4", "4", "Wall"),
    Command("tile.freeze", "Freeze the picture", "Space", "Camera"),
    Command("desk.quit", "Close the desk", "Ctrl+Q", "Desk"),
    Command("desk.odd", "Has no key", "", "Desk"),
]


def contrast(one: str, other: str) -> float:
    """WCAG 2's contrast ratio of two colours."""

    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    brighter, darker = sorted((light(one), light(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=["dark", "light"])
def test_text_can_be_read_on_every_surface(look: Tokens) -> None:
    for ground in (look.ground, look.panel, look.raised):
        for name in ("text", "dim", "accent", "needs_you", "stopped"):
            assert contrast(getattr(look, name), ground) >= 4.5, f"{name} on {ground}"
        assert contrast(look.faint, ground) >= 3


def test_figures_have_one_width_at_any_scale(qapp: QApplication) -> None:
    for scale in (1.0, 2.0):
        use(qapp, DARK, scale)
        metrics = QFontMetrics(font())
        assert len({metrics.horizontalAdvance(figure) for figure in "0123456789"}) == 1
        assert px(10) == 10 * scale
    use(qapp, DARK, 1.0)


def test_the_rail_shows_pages_in_order_and_says_which_is_picked(qtbot: QtBot) -> None:
    rail = Rail()
    qtbot.addWidget(rail)
    live, review = rail.add("live", "Live", "live"), rail.add("review", "Review", "check")
    foot = rail.add("settings", "Settings", "settings", foot=True)
    rail.resize(80, 600)
    rail.show()
    qtbot.waitExposed(rail)
    assert live.y() < review.y() < foot.y()
    assert foot.geometry().bottom() > 560
    with qtbot.waitSignal(rail.picked) as picked:
        qtbot.keyClick(review, Qt.Key.Key_Space)
    assert picked.args == ["review"]
    rail.choose("live")
    assert live.isChecked()
    assert not review.isChecked()
    rail.set_waiting("review", 3)
    assert review.accessibleDescription() == "3"
    rail.grab()


def test_typing_narrows_the_palette_and_enter_takes_the_first(qtbot: QtBot) -> None:
    palette = Palette(COMMANDS)
    qtbot.addWidget(palette)
    palette.open()
    field = palette.findChild(QLineEdit)
    qtbot.keyClicks(field, "desk close")
    with qtbot.waitSignal(palette.picked) as picked:
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert picked.args == ["desk.quit"]


def test_arrows_choose_in_the_palette_and_nothing_fitting_takes_nothing(qtbot: QtBot) -> None:
    palette, taken = Palette(COMMANDS), []
    qtbot.addWidget(palette)
    palette.picked.connect(taken.append)
    palette.open()
    field = palette.findChild(QLineEdit)
    qtbot.keyClicks(field, "zzz")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert taken == []
    field.clear()
    qtbot.keyClick(field, Qt.Key.Key_Down)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert taken == ["tile.freeze"]


def test_words_match_in_any_order_and_case() -> None:
    assert matches("FREEZE cam", "Camera Freeze the picture")
    assert not matches("freeze zoo", "Camera Freeze the picture")
    assert matches("", "anything")


def test_the_sheet_lists_what_has_a_key(qtbot: QtBot) -> None:
    sheet = KeysSheet(COMMANDS)
    qtbot.addWidget(sheet)
    sheet.open()
    shown = [label.text() for label in sheet.findChildren(QLabel)]
    assert "Freeze the picture" in shown
    assert "Space" in shown
    assert "Has no key" not in shown
    qtbot.keyClicks(sheet.findChild(QLineEdit), "wall")
    assert "Freeze the picture" not in [
        label.text() for label in sheet.findChildren(QLabel) if label.isVisibleTo(sheet)
    ]


@pytest.fixture
def bar(qtbot: QtBot) -> NoticeBar:
    room = QWidget()
    qtbot.addWidget(room)
    room.resize(800, 400)
    room.show()
    made = NoticeBar(room)
    made.room = room  # type: ignore[attr-defined]
    return made


def test_what_needs_a_person_stays_and_the_next_waits_behind_it(bar: NoticeBar, qtbot: QtBot) -> None:
    bar.show_notice("Lost", "Look at the cable.", "stopped", details="trace")
    bar.show_notice("Saved")
    bar.show_notice("Lost", "Look at the cable.", "stopped")
    assert bar.words == "Lost Look at the cable."
    copy = next(b for b in bar.findChildren(QPushButton) if b.text() == "Copy details")
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "trace"
    bar.put_away()
    assert bar.words == "Saved"
    bar.put_away()
    assert bar.words == ""


def test_what_is_said_in_passing_gives_way_and_the_way_on_is_taken(bar: NoticeBar, qtbot: QtBot) -> None:
    bar.show_notice("One")
    bar.show_notice("Two", way="Undo", token="undo it")
    assert bar.words == "Two"
    way = next(b for b in bar.findChildren(QPushButton) if b.text() == "Undo")
    with qtbot.waitSignal(bar.way_on) as taken:
        qtbot.mouseClick(way, Qt.MouseButton.LeftButton)
    assert taken.args == ["undo it"]
    assert bar.words == ""


def test_icons_are_drawn_in_the_colour_asked_for(qapp: QApplication) -> None:
    drawn = icon("stop", "#ff0000").pixmap(24, 24).toImage()
    colours = {drawn.pixelColor(x, y).name() for x in range(24) for y in range(24) if drawn.pixelColor(x, y).alpha()}
    assert "#ff0000" in colours


def test_a_button_shows_its_key_and_is_never_clipped(qtbot: QtBot) -> None:
    button = KeyButton("Freeze", "Space", "freeze")
    qtbot.addWidget(button)
    assert button.minimumSizeHint().width() > QFontMetrics(button.font()).horizontalAdvance("FreezeSpace")
    assert button.accessibleName() == "Freeze"
    button.grab()


def test_starting_says_how_far_it_is(qtbot: QtBot) -> None:
    page = Starting()
    qtbot.addWidget(page)
    page.say("Getting a model", 1_500_000, 3_000_000)
    assert {"Getting a model", "1.5 of 3.0 MB"} <= {label.text() for label in page.findChildren(QLabel)}
    with qtbot.waitSignal(page.stopped):
        page.findChild(QPushButton).click()


def test_the_first_camera_can_be_pasted(qtbot: QtBot) -> None:
    page = Welcome("Ctrl+N", "Ctrl+Shift+N")
    qtbot.addWidget(page)
    assert not page.go.isEnabled()
    qtbot.keyClicks(page.address, " rtsp://10.0.0.7/live ")
    with qtbot.waitSignal(page.address_given) as given:
        qtbot.keyClick(page.address, Qt.Key.Key_Return)
    assert given.args == ["rtsp://10.0.0.7/live"]


def test_the_sheet_fits_a_small_screen_at_large_text(
    qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "room_for", lambda _window: QSize(500, 400))
    use(qapp, DARK, 2.0)
    try:
        many = [Command(f"a.{n}", f"Do the thing of number {n}", "Ctrl+Shift+N", f"Group {n % 3}") for n in range(9)]
        sheet = KeysSheet(sorted(many, key=lambda command: command.group))
        qtbot.addWidget(sheet)
        assert sheet.width() <= 500
        assert sheet.height() <= 400
        assert sheet._sides == 1
    finally:
        use(qapp, DARK, 1.0)
