"""Where pictures of this machine come from: a camera plugged in, found by its name; a video file, a folder."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QListWidget, QPushButton, QVBoxLayout, QWidget

from console.settings.schema import CameraSettings
from console.sources.usb_names import UsbCamera, list_cameras
from console.ui.settings_page.fields import spec_of
from models.words import _
from widgets.form import FieldRow
from widgets.form_editors import FieldSpec
from widgets.theme import px

log = logging.getLogger(__name__)

_VIDEOS = "*.mp4 *.mkv *.avi *.mov *.ts *.webm *.m4v *.mpg *.mpeg *.wmv *.flv"


def usb_source(camera: UsbCamera, all_here: list[UsbCamera]) -> str:
    """What the settings call a camera: its name, which stays when it is plugged in elsewhere; else its number."""
    alike = [other for other in all_here if camera.name.casefold() in other.name.casefold()]
    return f"usb:{camera.name}" if camera.name and len(alike) == 1 else f"usb:{camera.index}"


class UsbTab(QWidget):
    """The cameras at this machine, by name.

    They are asked for on a thread: on some systems a driver takes seconds to answer, and the desk must not stand still.
    """

    complete = Signal()
    _listed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._here: list[UsbCamera] = []
        self._kept = ""
        self._looking = self._look_again = False
        self._listed.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self.cameras = QListWidget()
        self.cameras.setAccessibleName(_("Cameras at this machine"))
        self.cameras.currentRowChanged.connect(lambda _row: self.complete.emit())
        self._none = QLabel(wordWrap=True)
        self._none.setProperty("role", "dim")
        again = QPushButton(_("Look again"))
        again.clicked.connect(self.look)
        foot = QHBoxLayout()
        foot.addWidget(self._none, 1)
        foot.addWidget(again, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, px(12), 0, 0)
        column.setSpacing(px(8))
        column.addWidget(self.cameras, 1)
        column.addLayout(foot)

    def look(self) -> None:
        """List what is plugged in now; the list comes when the system has answered."""
        if self._looking:
            self._look_again = True
            return
        self._looking = True
        self._none.setText(_("Looking for cameras"))
        threading.Thread(target=self._list, name="usb cameras", daemon=True).start()

    def _list(self) -> None:
        """On a thread of its own."""
        try:
            here = list_cameras()
        except Exception:  # the thread's outermost frame: drivers fail in ways of their own
            log.exception("the cameras at this machine can't be listed")
            here = []
        try:
            self._listed.emit(here)
        except RuntimeError:  # the dialog is gone
            log.debug("nobody waits for the cameras at this machine any more")

    def _take(self, here: list[UsbCamera]) -> None:
        self._looking = False
        self.show_cameras(here)
        if self._look_again:
            self._look_again = False
            self.look()

    def show_cameras(self, here: list[UsbCamera]) -> None:
        """Show these cameras; the one chosen before stays chosen."""
        chosen = self.source()
        self._here = here
        sources = [usb_source(camera, here) for camera in here]
        blocked = self.cameras.blockSignals(True)  # noqa: FBT003
        self.cameras.clear()
        self.cameras.addItems([f"{camera.name or _('Camera')}  ({camera.index})" for camera in here])
        if chosen and chosen not in sources:
            self.cameras.addItem(_("{name}, not plugged in").format(name=chosen.partition(":")[2]))
            self._kept = chosen
            self.cameras.setCurrentRow(len(here))
        elif chosen:
            self.cameras.setCurrentRow(sources.index(chosen))
        self.cameras.blockSignals(blocked)
        self._none.setText("" if here else _("No camera is plugged in. Plug one in, then look again."))

    def source(self) -> str:
        """The chosen one; empty for none."""
        row = self.cameras.currentRow()
        if 0 <= row < len(self._here):
            return usb_source(self._here[row], self._here)
        return self._kept

    def show_source(self, source: str) -> None:
        """Choose a camera, plugged in or not."""
        self._kept = source
        self.look()


class FileTab(QWidget):
    """A video file or a folder of pictures, and how it is played."""

    changed = Signal()
    complete = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = FieldRow(
            FieldSpec(
                "source", _("File or folder"), _("A video file, or a folder of pictures."), placeholder=_("none chosen")
            ),
            compact=True,
        )
        self.path.typed.connect(lambda _key: self.changed.emit())
        self.path.edited.connect(lambda _key, _value: self.complete.emit())
        file, folder = QPushButton(_("Choose a file")), QPushButton(_("Choose a folder"))
        file.clicked.connect(self._choose_file)
        folder.clicked.connect(self._choose_folder)
        self.options: dict[str, FieldRow] = {}
        for name in ("paced", "loop", "watch"):
            spec = spec_of(f"cameras.{name}", CameraSettings.model_fields[name], key=name)
            if spec is not None:
                self.options[name] = FieldRow(spec, compact=True)
                self.options[name].edited.connect(lambda _key, _value: self.complete.emit())
        buttons = QHBoxLayout()
        buttons.addWidget(file)
        buttons.addWidget(folder)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, px(12), 0, 0)
        column.setSpacing(px(8))
        column.addWidget(self.path)
        column.addLayout(buttons)
        for row in self.options.values():
            column.addWidget(row)
        column.addStretch()

    @property
    def rows(self) -> tuple[FieldRow, ...]:
        """Every field."""
        return self.path, *self.options.values()

    def source(self) -> str:
        """The path; empty for none."""
        return str(self.path.value)

    def _choose_file(self) -> None:
        kinds = f"{_('Videos')} ({_VIDEOS});;{_('All files')} (*)"
        chosen, _kind = QFileDialog.getOpenFileName(self, _("Choose a file"), self._beside(), kinds)
        self._take(chosen)

    def _choose_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, _("Choose a folder"), self._beside()))

    def _take(self, chosen: str) -> None:
        if chosen:
            self.path.set_value(chosen)
            self.complete.emit()

    def _beside(self) -> str:
        return str(Path(self.source()).parent) if self.source() else ""
