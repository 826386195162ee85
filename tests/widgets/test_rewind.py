"""The bar for looking back: by mouse and by keyboard, at every width, and what it says to a screen reader."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from models import words
from widgets import theme
from widgets.rewind import RewindBar


@pytest.fixture
def bar(qtbot) -> RewindBar:
    theme.use(QApplication.instance(), theme.DARK)
    bar = RewindBar()
    qtbot.addWidget(bar)
    bar.set_span(30.0, [(1, 4), (12, 20)], [2.0, 13.0], "")
    bar.resize(900, bar.sizeHint().height())
    bar.show()
    return bar


def test_a_click_goes_there_and_a_drag_scrubs(bar: RewindBar, qtbot) -> None:
    moments: list[float] = []
    bar.moved.connect(moments.append)
    line = bar.timeline
    qtbot.mousePress(line, Qt.MouseButton.LeftButton, pos=QPoint(line.width() // 2, 10))
    assert moments[-1] == pytest.approx(15, abs=0.1)
    qtbot.mouseMove(line, QPoint(line.width() * 3, 10))
    assert moments[-1] == 30
    bar.set_place(3.0, "", "")  # what is playing does not tear the handle out of the hand
    assert line.value() == 30_000
    qtbot.mouseRelease(line, Qt.MouseButton.LeftButton)
    bar.set_place(3.0, "27.0 s ago", "21:13:58.2")
    assert line.value() == 3000
    assert moments[-1] == 30  # being set is not being moved


def test_everything_by_keyboard(bar: RewindBar, qtbot) -> None:
    said: list[object] = []
    bar.stepped.connect(said.append)
    bar.toggled.connect(lambda: said.append("toggled"))
    bar.live_wanted.connect(lambda: said.append("live"))
    bar.moved.connect(said.append)
    bar.set_place(10.0, "", "")
    line = bar.timeline
    for key in (Qt.Key.Key_Comma, Qt.Key.Key_Period, Qt.Key.Key_Space, Qt.Key.Key_Escape):
        qtbot.keyClick(line, key)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_PageUp, Qt.Key.Key_Home, Qt.Key.Key_End):
        qtbot.keyClick(line, key)
    assert said == [-1, 1, "toggled", "live", 11.0, 16.0, 0.0, 30.0]
    qtbot.keyClick(line, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)  # the settings' key, not a step
    assert len(said) == 8


def test_buttons_and_speeds(bar: RewindBar, qtbot) -> None:
    said: list[object] = []
    bar.stepped.connect(said.append)
    bar.speed_changed.connect(said.append)
    for button in bar.findChildren(QAbstractButton):
        if button.accessibleName() in {"One picture back", "One picture on"} or "0.25" in button.accessibleName():
            button.click()
    assert said == [-1, 1, 0.25]


def test_play_says_what_it_does_and_keeps_its_width(bar: RewindBar) -> None:
    play = next(b for b in bar.findChildren(QAbstractButton) if b.accessibleName() == "Pause")
    width = play.sizeHint().width()
    bar.set_playing(False)
    assert play.accessibleName() == play.text() == "Play"
    assert play.sizeHint().width() == width


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("pseudo", [False, True])
def test_it_fits_at_every_width(qtbot, scale: float, pseudo: bool) -> None:
    words.install(words.Pseudo() if pseudo else words.NullTranslations())
    try:
        theme.use(QApplication.instance(), theme.LIGHT, scale)
        bar = RewindBar()
        qtbot.addWidget(bar)
        bar.set_span(30.0, [], [], "")
        bar.set_place(3.0, "12.0 s ago", "21:13:58.2")
        bar.show()
        shown = []
        for width in (bar.minimumSizeHint().width(), 700, 1000, 2400):
            bar.resize(max(width, bar.minimumSizeHint().width()), bar.sizeHint().height())
            QApplication.processEvents()
            parts = [part for part in bar.findChildren(QWidget) if part.isVisible() and part.parent() is bar]
            shown.append(len(parts))
            right = max(part.geometry().right() for part in parts)
            assert right <= bar.width()
            row = sorted((p.geometry() for p in parts if p is not bar.timeline), key=lambda g: g.left())
            assert all(a.right() < b.left() for a, b in itertools.pairwise(row))
        assert shown[-1] == 7
    finally:
        words.install(words.NullTranslations())
        theme.use(QApplication.instance(), theme.DARK)


def test_names_for_a_screen_reader_and_a_note(bar: RewindBar) -> None:
    for widget in [bar, *bar.findChildren(QWidget)]:
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus:
            assert widget.accessibleName(), widget
    assert bar.timeline.accessibleDescription() == "2 new tracks"
    before = bar.sizeHint().height()
    bar.set_span(12.0, [], [], "Only 12 s can be seen.")
    assert bar.sizeHint().height() > before


def test_it_is_painted_in_both_themes(bar: RewindBar, qtbot) -> None:
    bar.timeline.setFocus()
    colours = set()
    for look in (theme.DARK, theme.LIGHT):
        theme.use(QApplication.instance(), look)
        picture = bar.grab().toImage()
        colours.add(picture.pixelColor(picture.width() // 2, 3).name())
    assert len(colours) == 2
    bar.set_span(0.0, [], [], "")
    bar.grab()


def test_a_moment_that_gets_longer_keeps_its_room_and_the_bar_gives_way(qtbot: QtBot) -> None:
    bar = RewindBar()
    qtbot.addWidget(bar)
    bar.set_span(30, [], [], "")
    bar.set_place(1, "1 s ago", "10:00")
    bar.resize(bar._wanted(0) + 4, 90)
    bar.show()
    bar.set_place(2, "a very long time ago, 29.9 s ago", "10:00:00.0")
    QApplication.sendPostedEvents()
    assert bar._moment.width() >= bar._moment.sizeHint().width()
    wide = bar._moment.minimumWidth()
    bar.set_place(3, "3 s ago", "10:00")
    assert bar._moment.minimumWidth() == wide
