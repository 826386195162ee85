"""Operator or supervisor: who is in force at this desk, the way there by PIN, and back by key or by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from console.errors import SightdeskError
from console.privacy.supervisor import Supervisor, TooSoon
from console.settings.secrets import Secrets
from models.words import _, ngettext

if TYPE_CHECKING:
    from console.settings.home import Home
    from console.ui.workplace import Workplace
    from widgets.pin_dialog import PinDialog

Then = Callable[[], object]
_LOOK_MS = 1000
_TOUCH_S = 1.0
_TOLD = "told that there is no PIN"
_WORK = frozenset({
    QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel, QEvent.Type.TouchBegin,
    QEvent.Type.TabletPress,
})  # fmt: skip


class _Kept:
    """The home's secrets, opened for each question with whatever way of asking for a passphrase there is then."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.ask: Callable[[bool], str] | None = None

    def names(self) -> dict[str, Any]:
        """See `Secrets.names`."""
        return dict(Secrets(self._home).names())

    def get(self, name: str) -> SecretStr:
        """See `Secrets.get`."""
        return Secrets(self._home, self.ask).get(name)

    def set(self, name: str, value: str) -> object:
        """See `Secrets.set`."""
        return Secrets(self._home, self.ask).set(name, value)

    def remove(self, name: str) -> None:
        """See `Secrets.remove`."""
        Secrets(self._home, self.ask).remove(name)


class Supervision(QObject):
    """The desk's side of the supervisor. Belongs to the GUI thread; see `console.privacy.supervisor`.

    Args:
        workplace: who asks, and where it is recorded.

    Attributes:
        supervisor: may be asked on any thread.
    """

    changed = Signal()
    """A supervisor came into force or went, or a PIN was set or cleared."""
    _turned = Signal()

    def __init__(self, workplace: Workplace) -> None:
        super().__init__(workplace)
        self._workplace = workplace
        self._kept = _Kept(workplace.home)
        self.supervisor = Supervisor(self._kept, workplace.home.run, workplace.record)
        self.supervisor.on_change(self._turned.emit)
        self._turned.connect(self._follow, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._touched = 0.0
        self._dialog: PinDialog | None = None

    def words(self) -> str:
        """Who is in force, when it is a supervisor; else empty."""
        left = self.supervisor.left_s
        if not left:
            return ""
        minutes = max(1, round(left / 60))
        return ngettext("supervisor for {n} min", "supervisor for {n} min", minutes).format(n=minutes)

    def may(self, what: str, then: Then | None = None) -> bool:
        """Whether what is a supervisor's may be done now. Where not, the PIN is asked for, and False the answer.

        Args:
            what: what is to be done, in a few words: "Erasing pictures".
            then: done as soon as the PIN was right.
        """
        if self.supervisor.unlocked:
            self.supervisor.touch()
            return True
        if self.supervisor.has_pin:
            self.ask(what, then)
            return False
        if not self._workplace.state.get(_TOLD, ""):
            self._workplace.state.set(_TOLD, _TOLD)
            self._workplace.notices.say(
                _("No supervisor's PIN is set: whoever sits here may change what is covered, kept, sent and erased."),
                (_("Set one"), self.set_pin),
            )
        return True

    def toggle(self) -> None:
        """The key: become supervisor, or go back to operator; set a PIN where there is none."""
        if self.supervisor.unlocked:
            self.leave()
        elif self.supervisor.has_pin:
            self.ask("")
        else:
            self.set_pin()

    def leave(self, why: str = "by hand") -> None:
        """Back to operator."""
        self.supervisor.lock(why)

    def ask(self, what: str, then: Then | None = None) -> PinDialog:
        """Ask for the PIN; the dialog, which is shown already."""
        idle = max(1, round(self.supervisor.idle_s / 60))
        stays = ngettext(
            "It counts until nobody has touched anything for {n} minute.",
            "It counts until nobody has touched anything for {n} minutes.", idle,
        ).format(n=idle)  # fmt: skip
        needs = _("{what} is for a supervisor.").format(what=f"{what[:1].upper()}{what[1:]}") if what else ""
        dialog = self._show(_("Supervisor's PIN"), f"{needs} {stays}".strip(), _("Go on"), known=True, new=False)

        def done(right: bool) -> None:  # noqa: FBT001  # a job's answer
            if not right:
                wait = self.supervisor.wait_s()
                dialog.refuse(_("Too many wrong PINs.") if wait else _("That is not the PIN."), wait)
                return
            dialog.accept()
            if then is not None:
                then()

        dialog.given.connect(lambda pin, _new: self._try(dialog, lambda: self.supervisor.unlock(pin), done))
        if wait := self.supervisor.wait_s():
            dialog.refuse(_("Too many wrong PINs."), wait)
        return dialog

    def set_pin(self) -> PinDialog:
        """Have a PIN set, or another one; the dialog, which is shown already."""
        known = self.supervisor.has_pin
        why = _(
            "With it a supervisor changes what is covered, how long pictures are kept, where they are sent, and erases "
            "or reveals them. A forgotten one can't be looked up. At least six characters."
        )
        title = _("Another supervisor's PIN") if known else _("A supervisor's PIN")
        dialog = self._show(title, why, _("Set it"), known=known, new=True)

        def done(_none: None) -> None:
            dialog.accept()
            self._workplace.notices.say(_("The supervisor's PIN is set."))
            self.changed.emit()

        dialog.given.connect(lambda old, new: self._try(dialog, lambda: self.supervisor.set_pin(old, new), done))
        return dialog

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """While a supervisor is in force: a key or a click anywhere keeps it so."""
        if event.type() in _WORK and time.monotonic() - self._touched > _TOUCH_S:
            self._touched = time.monotonic()
            self.supervisor.touch()
        return super().eventFilter(watched, event)

    def close(self) -> None:
        """At the desk's end."""
        if self._dialog is not None:
            self._dialog.reject()
        self.supervisor.lock("the desk was closed")
        self._timer.stop()
        self._filter(on=False)

    def _show(self, title: str, why: str, button: str, *, known: bool, new: bool) -> PinDialog:
        from widgets.pin_dialog import PinDialog  # noqa: PLC0415  # seldom needed

        if self._dialog is not None:
            self._dialog.reject()
        over = QApplication.activeModalWidget() or QApplication.activeWindow()
        dialog = self._dialog = PinDialog(title, why, button, over, known=known, new=new)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(lambda _result: self._forget(dialog))
        dialog.open()
        return dialog

    def _forget(self, dialog: PinDialog) -> None:
        if self._dialog is dialog:
            self._dialog = None

    def _try(self, dialog: PinDialog, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Look at a PIN off the GUI thread; what is wrong is said in the dialog."""
        from console.ui.cameras.passwords import Asker  # noqa: PLC0415  # only where a PIN is typed

        asker = Asker(dialog)
        dialog.busy()

        def run(job: Any) -> Any:
            typed: list[str] = []
            ask = asker.for_job(job)

            def asked(new: bool) -> str:  # noqa: FBT001  # as Secrets calls it
                typed.append(ask(new))
                return typed[-1]

            self._kept.ask = asked
            try:
                answer = work()
            finally:
                self._kept.ask = None
            if typed:
                from console.settings.vault import unlock  # noqa: PLC0415

                unlock(typed[-1])
            return answer

        def failed(error: Exception) -> None:
            if isinstance(error, TooSoon):
                dialog.refuse(_("Too many wrong PINs."), error.wait_s)
            elif isinstance(error, SightdeskError):
                dialog.refuse(str(error))
            else:
                dialog.reject()
                self._workplace.notices.error(error)

        alive = [True]
        dialog.finished.connect(lambda _result: alive.clear())
        self._workplace.jobs.start(
            _("Looking at the PIN"),
            run,
            lambda answer: done(answer) if alive else self.leave("given up"),
            lambda error: failed(error) if alive else None,
        )

    def _look(self) -> None:
        if not self.supervisor.unlocked:
            self._timer.stop()

    def _follow(self) -> None:
        on = self.supervisor.unlocked
        if on:
            self._timer.start()
        self._filter(on=on)
        self.changed.emit()

    def _filter(self, *, on: bool) -> None:
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
            if on:
                app.installEventFilter(self)
