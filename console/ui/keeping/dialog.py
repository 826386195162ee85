"""The dialog of what is kept: a row a camera, and below it the way to erase for good, looked at before it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from console.errors import SightdeskError
from console.privacy.erasing import erasure
from console.privacy.erasing.foreseeing import Preview
from console.privacy.erasing.report import FOLDER, Report
from console.privacy.erasing.scope import Scope
from console.store.erasures import ErasureRow, unfinished
from console.store.holds import WORDS
from console.store.kept import Kept, kept
from console.ui.jobs import Job
from console.ui.keeping.scope_fields import ScopeFields
from console.ui.keeping.table import KeptTable, size_in_words
from console.ui.workplace import Workplace
from models.words import N_, _, ngettext
from widgets.room import no_default, open_at
from widgets.theme import px

T = TypeVar("T")
_MAY = N_("Erasing pictures")


class KeepingDialog(QDialog):
    """What is kept, and erasing it.

    What is erased goes on in the background when the dialog is closed, and at the next start when the desk is.

    Args:
        workplace: where everything is.
        parent: what it belongs to.
    """

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workplace = workplace
        self._job: Job | None = None
        self._looked: tuple[Scope, Preview] | None = None
        self._waiting: list[ErasureRow] = []
        self.setWindowTitle(_("Pictures that are kept"))
        self.table = KeptTable()
        self.fields = ScopeFields(workplace.settings)
        self.look_button = QPushButton(_("See what would go"))
        self.erase_button = QPushButton(_("Erase for good"))
        self.erase_button.setProperty("role", "primary")
        self.summary = QLabel(wordWrap=True)
        self.summary.setAccessibleName(_("What would go, or what went"))
        self.summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setAccessibleName(_("Progress of the erasure"))
        self.stop_button = QPushButton(_("Stop"))
        self.close_button = QPushButton(_("Close"))
        self._stopped_words = QLabel(wordWrap=True)
        self._stopped_words.setProperty("role", "needs you")
        self.go_on_button = QPushButton(_("Go on"))
        self.give_up_button = QPushButton(_("Let the rest stay"))
        self._lay_out()
        self._connect()
        self.refresh()
        self.look_button.setFocus()

    def refresh(self) -> None:
        """Show what is kept and what is unfinished, as it is now."""
        self._workplace.jobs.start(_("Looking what is kept"), lambda _job: self._read(), self._show_kept)
        self._show_state()

    def look(self) -> None:
        """Say what would go."""
        try:
            scope = self.fields.scope()
            scope.check()
        except SightdeskError as error:
            self._looked = None
            self.summary.setText(f"▲ {error}")
            self._show_state()
            return
        home = self._workplace.home
        self._start(_("Looking what would go"), lambda _job: (scope, erasure.look(home, scope)), self._show_preview)

    def erase(self) -> None:
        """Erase what was looked at."""
        if self._looked is None or self._job is not None or not self._workplace.may(_(_MAY), self.erase):
            return
        scope, by = self._looked[0], self._workplace.operator or _("nobody named")
        home, store = self._workplace.home, self._workplace.store

        def work(job: Job) -> Report:
            row = erasure.begin(home, store, scope, by)
            return erasure.carry_out(home, store, row.id, job.report, job.cancelled.is_set)

        self._start(_("Erasing"), work, self._show_report)

    def go_on(self) -> None:
        """Do what was stopped to its end."""
        self._finish(give_up=False)

    def give_up(self) -> None:
        """Let what a stopped erasure has not reached stay."""
        self._finish(give_up=True)

    def _finish(self, *, give_up: bool) -> None:
        again = self.give_up if give_up else self.go_on
        if not self._waiting or self._job is not None or not self._workplace.may(_(_MAY), again):
            return
        rows, by = list(self._waiting), self._workplace.operator or _("nobody named")
        home, store = self._workplace.home, self._workplace.store

        def work(job: Job) -> Report:
            for row in rows:
                if give_up and row.stage != "clean":
                    erasure.give_up(home, store, row.id, by)
                report = erasure.carry_out(home, store, row.id, job.report, job.cancelled.is_set)
            return report

        self._start(_("Erasing"), work, self._show_report)

    def _start(self, title: str, work: Callable[[Job], T], done: Callable[[T], None]) -> None:
        self._looked = None
        self._job = self._workplace.jobs.start(title, work, done, self._show_failure)
        self._job.changed.connect(self._show_progress, Qt.ConnectionType.QueuedConnection)
        self._job.ended.connect(self._ended)
        self._show_state()

    def _read(self) -> tuple[list[Kept], list[ErasureRow]]:
        with self._workplace.store.read() as db:
            found = kept(db, self._workplace.settings)
        return found, unfinished(self._workplace.home.database)

    def _show_kept(self, found: tuple[list[Kept], list[ErasureRow]]) -> None:
        cameras, self._waiting = found
        self.table.show_kept(cameras, self._workplace.settings)
        self.fields.know([camera.camera_id for camera in cameras])
        self._show_state()

    def _show_preview(self, found: tuple[Scope, Preview]) -> None:
        self._looked = found
        self.summary.setText(preview_in_words(found[1]))
        self._show_state()

    def _show_report(self, report: Report) -> None:
        self.summary.setText(
            "\n".join([*report.words(), _("The report: {path}").format(path=f"{FOLDER}/{report.erasure}.json")])
        )
        if not self.isVisible():
            self._workplace.notices.say(report.words()[0])
        self.refresh()

    def _show_failure(self, error: Exception) -> None:
        self.summary.setText(f"▲ {error}")
        self.refresh()

    def _show_progress(self) -> None:
        job = self._job
        if job is not None:
            self.bar.setRange(0, job.of)
            self.bar.setValue(min(job.done, job.of))
            if job.words:
                self.summary.setText(f"{job.words} ...")

    def _ended(self) -> None:
        stopped = self._job is not None and self._job.cancelled.is_set()
        self._job = None
        if stopped:
            self.summary.setText(
                _("Stopped. What went is gone; the rest goes on when you say so, or at the next start.")
            )
            self.refresh()
        self._show_state()

    def _show_state(self) -> None:
        """What can be pressed now."""
        busy = self._job is not None
        count = self._looked[1].events + self._looked[1].pictures + self._looked[1].sealed if self._looked else 0
        words = ngettext("Erase {n} item for good", "Erase {n} items for good", count).format(n=count)
        self.erase_button.setText(words if count else _("Erase for good"))
        self.erase_button.setEnabled(self._looked is not None and not busy)
        self.look_button.setEnabled(not busy)
        self.fields.setEnabled(not busy)
        self.bar.setVisible(busy)
        self.stop_button.setVisible(busy)
        waiting = bool(self._waiting) and not busy
        self._stopped_panel.setVisible(waiting)
        self._stopped_words.setText(
            ngettext("▲ An erasure is not finished.", "▲ {n} erasures are not finished.", len(self._waiting)).format(
                n=len(self._waiting)
            )
        )

    def _forget_look(self) -> None:
        """What is wanted has changed: what was looked at is something else."""
        if self._looked is not None:
            self._looked = None
            self.summary.setText("")
        self._show_state()

    def _lay_out(self) -> None:
        title = QLabel(_("Pictures that are kept"))
        title.setProperty("role", "title")
        about = QLabel(
            _(
                "Old pictures go by themselves; how long each camera's are kept stands in the settings. What waits for "
                "review or to be sent stays until that is done."
            ),
            wordWrap=True,
        )
        about.setProperty("role", "small")
        self._stopped_panel = QFrame()
        self._stopped_panel.setProperty("role", "raised")
        row = QHBoxLayout(self._stopped_panel)
        row.addWidget(self._stopped_words, 1)
        row.addWidget(self.go_on_button)
        row.addWidget(self.give_up_button)
        heading = QLabel(_("Erase"))
        heading.setProperty("role", "heading")
        said = QLabel(
            _(
                "Events, their pictures and sealed crops go, also from copies of the database and the log files. It "
                "can't be undone. A camera that goes on makes new ones."
            ),
            wordWrap=True,
        )
        said.setProperty("role", "small")
        progress = QHBoxLayout()
        progress.addWidget(self.bar, 1)
        progress.addWidget(self.stop_button)
        foot = QHBoxLayout()
        foot.addWidget(self.look_button)
        foot.addStretch()
        foot.addWidget(self.close_button)
        foot.addWidget(self.erase_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(16), px(16), px(16), px(16))
        column.setSpacing(px(8))
        above: tuple[QWidget, ...] = (title, about, self._stopped_panel)
        for part in above:
            column.addWidget(part)
        column.addWidget(self.table, 1)
        below: tuple[QWidget, ...] = (heading, said, self.fields, self.summary)
        for part in below:
            column.addWidget(part)
        column.addLayout(progress)
        column.addLayout(foot)
        no_default(self)
        open_at(self, 820, 620)

    def _connect(self) -> None:
        self.fields.changed.connect(self._forget_look)
        self.table.itemSelectionChanged.connect(self._take_row)
        self.look_button.clicked.connect(self.look)
        self.erase_button.clicked.connect(self.erase)
        self.stop_button.clicked.connect(lambda: self._job.cancel() if self._job is not None else None)
        self.go_on_button.clicked.connect(self.go_on)
        self.give_up_button.clicked.connect(self.give_up)
        self.close_button.clicked.connect(self.reject)

    def _take_row(self) -> None:
        """A chosen row's camera is the one to erase."""
        camera_id = self.table.chosen()
        if camera_id:
            self.fields.choose(camera_id)


def preview_in_words(found: Preview) -> str:
    """What would go, in a few sentences."""
    if found.nothing:
        return _("Nothing of that is in the database. Its copies and the log files are gone through all the same.")
    lines = [
        _("{events} events, {pictures} pictures and {sealed} sealed crops would go: {size}.").format(
            events=found.events, pictures=found.pictures, sealed=found.sealed, size=size_in_words(found.bytes)
        )
    ]
    if found.items:
        items = ngettext("{n} review item goes, ", "{n} review items go, ", found.items).format(n=found.items)
        lines.append(
            items
            + _("with {verdicts} verdicts and {members} members of gold sets.").format(
                verdicts=found.verdicts, members=found.gold_members
            )
        )
    if found.answers:
        words = ngettext("{n} answer of the cloud goes.", "{n} answers of the cloud go.", found.answers)
        lines.append(words.format(n=found.answers))
    for why, count in found.held.items():
        held = ngettext("{n} of them is kept {why}, and goes too.", "{n} of them are kept {why}, and go too.", count)
        lines.append(held.format(n=count, why=_(WORDS.get(why, why))))
    if found.others:
        others = ngettext(
            "{n} other picture of the same half minute stays and may show the same: erase by time to be sure.",
            "{n} other pictures of the same half minute stay and may show the same: erase by time to be sure.",
            found.others,
        )
        lines.append(others.format(n=found.others))
    return "\n".join(lines)
