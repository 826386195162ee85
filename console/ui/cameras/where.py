"""The first half of the camera dialog: where the pictures come from."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabWidget, QWidget

from console.settings.schema import CameraSettings
from console.ui.cameras.local import FileTab, UsbTab
from console.ui.cameras.network import NetworkTab
from models.words import _

_NETWORK, _USB, _FILE = range(3)


class Where(QTabWidget):
    """Network, USB, file."""

    changed = Signal()
    complete = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.network, self.usb, self.file = NetworkTab(), UsbTab(), FileTab()
        self.addTab(self.network, _("Network"))
        self.addTab(self.usb, _("USB"))
        self.addTab(self.file, _("File or folder"))
        self.tabBar().setAccessibleName(_("Where the pictures come from"))
        for tab in (self.network, self.file):
            tab.changed.connect(self.changed)
        for part in (self.network, self.usb, self.file):
            part.complete.connect(self.complete)
        self.currentChanged.connect(self._turned)

    @property
    def is_usb(self) -> bool:
        """Whether a device is chosen that opens only once."""
        return self.currentIndex() == _USB

    def values(self) -> dict[str, Any]:
        """Source and what belongs to it, by the names of `CameraSettings`."""
        tab = self.currentWidget()
        if tab is self.usb:
            return {"source": self.usb.source()}
        if tab is self.file:
            return {"source": self.file.source(), **{name: row.value for name, row in self.file.options.items()}}
        return {"source": self.network.source()}

    def login(self) -> tuple[str, str]:
        """(user, password) as typed; empty where none is needed."""
        return self.network.login() if self.currentIndex() == _NETWORK else ("", "")

    def show_camera(self, camera: CameraSettings) -> None:
        """Show where a camera is."""
        blocked = self.blockSignals(True)  # noqa: FBT003
        if camera.source.startswith("usb:"):
            self.setCurrentIndex(_USB)
            self.usb.show_source(camera.source)
        elif "://" in camera.source and not camera.source.startswith("file:"):
            self.setCurrentIndex(_NETWORK)
            user = camera.login.user if camera.login else ""
            self.network.show_camera(camera.source, user, stored=camera.login is not None)
        else:
            self.setCurrentIndex(_FILE)
            self.file.path.set_value(camera.source)
            for name, row in self.file.options.items():
                row.set_value(getattr(camera, name))
        self.blockSignals(blocked)

    def show_errors(self, errors: dict[str, str]) -> dict[str, str]:
        """Say what is wrong beside its field; what has no field here comes back."""
        rest = dict(errors)
        network, file = self.currentWidget() is self.network, self.currentWidget() is self.file
        self.network.address.set_error(rest.pop("source", "") if network else "")
        self.network.user.set_error(rest.pop("user", "") if network else "")
        self.network.password.set_error(rest.pop("password", "") if network else "")
        self.file.path.set_error(rest.pop("source", "") if file else "")
        return rest

    def _turned(self, index: int) -> None:
        if index == _USB:
            self.usb.look()
        self.changed.emit()
        self.complete.emit()
