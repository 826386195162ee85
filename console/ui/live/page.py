"""The live page: toolbar over the wall, and beside it whatever tells about the chosen camera."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from console.errors import SightdeskError
from console.pipeline.lane import Lane
from console.settings.order import order_cameras
from console.settings.schema import Settings
from console.ui.actions import Actions
from console.ui.live.faces import muted, off
from console.ui.live.focus import FocusPanel
from console.ui.live.mutes import MINUTES, Mutes
from console.ui.live.revealing import RevealController
from console.ui.live.rewind import RewindController
from console.ui.live.snapshot import snapshot
from console.ui.live.ticker import Ticker
from console.ui.workplace import Workplace
from models.states import CameraState, CameraStatus
from models.words import N_, _
from widgets.segments import Segments
from widgets.theme import px
from widgets.tile_state import TileState
from widgets.tool_row import ToolRow
from widgets.wall import WallGrid
from widgets.welcome import Welcome

SIZES = (1, 4, 9, 16, 0)
_SIZE_WORDS = (N_("One camera"), N_("4 cameras"), N_("9 cameras"), N_("16 cameras"), N_("As many as there are"))
PANEL_PX = 300
_MENU = (
    "tile.focus", "tile.freeze", "past.rewind", "tile.boxes", "tile.snapshot", "tile.wrong", "tile.missed", "tile.mute",
    "tile.reveal", "", "camera.edit", "camera.copy", "camera.disable", "camera.remove",
)  # fmt: skip


class LivePage(QWidget):
    """The wall and what an operator does with it.

    Signals:
        chosen_changed: another camera is chosen; empty for none.
    """

    chosen_changed = Signal(str)

    def __init__(self, workplace: Workplace, actions: Actions) -> None:
        super().__init__()
        self.setAccessibleName(_("Live"))
        self._workplace = workplace
        self._actions = actions
        self.wall = WallGrid()
        self.mutes = Mutes(workplace.state)
        self.ticker = Ticker(workplace.site, self.wall)
        self.ticker.face_of = self._face
        self.rewind = RewindController(self.wall, self.ticker, workplace.notices, self)
        self.ticker.covered.connect(self._covered)
        self.reveal = RevealController(workplace, self.wall, self)
        self.reveal.key = lambda: actions.shown("tile.reveal")
        self._frozen: set[str] = set()
        self._hidden: set[str] = set(workplace.state.get("boxes hidden", []))
        self._bind()
        self._sizes = Segments(
            _("Cameras on the wall"),
            [(size, str(size or _("Auto")), _(words)) for size, words in zip(SIZES, _SIZE_WORDS, strict=True)],
        )
        self.focus = FocusPanel(workplace)
        self.welcome = Welcome(actions.shown("camera.add"), actions.shown("camera.many"))
        self._middle = QStackedWidget()
        self.side = QSplitter(Qt.Orientation.Vertical)
        self._lay_out()
        self.wall.chosen_changed.connect(self._choose)
        self.wall.activated.connect(self._zoom)
        self.wall.reordered.connect(self._reorder)
        self.wall.way_on.connect(lambda _camera: self._way_on())
        self.wall.context_wanted.connect(self._menu)
        self.focus.way_on.connect(lambda _camera: self._way_on())
        for wanted in (self.wall.add_wanted, self.welcome.add_wanted):
            wanted.connect(lambda: actions.trigger("camera.add"))
        self.welcome.many_wanted.connect(lambda: actions.trigger("camera.many"))
        self._sizes.picked.connect(self.set_size)
        chosen = workplace.state.get("chosen", "")
        workplace.settings_changed.connect(self._take_on)
        self._take_on(workplace.settings)
        self._remembered(chosen)

    @property
    def chosen(self) -> str:
        """The chosen camera's id, or empty."""
        return self.wall.chosen

    def set_size(self, places: int) -> None:
        """Show so many cameras at once; 0: as many as there are."""
        self.wall.zoom("")
        self.wall.set_places(places)
        self._sizes.choose(places)
        self._workplace.state.set("wall", places)
        self._workplace.state.set("focus", "")

    def add_to_side(self, part: QWidget) -> None:
        """Put something below the figures of the chosen camera."""
        room = QWidget()
        inside = QVBoxLayout(room)
        inside.setContentsMargins(px(12), px(8), px(12), px(8))
        inside.addWidget(part)
        self.side.addWidget(room)
        self.side.setSizes([px(520), px(360)])

    def toggle_panel(self) -> None:
        """Show or hide the side panel."""
        self.side.setVisible(not self.side.isVisible())
        self._workplace.state.set("panel", self.side.isVisible())

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Larger letters want a wider panel."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "side"):
            self.side.setFixedWidth(px(PANEL_PX))

    # Setting up

    def _bind(self) -> None:
        bind, wall = self._actions.bind, self.wall
        for size in SIZES:
            bind(f"wall.{size or 'auto'}", partial(self.set_size, size), self)
        bind("wall.next", lambda: wall.set_page(wall.page + 1), self)
        bind("wall.previous", lambda: wall.set_page(wall.page - 1), self)
        bind("wall.panel", self.toggle_panel, self)
        bind("wall.boxes", self._toggle_all_boxes, self)
        bind("tile.focus", lambda: self._zoom(self.chosen), wall)
        bind("tile.freeze", self._toggle_freeze, wall)
        bind("tile.boxes", self._toggle_boxes, self)
        bind("tile.snapshot", self._snapshot, self)
        bind("tile.mute", self._ask_mute, self)
        bind("tile.left", lambda: wall.move_chosen(-1), self)
        bind("tile.right", lambda: wall.move_chosen(1), self)
        bind("tile.way", self._way_on, self)
        bind("tile.reveal", lambda: self.reveal.toggle(self.chosen), self)
        bind("past.rewind", self._look_back, self)
        bind("past.back", lambda: self.rewind.step(-1), self)
        bind("past.forward", lambda: self.rewind.step(1), self)
        bind("past.live", self.rewind.live, self)

    def _lay_out(self) -> None:
        title = QLabel(_("Live"))
        title.setProperty("role", "title")
        title.setContentsMargins(0, 0, px(4), 0)
        doing = [self._button(name, icon) for name, icon in (("tile.freeze", "freeze"), ("past.rewind", "rewind"))]
        tools = ToolRow([title, self._sizes, *doing], [self._button("camera.add", "add")])
        left = QVBoxLayout()
        left.setContentsMargins(px(12), px(10), px(12), px(8))
        left.setSpacing(px(8))
        left.addWidget(tools)
        self._middle.addWidget(self.wall)
        self._middle.addWidget(self.welcome)
        left.addWidget(self._middle, 1)
        left.addWidget(self.rewind.bar)
        self.side.setProperty("role", "panel")
        self.side.setChildrenCollapsible(False)
        self.side.setFixedWidth(px(PANEL_PX))
        self.side.addWidget(self.focus)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(left, 1)
        whole.addWidget(self.side)

    def _button(self, name: str, icon: str) -> QPushButton:
        """A button for an entry of the table, with its key on it."""
        short = {"tile.freeze": _("Freeze"), "past.rewind": _("Rewind 30 s"), "camera.add": _("Add camera")}[name]
        return self._actions.button(name, short, icon)

    def _remembered(self, chosen: str) -> None:
        """The same wall as last time."""
        state = self._workplace.state
        places = state.get("wall", 0)
        focus = state.get("focus", "")
        self.set_size(places if places in SIZES else 0)
        if chosen in self.wall.cameras:
            self.wall.choose(chosen)
        elif self.wall.cameras:
            self.wall.choose(self.wall.cameras[0])
        if focus in self.wall.cameras:
            self._zoom(focus)
        self.side.setVisible(state.get("panel", True))

    # What happens

    def _take_on(self, settings: Settings) -> None:
        front = self.wall if settings.cameras else self.welcome
        if self.focusProxy() is not front:
            self._middle.setCurrentWidget(front)
            self.setFocusProxy(front)
            if self.isVisible():
                self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.wall.set_cameras([(camera.id, camera.title) for camera in settings.cameras])
        self._frozen &= {camera.id for camera in settings.cameras}
        for camera in self.wall.cameras:
            self._dress(camera)
        if not self.chosen and self.wall.cameras:
            self.wall.choose(self.wall.cameras[0])

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Nothing that stood here before is painted again, where it may not be."""
        self.ticker.look()
        super().showEvent(event)

    def _covered(self, camera_id: str) -> None:
        """A camera shows covered pictures alone from now on: none that was held is left."""
        self._frozen.discard(camera_id)
        tile = self.wall.tile(camera_id)
        if tile is not None:
            tile.set_frozen(False)
        if self.rewind.camera_id == camera_id:
            self.rewind.live()

    def _dress(self, camera_id: str) -> None:
        tile = self.wall.tile(camera_id)
        if tile is not None:
            tile.set_boxes_hidden(camera_id in self._hidden)

    def _face(self, camera_id: str, status: CameraStatus | None, lane: Lane | None) -> TileState:
        camera = next((c for c in self._workplace.settings.cameras if c.id == camera_id), None)
        if camera is not None and not camera.enabled:
            return off()
        until = self.mutes.until(camera_id)
        if until is not None and status is not None and status.state is CameraState.LIVE:
            return muted(f"{until:%H:%M}")
        return self.ticker.plain_face(camera_id, status, lane)

    def _look_back(self) -> None:
        if self.chosen:
            self.rewind.begin(self.chosen, self._workplace.site.lane(self.chosen))

    def _snapshot(self) -> None:
        if self.chosen:
            looking_back = self.rewind.camera_id == self.chosen
            snapshot(self._workplace, self.chosen, self.rewind.moment() if looking_back else None)

    def _choose(self, camera_id: str) -> None:
        self._workplace.state.set("chosen", camera_id)
        self.focus.show_camera(camera_id or None)
        self.chosen_changed.emit(camera_id)

    def _zoom(self, camera_id: str) -> None:
        wanted = "" if self.wall.zoomed == camera_id else camera_id
        self.wall.zoom(wanted)
        self._workplace.state.set("focus", wanted)

    def _reorder(self, cameras: list[str]) -> None:
        try:
            self._workplace.edit(order_cameras(cameras), _("Changed the order of the wall"))
        except SightdeskError as error:
            self._workplace.notices.error(error)
            self._take_on(self._workplace.settings)

    def _toggle_freeze(self) -> None:
        if not self.chosen:
            return
        if self.rewind.camera_id == self.chosen:  # its picture stands or plays in the past
            self.rewind.toggle()
            return
        self._frozen ^= {self.chosen}
        self.ticker.freeze(self.chosen, self.chosen in self._frozen)

    def _toggle_boxes(self) -> None:
        if self.chosen:
            self._hide_boxes(self._hidden ^ {self.chosen})

    def _toggle_all_boxes(self) -> None:
        everyone = set(self.wall.cameras)
        self._hide_boxes(set() if everyone <= self._hidden else everyone)

    def _hide_boxes(self, hidden: set[str]) -> None:
        self._hidden = hidden
        self._workplace.state.set("boxes hidden", sorted(hidden))
        for camera in self.wall.cameras:
            self._dress(camera)

    def _ask_mute(self) -> None:
        """Mute for a while, or no longer."""
        camera_id = self.chosen
        if not camera_id:
            return
        if self.mutes.until(camera_id) is not None:
            self.mutes.end(camera_id)
            self._workplace.notices.say(_("No longer muted."))
            return
        menu = QMenu(_("Mute for maintenance"), self)
        for minutes in MINUTES:
            words = _("{n} minutes").format(n=minutes) if minutes < 60 else _("{n} h").format(n=minutes // 60)
            menu.addAction(words, partial(self.mutes.begin, camera_id, minutes))
        tile = self.wall.tile(camera_id)
        menu.popup((tile or self).mapToGlobal(QPoint(px(12), px(40))))
        menu.setActiveAction(menu.actions()[0])

    def _way_on(self) -> None:
        """What the face of the chosen camera offers."""
        tile = self.wall.tile(self.chosen) if self.chosen else None
        if tile is None or not tile.state.way_on:
            return
        self._actions.trigger("camera.disable" if tile.state.key == "Ctrl+D" else "camera.edit")

    def _menu(self, camera_id: str, where: QPoint) -> None:
        self.wall.choose(camera_id)
        menu = QMenu(self)
        known = {entry.name for entry in self._actions.bound()}
        for name in _MENU:
            if not name:
                menu.addSeparator()
            elif name in known:
                action: QAction = self._actions[name]
                line = menu.addAction(action.text(), action.trigger)
                line.setShortcut(action.shortcut())
                line.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
                line.setShortcutVisibleInContextMenu(True)
        menu.popup(where)
