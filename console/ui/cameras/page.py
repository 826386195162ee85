"""The cameras page: the list, and everything that is done to cameras, each with one undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from console.errors import NeedsSupervisor, SettingsChanged, SightdeskError
from console.settings.order import Arranged, order_cameras
from console.settings.schema import CameraSettings, Settings
from console.ui.actions import Actions, keys_in_words
from console.ui.cameras.copy_dialog import CopyDialog
from console.ui.cameras.dialog import CameraDialog
from console.ui.cameras.import_dialog import ImportDialog
from console.ui.cameras.table import CameraTable
from console.ui.entries import ENTRIES
from console.ui.workplace import Workplace
from models.words import _, ngettext
from widgets.icons import icon
from widgets.theme import px

D = TypeVar("D", bound=QDialog)
_STATES_MS = 500
_FOR_ONE = ("camera.edit", "camera.copy")
_FOR_ANY = ("camera.disable", "camera.group", "camera.up", "camera.down", "camera.remove")
_UP, _DOWN = "Ctrl+Shift+Up", "Ctrl+Shift+Down"


class CamerasPage(QWidget):
    """Add, change, import, copy, order, group, switch off, remove."""

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workplace = workplace
        self.table = CameraTable()
        self.search = QLineEdit(placeholderText=_("Search cameras"), clearButtonEnabled=True)
        self.search.setAccessibleName(_("Search cameras"))
        self.search.setMaximumWidth(px(260))
        self.search.setMinimumWidth(px(120))
        self._count = QLabel()
        self._count.setProperty("role", "dim")
        self._actions: Actions | None = None
        self._buttons: dict[str, QPushButton] = {}
        self._stack = QStackedWidget()
        self._lay_out()
        self._connect()
        self.setFocusProxy(self.table)
        self._states = QTimer(self, interval=_STATES_MS)
        self._states.timeout.connect(self._show_states)
        self._refresh(workplace.settings)

    def bind(self, actions: Actions, elsewhere: Callable[[], str]) -> None:
        """Give the camera actions of the table their effect.

        Args:
            actions: the table.
            elsewhere: the camera that is chosen while another page is in front.
        """
        self._actions = actions
        actions.keys_changed.connect(self._fit)
        for name, work in self._work().items():
            if name in ENTRIES:
                actions.bind(name, partial(self._for_chosen, work, elsewhere), self)

    def _for_chosen(self, work: Callable[[], object], elsewhere: Callable[[], str]) -> None:
        if not self.isVisible():
            self.table.choose([elsewhere()], elsewhere())
        work()

    def add(self, source: str = "") -> CameraDialog:
        """Add a camera; `source`: an address to begin with."""
        return self._open(CameraDialog(self._workplace, source=source, parent=self.window()))

    def add_many(self) -> ImportDialog:
        """Add many cameras."""
        return self._open(ImportDialog(self._workplace, parent=self.window()))

    def edit(self, camera_id: str = "") -> CameraDialog | None:
        """Change a camera; the chosen one by default."""
        camera = self._camera(camera_id or self._one())
        return self._open(CameraDialog(self._workplace, camera, parent=self.window())) if camera else None

    def copy(self, camera_id: str = "") -> CopyDialog | None:
        """Copy a camera's settings to others; the chosen one's by default."""
        camera = self._camera(camera_id or self._one())
        return self._open(CopyDialog(self._workplace, camera, parent=self.window())) if camera else None

    def toggle(self) -> None:
        """Switch the chosen cameras off; on where they all are off."""
        chosen = self._chosen()
        on = not any(camera.enabled for camera in chosen)
        words = _("Switched on {names}") if on else _("Switched off {names}")
        self._change({f"cameras.{camera.id}.enabled": None if on else False for camera in chosen}, words, chosen)

    def remove(self) -> None:
        """Remove the chosen cameras; what stands in their settings comes back with an undo, comments too."""
        chosen = self._chosen()
        gone = {camera.id for camera in chosen}
        left = [camera.id for camera in self._workplace.settings.cameras if camera.id not in gone]
        if chosen and self._change({"cameras": Arranged(left)}, _("Removed {names}"), chosen):
            self._workplace.notices.say(
                _("Removed {names}.").format(names=_names(chosen)), (_("Undo"), self._workplace.undo)
            )

    def group(self) -> None:
        """Put the chosen cameras into a group."""
        chosen = self._chosen()
        groups = sorted({camera.group for camera in self._workplace.settings.cameras if camera.group})
        dialog = QInputDialog(self.window())
        dialog.setWindowTitle(_("Group"))
        dialog.setLabelText(_("Group of {names}; empty for none.").format(names=_names(chosen)))
        dialog.setComboBoxItems(groups)
        dialog.setComboBoxEditable(True)
        dialog.setTextValue(chosen[0].group if chosen else "")
        dialog.setOkButtonText(_("Put them there"))
        dialog.setCancelButtonText(_("Cancel"))
        dialog.textValueSelected.connect(lambda name: self.put_in_group(name, chosen))
        self._open(dialog)

    def put_in_group(self, name: str, cameras: list[CameraSettings] | None = None) -> None:
        """Put cameras into the group of that name; empty: into none."""
        chosen = self._chosen() if cameras is None else cameras
        changes = {
            f"cameras.{camera.id}.group": name.strip() or None for camera in chosen if camera.group != name.strip()
        }
        self._change(changes, _("Changed the group of {names}"), chosen)

    def shift(self, step: int) -> None:
        """Move the chosen cameras up (-1) or down (1)."""
        self._put_in_order(self.table.moved(step))

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """States are asked for while somebody looks."""
        super().showEvent(event)
        self._show_states()
        self._states.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  # Qt's name
        """See `showEvent`."""
        self._states.stop()
        super().hideEvent(event)

    def _work(self) -> dict[str, Callable[[], object]]:
        return {
            "camera.add": self.add,
            "camera.many": self.add_many,
            "camera.edit": self.edit,
            "camera.copy": self.copy,
            "camera.disable": self.toggle,
            "camera.group": self.group,
            "camera.up": lambda: self.shift(-1),
            "camera.down": lambda: self.shift(1),
            "camera.remove": self.remove,
        }

    def _do(self, name: str, _checked: object = None) -> None:
        self._work()[name]()

    def _open(self, dialog: D) -> D:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog

    def _put_in_order(self, ids: list[str]) -> None:
        if ids != [camera.id for camera in self._workplace.settings.cameras]:
            self._change(order_cameras(ids), _("Moved {names}"), self._chosen())
        self._refresh(self._workplace.settings)

    def _change(self, changes: Mapping[str, object], words: str, cameras: list[CameraSettings]) -> bool:
        if not changes:
            return False
        try:
            again = partial(self._change, changes, words, cameras)
            self._workplace.edit(changes, words.format(names=_names(cameras)), again)
        except NeedsSupervisor:  # the PIN is being asked for
            return False
        except SettingsChanged as error:
            self._workplace.notices.error(error, (_("Load it again"), self._workplace.reload))
        except SightdeskError as error:
            self._workplace.notices.error(error)
        else:
            return True
        return False

    def _camera(self, camera_id: str) -> CameraSettings | None:
        return next((camera for camera in self._workplace.settings.cameras if camera.id == camera_id), None)

    def _one(self) -> str:
        chosen = self.table.chosen()
        current = self.table.current()
        return current if current in chosen else next(iter(chosen), "")

    def _chosen(self) -> list[CameraSettings]:
        ids = set(self.table.chosen())
        return [camera for camera in self._workplace.settings.cameras if camera.id in ids]

    def _refresh(self, settings: Settings) -> None:
        n = len(settings.cameras)
        groups = len({camera.group for camera in settings.cameras if camera.group})
        words = [ngettext("{n} camera", "{n} cameras", n).format(n=n)]
        if groups:
            words.append(ngettext("{n} group", "{n} groups", groups).format(n=groups))
        self._count.setText(", ".join(words) if n else "")
        self.table.show_cameras(settings)
        self.table.filter(self.search.text())
        self._stack.setCurrentIndex(0 if n else 1)
        self.search.setVisible(n > 0)
        self._show_states()
        self._enable()

    def _show_states(self) -> None:
        cameras = {camera.id: camera for camera in self._workplace.settings.cameras}
        for camera_id, item in self.table.items():
            if camera_id in cameras:
                self.table.show_state(item, cameras[camera_id], self._workplace.site.status(camera_id))

    def _enable(self) -> None:
        chosen = self._chosen()
        for name in _FOR_ONE:
            self._buttons[name].setEnabled(bool(self._one()))
        for name in _FOR_ANY:
            self._buttons[name].setEnabled(bool(chosen))
        off = bool(chosen) and not any(camera.enabled for camera in chosen)
        words = _("Switch on") if off else _("Switch off")
        self._buttons["camera.disable"].setAccessibleName(words)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Another theme: the rows' colours are the theme's."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self._buttons:
            self._refresh(self._workplace.settings)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Buttons lose their words where they don't fit; the tool tip has them still."""
        super().resizeEvent(event)
        self._fit()

    def _keys_of(self, name: str) -> str:
        """The key in force for an action, as this system writes it."""
        return self._actions.shown(name) if self._actions is not None and name in ENTRIES else ""

    def _fit(self) -> None:
        buttons = [self._buttons[name] for name in (*_FOR_ONE, *_FOR_ANY)]
        for button in buttons:
            button.setText(button.accessibleName())
        wide = sum(button.sizeHint().width() + px(8) for button in buttons) > self.width() - px(24)
        for name, button in zip((*_FOR_ONE, *_FOR_ANY), buttons, strict=True):
            words, keys = button.accessibleName(), self._keys_of(name)
            button.setToolTip(f"{words}  {keys}" if keys else words)
            if wide:
                button.setText("")
        self._fit_head(wide=wide)

    def _fit_head(self, *, wide: bool) -> None:
        """The two ways to add: with their keys where there is room, else words, else pictures alone."""
        buttons = [(self._buttons[name], self._keys_of(name)) for name in ("camera.many", "camera.add")]
        for button, keys in buttons:
            button.setToolTip(f"{button.accessibleName()}  {keys}")
            button.setText(button.accessibleName() if wide else f"{button.accessibleName()}  {keys}")
        taken = sum(button.sizeHint().width() for button, _keys in buttons) + self.search.minimumWidth()
        if taken + self._count.sizeHint().width() + px(180) > self.width():
            for button, _keys in buttons:
                button.setText("")

    def _menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        for name in (*_FOR_ONE, *_FOR_ANY):
            button = self._buttons[name]
            keys = self._keys_of(name)
            words = f"{button.accessibleName()}\t{keys}" if keys else button.accessibleName()
            action = menu.addAction(button.icon(), words, button.click)
            action.setEnabled(button.isEnabled())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.table.viewport().mapToGlobal(at))

    def _button(self, name: str, words: str, image: str, *, role: str = "") -> QPushButton:
        """A button for a thing that is done, its key in the tool tip."""
        button = QPushButton(icon(image), words)
        button.setIconSize(QSize(px(16), px(16)))
        button.setMinimumWidth(px(40))  # see _fit
        button.setAccessibleName(words)
        if role:
            button.setProperty("role", role)
        button.clicked.connect(partial(self._do, name))
        self._buttons[name] = button
        return button

    def _lay_out(self) -> None:
        title = QLabel(_("Cameras"))
        title.setProperty("role", "title")
        head = QHBoxLayout()
        head.setSpacing(px(8))
        head.addWidget(title)
        head.addWidget(self._count)
        head.addStretch()
        head.addWidget(self.search, 1)
        head.addWidget(self._button("camera.many", _("Add many"), "copy"))
        head.addWidget(self._button("camera.add", _("Add camera"), "add"))
        tools = QHBoxLayout()
        tools.setSpacing(px(8))
        tools.addWidget(self._button("camera.edit", _("Change"), "edit"))
        tools.addWidget(self._button("camera.copy", _("Copy settings"), "copy"))
        tools.addWidget(self._button("camera.disable", _("Switch off"), "pause"))
        tools.addWidget(self._button("camera.group", _("Group"), "folder"))
        tools.addWidget(self._button("camera.up", _("Up"), "up"))
        tools.addWidget(self._button("camera.down", _("Down"), "down"))
        tools.addStretch()
        tools.addWidget(self._button("camera.remove", _("Remove"), "trash", role="danger"))
        full = QWidget()
        inside = QVBoxLayout(full)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(px(8))
        inside.addWidget(self.table, 1)
        inside.addLayout(tools)
        self._stack.addWidget(full)
        self._stack.addWidget(self._empty())
        column = QVBoxLayout(self)
        column.setContentsMargins(px(12), px(12), px(12), px(12))
        column.setSpacing(px(8))
        column.addLayout(head)
        column.addWidget(self._stack, 1)

    def _empty(self) -> QWidget:
        """What stands here before the first camera."""
        page = QWidget()
        words = QLabel(_("No camera yet"))
        words.setProperty("role", "title")
        about = QLabel(
            _("Paste an address, choose a USB camera or a file; you see its picture before anything is saved.")
        )
        about.setWordWrap(True)
        about.setProperty("role", "dim")
        about.setFixedWidth(px(420))  # with its height after it, which an alignment in a layout would not ask for
        about.setMinimumHeight(about.heightForWidth(px(420)))
        about.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        add = QPushButton(_("Add a camera  {keys}").format(keys=keys_in_words("Ctrl+N")))
        add.setProperty("role", "primary")
        add.setAccessibleName(_("Add a camera"))
        add.clicked.connect(partial(self._do, "camera.add"))
        column = QVBoxLayout(page)
        column.setSpacing(px(12))
        column.addStretch()
        for part in (words, about, add):
            column.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch()
        return page

    def _connect(self) -> None:
        self._workplace.settings_changed.connect(self._refresh)
        self.search.textChanged.connect(self.table.filter)
        self.search.textChanged.connect(self._enable)
        self.table.itemSelectionChanged.connect(self._enable)
        self.table.itemActivated.connect(lambda _item, _column: self.edit())
        self.table.customContextMenuRequested.connect(self._menu)
        self.table.reordered.connect(self._put_in_order)
        inside = Qt.ShortcutContext.WidgetWithChildrenShortcut
        for keys, step in ((_UP, -1), (_DOWN, 1)):
            QShortcut(QKeySequence(keys), self, lambda step=step: self.shift(step), context=inside)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.search.setFocus, context=inside)


def _names(cameras: list[CameraSettings]) -> str:
    """The cameras in words: three by name at most."""
    if len(cameras) <= 3:
        return ", ".join(camera.title for camera in cameras)
    return ngettext("{n} camera", "{n} cameras", len(cameras)).format(n=len(cameras))
