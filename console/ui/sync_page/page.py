"""The Sync page: what leaves the site and how far it is; above the targets, below every message and its whole way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from console.settings.sync import TargetSettings
from console.sync.overview.queries import TargetStatus
from console.sync.routes import may_answer
from console.ui.actions import Actions
from console.ui.sync_page import targets_view
from console.ui.sync_page.alarm_words import to_do
from console.ui.sync_page.doing import Doing
from console.ui.sync_page.feed import SyncFeed
from console.ui.sync_page.layout import SyncLayout
from console.ui.sync_page.messages_model import MessagesModel
from console.ui.sync_page.trace_pane import Found, find
from console.ui.sync_page.words import size, span
from console.ui.workplace import Workplace
from models.words import _, ngettext
from widgets.key_button import KeyButton
from widgets.two_line_table import Level

_TRACE_MS = 120
_BUTTONS = ("push", "pause", "test", "retry", "drop", "edit", "remove")


class SyncPage(QWidget):
    """Shows, sends, pauses, tries, adds, changes, removes, finds.

    Args:
        workplace: shared by all pages.
        feed: what is known of the outbox.

    Attributes:
        view: the widgets.
        doing: what is done to targets.
        model: the messages.

    Signals:
        traced: a way is shown; its tracking ID.
    """

    traced = Signal(str)

    def __init__(self, workplace: Workplace, feed: SyncFeed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workplace, self._feed = workplace, feed
        self._actions: Actions | None = None
        self._seen = -1
        self.model = MessagesModel(feed.reader, self)
        self.view = SyncLayout(self.model)
        self.doing = Doing(workplace, self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.view)
        self.setFocusProxy(self.view.targets)
        self._trace_timer = QTimer(self, singleShot=True, interval=_TRACE_MS)
        self._trace_timer.timeout.connect(self._trace)
        self._wanted = ""
        self._connect()
        self._refresh()

    def bind(self, actions: Actions) -> None:
        """Give the entries of the table their effect."""
        self._actions = actions
        for name, work in self._work().items():
            actions.bind(f"sync.{name}", work, self)
        view = self.view
        buttons = {name: getattr(view, name) for name in (*_BUTTONS, "add")}
        for name, button in buttons.items():
            actions.follow(button, f"sync.{name}")
        actions.follow(view.first, "sync.add")
        actions.follow(view.trace.copy, "sync.copy")
        self._enable()

    @property
    def chosen(self) -> TargetStatus | None:
        """The chosen target."""
        shown = self._feed.shown
        return shown.by_target.get(self.view.targets.chosen) if shown is not None else None

    def show_trace(self, tracking_id: str) -> None:
        """Show where an event or review item is, and its messages."""
        self.view.messages.narrow(tracking_id=tracking_id)
        self._look_up(tracking_id)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Look at once when somebody looks."""
        super().showEvent(event)
        self._feed.look()
        if self._seen < 0:
            self.model.again()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Another theme or text scale: heights are the theme's."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._refresh()

    def _work(self) -> Mapping[str, Callable[[], object]]:
        return {
            "push": lambda: self._for_chosen(lambda target: self.doing.push(target.name)),
            "pause": lambda: self._for_chosen(self.doing.pause),
            "test": self._test,
            "retry": lambda: self._for_chosen(lambda target: self.doing.retry(target.name)),
            "drop": lambda: self._for_chosen(self.doing.drop),
            "edit": lambda: self._for_chosen(lambda target: self.doing.edit(target.name)),
            "remove": lambda: self._for_chosen(self.doing.remove),
            "add": self.doing.add,
            "find": self.view.messages.search.setFocus,
            "copy": self.view.trace.copy_id,
        }

    def _for_chosen(self, work: Callable[[TargetStatus], object]) -> None:
        target = self.chosen
        if target is None:
            self._workplace.notices.say(_("Choose a target first."))
        else:
            work(target)

    def _test(self) -> None:
        if self.doing.trial.running:
            self.doing.trial.cancel()
        else:
            self._for_chosen(lambda target: self.doing.test(target.name))

    # What it shows

    def _connect(self) -> None:
        view, workplace = self.view, self._workplace
        work = self._work()
        for name in (*_BUTTONS, "add"):
            button: KeyButton = getattr(view, name)
            button.clicked.connect(lambda _down=False, name=name: work[name]())
        view.first.clicked.connect(lambda _down: self.doing.add())
        view.cancel.clicked.connect(self.doing.trial.cancel)
        view.targets.wanted.connect(self.doing.edit)
        view.targets.chosen_changed.connect(self._turn_to)
        view.targets.menu_wanted.connect(self._menu)
        view.messages.picked.connect(self._pick)
        view.messages.looked_for.connect(self._search)
        view.trace.copied.connect(lambda _id: workplace.notices.say(_("The tracking ID is in the clipboard.")))
        self._feed.pulled.connect(self._refresh)
        self._feed.reader.works.connect(self.model.again)
        self.doing.done.connect(self._feed.look)
        self.doing.tried.connect(self._say_tried)
        self.doing.trial.begun.connect(self._show_trial)
        self.doing.trial.over.connect(lambda: self._show_trial(""))
        workplace.settings_changed.connect(lambda _settings: self._feed.look())

    def _refresh(self) -> None:
        shown, settings = self._feed.shown, self._workplace.settings
        self.model.names = {camera.id: camera.title for camera in settings.cameras}
        if shown is None or not (self.isVisible() or self._seen < 0):
            return
        self.view.alarms.show_alarms([(alarm.level, alarm.words, to_do(alarm)) for alarm in shown.alarms])
        rows = targets_view.rows(
            shown, self._own(), self._feed.figures, self._feed.rates, warn_days=settings.sync.warn_days
        )
        self.view.targets.show_rows(rows)
        self.view.show_targets(len(rows), self._summary())
        self._show_quota()
        self.view.messages.show_targets([target.name for target in shown.targets])
        self._show_chosen()
        if self.isVisible():
            if self._seen < 0:
                self.model.again()
            else:
                self.view.messages.refresh()
            if shown.newest != self._seen and self._wanted:
                self._trace_timer.start()
            self._seen = shown.newest

    def _own(self) -> dict[str, TargetSettings]:
        return {target.name: target for target in self._workplace.settings.sync.targets}

    def _summary(self) -> str:
        shown = self._feed.shown
        if shown is None or not shown.targets:
            return ""
        n = len(shown.targets)
        queued = sum(target.queued for target in shown.targets)
        words = [ngettext("{n} target", "{n} targets", n).format(n=n)]
        words.append(_("{n} waiting").format(n=f"{queued:,}") if queued else _("nothing waits"))
        return ", ".join(words)

    def _show_quota(self) -> None:
        quota = self._feed.shown.quota if self._feed.shown is not None else None
        if quota is None:
            return
        words = _("{used} of {limit}").format(used=size(quota.bytes), limit=size(quota.limit))
        if quota.full_in_s and quota.share >= targets_view.FORETOLD:  # 0: it is, and its colour says so
            words = _("{words}, full in {span}").format(words=words, span=span(quota.full_in_s))
        level: Level = "stopped" if quota.share >= 1 else "needs you" if quota.share >= targets_view.EARLY else ""
        tip = _("So much of what may wait here for sending does. Beyond it, further pictures wait aside, unprotected.")
        self.view.quota.show_share(quota.share, words, level, tip)

    def _turn_to(self, _name: str) -> None:
        self.view.said.hide()  # it was said of another
        self._show_chosen()

    def _show_chosen(self) -> None:
        target = self.chosen
        note = ""
        if target is not None:
            own, figures = self._own().get(target.name), self._feed.figures.get(target.name)
            problem, hint = targets_view.problem_of(target, figures)
            came = targets_view.comes(target, figures, datetime.now(UTC)) if own and may_answer(own) else ""
            goes = targets_view.goes(own) if own else ""
            note = "\n".join(filter(None, (goes, f"{problem} {hint}".strip(), came)))
        self.view.note.setText(note)
        self.view.note.setVisible(bool(note))
        self._enable()

    def _enable(self) -> None:
        target, view = self.chosen, self.view
        known = target is not None and target.known
        can = {
            "push": known and target is not None and target.enabled,
            "pause": known,
            "test": known,
            "retry": target is not None and target.refused > 0,
            "drop": target is not None and bool(target.queued or target.refused or target.later),
            "edit": known,
            "remove": target is not None,
        }
        words = _("Go on") if target is not None and target.paused else _("Pause")
        if view.pause.text() != words:
            view.pause.show_as(words, "play" if target is not None and target.paused else "pause")
        for name, on in can.items():
            getattr(view, name).setEnabled(bool(on))

    def _show_trial(self, name: str) -> None:
        self.view.testing.setVisible(bool(name))
        self.view.test_words.setText(_("Trying {name}").format(name=name) if name else "")
        if name:
            self.view.said.hide()

    def _say_tried(self, words: str, worked: bool) -> None:  # noqa: FBT001  # a signal's arguments
        said = self.view.said
        said.setText(f"✓ {words}" if worked else f"▲ {words}")
        said.setProperty("role", "" if worked else "needs you")
        said.style().polish(said)
        said.show()

    def _menu(self, at: QPoint) -> None:
        if self._actions is None:
            return
        menu = QMenu(self)
        for name in _BUTTONS:
            button: KeyButton = getattr(self.view, name)
            keys = self._actions.shown(f"sync.{name}")
            line = menu.addAction(f"{button.text()}\t{keys}" if keys else button.text(), button.click)
            line.setEnabled(button.isEnabled())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.view.targets.viewport().mapToGlobal(at))

    # The way of one thing

    def _pick(self, tracking_id: str) -> None:
        self._wanted = tracking_id
        self._trace_timer.start()

    def _search(self, text: str) -> None:
        if not text:
            self.view.messages.narrow(target=self.model.wanted.target, state=self.model.wanted.state)
            return
        self._look_up(text)

    def _trace(self) -> None:
        if self._wanted:
            self._look_up(self._wanted)

    def _look_up(self, tracking_id: str) -> None:
        self._wanted = tracking_id
        home = self._workplace.home.path

        def take(found: Found) -> None:
            if tracking_id != self._wanted:
                return
            self.view.trace.show_found(found, datetime.now(UTC))
            if found.trace is not None:
                self._wanted = found.trace.tracking_id
                self.traced.emit(self._wanted)
                if self.view.messages.search.text().strip() == tracking_id:
                    self.view.messages.narrow(tracking_id=self._wanted)

        self._feed.reader.ask("trace", lambda db: find(db, tracking_id, home), take, first=True)
