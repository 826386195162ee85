"""The wall: cameras side by side, page by page, one of them chosen."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QPushButton, QWidget

from models.words import _
from widgets.theme import RADIUS, tokens
from widgets.tile import CameraTile
from widgets.tile_paint import header_height

GAP = 8
AUTO = 0
PLACES = (1, 4, 9, 16, AUTO)
_SHAPE = 16 / 9


class WallGrid(QWidget):
    """Tiles in a grid. Cameras beyond the places stand on further pages; one camera may fill the wall for a while.

    Arrow keys move the choice, PageUp and PageDown the page, Ctrl+Shift+arrows the chosen camera.
    """

    chosen_changed = Signal(str)
    """Id of the chosen camera, empty for none."""
    activated = Signal(str)
    way_on = Signal(str)
    context_wanted = Signal(str, QPoint)
    reordered = Signal(list)
    """Ids in their new order; the wall shows it at once."""
    add_wanted = Signal()
    layout_changed = Signal()
    """Other cameras are visible, or in other sizes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tiles: dict[str, CameraTile] = {}
        self._order: list[str] = []
        self._places = AUTO
        self._page = 0
        self._chosen = ""
        self._zoomed = ""
        self._drop_at: int | None = None
        self._add = QPushButton("+ " + _("camera"), self)
        self._add.setProperty("role", "flat")
        self._add.setAccessibleName(_("Add a camera"))
        self._add.clicked.connect(self.add_wanted)
        self._set_out()

    # What it shows

    def set_cameras(self, cameras: Sequence[tuple[str, str]]) -> None:
        """Show these cameras, (id, name) in order. Tiles of cameras that stay are kept."""
        wanted = dict(cameras)
        for gone in [camera for camera in self._tiles if camera not in wanted]:
            tile = self._tiles.pop(gone)
            tile.hide()
            tile.deleteLater()
        for camera, name in wanted.items():
            if camera not in self._tiles:
                self._tiles[camera] = self._made(camera)
            self._tiles[camera].set_name(name)
        self._order = list(wanted)
        if self._zoomed not in wanted:
            self._zoomed = ""
        if self._chosen not in wanted:
            self.choose(self._order[0] if self._order else "")
        self._set_out()

    @property
    def cameras(self) -> list[str]:
        """Ids of all cameras, in order."""
        return list(self._order)

    @property
    def visible(self) -> list[str]:
        """Ids of the cameras on the page in front."""
        if self._zoomed:
            return [self._zoomed]
        first = self._page * self.room
        return self._order[first : first + self.room]

    def tile(self, camera: str) -> CameraTile | None:
        """The tile of a camera."""
        return self._tiles.get(camera)

    @property
    def places(self) -> int:
        """How many cameras a page shows; `AUTO`: as many as there are."""
        return self._places

    def set_places(self, places: int) -> None:
        """Show so many cameras on a page: one of `PLACES`."""
        self._places, self._zoomed = places, ""
        self._show_page_of(self._chosen)
        self._set_out()

    @property
    def room(self) -> int:
        """How many cameras a page has room for."""
        return self._places or max(len(self._order), 1)

    @property
    def page(self) -> int:
        """The page in front, from 0."""
        return self._page

    @property
    def pages(self) -> int:
        """How many pages there are, at least 1."""
        return max(math.ceil(len(self._order) / self.room), 1)

    def set_page(self, page: int) -> None:
        """Bring a page to the front, and choose its first camera."""
        page = max(0, min(page, self.pages - 1))
        if page != self._page:
            self._page, self._zoomed = page, ""
            self._set_out()
            self.choose(self.visible[0])

    @property
    def zoomed(self) -> str:
        """The camera that fills the wall; empty for none."""
        return self._zoomed

    def zoom(self, camera: str) -> None:
        """Let one camera fill the wall; empty: back to all."""
        if camera != self._zoomed and (not camera or camera in self._tiles):
            self._zoomed = camera
            if camera:
                self.choose(camera)
            self._set_out()

    @property
    def chosen(self) -> str:
        """The camera that keys work on; empty for none."""
        return self._chosen

    def choose(self, camera: str) -> None:
        """Choose a camera; its page comes to the front."""
        if camera and camera not in self._tiles:
            return
        if self._zoomed and camera:
            self._zoomed = camera
        changed, self._chosen = camera != self._chosen, camera
        for one, tile in self._tiles.items():
            tile.set_chosen(one == camera)
            # Tab stops at the chosen tile alone; arrows lead to the others
            tile.setFocusPolicy(Qt.FocusPolicy.StrongFocus if one == camera else Qt.FocusPolicy.ClickFocus)
        if camera and camera not in [one for one in self.visible if self._tiles[one].isVisibleTo(self)]:
            self._show_page_of(camera)
            self._set_out()
        if self._has_focus() and camera:
            self._tiles[camera].setFocus()
        if changed:
            self.chosen_changed.emit(camera)

    def put(self, camera: str, to: int) -> None:
        """Put a camera at another place in the order."""
        to = max(0, min(to, len(self._order) - 1))
        if camera not in self._order or self._order.index(camera) == to:
            return
        self._order.remove(camera)
        self._order.insert(to, camera)
        self._show_page_of(camera)
        self._set_out()
        self.reordered.emit(list(self._order))

    # Layout

    def _made(self, camera: str) -> CameraTile:
        tile = CameraTile(parent=self)
        tile.chosen.connect(lambda: self.choose(camera))
        tile.activated.connect(lambda: self.activated.emit(camera))
        tile.way_on.connect(lambda: self.way_on.emit(camera))
        tile.context_wanted.connect(lambda where: self.context_wanted.emit(camera, where))
        tile.dragged.connect(self._drag)
        tile.dropped.connect(lambda where: self._drop(camera, where))
        return tile

    def _show_page_of(self, camera: str) -> None:
        at = self._order.index(camera) if camera in self._order else 0
        self._page = min(at // self.room, self.pages - 1)

    def grid(self) -> tuple[int, int]:
        """(columns, rows) of the page in front."""
        if self._zoomed:
            return 1, 1
        if self._places:
            side = math.isqrt(self._places)
            return side, side
        return best_grid(max(len(self._order), 1), self.width(), self.height())

    def _cell(self, number: int) -> QRect:
        """Where a page's place number `number` is. The gaps are even; what is left over goes to the tiles."""
        columns, rows = self.grid()
        row, column = divmod(number, columns)
        left, right = ((self.width() + GAP) * at // columns for at in (column, column + 1))
        top, bottom = ((self.height() + GAP) * at // rows for at in (row, row + 1))
        return QRect(left, top, right - left - GAP, bottom - top - GAP)

    def _set_out(self) -> None:
        self._page = max(0, min(self._page, self.pages - 1))
        visible = self.visible
        for number, camera in enumerate(visible):
            self._tiles[camera].setGeometry(self._cell(number))
        for camera, tile in self._tiles.items():
            tile.setVisible(camera in visible)
        columns, rows = self.grid()
        empty = not self._zoomed and len(visible) < columns * rows
        if empty:
            self._add.setGeometry(self._cell(len(visible)).adjusted(1, 1, -1, -1))
        self._add.setVisible(empty)
        self.update()
        self.layout_changed.emit()

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802
        """Lay the tiles out anew."""
        self._set_out()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the theme."""
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.FontChange}:
            self.update()
        super().changeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Paint empty places, and where a dragged camera would go."""
        painter = QPainter(self)
        look = tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(look.line), 1, Qt.PenStyle.DashLine))
        if self._add.isVisibleTo(self):
            painter.drawRoundedRect(QRectF(self._add.geometry()).adjusted(0, 0, 0, 0), RADIUS, RADIUS)
        if self._drop_at is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(look.accent))
            painter.drawRoundedRect(self._drop_mark(self._drop_at), 1.5, 1.5)
        painter.end()

    def _drop_mark(self, number: int) -> QRectF:
        """A bar in the gap before a place; after the last in a row's end."""
        count = len(self.visible)
        cell = self._cell(min(number, count - 1))
        x = cell.left() - GAP / 2 if number < count else cell.right() + GAP / 2
        x = min(max(x, 1.5), self.width() - 1.5)
        return QRectF(x - 1.5, cell.top(), 3, cell.height())

    # Events

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Move the choice, the page, or the chosen camera."""
        moved = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        together = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        step = self._step(Qt.Key(event.key()))
        if event.key() in {Qt.Key.Key_PageUp, Qt.Key.Key_PageDown} and not moved:
            self.set_page(self._page + (1 if event.key() == Qt.Key.Key_PageDown else -1))
        elif step is None or moved not in (Qt.KeyboardModifier.NoModifier, together):
            event.ignore()
        elif moved == together:
            self.move_chosen(step)
        else:
            self.step(step)

    def _step(self, key: Qt.Key) -> int | None:
        columns, _rows = self.grid()
        last = len(self._order)
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
            Qt.Key.Key_Home: -last,
            Qt.Key.Key_End: last,
        }
        return steps.get(key)

    def step(self, by: int) -> None:
        """Choose the camera so many places on; up and down stop at the wall's edge, sideways runs on over pages."""
        if not self._order:
            return
        at = self._order.index(self._chosen) if self._chosen in self._order else 0
        to = at + by
        if 0 <= to < len(self._order) or abs(by) in {1, len(self._order)}:
            self.choose(self._order[max(0, min(to, len(self._order) - 1))])

    def move_chosen(self, by: int) -> None:
        """Move the chosen camera so many places on."""
        if self._chosen in self._order:
            self.put(self._chosen, self._order.index(self._chosen) + by)

    def _has_focus(self) -> bool:
        focus = self.focusWidget()
        return self.hasFocus() or (isinstance(focus, CameraTile) and focus.hasFocus())

    def _drag(self, where: QPoint) -> None:
        at = self._place_at(self.mapFromGlobal(where))
        if at != self._drop_at:
            self._drop_at = at
            self.update()

    def _drop(self, camera: str, where: QPoint) -> None:
        at, self._drop_at = self._place_at(self.mapFromGlobal(where)), None
        self.update()
        if at is None:
            return
        to, now = self._page * self.room + at, self._order.index(camera)
        self.put(camera, to - 1 if to > now else to)

    def _place_at(self, where: QPoint) -> int | None:
        """The place before which a camera let go here would stand; None outside of the wall."""
        if not self.rect().contains(where) or self._zoomed:
            return None
        visible = self.visible
        for number in range(len(visible)):
            cell = self._cell(number).adjusted(-GAP // 2, -GAP // 2, GAP // 2, GAP // 2)
            if cell.contains(where):
                return number + (where.x() > cell.center().x())
        return len(visible)


def best_grid(cameras: int, width: int, height: int) -> tuple[int, int]:
    """(columns, rows) that show so many cameras of 16:9 as large as they can be; fewest empty places among equals."""

    def size(columns: int) -> tuple[float, int]:
        rows = math.ceil(cameras / columns)
        wide, high = (width - GAP * (columns - 1)) / columns, (height - GAP * (rows - 1)) / rows - header_height()
        return round(min(wide, high * _SHAPE), 1), -columns * rows

    columns = max(range(1, cameras + 1), key=size)
    return columns, math.ceil(cameras / columns)
