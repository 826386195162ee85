"""The fields of the dialog for a target: those of its way, what goes there, when, and of which cameras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from console.settings.schema import Settings
from console.settings.sync import TargetSettings
from console.ui.sync_page.target_draft import FIELDS, Way, shown_url
from console.ui.sync_page.target_words import SENDS, WAYS, common_fields, field_of
from models.words import _
from widgets.file_row import FileRow
from widgets.form import FieldRow
from widgets.form_editors import Check
from widgets.theme import px

_ID = Qt.ItemDataRole.UserRole
_FILES = ("certificate", "key", "ca")


class WayFields(QWidget):
    """A page of fields for each way; those that two ways share keep what was typed.

    Args:
        stored: the secret of the target is stored already.

    Signals:
        changed: something was typed or chosen; the field.
        helped: help of the field that has the keyboard.
    """

    changed = Signal(str)
    helped = Signal(str)

    def __init__(self, *, stored: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[Way, dict[str, FieldRow]] = {}
        self._pages: dict[Way, QWidget] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for way in WAYS:
            page = self._pages[way] = self._page(way, stored=stored)
            page.setVisible(way == "cloud")
            column.addWidget(page)
        self.way: Way = "cloud"

    def choose(self, way: Way) -> None:
        """Show the fields of this way, with what was typed into those of the last one where that fits."""
        before, self.way = self.rows[self.way], way
        for name, row in self.rows[way].items():
            typed = before[name].value if name in before else ""
            if name != "url" and typed and not row.value:
                row.set_value(typed)
        for name, page in self._pages.items():
            page.setVisible(name == way)

    def show_target(self, target: TargetSettings) -> None:
        """Fill in what a target has."""
        for name, row in self.rows[self.way].items():
            if name == "url":
                row.set_value(shown_url(target))
            elif name != "secret":
                row.set_value(getattr(target, name))

    def values(self) -> dict[str, Any]:
        """What is filled in, without the secret."""
        return {name: row.value for name, row in self.rows[self.way].items() if name != "secret"}

    @property
    def secret(self) -> str:
        """As typed."""
        row = self.rows[self.way].get("secret")
        return str(row.value) if row is not None else ""

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Say beside each field what is wrong with it."""
        for name, row in self.rows[self.way].items():
            row.set_error(errors.get(name, ""))

    def _page(self, way: Way, *, stored: bool) -> QWidget:
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(px(12))
        grid.setVerticalSpacing(px(8))
        rows = self.rows[way] = {}
        place = 0
        for name in FIELDS[way]:
            spec = field_of(way, name, stored=stored)
            shown: QWidget
            if name in _FILES or (name == "url" and way == "folder"):
                picker = FileRow(spec, folder=name == "url")
                shown, row = picker, picker.row
            else:
                shown = row = FieldRow(spec, compact=True)
            rows[name] = row
            row.typed.connect(self.changed)
            row.edited.connect(lambda key, _value: self.changed.emit(key))
            row.helped.connect(self.helped)
            wide = name in ("url", "layout", *_FILES)
            place += place % 2 if wide else 0
            grid.addWidget(shown, place // 2, place % 2, 1, 2 if wide else 1, Qt.AlignmentFlag.AlignTop)
            place += 2 if wide else 1
        grid.setRowStretch(grid.rowCount(), 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        return page


class CommonFields(QWidget):
    """What every target has: a name, what goes there, of which cameras, when and how fast.

    Args:
        settings: for the cameras there are.

    Signals:
        changed: something was typed, ticked or chosen; the field.
        helped: help of the field that has the keyboard.
    """

    changed = Signal(str)
    helped = Signal(str)

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = {name: FieldRow(spec, compact=True) for name, spec in common_fields().items()}
        self.sends: dict[str, Check] = {}
        self.cameras = QListWidget()
        self.cameras.setAccessibleName(_("Cameras it is about; none ticked: all"))
        self._wrong = QLabel(wordWrap=True)
        self._wrong.setProperty("role", "stopped")
        self._wrong.hide()
        self._own = QLabel(wordWrap=True)
        self._own.setProperty("role", "small")
        self._own.hide()
        for camera in settings.cameras:
            self._offer(camera.id, camera.title)
        for row in self.rows.values():
            row.typed.connect(self.changed)
            row.edited.connect(lambda key, _value: self.changed.emit(key))
            row.helped.connect(self.helped)
        self.cameras.itemChanged.connect(lambda _item: self.changed.emit("cameras"))
        self._lay_out()
        self.tick(TargetSettings.model_fields["sends"].default)

    def tick(self, sends: tuple[str, ...]) -> None:
        """Tick what goes there."""
        for value, check in self.sends.items():
            check.setChecked(value in sends)

    def show_target(self, target: TargetSettings) -> None:
        """Fill in what a target has. Its name stays: what waits is kept under it."""
        for name, row in self.rows.items():
            row.set_value(getattr(target, name))
        self.rows["name"].editor.setEnabled(False)
        self.tick(target.sends)
        known = {str(self.cameras.item(n).data(_ID)) for n in range(self.cameras.count())}
        for camera_id in target.cameras:
            if camera_id not in known:
                self._offer(camera_id, _("{id} (not in the settings)").format(id=camera_id))
        for number in range(self.cameras.count()):
            item = self.cameras.item(number)
            on = item.data(_ID) in target.cameras
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        if target.by_camera:
            names = ", ".join(target.by_camera)
            self._own.setText(_("{names} go by their own rules (by_camera in the settings file).").format(names=names))
            self._own.show()

    def values(self) -> dict[str, Any]:
        """What is filled in."""
        items = [self.cameras.item(n) for n in range(self.cameras.count())]
        chosen = [str(item.data(_ID)) for item in items if item.checkState() is Qt.CheckState.Checked]
        values = {name: row.value for name, row in self.rows.items()}
        return values | {"sends": [name for name, box in self.sends.items() if box.isChecked()], "cameras": chosen}

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Say beside each field what is wrong with it."""
        for name, row in self.rows.items():
            row.set_error(errors.get(name, ""))
        wrong = errors.get("sends", "") or errors.get("cameras", "") or errors.get("by_camera", "")
        self._wrong.setText(f"▲ {wrong}" if wrong else "")
        self._wrong.setVisible(bool(wrong))

    def _offer(self, camera_id: str, title: str) -> None:
        item = QListWidgetItem(title)
        item.setData(_ID, camera_id)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Unchecked)
        item.setToolTip(title)
        self.cameras.addItem(item)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(8))
        column.addWidget(_heading(_("What goes there")))
        ticks = QGridLayout()
        ticks.setHorizontalSpacing(px(12))
        ticks.setVerticalSpacing(px(2))
        for number, (value, words, about) in enumerate(SENDS):
            check = self.sends[value] = Check(_(words))
            check.setToolTip(_(about))
            check.setAccessibleDescription(_(about))
            check.toggled.connect(lambda _on: self.changed.emit("sends"))
            ticks.addWidget(check, number // 2, number % 2)
        column.addLayout(ticks)
        column.addWidget(self._wrong)
        column.addWidget(_small(_("Of these cameras; none ticked: all of them.")))
        self.cameras.setFixedHeight(px(92))
        column.addWidget(self.cameras)
        column.addWidget(self._own)
        column.addWidget(_heading(_("When, and how fast")))
        rest = QGridLayout()
        rest.setHorizontalSpacing(px(12))
        rest.setVerticalSpacing(px(8))
        for number, name in enumerate(("hours", "picture_hours", "kilobytes_per_second", "concurrency")):
            rest.addWidget(self.rows[name], number // 2, number % 2, Qt.AlignmentFlag.AlignTop)
            rest.setColumnStretch(number % 2, 1)
        column.addLayout(rest)
        column.addWidget(self.rows["enabled"])


def _heading(words: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("role", "heading")
    return label


def _small(words: str) -> QLabel:
    label = QLabel(words, wordWrap=True)
    label.setProperty("role", "small")
    return label
