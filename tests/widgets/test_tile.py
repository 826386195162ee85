"""A camera's tile: what it shows, says and reports."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from models.detections import Detections
from widgets.theme import DARK, DOUBT, tokens, use
from widgets.tile import CameraTile
from widgets.tile_boxes import BoxLayer
from widgets.tile_paint import header_height
from widgets.tile_state import LIVE, TileKind, TileState

FROZEN = TileState(TileKind.FROZEN, "frozen", "No new picture for 12 s.", "Change the camera", "Ctrl+E")


@pytest.fixture
def tile(qtbot: QtBot) -> CameraTile:
    made = CameraTile("Gate")
    qtbot.addWidget(made)
    made.resize(404, 260)
    made.show()
    return made


def plain(tile: CameraTile, shade: int = 200, size: tuple[int, int] | None = None) -> np.ndarray:
    width, height = size or tile.picture_size()
    return np.full((height & ~1, width & ~1, 4), shade, np.uint8)


def shot(tile: CameraTile) -> QImage:
    return tile.grab().toImage()


def one(score: float = 0.9, box: tuple[float, ...] = (100, 100, 300, 200)) -> Detections:
    return Detections.of([box], [score], [0], [12])


def test_a_picture_is_shown_pixel_by_pixel(tile: CameraTile) -> None:
    pixels = plain(tile)
    pixels[5, 7] = (10, 20, 30, 255)
    tile.show_picture(pixels, (1280, 720))
    seen = shot(tile)
    top = tile.height() - 2 - tile.picture_size()[1]
    assert QColor(seen.pixel(2 + 7, top + 5)).getRgb()[:3] == (30, 20, 10)
    assert QColor(seen.pixel(200, 150)).getRgb()[:3] == (200, 200, 200)
    tile.show_picture(None)
    assert QColor(shot(tile).pixel(200, 150)).name() == tokens().panel


@pytest.mark.parametrize("size", [(100, 80), (1600, 500), (300, 900)])
def test_a_picture_of_another_size_is_fitted_in(tile: CameraTile, size: tuple[int, int]) -> None:
    tile.show_picture(plain(tile, 200, size), size)
    seen = shot(tile)
    middle = tile.height() - 2 - tile.picture_size()[1] // 2
    assert QColor(seen.pixel(tile.width() // 2, middle)).red() == 200


def test_boxes_are_drawn_where_the_objects_are(tile: CameraTile) -> None:
    tile.show_picture(plain(tile, 0), (800, 450))
    before = shot(tile)
    tile.show_boxes(one(), np.ones(1, np.float32), ["person"])
    assert shot(tile) != before
    tile.set_boxes_hidden(True)
    assert QColor(shot(tile).pixel(60, 150)).getRgb()[:3] == QColor(before.pixel(60, 150)).getRgb()[:3]
    tile.set_boxes_hidden(False)
    tile.show_boxes(Detections.empty(), np.empty(0, np.float32), [])
    assert shot(tile) == before


def test_a_doubtful_box_is_dashed_and_amber(tile: CameraTile) -> None:
    amber = QColor(DOUBT).rgb()

    def edge(score: float) -> list[bool]:
        tile.show_picture(plain(tile, 0), (400, 224))
        tile.show_boxes(one(score, (50, 100, 350, 200)), np.ones(1, np.float32), ["person"])
        seen = shot(tile)
        rows = [[seen.pixel(x, y) == amber for x in range(60, 340)] for y in range(100, 240)]
        return max(rows, key=sum)

    assert not any(edge(0.8))
    assert 100 < sum(edge(0.3)) < 260  # dashes, and gaps between them


def test_boxes_far_out_of_the_picture_and_many_of_them_do_no_harm(tile: CameraTile) -> None:
    rng = np.random.default_rng(3)
    corner = rng.uniform(-5000, 5000, (300, 2))
    many = Detections.of(np.c_[corner, corner + rng.uniform(-50, 900, (300, 2))], rng.random(300), range(300))
    tile.show_picture(plain(tile), (1280, 720))
    tile.show_boxes(many, rng.random(300).astype(np.float32), ["person"])
    shot(tile)


def test_labels_keep_clear_of_each_other(qtbot: QtBot) -> None:
    layer = BoxLayer()
    boxes = [(100 + 8 * n, 200, 180 + 8 * n, 300) for n in range(4)]
    layer.set(Detections.of(boxes, [0.9] * 4, [0] * 4, range(4)), np.ones(4, np.float32), ["person"])
    canvas = QImage(640, 400, QImage.Format.Format_RGB32)
    from PySide6.QtGui import QPainter

    painter = QPainter(canvas)
    layer.paint(painter, (0, 0, 640, 400), (640, 400), 1.0)
    painter.end()
    areas = [image.rect().translated(x, y) for x, y, image, _ in layer._labels]
    assert len(areas) == 4
    assert not any(a.intersects(b) for n, a in enumerate(areas) for b in areas[n + 1 :])


@pytest.mark.parametrize(
    ("scale", "size", "words"),
    [
        (1.0, (404, 260), "Change the camera  (Ctrl+E)"),
        (1.5, (250, 150), "Change the camera"),
        (2.0, (212, 150), "Ctrl+E"),
        (1.0, (120, 72), "Ctrl+E"),
    ],
)
def test_large_text_shortens_the_way_on_and_never_hides_it(
    tile: CameraTile, qapp: QApplication, scale: float, size: tuple[int, int], words: str
) -> None:
    use(qapp, DARK, scale)
    try:
        tile.resize(*size)
        tile.set_state(FROZEN)
        shot(tile)
        button = tile.findChild(QPushButton)
        assert button.isVisible()
        assert button.text() == words
        assert button.toolTip() == "Change the camera  (Ctrl+E)"
        assert tile.rect().contains(button.geometry())
        assert button.y() >= header_height()
    finally:
        use(qapp, DARK, 1.0)


def test_a_face_says_what_happened_and_offers_one_way_on(tile: CameraTile, qtbot: QtBot) -> None:
    tile.show_picture(plain(tile), (1280, 720))
    tile.set_state(FROZEN)
    button = tile.findChild(QPushButton)
    assert button is not None
    assert button.isVisible()
    assert "Ctrl+E" in button.text()
    assert button.accessibleName() == "Change the camera, Gate"
    assert tile.accessibleName() == "Gate, frozen"
    assert tile.accessibleDescription() == FROZEN.sentence
    with qtbot.waitSignal(tile.way_on):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    tile.set_state(LIVE)
    assert not button.isVisible()
    assert tile.accessibleName() == "Gate"


@pytest.mark.parametrize("kind", list(TileKind))
@pytest.mark.parametrize("size", [(96, 72), (160, 110), (1600, 900)])
def test_every_state_fits_every_size(tile: CameraTile, kind: TileKind, size: tuple[int, int]) -> None:
    tile.set_state(TileState(kind, str(kind), "What happened, and what it means. " * 6, "Change the camera", "Ctrl+E"))
    tile.resize(*size)
    tile.set_figures("29.9 fps", "12 ms", "now")
    tile.show_picture(plain(tile), (1280, 720))
    assert not shot(tile).isNull()


def test_states_differ_by_word_and_shape_not_by_colour_alone() -> None:
    alarms = [TileState(kind, str(kind)) for kind in TileKind]
    assert all(state.needs_you + state.stopped <= 1 for state in alarms)
    assert len({state.colour(tokens()) for state in alarms}) == 3


def test_frozen_by_the_operator_is_said(tile: CameraTile) -> None:
    tile.set_frozen(True)
    assert tile.frozen
    assert "frozen by you" in tile.accessibleName()


def test_it_reports_clicks_keys_menus_and_drags(tile: CameraTile, qtbot: QtBot) -> None:
    with qtbot.waitSignals([tile.chosen, tile.activated]):
        qtbot.mouseDClick(tile, Qt.MouseButton.LeftButton, pos=QPoint(50, 80))
        qtbot.mouseClick(tile, Qt.MouseButton.LeftButton, pos=QPoint(50, 80))
    with qtbot.waitSignal(tile.activated):
        qtbot.keyClick(tile, Qt.Key.Key_Return)
    moves: list[QPoint] = []
    tile.dragged.connect(moves.append)
    with qtbot.waitSignal(tile.dropped):
        qtbot.mousePress(tile, Qt.MouseButton.LeftButton, pos=QPoint(50, 80))
        qtbot.mouseMove(tile, QPoint(52, 80))
        qtbot.mouseMove(tile, QPoint(150, 80))
        qtbot.mouseRelease(tile, Qt.MouseButton.LeftButton, pos=QPoint(150, 80))
    assert moves
