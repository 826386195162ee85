"""What is covered in one camera's pictures, beside its picture, on which the areas are drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from console.privacy.policies import is_live_covered, policy_for
from console.settings.schema import CameraSettings, Settings
from console.ui.cameras.draft import KEYS
from console.ui.cameras.privacy_fields import KEPT, PLACES, shown, specs, written
from console.ui.privacy_words import in_a_sentence
from models.words import _
from widgets.area_editor import AreaEditor
from widgets.form import FieldRow
from widgets.theme import px

_ROWS = 3
_MOST_LETTERS = 64


class PrivacyPanel(QWidget):
    """Fields, the list of areas, and in a sentence what they come to.

    Args:
        settings: the site's.
        editor: where areas are drawn; it stands on the picture.

    Signals:
        changed: something was changed.
    """

    changed = Signal()

    def __init__(self, settings: Settings, editor: AreaEditor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._editor = editor
        self.rows = {name: FieldRow(spec, compact=True) for name, spec in specs(settings).items()}
        self.summary = QLabel(wordWrap=True)
        self.list = QListWidget()
        self.list.setAccessibleName(_("Areas that are always covered"))
        self.list.setFixedHeight(px(34) * _ROWS)
        self.add_button = QPushButton(_("Add"))
        self.add_button.setToolTip(_("An area in the middle, to be moved to its place; N on the picture."))
        self.remove_button = QPushButton(_("Remove"))
        self.undo_button = QPushButton(_("Undo"))
        self.redo_button = QPushButton(_("Redo"))
        self._lay_out()
        self._connect()
        self._list_areas()
        self._judge_steps()

    def values(self) -> dict[str, Any]:
        """By the names of `CameraSettings`."""
        areas = [
            {**({"name": name} if name else {}), "points": [[round(x, 4), round(y, 4)] for x, y in points]}
            for name, points in zip(self._editor.names, self._editor.areas, strict=True)
        ]
        return written({name: row.value for name, row in self.rows.items()}, areas)

    def show_camera(self, camera: CameraSettings) -> None:
        """Show a camera's."""
        for name, value in shown(camera).items():
            self.rows[name].set_value(value)
        areas = camera.privacy.areas
        self._editor.set_areas([area.points for area in areas], [area.name for area in areas])
        self._list_areas()
        self._judge_steps()

    def show_policy(self, camera: CameraSettings | None) -> None:
        """Say in a sentence what the fields come to; None: they can't be saved as they are."""
        if camera is None:
            self.summary.setText("")
            return
        policy, live = policy_for(camera, self._settings.privacy), is_live_covered(camera, self._settings.privacy)
        self.summary.setText(in_a_sentence(policy, live=live))
        for name in (*(n for places in PLACES for n in places if n), *KEYS):
            self.rows[name].setEnabled(name == "purpose" or not camera.published_as)
        seals = bool(camera.privacy.seal_doubtful_for) and not camera.published_as
        self.rows["seal_doubtful_labels"].setEnabled(seals)
        if self.rows["cover"].value:
            self.rows["cover_else"].setEnabled(False)

    def show_errors(self, errors: dict[str, str]) -> dict[str, str]:
        """Say what is wrong beside its field; what has no field here comes back."""
        rest = dict(errors)
        for name, row in self.rows.items():
            where = name if name == "published_as" else f"keep.{name}" if name in KEPT[0] else f"privacy.{name}"
            row.set_error(rest.pop(where, ""))
        return rest

    # What happens

    def _take_areas(self) -> None:
        self._list_areas()
        self.changed.emit()

    def _add(self) -> None:
        """Arrows move the new one at once."""
        self._editor.add()
        self._editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def _list_areas(self) -> None:
        blocked = self.list.blockSignals(True)  # noqa: FBT003
        self.list.clear()
        for number, name in enumerate(self._editor.names):
            item = QListWidgetItem(name or _("Area {n}").format(n=number + 1))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setToolTip(_("F2 or a double click gives it another name."))
            self.list.addItem(item)
        self.list.setCurrentRow(self._editor.drawing.chosen)
        self.list.blockSignals(blocked)

    def _choose(self, number: int) -> None:
        blocked = self.list.blockSignals(True)  # noqa: FBT003
        self.list.setCurrentRow(number)
        self.list.blockSignals(blocked)
        self._judge_steps()

    def _rename(self, item: QListWidgetItem) -> None:
        number, name = self.list.row(item), " ".join(item.text().split())[:_MOST_LETTERS]
        self._editor.rename(number, "" if name == _("Area {n}").format(n=number + 1) else name)
        self._list_areas()

    def _judge_steps(self) -> None:
        drawing = self._editor.drawing
        self.remove_button.setEnabled(drawing.chosen >= 0)
        self.undo_button.setEnabled(drawing.can_undo)
        self.redo_button.setEnabled(drawing.can_redo)

    # Setting up

    def _connect(self) -> None:
        editor = self._editor
        editor.changed.connect(self._take_areas)
        editor.chosen_changed.connect(self._choose)
        editor.said.connect(lambda _words: self._judge_steps())
        self.list.currentRowChanged.connect(editor.choose)
        self.list.itemChanged.connect(self._rename)
        for button, work in (
            (self.add_button, self._add),
            (self.remove_button, editor.remove),
            (self.undo_button, editor.undo),
            (self.redo_button, editor.redo),
        ):
            button.clicked.connect(work)
        for row in self.rows.values():
            row.edited.connect(lambda _key, _value: self.changed.emit())
            row.typed.connect(lambda _key: self.changed.emit())

    def _lay_out(self) -> None:
        areas, kept = QLabel(_("Areas that are always covered")), QLabel(_("Keeping and reading"))
        for heading in (areas, kept):
            heading.setProperty("role", "heading")
        self.summary.setProperty("role", "dim")
        self.summary.setMinimumHeight(px(34))
        self.summary.setAlignment(Qt.AlignmentFlag.AlignTop)
        buttons = QHBoxLayout()
        buttons.setSpacing(px(6))
        for button in (self.add_button, self.remove_button, self.undo_button, self.redo_button):
            buttons.addWidget(button)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, px(4), px(12), 0)
        column.setSpacing(px(8))
        column.addWidget(self.summary)
        column.addLayout(self._grid(PLACES))
        column.addSpacing(px(4))
        column.addWidget(areas)
        column.addWidget(self.list)
        column.addLayout(buttons)
        column.addSpacing(px(4))
        column.addWidget(kept)
        column.addLayout(self._grid(KEPT))
        column.addStretch()

    def _grid(self, places: Iterable[tuple[str, ...]]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(px(8))
        grid.setVerticalSpacing(px(8))
        for line, names in enumerate(places):
            for column, name in enumerate(names):
                if not name:
                    continue
                span = 2 if len(names) == 1 else 1
                grid.addWidget(self.rows[name], line, column, 1, span, Qt.AlignmentFlag.AlignTop)
        for column in range(2):
            grid.setColumnStretch(column, 1)
        return grid
