"""Where a network camera is: its address pasted, or a host and the form its maker gives addresses; and its login."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from console.settings.imports import split_login
from console.settings.presets import PRESETS, Preset, preset
from models.words import _
from widgets.form import FieldRow
from widgets.form_editors import FieldSpec
from widgets.theme import px

_PASTED = 8
"""So many characters at once are pasted, not typed."""


class NetworkTab(QWidget):
    """Maker, host, channel, stream; or the address itself; user and password."""

    changed = Signal()
    """Something was typed."""
    complete = Signal()
    """The address or login may be whole now: time to look."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stored = False
        self._length = 0
        self.maker, self.host, self.channel, self.stream, self.code = _form_rows()
        self.address, self.user, self.password = _address_rows()
        self._rows = (
            *(self.maker, self.host, self.channel, self.stream, self.code),
            *(self.address, self.user, self.password),
        )
        self._lay_out()
        self._connect()
        self._show_form()

    @property
    def rows(self) -> tuple[FieldRow, ...]:
        """Every field."""
        return self._rows

    def source(self) -> str:
        """The address, without a login."""
        return str(self.address.value)

    def login(self) -> tuple[str, str]:
        """(user, password) as typed."""
        return str(self.user.value), str(self.password.value)

    def show_camera(self, source: str, user: str, *, stored: bool) -> None:
        """Show a camera's address and user; a stored password is not shown, it can be replaced."""
        self.address.set_value(source)
        self.user.set_value(user)
        self._stored = stored
        line = self.password.editor
        if stored:
            line.setProperty("placeholderText", _("stored; type to replace it"))

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(px(8))
        grid.setVerticalSpacing(px(8))
        grid.addWidget(self.maker, 0, 0, 1, 2)
        grid.addWidget(self.host, 1, 0, 1, 2)
        grid.addWidget(self.channel, 2, 0)
        grid.addWidget(self.stream, 2, 1)
        grid.addWidget(self.code, 3, 0, 1, 2)
        grid.addWidget(self.address, 4, 0, 1, 2)
        grid.addWidget(self.user, 5, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.password, 5, 1, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, px(12), 0, 0)
        column.addLayout(grid)
        column.addStretch()

    def _connect(self) -> None:
        for row in (self.host, self.channel, self.stream, self.code):
            row.typed.connect(self._compose)
            row.edited.connect(self._composed)
        self.maker.edited.connect(self._show_form)
        self.address.typed.connect(self._typed_address)
        self.address.edited.connect(self._finish_address)
        for row in (self.user, self.password):
            row.typed.connect(lambda _key: self.changed.emit())
            row.edited.connect(lambda _key, _value: self.complete.emit())

    def _form(self) -> Preset | None:
        return preset(str(self.maker.value or ""))

    def _show_form(self, *_args: Any) -> None:
        form = self._form()
        self.host.setVisible(form is not None)
        self.channel.setVisible(form is not None and form.has_channel)
        self.stream.setVisible(form is not None and bool(form.streams))
        self.code.setVisible(form is not None and form.has_code)
        self._compose()

    def _compose(self, *_args: Any) -> None:
        """The address of what is filled in."""
        form, host = self._form(), str(self.host.value)
        if form is None or not host:
            return
        channel = self.channel.value if isinstance(self.channel.value, int) and self.channel.value > 0 else 1
        self.address.set_value(form.address(host, channel, int(self.stream.value or 0), str(self.code.value)))
        self.changed.emit()

    def _composed(self, *_args: Any) -> None:
        self._compose()
        if self._form() is not None and self.host.value:
            self.complete.emit()

    def _typed_address(self, _key: str) -> None:
        """A pasted address is taken apart at once, so that its password stands nowhere readable."""
        text = str(self.address.value)
        pasted = len(text) - self._length >= _PASTED
        self._length = len(text)
        self.maker.set_value("")
        self._show_form()
        if pasted and "://" in text:
            self._take_apart()
            self.complete.emit()
        self.changed.emit()

    def _finish_address(self, _key: str, _value: object) -> None:
        self._take_apart()
        self.complete.emit()

    def _take_apart(self) -> None:
        source, login = split_login(str(self.address.value))
        self._length = len(source)
        self.address.set_value(source)
        if login.user:
            self.user.set_value(login.user)
        if login.password:
            self.password.set_value(login.password)


def _form_rows() -> tuple[FieldRow, ...]:
    makers = (("", _("Any: I have the address")), *((form.name, form.name) for form in PRESETS))
    streams = ((0, _("main")), (1, _("second")))
    return (
        _row(
            FieldSpec(
                "maker",
                _("Maker"),
                _("Makers give addresses forms of their own: choose one and type the host, or paste an address."),
                "choice",
                "",
                makers,
            )
        ),
        _row(
            FieldSpec(
                "host",
                _("Host or IP address"),
                _("As your network names the camera. Add :PORT where it is not the usual one."),
                placeholder="192.168.1.20",
            )
        ),
        _row(FieldSpec("channel", _("Channel"), _("Which camera of a recorder; 1 for a lone camera."), "whole", 1)),
        _row(FieldSpec("stream", _("Stream"), _("The second one is smaller and costs less."), "choice", 0, streams)),
        _row(FieldSpec("code", _("Last part"), _("What the maker's own program shows at the end of the address."))),
    )


def _address_rows() -> tuple[FieldRow, ...]:
    return (
        _row(
            FieldSpec(
                "source",
                _("Address"),
                _("rtsp:// or http:// (MJPEG). A user and password in it are taken out at once and kept apart."),
                placeholder="rtsp://192.168.1.20:554/stream1",
            )
        ),
        _row(FieldSpec("user", _("User"), _("Empty where the camera asks for none."))),
        _row(
            FieldSpec(
                "password",
                _("Password"),
                _("Kept in the system's keyring or an encrypted file, never in the settings."),
                "password",
            )
        ),
    )


def _row(spec: FieldSpec) -> FieldRow:
    return FieldRow(spec, compact=True)
