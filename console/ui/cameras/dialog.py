"""Adding or changing a camera: where it is, its live picture before anything is saved, and how it is used."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

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
from console.ui.cameras.privacy_panel import PrivacyPanel
from console.ui.cameras.running_view import RunningView
from console.ui.cameras.unredacted import Unredacted
from console.ui.cameras.where import Where
from console.ui.workplace import Workplace
from models.words import _
from widgets.areas import turned
from widgets.room import no_default, open_at
from widgets.scrolled import Scrolled
from widgets.segments import Segments
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
        self.parts = Segments(
            _("Part of the dialog"), [("camera", _("Camera"), _("Camera")), ("privacy", _("Privacy"), _("Privacy"))]
        )
        self.preview = PreviewPane()
        self.privacy = PrivacyPanel(workplace.settings, self.preview.areas)
        self._unredacted = Unredacted(workplace, camera)
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
            self.privacy.show_camera(camera)
            self.preview.turn(Orientation(camera.rotation, camera.mirror))
        elif source:
            self.where.network.address.set_value(source)
        self._turned_as = self._orientation()
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
        elif self._unredacted.withholds(camera):
            self.preview.withhold(self._unredacted.words)
            return
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
        values = {**self.options.values(), **self.privacy.values(), **self.where.values()}
        return Draft(values, user, password, self._original)

    def show_errors(self, judged: Judged) -> None:
        """Say beside each field what is wrong with it."""
        self.options.show_errors(self.privacy.show_errors(self.where.show_errors(dict(judged.errors))))

    def turn_to(self, part: str) -> None:
        """Show one part of the dialog: "camera" or "privacy"."""
        self.parts.choose(part)
        self._halves.setCurrentIndex(("camera", "privacy").index(part))
        self.preview.draw_areas(part == "privacy")
        self._judge()

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
                self._workplace.edit(changes, words.format(name=camera.title), lambda: self._write(camera))
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
        self.privacy.show_policy(judged.camera)
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
            self._turn()
        elif name in _LOOKED_AT:
            self._complete()
        if name in judged.errors or self.options.rows[name].error:
            self.show_errors(judged)

    def _privacy_changed(self) -> None:
        judged = self._judge()
        if judged.camera is None or any(row.error for row in self.privacy.rows.values()):
            self.show_errors(judged)

    def _say_areas(self, words: str) -> None:
        if self.preview.areas.hasFocus():
            self._help(words)

    def _orientation(self) -> Orientation:
        rows = self.options.rows
        return Orientation(int(rows["rotation"].value or 0), mirror=bool(rows["mirror"].value))

    def _turn(self) -> None:
        """Turn the picture, and the areas with it: they lie on the same things as before."""
        before, self._turned_as = self._turned_as, self._orientation()
        areas, now = self.preview.areas, self._turned_as
        if areas.areas and before != now:
            ways = (before.rotation, before.mirror), (now.rotation, now.mirror)
            areas.set_areas([turned(points, *ways) for points in areas.areas], areas.names)
            self.privacy.changed.emit()
        self.preview.turn(now)

    def _look_unredacted(self) -> None:
        """Show the picture of what is filled in, for a supervisor, once that is recorded."""
        camera = self._judge().camera
        if camera is not None:
            self._unredacted.ask(camera, self._look_unredacted, lambda: self.look() if self.isVisible() else None)

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
        self._halves = QStackedWidget()
        room = int(self.screen().availableGeometry().width() * _LEFT)
        for part in (fields, _page(self.privacy)):
            scroll = QScrollArea(widgetResizable=True)
            scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            scroll.setWidget(part)
            self._halves.addWidget(scroll)
        self._halves.setMinimumWidth(min(fields.minimumSizeHint().width() + px(16), room))
        head = QHBoxLayout()
        head.addWidget(heading, 1)
        head.addWidget(self.parts)
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
        halves.addWidget(self._halves, 5)
        halves.addLayout(right, 6)
        foot = QHBoxLayout()
        foot.addWidget(self._hint, 1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(16), px(16), px(16), px(16))
        column.setSpacing(px(12))
        column.addLayout(head)
        column.addLayout(halves, 1)
        column.addLayout(foot)
        no_default(self)
        open_at(self, 1040, 660)

    def _connect(self) -> None:
        self.where.changed.connect(self._judge)
        self.where.complete.connect(self._complete)
        self.options.changed.connect(self._option_changed)
        self.preview.asked.connect(self.look)
        self.preview.unredacted_asked.connect(self._look_unredacted)
        self.preview.areas.said.connect(self._say_areas)
        self.parts.picked.connect(self.turn_to)
        self.privacy.changed.connect(self._privacy_changed)
        self.save_button.clicked.connect(self.save)
        self.cancel_button.clicked.connect(self.reject)
        for row in (
            *self.where.network.rows,
            *self.where.file.rows,
            *self.options.rows.values(),
            *self.privacy.rows.values(),
        ):
            row.helped.connect(self._help)


def _page(part: QWidget) -> Scrolled:
    """A part that scrolls."""
    page = Scrolled()
    page.setProperty("role", "page")
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(part)
    return page
