"""Adding or changing a camera: where it is, its live picture before anything is saved, and how it is used."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from console.errors import SightdeskError
from console.settings.schema import CameraSettings
from console.settings.secrets import Secrets
from console.site.preview import LoginReader, Preview
from console.sources.orientation import Orientation
from console.ui.actions import keys_in_words
from console.ui.cameras.draft import Draft, Judged, changes_for, judge
from console.ui.cameras.options import LOOK, Options
from console.ui.cameras.passwords import Asker, store_passwords, stored_names
from console.ui.cameras.preview_pane import PreviewPane
from console.ui.cameras.running_view import RunningView
from console.ui.cameras.where import Where
from console.ui.workplace import Workplace
from models.words import _
from widgets.room import no_default, open_at
from widgets.theme import px

_SAVE = "Ctrl+Return"
_LEFT = 0.44
"""Share of a small screen that the fields may claim from the picture."""
_LOOKED_AT = ("source", "transport", "pixel_aspect", "loop", "watch", "open_timeout_s", "read_timeout_s")


class CameraDialog(QDialog):
    """Adds a camera, or changes one.

    Args:
        workplace: where it is saved.
        camera: the one to change; None: a new one.
        source: an address to begin with, for a new one.
    """

    def __init__(
        self,
        workplace: Workplace,
        camera: CameraSettings | None = None,
        *,
        source: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._workplace = workplace
        self._original = camera
        self._shown: tuple[object, ...] = ()
        self._saving = False
        self._stored = stored_names(workplace.home)
        self.saved: str = ""
        title = _("Change {name}").format(name=camera.title) if camera else _("Add a camera")
        self.setWindowTitle(title)
        self.where = Where()
        self.options = Options(workplace.settings)
        self.preview = PreviewPane()
        self._asker = Asker(self)
        self._hint = QLabel(wordWrap=True)
        self._hint.setProperty("role", "small")
        self._hint.setMinimumHeight(px(34))
        self.cancel_button = QPushButton(_("Cancel"))
        self.save_button = QPushButton(_("Save  {keys}").format(keys=keys_in_words(_SAVE)))
        self.save_button.setProperty("role", "primary")
        self.save_button.setShortcut(QKeySequence(_SAVE))
        self.save_button.setAccessibleName(_("Save"))
        self._lay_out(title)
        if camera is not None:
            self.where.show_camera(camera)
            self.options.show_camera(camera)
            self.preview.turn(Orientation(camera.rotation, camera.mirror))
        elif source:
            self.where.network.address.set_value(source)
        self._connect()
        self._judge()
        if camera is not None or source:
            self.look()
        else:
            self.where.network.address.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def look(self) -> None:
        """Show the picture of what is filled in, if it is a camera."""
        judged = self._judge()
        if judged.camera is None:
            self.preview.stop()
            self.show_errors(judged)
            return
        camera = judged.camera
        self._shown = self._looked_at()
        if self._runs_so(camera):
            original = self._original
            assert original is not None  # noqa: S101  # for the type checker
            self.preview.look(lambda: RunningView(self._workplace.site, original))
        else:
            login = self._login_reader(camera)
            self.preview.look(lambda: Preview(camera, login), alone=self.where.is_usb)
        self.preview.turn(self._orientation())

    def save(self) -> None:
        """Store the password, then the camera; the dialog closes when both are done."""
        judged = self._judge()
        self.show_errors(judged)
        if judged.camera is None or self._saving:
            return
        if not judged.secret:
            self._write(judged.camera)
            return
        self._saving = True
        self.save_button.setEnabled(False)
        passwords = {judged.secret: self.draft().password}
        camera, home = judged.camera, self._workplace.home
        self._workplace.jobs.start(
            _("Storing the password"),
            lambda job: store_passwords(home, passwords, self._asker.for_job(job)),
            lambda _none: self._write(camera),
            self._failed,
        )
        self._hint.setText(_("Storing the password"))

    def draft(self) -> Draft:
        """What is filled in."""
        user, password = self.where.login()
        return Draft({**self.options.values(), **self.where.values()}, user, password, self._original)

    def show_errors(self, judged: Judged) -> None:
        """Say beside each field what is wrong with it."""
        self.options.show_errors(self.where.show_errors(dict(judged.errors)))

    def done(self, result: int) -> None:
        """Closed, however it happened: the camera is let go at once."""
        self.preview.stop()
        super().done(result)

    def _write(self, camera: CameraSettings) -> None:
        self._saving = False
        changes = changes_for(camera, self._original)
        words = _("Changed {name}") if self._original else _("Added {name}")
        try:
            if changes:
                self._workplace.edit(changes, words.format(name=camera.title))
        except SightdeskError as error:
            self._failed(error)
            return
        self.saved = camera.id
        self.accept()

    def _failed(self, error: Exception) -> None:
        self._saving = False
        self.save_button.setEnabled(True)
        self._hint.setProperty("role", "stopped")
        self._hint.setText(f"▲ {error if isinstance(error, SightdeskError) else _('It could not be saved.')}")
        self._hint.style().polish(self._hint)

    def _judge(self) -> Judged:
        judged = judge(self.draft(), self._workplace.settings, self._stored)
        self.save_button.setEnabled(judged.camera is not None and not self._saving)
        first = next(iter(judged.errors.values()), "")
        self._help(
            first if judged.camera is None else _("It can be saved. The picture shows whether it is the right one.")
        )
        return judged

    def _help(self, words: str) -> None:
        self._hint.setProperty("role", "small")
        self._hint.setText(words)
        self._hint.style().polish(self._hint)

    def _complete(self) -> None:
        """A field is done: look, if what is looked at became another."""
        judged = self._judge()
        if judged.camera is None:
            if self._shown != self._looked_at():
                self.preview.stop()
            return
        self.show_errors(judged)
        if self._shown != self._looked_at():
            self.look()

    def _option_changed(self, name: str) -> None:
        judged = self._judge()
        if name in LOOK:
            self.preview.turn(self._orientation())
        elif name in _LOOKED_AT:
            self._complete()
        if name in judged.errors or self.options.rows[name].error:
            self.show_errors(judged)

    def _orientation(self) -> Orientation:
        rows = self.options.rows
        return Orientation(int(rows["rotation"].value or 0), mirror=bool(rows["mirror"].value))

    def _looked_at(self) -> tuple[object, ...]:
        draft = self.draft()
        return (*(draft.values.get(name) for name in _LOOKED_AT), draft.user, draft.password)

    def _runs_so(self, camera: CameraSettings) -> bool:
        """Whether this camera runs as it is filled in: then its picture is there already."""
        original = self._original
        if original is None or self.draft().password or self._workplace.site.lane(original.id) is None:
            return False
        same: tuple[Any, Any] = (original.login, [getattr(original, name) for name in _LOOKED_AT])
        return same == (camera.login, [getattr(camera, name) for name in _LOOKED_AT])

    def _login_reader(self, camera: CameraSettings) -> LoginReader | None:
        """What gives the preview its login: as typed, or as stored, read on the preview's own thread."""
        login, draft, home = camera.login, self.draft(), self._workplace.home
        if login is None:
            return None
        if draft.password:
            return lambda: (draft.user, draft.password)
        return lambda: (login.user, Secrets(home).get(login.password.secret).get_secret_value())

    def _lay_out(self, title: str) -> None:
        heading = QLabel(title)
        heading.setProperty("role", "title")
        fields = QWidget()
        fields.setProperty("role", "page")
        left = QVBoxLayout(fields)
        left.setContentsMargins(0, 0, px(12), 0)
        left.setSpacing(px(8))
        left.addWidget(self.where)
        line = QFrame()
        line.setProperty("role", "line")
        left.addWidget(line)
        left.addWidget(self.options)
        left.addStretch()
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(fields)
        room = int(self.screen().availableGeometry().width() * _LEFT)
        scroll.setMinimumWidth(min(fields.minimumSizeHint().width() + px(16), room))
        right = QVBoxLayout()
        right.setSpacing(px(8))
        right.addWidget(self.preview, 1)
        look = QHBoxLayout()
        look.setSpacing(px(12))
        for name in LOOK:
            look.addWidget(self.options.rows[name], 0, Qt.AlignmentFlag.AlignBottom)
        look.addStretch()
        right.addLayout(look)
        halves = QHBoxLayout()
        halves.setSpacing(px(16))
        halves.addWidget(scroll, 5)
        halves.addLayout(right, 6)
        foot = QHBoxLayout()
        foot.addWidget(self._hint, 1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(16), px(16), px(16), px(16))
        column.setSpacing(px(12))
        column.addWidget(heading)
        column.addLayout(halves, 1)
        column.addLayout(foot)
        no_default(self)
        open_at(self, 1040, 660)

    def _connect(self) -> None:
        self.where.changed.connect(self._judge)
        self.where.complete.connect(self._complete)
        self.options.changed.connect(self._option_changed)
        self.preview.asked.connect(self.look)
        self.save_button.clicked.connect(self.save)
        self.cancel_button.clicked.connect(self.reject)
        for row in (*self.where.network.rows, *self.where.file.rows, *self.options.rows.values()):
            row.helped.connect(self._help)
