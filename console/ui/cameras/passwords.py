"""Storing a camera's password from the screen: on a job's thread, asking for a passphrase where there is no keyring."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from console.errors import SecretError
from console.settings.home import Home
from console.settings.secrets import Secrets
from console.settings.vault import MIN_PASSPHRASE, VARIABLE, unlock
from console.ui.jobs import Job
from console.ui.workplace import Workplace
from models.words import _
from widgets.theme import px

_LOOK_S = 0.1


class PassphraseDialog(QDialog):
    """Asks for the passphrase of the file of secrets; a new one twice."""

    def __init__(self, parent: QWidget | None, *, new: bool) -> None:
        super().__init__(parent)
        self._new = new
        self.setWindowTitle(_("Passphrase"))
        self.setModal(True)
        column = QVBoxLayout(self)
        column.setSpacing(px(8))
        told = (
            _(
                "This machine has no keyring, so passwords are kept in an encrypted file. Choose a passphrase for it. "
                "It is asked for when the desk starts; without it the cameras' passwords have to be typed anew."
            )
            if new
            else _("Cameras' passwords are in an encrypted file. Type its passphrase.")
        )
        words = QLabel(told, wordWrap=True)
        words.setMinimumWidth(px(380))
        column.addWidget(words)
        self.first, self.second = self._line(_("Passphrase")), self._line(_("The same again"))
        column.addWidget(self.first)
        if new:
            column.addWidget(self.second)
        self._why = QLabel(wordWrap=True)
        self._why.setProperty("role", "stopped")
        column.addWidget(self._why)
        buttons = QDialogButtonBox()
        use = buttons.addButton(_("Use it"), QDialogButtonBox.ButtonRole.AcceptRole)
        use.setProperty("role", "primary")
        buttons.addButton(_("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self._use)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    @property
    def passphrase(self) -> str:
        """As typed."""
        return self.first.text()

    def _line(self, name: str) -> QLineEdit:
        line = QLineEdit(placeholderText=name)
        line.setEchoMode(QLineEdit.EchoMode.Password)
        line.setAccessibleName(name)
        return line

    def _use(self) -> None:
        if self._new and len(self.passphrase) < MIN_PASSPHRASE:
            self._why.setText(_("▲ Take at least {n} characters.").format(n=MIN_PASSPHRASE))
        elif self._new and self.passphrase != self.second.text():
            self._why.setText(_("▲ These two differ."))
        elif self.passphrase:
            self.accept()


class Asker(QObject):
    """Lets a job's thread ask the person at the screen for the passphrase, and wait for the answer.

    Args:
        over: the window the question stands in front of.
    """

    _wanted = Signal(bool)

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self._answered = threading.Event()
        self._answer: list[str] = []
        self._wanted.connect(self._ask, Qt.ConnectionType.QueuedConnection)

    def for_job(self, job: Job) -> Callable[[bool], str]:
        """What `Secrets` calls on the job's thread.

        Raises (there):
            SecretError: no passphrase was given, or the job was cancelled.
        """

        def ask(new: bool) -> str:  # noqa: FBT001  # as Secrets calls it
            self._answered.clear()
            self._answer = []
            self._wanted.emit(new)
            while not self._answered.wait(_LOOK_S):
                if job.cancelled.is_set():
                    break
            if not self._answer:
                raise SecretError(_("No passphrase was given."), _("Passwords can't be stored or read without it."))
            return self._answer[0]

        return ask

    def _ask(self, new: bool) -> None:  # noqa: FBT001  # a slot
        dialog = PassphraseDialog(self._over, new=new)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def ended(result: int) -> None:
            self._answer = [dialog.passphrase] if result == QDialog.DialogCode.Accepted else []
            self._answered.set()

        dialog.finished.connect(ended)
        dialog.open()


def store_passwords(home: Home, passwords: Mapping[str, str], ask: Callable[[bool], str] | None) -> None:
    """Store passwords by the names of their secrets, and keep a passphrase that was typed for this process.

    Raises:
        SecretError, HomeError: they can't be stored.
    """
    typed: list[str] = []

    def asked(new: bool) -> str:  # noqa: FBT001  # as Secrets calls it
        if ask is None:
            raise SecretError(_("The passphrase of the stored passwords is needed."))
        typed.append(ask(new))
        return typed[-1]

    secrets = Secrets(home, asked)
    for name, password in passwords.items():
        secrets.set(name, password)
    if typed:
        unlock(typed[-1])


def stored_names(home: Home) -> frozenset[str]:
    """Names of the secrets that are there; none where the list can't be read."""
    try:
        return frozenset(Secrets(home).names())
    except SecretError:
        return frozenset()


def locked(home: Home) -> bool:
    """Whether passwords are kept in the encrypted file and nobody has said its passphrase yet."""
    if os.environ.get(VARIABLE):
        return False
    try:
        names = Secrets(home).names()
    except SecretError:
        return False
    return "file" in names.values()


def unlock_passwords(workplace: Workplace, over: QWidget) -> None:
    """Ask for the passphrase of the stored passwords, where it is needed."""
    if not locked(workplace.home):
        return
    asker = Asker(over)

    def work(job: Job) -> None:
        typed: list[str] = []
        ask = asker.for_job(job)

        def asked(new: bool) -> str:  # noqa: FBT001  # as Secrets calls it
            typed.append(ask(new))
            return typed[-1]

        secrets = Secrets(workplace.home, asked)
        name = next((name for name, place in secrets.names().items() if place == "file"), None)
        if name is not None:
            secrets.get(name)
        if typed:
            unlock(typed[-1])

    def done(_none: None) -> None:
        workplace.notices.say(_("Passwords are unlocked. Cameras that waited for them connect within a minute."))

    workplace.jobs.start(_("Unlocking passwords"), work, done)
