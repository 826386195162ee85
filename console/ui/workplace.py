"""What every page works with: the home, the running site, the settings in force, and the way to change them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal

from console.errors import AuditError, NeedsSupervisor, SettingsError
from console.privacy.audit.record import Audit
from console.privacy.supervisor import Supervisor
from console.privacy.writer import PictureWriter
from console.settings.file import SettingsFile, check
from console.settings.home import Home
from console.settings.schema import Settings
from console.site.running import RunningSite
from console.store.store import Store
from console.ui.guarding import Guard
from console.ui.jobs import Jobs
from console.ui.notices import Notices
from console.ui.state import DeskState
from console.ui.supervision import Supervision, Then
from models.words import _

UNDO_STEPS = 50


@dataclass(frozen=True, slots=True)
class _Step:
    what: str
    before: bytes
    after: bytes


class Workplace(QObject):
    """Shared by all pages; belongs to the GUI thread.

    A change of the settings is written to the file at once, with its comments kept, and then applied in the background:
    a change that can't be applied (no such model) leaves what runs as it was, and says so with a way back.

    Attributes:
        home: the site's folder, locked.
        store: its database.
        writer: the one writer of pictures.
        site: what runs.
        file: the settings file; change it through `edit` and `change` alone.
        settings: what the file says now.
        state: how the desk looked.
        jobs: long work.
        applied: what came of the last `site.apply`, as its future.
        notices: where things are said.
        audit: the home's record; `record` adds who did it.
        supervision: the way to become a supervisor, and back.
        guard: of the settings that are a supervisor's.
    """

    settings_changed = Signal(object)
    operator_changed = Signal(str)
    history_changed = Signal()
    applied = Signal(object)
    role_changed = Signal()
    """A supervisor came into force or went, or a PIN was set."""

    def __init__(
        self, home: Home, store: Store, site: RunningSite, file: SettingsFile, *, settings: Settings, state: DeskState
    ) -> None:
        super().__init__()
        self.home = home
        self.store = store
        self.writer = PictureWriter(home, store)
        self.site = site
        self.file = file
        self.settings = settings
        self.state = state
        self.notices = Notices(self)
        self.jobs = Jobs(self.notices, self)
        self.audit = Audit(home.path)
        self.supervision = Supervision(self)
        self.supervision.changed.connect(self.role_changed)
        self.guard = Guard(self)
        self.guard.take_on(settings)
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._on_trial: _Step | None = None
        self._last: Future[None] | None = None
        self.applied.connect(self._say_failure, Qt.ConnectionType.QueuedConnection)

    @property
    def operator(self) -> str:
        """Who sits here; empty while nobody has said."""
        return str(self.state.get("operator", ""))

    @operator.setter
    def operator(self, name: str) -> None:
        if name != self.operator:
            self.supervision.leave("somebody else sits here")
            self.state.set("operator", name)
            self.operator_changed.emit(name)

    @property
    def supervisor(self) -> Supervisor:
        """Whether a supervisor is in force."""
        return self.supervision.supervisor

    def may(self, what: str, then: Then | None = None) -> bool:
        """Whether what is a supervisor's may be done now; see `Supervision.may`."""
        return self.supervision.may(what, then)

    def record(self, event: str, **details: object) -> None:
        """Record what is done, by whom, before it is done.

        Raises:
            AuditError: it can't be recorded; then it is not to be done.
        """
        self.audit.write(event, who=self.operator, supervisor=self.supervisor.unlocked, **details)

    def edit(
        self, changes: Mapping[str, object], what: str, then: Then | None = None, *, only_if_it_runs: bool = False
    ) -> None:
        """Change settings; see `SettingsFile.edit` for `changes`.

        Args:
            changes: by path.
            what: what was done, in the words of an undo menu: "Removed Gate".
            then: done once a supervisor has said the PIN, where it takes one: usually the same once more.
            only_if_it_runs: take the change back by itself where it can't be applied; else it stays, with a way back.

        Raises:
            SettingsError: not valid, or the file is broken or was changed by somebody else; nothing is written.
            NeedsSupervisor: it is for a supervisor; the PIN is being asked for, and nothing is written.
            AuditError: it is to be recorded and can't be; nothing stays written.
            HomeError: the file can't be written.
        """
        self.change(lambda file: file.edit(changes), what, then, only_if_it_runs=only_if_it_runs)

    def change(
        self,
        work: Callable[[SettingsFile], Settings],
        what: str,
        then: Then | None = None,
        *,
        only_if_it_runs: bool = False,
    ) -> None:
        """Change settings by any of the file's ways; see `edit`."""
        self.guard.see_to_it(lambda: self.file.outcome(work), then)
        before = self.file.content()
        settings = work(self.file)
        after = self.file.content()
        if after == before:
            return
        try:
            self.guard.record(settings, what)
        except AuditError:
            self.file.put_back(before, over=after)
            raise
        step = _Step(what, before, after)
        self._done.append(step)
        del self._done[:-UNDO_STEPS]
        self._undone.clear()
        self._on_trial = step if only_if_it_runs else None
        self._take_on(settings)

    @property
    def can_undo(self) -> str:
        """What `undo` would take back; empty for nothing."""
        return self._done[-1].what if self._done else ""

    @property
    def can_redo(self) -> str:
        """What `redo` would do again; empty for nothing."""
        return self._undone[-1].what if self._undone else ""

    def undo(self) -> None:
        """Take the last change of the settings back."""
        if not self._done:
            self.notices.say(_("There is nothing to undo."))
            return
        step = self._done[-1]
        if self._put(step.before, step.after, _("Undone: {what}").format(what=step.what), self.undo):
            self._done.remove(step)
            self._undone.append(step)
        self.history_changed.emit()

    def redo(self) -> None:
        """Do again what was undone last."""
        if not self._undone:
            self.notices.say(_("There is nothing to redo."))
            return
        step = self._undone[-1]
        if self._put(step.after, step.before, _("Done again: {what}").format(what=step.what), self.redo):
            self._undone.remove(step)
            self._done.append(step)
        self.history_changed.emit()

    def reload(self) -> None:
        """Read the settings file again, after somebody changed it outside the desk."""
        loaded = self.file.load()
        if loaded.problem is not None:
            self.notices.error(loaded.problem)
            return
        try:
            self.guard.see_to_it(lambda: loaded.settings, self.reload)
        except NeedsSupervisor as error:
            self.notices.error(error)
            return
        self._done.clear()
        self._undone.clear()
        self.guard.record_found(loaded.settings)
        self._take_on(loaded.settings)

    def take_outcome(self, applied: Future[None]) -> None:
        """Say it when what was applied fails; to be called once for each `site.apply`."""
        applied.add_done_callback(self.applied.emit)

    def _put(self, raw: bytes, over: bytes, words: str, again: Then) -> bool:
        wanted = check(raw)[0]
        try:
            if wanted is not None:
                self.guard.see_to_it(lambda: wanted, again)
                self.guard.record(wanted, words)
            settings = self.file.put_back(raw, over=over)
        except (AuditError, NeedsSupervisor) as error:
            self.notices.error(error)
            return False
        except SettingsError as error:
            self._done.clear()
            self._undone.clear()
            self.notices.error(error)
            return False
        self._take_on(settings)
        self.notices.say(words)
        return True

    def _take_on(self, settings: Settings) -> None:
        self.guard.take_on(settings)
        self.settings = settings
        self.settings_changed.emit(settings)
        self.history_changed.emit()
        self._last = self.site.apply(settings)
        self.take_outcome(self._last)

    def _say_failure(self, applied: Future[None]) -> None:
        step = self._on_trial if applied is self._last else None
        if step is not None:
            self._on_trial = None
        error = applied.exception()
        if error is None:
            return
        if step is not None and self._done and self._done[-1] is step and self.file.content() == step.after:
            words = _("Taken back, since it can't run: {what}").format(what=step.what)
            if self._put(step.before, step.after, words, self.undo):
                self._done.remove(step)
                self.history_changed.emit()
                self.notices.error(error)
                return
        self.notices.error(error, (_("Undo the change"), self.undo) if self._done else None)
