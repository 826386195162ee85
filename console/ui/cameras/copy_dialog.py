"""Copying a camera's settings to others: which settings, to which cameras, in one change that one undo takes back."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from console.errors import SightdeskError
from console.settings.schema import CameraSettings
from console.ui.cameras.draft import as_written
from console.ui.settings_page.labels import label_of
from console.ui.workplace import Workplace
from models.words import _, ngettext
from widgets.room import no_default, open_at
from widgets.theme import px

_OWN = ("id", "name", "source")
"""What makes a camera itself."""
_SELDOM = ("login", "enabled", "rotation", "mirror", "pixel_aspect")


class CopyDialog(QDialog):
    """Two lists to tick: settings and cameras."""

    def __init__(self, workplace: Workplace, camera: CameraSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workplace = workplace
        self._camera = camera
        self.setWindowTitle(_("Copy settings of {name}").format(name=camera.title))
        self.fields = _ticks(_("Settings to copy"))
        written = as_written(camera)
        for name in CameraSettings.model_fields:
            if name not in _OWN:
                tick = name in written and name not in _SELDOM
                _add(self.fields, f"{label_of(f'cameras.{name}')}: {_shown(camera, name)}", name, tick=tick)
        self.cameras = _ticks(_("Cameras to copy to"))
        for other in workplace.settings.cameras:
            if other.id != camera.id:
                words = f"{other.title}  ({other.group})" if other.group else other.title
                _add(self.cameras, words, other.id, tick=False)
        self._all = QPushButton(_("All cameras"))
        self._group = QPushButton(_("All of {group}").format(group=camera.group))
        self._group.setVisible(bool(camera.group))
        self._summary = QLabel(wordWrap=True)
        self.cancel_button = QPushButton(_("Cancel"))
        self.copy_button = QPushButton(_("Copy"))
        self.copy_button.setProperty("role", "primary")
        self._lay_out()
        self._connect()
        self._say()

    def copy(self) -> None:
        """Make the change; the dialog closes when it is made."""
        changes = self.changes()
        ids = _ticked(self.cameras)
        words = ngettext(
            "Copied settings of {name} to {n} camera", "Copied settings of {name} to {n} cameras", len(ids)
        ).format(name=self._camera.title, n=len(ids))
        try:
            if changes:
                self._workplace.edit(changes, words)
        except SightdeskError as error:
            self._summary.setText(f"▲ {error}")
            return
        self.accept()

    def changes(self) -> dict[str, object]:
        """By path; only what differs."""
        mine = as_written(self._camera)
        others = {other.id: as_written(other) for other in self._workplace.settings.cameras}
        return {
            f"cameras.{camera_id}.{name}": mine.get(name)
            for camera_id in _ticked(self.cameras)
            for name in _ticked(self.fields)
            if others[camera_id].get(name) != mine.get(name)
        }

    def tick(self, fields: list[str], cameras: list[str]) -> None:
        """Tick these and no others."""
        for ticks, names in ((self.fields, fields), (self.cameras, cameras)):
            for row in range(ticks.count()):
                item = ticks.item(row)
                on = item.data(Qt.ItemDataRole.UserRole) in names
                item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def _tick_cameras(self, group: str | None) -> None:
        ids = [c.id for c in self._workplace.settings.cameras if group is None or c.group == group]
        self.tick(_ticked(self.fields), ids)

    def _say(self) -> None:
        n, fields = len(_ticked(self.cameras)), len(_ticked(self.fields))
        words = ngettext("{fields} settings to {n} camera.", "{fields} settings to {n} cameras.", n)
        self._summary.setText(words.format(fields=fields, n=n))
        self.copy_button.setEnabled(n > 0 and fields > 0)

    def _lay_out(self) -> None:
        title = QLabel(_("Copy settings of {name}").format(name=self._camera.title))
        title.setProperty("role", "title")
        halves = QHBoxLayout()
        halves.setSpacing(px(12))
        buttons = QHBoxLayout()
        buttons.addWidget(self._all)
        buttons.addWidget(self._group)
        buttons.addStretch()
        for ticks, below in ((self.fields, None), (self.cameras, buttons)):
            half = QVBoxLayout()
            half.setSpacing(px(6))
            name = QLabel(ticks.accessibleName())
            name.setProperty("role", "heading")
            half.addWidget(name)
            half.addWidget(ticks, 1)
            if below is not None:
                half.addLayout(below)
            halves.addLayout(half, 1)
        foot = QHBoxLayout()
        foot.addWidget(self._summary, 1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.copy_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(16), px(16), px(16), px(16))
        column.setSpacing(px(12))
        column.addWidget(title)
        column.addLayout(halves, 1)
        column.addLayout(foot)
        no_default(self)
        open_at(self, 720, 540)

    def _connect(self) -> None:
        self.fields.itemChanged.connect(lambda _item: self._say())
        self.cameras.itemChanged.connect(lambda _item: self._say())
        self._all.clicked.connect(lambda: self._tick_cameras(None))
        self._group.clicked.connect(lambda: self._tick_cameras(self._camera.group))
        self.copy_button.clicked.connect(self.copy)
        self.cancel_button.clicked.connect(self.reject)


def _ticks(name: str) -> QListWidget:
    ticks = QListWidget()
    ticks.setAccessibleName(name)
    return ticks


def _add(ticks: QListWidget, words: str, key: str, *, tick: bool) -> None:
    item = QListWidgetItem(words)
    item.setData(Qt.ItemDataRole.UserRole, key)
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
    item.setCheckState(Qt.CheckState.Checked if tick else Qt.CheckState.Unchecked)
    item.setToolTip(words)
    ticks.addItem(item)


def _ticked(ticks: QListWidget) -> list[str]:
    items = [ticks.item(row) for row in range(ticks.count())]
    return [str(i.data(Qt.ItemDataRole.UserRole)) for i in items if i.checkState() is Qt.CheckState.Checked]


def _shown(camera: CameraSettings, name: str) -> str:
    """A value in a few words."""
    value = getattr(camera, name)
    if name == "stages":
        return ", ".join(f"{s.model} {s.confidence:g}" for s in camera.stages) or _("the site's model")
    if name in {"privacy", "keep"}:
        return _own(camera, name)
    if name == "login":
        return camera.login.user if camera.login else _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None or value == "":
        return _("not set")
    return f"{value:g}" if isinstance(value, float) else str(value)


def _own(camera: CameraSettings, name: str) -> str:
    """What a camera covers or keeps otherwise than its site."""
    if name == "keep" and camera.keep is not None:
        return _("{n} days").format(n=camera.keep.days)
    own = [field for field in type(camera.privacy).model_fields if field in camera.privacy.model_fields_set]
    if name == "privacy" and own:
        return _("of its own: {what}").format(what=", ".join(own).replace("_", " "))
    return _("as for the site")
