"""The wall: places, pages, choice, order."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from widgets.wall import AUTO, GAP, WallGrid, best_grid


@pytest.fixture
def wall(qtbot: QtBot) -> WallGrid:
    made = WallGrid()
    qtbot.addWidget(made)
    made.resize(1200, 700)
    made.set_cameras([(f"c{n}", f"Camera {n}") for n in range(6)])
    made.show()
    return made


def visible(wall: WallGrid) -> list[str]:
    return [camera for camera in wall.cameras if wall.tile(camera).isVisible()]


@pytest.mark.parametrize(
    ("cameras", "size", "grid"),
    [(1, (800, 450), (1, 1)), (2, (1600, 500), (2, 1)), (2, (500, 900), (1, 2)), (16, (1900, 1000), (4, 4)),
     (5, (1900, 1000), (3, 2)), (64, (3800, 2000), (8, 8))],
)  # fmt: skip
def test_as_many_columns_as_show_most(cameras: int, size: tuple[int, int], grid: tuple[int, int]) -> None:
    assert best_grid(cameras, *size) == grid


def test_pages(wall: WallGrid, qtbot: QtBot) -> None:
    assert visible(wall) == [f"c{n}" for n in range(6)]
    wall.set_places(4)
    assert (wall.pages, wall.page, visible(wall)) == (2, 0, ["c0", "c1", "c2", "c3"])
    qtbot.keyClick(wall, Qt.Key.Key_PageDown)
    assert (wall.page, visible(wall), wall.chosen) == (1, ["c4", "c5"], "c4")
    qtbot.keyClick(wall, Qt.Key.Key_PageDown)
    assert wall.page == 1
    wall.choose("c1")
    assert wall.page == 0
    wall.set_places(1)
    assert visible(wall) == ["c1"]
    wall.set_places(AUTO)
    assert wall.pages == 1


def test_tiles_keep_their_distance_and_fill_the_wall(wall: WallGrid) -> None:
    wall.set_places(9)
    first, second = wall.tile("c0").geometry(), wall.tile("c1").geometry()
    assert second.left() - first.right() - 1 == GAP
    assert wall.tile("c2").geometry().right() == wall.width() - 1


def test_arrows_move_the_choice(wall: WallGrid, qtbot: QtBot) -> None:
    wall.set_places(4)
    wall.tile("c0").setFocus()
    for key, chosen in (
        (Qt.Key.Key_Right, "c1"), (Qt.Key.Key_Down, "c3"), (Qt.Key.Key_Left, "c2"), (Qt.Key.Key_Up, "c0"),
        (Qt.Key.Key_Up, "c0"), (Qt.Key.Key_Left, "c0"), (Qt.Key.Key_End, "c5"), (Qt.Key.Key_Home, "c0"),
    ):  # fmt: skip
        qtbot.keyClick(wall.focusWidget() or wall, key)
        assert wall.chosen == chosen
    assert wall.page == 0


def test_only_the_chosen_tile_is_a_stop_of_the_tab_key(wall: WallGrid) -> None:
    wall.choose("c3")
    stops = [c for c in wall.cameras if wall.tile(c).focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert stops == ["c3"]


def test_reordering_by_keys(wall: WallGrid, qtbot: QtBot) -> None:
    wall.choose("c1")
    together = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    with qtbot.waitSignal(wall.reordered) as told:
        qtbot.keyClick(wall, Qt.Key.Key_Right, together)
    assert told.args == [["c0", "c2", "c1", "c3", "c4", "c5"]]
    assert wall.chosen == "c1"
    wall.choose("c0")
    with qtbot.assertNotEmitted(wall.reordered):
        qtbot.keyClick(wall, Qt.Key.Key_Left, together)


def test_reordering_by_dragging(wall: WallGrid, qtbot: QtBot) -> None:
    wall.set_places(9)
    tile, target = wall.tile("c0"), wall.tile("c2")
    with qtbot.waitSignal(wall.reordered) as told:
        qtbot.mousePress(tile, Qt.MouseButton.LeftButton, pos=QPoint(40, 40))
        where = tile.mapFrom(wall, target.geometry().center() + QPoint(60, 0))
        qtbot.mouseMove(tile, QPoint(80, 40))
        qtbot.mouseMove(tile, where)
        wall.grab()
        qtbot.mouseRelease(tile, Qt.MouseButton.LeftButton, pos=where)
    assert told.args == [["c1", "c2", "c0", "c3", "c4", "c5"]]


def test_zoom_and_back(wall: WallGrid) -> None:
    wall.zoom("c3")
    assert visible(wall) == ["c3"]
    assert wall.tile("c3").size() == wall.size()
    wall.choose("c4")  # arrows lead on while one fills the wall
    assert visible(wall) == ["c4"]
    wall.zoom("")
    assert len(visible(wall)) == 6


def test_cameras_come_and_go(wall: WallGrid, qtbot: QtBot) -> None:
    kept = wall.tile("c4")
    wall.choose("c5")
    wall.zoom("c5")
    wall.set_cameras([("c4", "Gate"), ("new", "New")])
    assert wall.tile("c4") is kept
    assert kept.name == "Gate"
    assert (wall.chosen, wall.zoomed, visible(wall)) == ("c4", "", ["c4", "new"])
    wall.set_cameras([])
    assert (wall.chosen, wall.visible) == ("", [])
    wall.step(1)
    wall.move_chosen(1)
    wall.grab()


def test_an_empty_place_offers_a_camera(wall: WallGrid, qtbot: QtBot) -> None:
    add = next(b for b in wall.findChildren(QPushButton) if b.parent() is wall)
    assert not add.isVisible()
    wall.set_places(9)
    assert add.isVisible()
    assert add.accessibleName()
    with qtbot.waitSignal(wall.add_wanted):
        qtbot.mouseClick(add, Qt.MouseButton.LeftButton)


def test_signals_of_tiles_come_with_their_camera(wall: WallGrid, qtbot: QtBot) -> None:
    with qtbot.waitSignal(wall.activated) as told:
        wall.tile("c2").activated.emit()
    assert told.args == ["c2"]
    with qtbot.waitSignal(wall.way_on) as told:
        wall.tile("c3").way_on.emit()
    assert told.args == ["c3"]
    with qtbot.waitSignal(wall.context_wanted) as told:
        wall.tile("c1").context_wanted.emit(QPoint(3, 4))
    assert told.args == ["c1", QPoint(3, 4)]
