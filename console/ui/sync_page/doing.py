"""What is done to a target from the Sync page: send now, pause, try again, drop, test, change, remove."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDialog, QWidget

from console.errors import AuditError, NeedsSupervisor, SettingsChanged, SightdeskError
from console.settings.sync import TargetSettings
from console.sync import requests
from console.sync.overview.queries import TargetStatus
from console.ui.jobs import Job
from console.ui.sync_page.target_dialog import TargetDialog
from console.ui.sync_page.target_draft import path_of
from console.ui.sync_page.trying import Trial
from console.ui.sync_page.words import by_kind
from console.ui.workplace import Workplace
from models.words import _, ngettext
from widgets.ask_dialog import AskDialog

D = TypeVar("D", bound=QDialog)
KEEP, DROP, REFUSED = "keep", "drop", "refused"


class Doing(QObject):
    """Does it, and asks first where it can't be taken back. Belongs to the GUI thread.

    Args:
        workplace: shared by all pages.
        page: dialogs stand in front of it.

    Signals:
        done: something was done that is to be seen at once.
        tried: words and whether it worked, of a target that was tried.
    """

    done = Signal()
    tried = Signal(str, bool)

    def __init__(self, workplace: Workplace, page: QWidget) -> None:
        super().__init__(page)
        self._workplace, self._page = workplace, page
        self.trial = Trial(workplace, self)
        self.trial.ended.connect(self.tried)

    def add(self) -> TargetDialog:
        """Add a target; the dialog, which is shown already."""
        return self._open(TargetDialog(self._workplace, parent=self._page.window()))

    def edit(self, name: str) -> TargetDialog | None:
        """Change a target; the dialog, which is shown already; None: it is not in the settings."""
        own = self._own(name)
        return self._open(TargetDialog(self._workplace, own, parent=self._page.window())) if own else None

    def push(self, name: str) -> None:
        """Try now what waits, past back-off and hours."""
        self._run(_("Sending now"), lambda _job: requests.ask_push(self._workplace.store, name))

    def pause(self, target: TargetStatus) -> None:
        """Pause a target, or go on."""
        self._run(
            _("Pausing") if not target.paused else _("Going on"),
            lambda _job: requests.ask_pause(self._workplace.store, target.name, not target.paused),
        )

    def retry(self, name: str) -> None:
        """Have what was refused tried again."""

        def told(n: int) -> None:
            words = ngettext("{n} message is tried again.", "{n} messages are tried again.", n)
            self._workplace.notices.say(words.format(n=f"{n:,}"))
            self.done.emit()

        self._run(_("Trying again"), lambda _job: requests.retry(self._workplace.store, name), told)

    def drop(self, target: TargetStatus) -> AskDialog | None:
        """Ask, then take what waits or was set aside away from a target; None: there is nothing, or it may not be."""
        if not target.queued and not target.refused and not target.later:
            self._workplace.notices.say(_("Nothing waits for {name}.").format(name=target.name))
            return None
        if not self._workplace.may(_("Dropping what is to be sent"), partial(self.drop, target)):
            return None
        answers = [("all", _("Drop all that waits"), "danger")]
        if target.refused:
            answers.insert(0, (REFUSED, _("Only what was refused ({n})").format(n=f"{target.refused:,}"), ""))
        question = _(
            "For {name} there are {what}. What is dropped never goes there; it stays in this desk as long as it is "
            "kept anyway. That can't be taken back."
        ).format(name=target.name, what=_what(target)) + _untold(target)
        dialog = AskDialog(_("Drop what waits?"), question, answers, self._page.window())
        dialog.answered.connect(lambda what: self._drop(target.name, what))
        return self._open(dialog)

    def remove(self, target: TargetStatus) -> AskDialog | None:
        """Ask what becomes of what waits, then take a target out of the settings."""
        if not target.known:
            return self.drop(target)
        if not self._workplace.may(_("Removing a target"), partial(self.remove, target)):
            return None
        waits = target.queued + target.refused + target.later
        if waits:
            question = _(
                "For {name} there are {what}. Kept, it goes on waiting, and is sent should a target of this name come "
                "back. Dropped, it never goes there."
            ).format(name=target.name, what=_what(target)) + _untold(target)
            answers = [(KEEP, _("Remove, keep what waits"), ""), (DROP, _("Remove and drop"), "danger")]
        else:
            question = _("Nothing waits for {name}. What it has stays there.").format(name=target.name)
            answers = [(KEEP, _("Remove"), "danger")]
        title = _("Remove {name}?").format(name=target.name)
        dialog = AskDialog(title, question, answers, self._page.window())
        dialog.answered.connect(lambda what: self._remove(target.name, drop=what == DROP))
        return self._open(dialog)

    def test(self, name: str) -> None:
        """Try the way to a target and back; it changes nothing there."""
        own = self._own(name)
        if own is not None:
            self.trial.begin(own)

    def _remove(self, name: str, *, drop: bool) -> None:
        path = path_of(self._workplace.settings, name)
        if not path:
            return
        try:
            self._workplace.edit(
                {path: None}, _("Removed {name}").format(name=name), partial(self._remove, name, drop=drop)
            )
        except NeedsSupervisor:  # the PIN is being asked for
            return
        except SettingsChanged as error:
            self._workplace.notices.error(error, (_("Load it again"), self._workplace.reload))
            return
        except SightdeskError as error:
            self._workplace.notices.error(error)
            return
        self._workplace.notices.say(_("Removed {name}.").format(name=name), (_("Undo"), self._workplace.undo))
        if drop:
            self._drop(name, "all")
        self.done.emit()

    def _drop(self, name: str, what: str) -> None:
        state: Literal["refused", "all"] = "refused" if what == REFUSED else "all"

        def work(_job: Job) -> int:
            self._workplace.record("outbox dropped", target=name, what=state)
            return requests.drop(self._workplace.store, name, state)

        def told(n: int) -> None:
            words = ngettext("{n} message was dropped.", "{n} messages were dropped.", n)
            self._workplace.notices.say(words.format(n=f"{n:,}"))
            self.done.emit()

        self._run(_("Dropping"), work, told)

    def _run(self, title: str, work: Callable[[Job], object], then: Callable[[Any], None] | None = None) -> None:
        """On a job's thread: each of them waits for the disk."""
        self._workplace.jobs.start(title, work, then or (lambda _none: self.done.emit()), self._failed)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, AuditError):
            self._workplace.notices.warn(
                _("Nothing was dropped, since it can't be recorded: {error}").format(error=error)
            )
        else:
            self._workplace.notices.error(error)
        self.done.emit()

    def _own(self, name: str) -> TargetSettings | None:
        return next((target for target in self._workplace.settings.sync.targets if target.name == name), None)

    def _open(self, dialog: D) -> D:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog


def _untold(target: TargetStatus) -> str:
    """What is to be known of dropping word of erasures; empty: none waits."""
    if not target.waiting.get("erased"):
        return ""
    words = _("Among it is word of erasures: dropped, {name} is not told what was erased here, and keeps it.")
    return " " + words.format(name=target.name)


def _what(target: TargetStatus) -> str:
    """What is for a target and not there yet, in words."""
    parts = [by_kind(target.waiting)]
    if target.refused:
        parts.append(_("{n} set aside").format(n=f"{target.refused:,}"))
    if target.later:
        parts.append(_("{n} over the quota").format(n=f"{target.later:,}"))
    return ", ".join(filter(None, parts))
