"""The fields that say what is to be erased."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from console.errors import UsageError
from console.privacy.erasing.scope import Scope, moment
from console.settings.schema import Settings
from models.words import _
from widgets.form import FieldRow
from widgets.form_editors import FieldSpec
from widgets.theme import px


class ScopeFields(QWidget):
    """Camera, time, track, or an event's number."""

    changed = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = {camera.id: camera.title for camera in settings.cameras}
        when = "2026-11-20 08:00"
        self.since = FieldRow(FieldSpec("since", _("From"), placeholder=when), compact=True)
        self.until = FieldRow(FieldSpec("until", _("Until"), placeholder=when), compact=True)
        self.track = FieldRow(FieldSpec("track", _("Track"), kind="whole", default=None, optional=True), compact=True)
        self.number = FieldRow(FieldSpec("event", _("Event"), kind="whole", default=None, optional=True), compact=True)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(px(12))
        self.camera = self._cameras(self._names)
        self._grid.addWidget(self.camera, 0, 0)
        self._grid.addWidget(self.track, 0, 1)
        self._grid.addWidget(self.number, 0, 2)
        self._grid.addWidget(self.since, 1, 0)
        self._grid.addWidget(self.until, 1, 1)
        for column in range(3):
            self._grid.setColumnStretch(column, 1)
        for row in (self.since, self.until, self.track, self.number):
            row.typed.connect(self.changed)
            row.edited.connect(self.changed)

    def know(self, ids: Iterable[str]) -> None:
        """Offer these cameras too, which the settings may not have any more."""
        names = dict(self._names) | {camera_id: camera_id for camera_id in ids if camera_id not in self._names}
        chosen = self.camera.value
        self._grid.removeWidget(self.camera)
        self.camera.deleteLater()
        self.camera = self._cameras(names)
        self._grid.addWidget(self.camera, 0, 0)
        self.setTabOrder(self.camera.editor, self.track.editor)
        if chosen in names:
            self.camera.set_value(chosen)

    def choose(self, camera_id: str) -> None:
        """Choose a camera."""
        if camera_id != self.camera.value:
            self.camera.set_value(camera_id)
            self.changed.emit()

    def scope(self) -> Scope:
        """What is wanted.

        Raises:
            UsageError: a field holds something else.
        """
        camera = str(self.camera.value or "")
        since, until = moment(str(self.since.value or ""), last=False), moment(str(self.until.value or ""), last=True)
        name = self._names.get(camera, "")
        return Scope(
            camera,
            since,
            until,
            _whole(self.track.value, _("Track")),
            tuple(filter(None, [_whole(self.number.value, _("Event"))])),
            names=(name,) if name and name != camera else (),
        )

    def _cameras(self, names: dict[str, str]) -> FieldRow:
        choices = (("", _("All cameras")), *names.items())
        row = FieldRow(FieldSpec("camera", _("Camera"), kind="choice", choices=choices), compact=True)
        row.edited.connect(self.changed)
        return row


def _whole(value: Any, name: str) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, int):
        return value
    raise UsageError(_("{name} is a whole number.").format(name=name), _("Write the number alone."))
