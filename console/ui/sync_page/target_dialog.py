"""Adding or changing a target: its kind first, then only what that kind needs, and a try before anything is saved."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from console.errors import SightdeskError
from console.settings.sync import TargetSettings
from console.ui.actions import keys_in_words
from console.ui.cameras.passwords import Asker, store_passwords, stored_names
from console.ui.sync_page.leaving import Leaving
from console.ui.sync_page.target_draft import Draft, Judged, changes_for, judge, way_of
from console.ui.sync_page.target_fields import CommonFields, WayFields
from console.ui.sync_page.target_words import WAYS
from console.ui.sync_page.trying import Trial, secrets_of
from console.ui.workplace import Workplace
from models.words import _
from widgets.room import no_default, open_at
from widgets.scrolled import Scrolled
from widgets.theme import px

_SAVE, _TEST = "Ctrl+Return", "Ctrl+Shift+T"


class TargetDialog(QDialog):
    """Adds a target, or changes one. What was typed stays until it is saved or the dialog is left.

    Args:
        workplace: where it is saved.
        target: the one to change; None: a new one.
    """

    def __init__(
        self, workplace: Workplace, target: TargetSettings | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workplace, self._original = workplace, target
        self._saving = self._told = False
        self._stored = stored_names(workplace.home)
        self._asker = Asker(self)
        self.trial = Trial(workplace, self)
        title = _("Change {name}").format(name=target.name) if target else _("Add a target")
        self.setWindowTitle(title)
        self.kind = QComboBox()
        self.kind.setAccessibleName(_("Kind of target"))
        for way, words in WAYS.items():
            self.kind.addItem(_(words), way)
        self.fields = WayFields(stored=target is not None and target.secret is not None)
        self.common = CommonFields(workplace.settings)
        self.leaving = Leaving()
        self.hint = QLabel(wordWrap=True)
        self.hint.setMinimumHeight(px(34))
        self.progress = QProgressBar(textVisible=False, minimum=0, maximum=0)
        self.progress.setAccessibleName(_("Trying the way there"))
        self.progress.setFixedWidth(px(90))
        self.progress.hide()
        self.test_button = QPushButton()
        self.test_button.setShortcut(QKeySequence(_TEST))
        self.cancel_button = QPushButton(_("Cancel"))
        self.save_button = QPushButton(_("Save  {keys}").format(keys=keys_in_words(_SAVE)))
        self.save_button.setProperty("role", "primary")
        self.save_button.setShortcut(QKeySequence(_SAVE))
        self.save_button.setAccessibleName(_("Save"))
        self._lay_out(title)
        if target is not None:
            self.choose_kind(way_of(target))
            self.fields.show_target(target)
            self.common.show_target(target)
        self._connect()
        self._show_test()
        self._judge()
        self._say(_("What was typed can be tried before it is saved."))
        (self.kind if target is None else self.fields.rows[self.fields.way]["url"].editor).setFocus()

    def choose_kind(self, way: str) -> None:
        """Show the fields of this kind."""
        self.kind.setCurrentIndex(self.kind.findData(way))
        self.fields.choose(self.kind.currentData())

    def draft(self) -> Draft:
        """What is filled in."""
        values = {**self.common.values(), **self.fields.values()}
        return Draft(self.fields.way, values, self.fields.secret, self._original)

    def test(self) -> None:
        """Try what is filled in; a second time: give it up."""
        if self.trial.running:
            self.trial.cancel()
            return
        judged = self._judge(tell=True)
        if judged.target is not None:
            secret = secrets_of(self._workplace.home, self.fields.secret, judged.secret)
            self.trial.begin(judged.target, secret)

    def save(self) -> None:
        """Store the secret, then the target; the dialog closes when both are done."""
        judged = self._judge(tell=True)
        if judged.target is None or self._saving:
            return
        if not self._workplace.may(_("Where data goes"), self.save):
            return
        if not judged.secret:
            self._write(judged.target)
            return
        self._saving = True
        self.save_button.setEnabled(False)
        target, home, secrets = judged.target, self._workplace.home, {judged.secret: self.fields.secret}
        self._workplace.jobs.start(
            _("Storing the secret"),
            lambda job: store_passwords(home, secrets, self._asker.for_job(job)),
            lambda _none: self._write(target),
            self._failed,
        )
        self._say(_("Storing the secret"))

    def done(self, result: int) -> None:
        """Closed, however it happened: nothing is tried any more."""
        self.trial.cancel()
        super().done(result)

    def _write(self, target: TargetSettings) -> None:
        self._saving = False
        changes = changes_for(target, self._workplace.settings, self._original)
        words = _("Changed {name}") if self._original else _("Added {name}")
        try:
            if changes:
                self._workplace.edit(changes, words.format(name=target.name), lambda: self._write(target))
        except SightdeskError as error:
            self._failed(error)
            return
        self.accept()

    def _failed(self, error: Exception) -> None:
        self._saving = False
        self.save_button.setEnabled(True)
        self._say(str(error) if isinstance(error, SightdeskError) else _("It could not be saved."), "stopped")

    def _judge(self, *, tell: bool = False) -> Judged:
        """See whether it will do; from the first try to save on, each field says what is wrong with it."""
        self._told = self._told or tell
        judged = judge(self.draft(), self._workplace.settings, self._stored)
        if self._told:
            self.fields.show_errors(judged.errors)
            self.common.show_errors(judged.errors)
            if judged.errors and tell:
                self._say(_("Something is missing or wrong; it stands beside its field."), "needs you")
        values = self.common.values()
        self.leaving.show_leaving(self.fields.way, values["sends"])
        return judged

    def _chosen_kind(self) -> None:
        self.fields.choose(self.kind.currentData())
        self._judge()

    def _changed(self, _field: str) -> None:
        self._judge()
        if self.hint.property("role") != "small" and not self.trial.running:
            self._say("")

    def _tried(self, words: str, worked: bool) -> None:  # noqa: FBT001  # a signal's arguments
        self._say(words, "" if worked else "needs you")

    def _show_test(self) -> None:
        running = self.trial.running
        self.progress.setVisible(running)
        words = _("Stop trying") if running else _("Test")
        self.test_button.setText(f"{words}  {keys_in_words(_TEST)}")
        self.test_button.setAccessibleName(words)
        self.test_button.setShortcut(QKeySequence(_TEST))  # new words take it away
        if running:
            self._say(_("Trying the way there and back; nothing is changed there."))

    def _say(self, words: str, role: str = "") -> None:
        marks = {"stopped": "■ ", "needs you": "▲ "}
        self.hint.setText(f"{marks.get(role, '')}{words}" if words else "")
        self.hint.setProperty("role", role or "small")
        self.hint.style().polish(self.hint)

    def _lay_out(self, title: str) -> None:
        heading = QLabel(title)
        heading.setProperty("role", "title")
        page = Scrolled()
        page.setProperty("role", "page")
        left = QVBoxLayout(page)
        left.setContentsMargins(0, 0, px(12), 0)
        left.setSpacing(px(8))
        top = QHBoxLayout()
        top.setSpacing(px(12))
        kind = QVBoxLayout()
        kind.setSpacing(px(3))
        name = QLabel(_("Kind"))
        name.setProperty("role", "small")
        kind.addWidget(name)
        kind.addWidget(self.kind)
        kind.addStretch()
        top.addLayout(kind, 1)
        top.addWidget(self.common.rows["name"], 1, Qt.AlignmentFlag.AlignTop)
        left.addLayout(top)
        left.addWidget(self.fields)
        line = QFrame()
        line.setProperty("role", "line")
        left.addWidget(line)
        left.addWidget(self.common)
        left.addStretch()
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(page)
        halves = QHBoxLayout()
        halves.setSpacing(px(16))
        halves.addWidget(scroll, 3)
        halves.addWidget(self.leaving, 2)
        foot = QHBoxLayout()
        foot.setSpacing(px(8))
        foot.addWidget(self.hint, 1)
        for part in (self.progress, self.test_button, self.cancel_button, self.save_button):
            foot.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(16), px(16), px(16), px(16))
        column.setSpacing(px(12))
        column.addWidget(heading)
        column.addLayout(halves, 1)
        column.addLayout(foot)
        no_default(self)
        open_at(self, 960, 700)

    def _connect(self) -> None:
        self.kind.activated.connect(lambda _n: self._chosen_kind())
        for part in (self.fields, self.common):
            part.changed.connect(self._changed)
            part.helped.connect(self._help)
        self.trial.begun.connect(lambda _name: self._show_test())
        self.trial.over.connect(self._show_test)
        self.trial.ended.connect(self._tried)
        self.test_button.clicked.connect(self.test)
        self.save_button.clicked.connect(self.save)
        self.cancel_button.clicked.connect(self.reject)

    def _help(self, words: str) -> None:
        if self.hint.property("role") == "small" and not self.trial.running and words:
            self._say(words)
