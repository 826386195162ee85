"""Many cameras at once: a pasted list or CSV, judged row by row, tried if wanted, and added in one change."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from console.errors import SightdeskError
from console.settings.imports import MAX_CHARACTERS, Credentials, Row, Verdict, read_rows
from console.settings.presets import PRESETS, preset
from console.site.preview import Facts
from console.ui.cameras.importing import Planned, change_for, passwords_of, plan, try_all
from console.ui.cameras.passwords import Asker, store_passwords, stored_names
from console.ui.jobs import Job
from console.ui.workplace import Workplace
from models.words import N_, _, ngettext
from widgets.form import FieldRow
from widgets.form_editors import Check, FieldSpec
from widgets.room import no_default, open_at
from widgets.theme import px

_READ_AFTER_MS = 250
_NAME, _ADDRESS, _USER, _VERDICT = range(4)
_WORDS = {
    Verdict.NEW: N_("new"),
    Verdict.THERE: N_("already there"),
    Verdict.TWICE: N_("twice in the list"),
    Verdict.WRONG: N_("can't be read"),
}


class ImportDialog(QDialog):
    """Adds many cameras."""

    _tried = Signal(int, object)

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workplace = workplace
        self._rows: list[Row] = []
        self._results: dict[int, Facts | SightdeskError] = {}
        self._job: Job | None = None
        self._trying: list[int] = []
        self.added = 0
        self.setWindowTitle(_("Add many cameras"))
        self.text = QPlainTextEdit(tabChangesFocus=True)
        self.text.setPlaceholderText(
            _("Paste addresses, one a line, or a table: name, address, user, password, group. A heading is understood.")
        )
        self.text.setAccessibleName(_("List of cameras"))
        self.open_button = QPushButton(_("Open a file"))
        self.user = FieldRow(FieldSpec("user", _("User of cameras that name none")), compact=True)
        self.password = FieldRow(FieldSpec("password", _("Password"), kind="password"), compact=True)
        makers = (("", _("none")), *((form.name, form.name) for form in PRESETS))
        self.maker = FieldRow(
            FieldSpec("maker", _("Maker, where only hosts are listed"), "", "choice", "", makers), compact=True
        )
        self.group = FieldRow(FieldSpec("group", _("Group")), compact=True)
        self.check = Check(_("See that each shows a picture before it is added"))
        self.check.setChecked(True)
        self.table = self._table()
        self._summary = QLabel(wordWrap=True)
        self._bar = QProgressBar()
        self._bar.setAccessibleName(_("Progress"))
        self._bar.setTextVisible(False)
        self._bar.hide()
        self.cancel_button = QPushButton(_("Cancel"))
        self.add_button = QPushButton()
        self.add_button.setProperty("role", "primary")
        self._asker = Asker(self)
        self._later = QTimer(self, singleShot=True, interval=_READ_AFTER_MS)
        self._lay_out()
        self._connect()
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)
        self.read()

    def read(self) -> None:
        """Judge what is pasted."""
        self._later.stop()
        self._results.clear()
        form = preset(str(self.maker.value or ""))
        self._rows = read_rows(self.text.toPlainText(), self._workplace.settings, form)
        self._fill()
        self._say()

    def wanted(self) -> list[int]:
        """Indices of the rows that are ticked."""
        items = [self.table.topLevelItem(index) for index in range(self.table.topLevelItemCount())]
        return [index for index, item in enumerate(items) if item and item.checkState(_NAME) is Qt.CheckState.Checked]

    def verdicts(self) -> list[str]:
        """What stands beside each row."""
        items = [self.table.topLevelItem(index) for index in range(self.table.topLevelItemCount())]
        return [item.text(_VERDICT) for item in items if item]

    def add(self) -> None:
        """Try the ticked cameras if that is wanted, then add them; those that show nothing are unticked first."""
        if self._job is not None:
            return
        self._trying = self.wanted()
        planned = self._planned(self._trying)
        untried = [index for index in self._trying if index not in self._results]
        if self.check.isChecked() and untried:
            self._try(untried)
        else:
            self._store(planned)

    def done(self, result: int) -> None:
        """Closed: what is under way is cancelled."""
        if self._job is not None:
            self._job.cancel()
        super().done(result)

    def _planned(self, indices: list[int]) -> list[Planned]:
        shared = Credentials(str(self.user.value), str(self.password.value))
        rows = []
        for index in indices:
            item = self.table.topLevelItem(index)
            row = self._rows[index]
            name = item.text(_NAME).strip() if item is not None else row.name
            rows.append(Row(row.line, name or row.name, row.source, row.login, row.group))
        return plan(rows, self._workplace.settings, shared, str(self.group.value), stored_names(self._workplace.home))

    def _try(self, indices: list[int]) -> None:
        planned = self._planned(indices)
        for index, item in zip(indices, planned, strict=True):
            if item.camera is None:
                self._results[index] = SightdeskError(item.why)

        def work(job: Job) -> None:
            done = 0

            def told(number: int, found: Facts | SightdeskError) -> None:
                nonlocal done
                done += 1
                self._tried.emit(indices[number], found)
                job.report(done, len(indices))

            try_all(planned, job.cancelled, told)

        self._run(_("Looking at {n} cameras").format(n=len(indices)), work, self._all_tried)

    def _all_tried(self, _none: object) -> None:
        self._job = None
        failed = [index for index in self._trying if not isinstance(self._results.get(index), Facts)]
        for index in failed:
            item = self.table.topLevelItem(index)
            if item is not None:
                item.setCheckState(_NAME, Qt.CheckState.Unchecked)
        self._busy(busy=False)
        if failed:
            self._say(
                ngettext(
                    "{n} camera shows no picture. Add the others, or tick it to add it all the same.",
                    "{n} cameras show no picture. Add the others, or tick them to add them all the same.",
                    len(failed),
                ).format(n=len(failed))
            )
            return
        self._store(self._planned(self._trying))

    def _store(self, planned: list[Planned]) -> None:
        wrong = next((item for item in planned if item.camera is None), None)
        if wrong is not None:
            self._say(_("{name}: {why}").format(name=wrong.row.name or wrong.row.source, why=wrong.why))
            return
        passwords, home = passwords_of(planned), self._workplace.home
        if not passwords:
            self._write(planned)
            return
        self._run(
            _("Storing passwords"),
            lambda job: store_passwords(home, passwords, self._asker.for_job(job)),
            lambda _none: self._write(planned),
        )

    def _write(self, planned: list[Planned]) -> None:
        self._job = None
        words = ngettext("Added {n} camera", "Added {n} cameras", len(planned)).format(n=len(planned))
        try:
            self._workplace.edit(change_for(planned, self._workplace.settings), words)
        except SightdeskError as error:
            self._failed(error)
            return
        self.added = len(planned)
        self._workplace.notices.say(words + ".")
        self.accept()

    def _run(self, title: str, work: object, done: object) -> None:
        self._busy(busy=True)
        self._job = self._workplace.jobs.start(title, work, done, self._failed)  # type: ignore[arg-type]
        self._job.changed.connect(self._progress)
        self._job.ended.connect(self._ended)
        self._summary.setText(title)

    def _progress(self) -> None:
        if self._job is not None:
            self._bar.setRange(0, self._job.of)
            self._bar.setValue(self._job.done)

    def _ended(self) -> None:
        """Cancelled: nothing was added."""
        if self._job is not None and self._job.cancelled.is_set():
            self._job = None
            self._busy(busy=False)
            self._say(_("Cancelled. Nothing was added."))

    def _failed(self, error: Exception) -> None:
        self._job = None
        self._busy(busy=False)
        self._say(f"▲ {error if isinstance(error, SightdeskError) else _('It could not be done; the log says why.')}")

    def _on_tried(self, index: int, found: object) -> None:
        if isinstance(found, (Facts, SightdeskError)):
            self._results[index] = found
            item = self.table.topLevelItem(index)
            if item is not None:
                _show_result(item, found)

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
        else:
            self.reject()

    def _busy(self, *, busy: bool) -> None:
        for part in (
            self.text,
            self.open_button,
            self.table,
            self.user,
            self.password,
            self.maker,
            self.group,
            self.check,
        ):
            part.setEnabled(not busy)
        self._bar.setRange(0, 0)
        self._bar.setVisible(busy)
        self.add_button.setEnabled(not busy)

    def _say(self, words: str = "") -> None:
        n = len(self.wanted())
        self._summary.setText(words or _("{n} of {all} lines will be added.").format(n=n, all=len(self._rows)))
        self.add_button.setText(ngettext("Add {n} camera", "Add {n} cameras", n).format(n=n))
        self.add_button.setEnabled(n > 0 and self._job is None)

    def _fill(self) -> None:
        blocked = self.table.blockSignals(True)  # noqa: FBT003
        self.table.clear()
        for row in self._rows:
            item = QTreeWidgetItem([row.name, row.source, row.login.user or ("•" if row.login.password else "")])
            new = row.verdict is Verdict.NEW
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEditable)
            if not new:
                item.setFlags(Qt.ItemFlag.ItemIsSelectable)
            item.setCheckState(_NAME, Qt.CheckState.Checked if new else Qt.CheckState.Unchecked)
            words = _(_WORDS[row.verdict])
            item.setText(_VERDICT, f"{words}: {row.why}" if row.why else words)
            for column in range(4):
                item.setToolTip(column, item.text(column))
            self.table.addTopLevelItem(item)
        self.table.blockSignals(blocked)

    def _open(self) -> None:
        kinds = f"{_('Lists')} (*.csv *.txt *.tsv);;{_('All files')} (*)"
        chosen, _kind = QFileDialog.getOpenFileName(self, _("Open a list of cameras"), "", kinds)
        if not chosen:
            return
        try:
            with Path(chosen).open(encoding="utf-8-sig", errors="replace") as file:
                self.text.setPlainText(file.read(MAX_CHARACTERS))
        except OSError as error:
            self._say(_("{file} can't be read: {why}.").format(file=chosen, why=error.strerror or error))

    def _table(self) -> QTreeWidget:
        table = QTreeWidget()
        table.setHeaderLabels([_("Name"), _("Address"), _("User"), _("What becomes of it")])
        table.setRootIsDecorated(False)
        table.setUniformRowHeights(True)
        table.setItemDelegate(_NameOnly(table))
        table.setAccessibleName(_("Cameras found in the list"))
        header = table.header()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(_ADDRESS, QHeaderView.ResizeMode.Interactive)
        for column, width in ((_NAME, 160), (_ADDRESS, 280), (_USER, 90)):
            table.setColumnWidth(column, px(width))
        return table

    def _lay_out(self) -> None:
        title = QLabel(_("Add many cameras"))
        title.setProperty("role", "title")
        self.text.setMinimumHeight(px(32))
        self.table.setMinimumHeight(px(64))
        shared = QGridLayout()
        shared.setHorizontalSpacing(px(8))
        for place, row in enumerate((self.user, self.password, self.maker, self.group)):
            shared.addWidget(row, 0, place, Qt.AlignmentFlag.AlignBottom)
            shared.setColumnStretch(place, 1)
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch()
        head.addWidget(self.open_button)
        foot = QHBoxLayout()
        foot.addWidget(self._summary, 1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.add_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(16), px(16), px(16), px(16))
        column.setSpacing(px(10))
        column.addLayout(head)
        column.addWidget(self.text, 2)
        column.addWidget(self.check)
        column.addLayout(shared)
        column.addWidget(self.table, 3)
        column.addWidget(self._bar)
        column.addLayout(foot)
        no_default(self)
        open_at(self, 960, 640)

    def _connect(self) -> None:
        self.text.textChanged.connect(self._later.start)
        self._later.timeout.connect(self.read)
        self.maker.edited.connect(self.read)
        self.open_button.clicked.connect(self._open)
        self.table.itemChanged.connect(lambda _item, _column: self._say())
        self.add_button.clicked.connect(self.add)
        self.cancel_button.clicked.connect(self._cancel)
        self._tried.connect(self._on_tried)


class _NameOnly(QStyledItemDelegate):
    """Names can be changed here; what stands in the list can be changed in the list."""

    def createEditor(  # type: ignore[override]  # noqa: N802  # Qt takes None for: not editable
        self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QWidget | None:
        """An editor in the first column alone."""
        return super().createEditor(parent, option, index) if index.column() == _NAME else None


def _show_result(item: QTreeWidgetItem, found: Facts | SightdeskError) -> None:
    words = str(found) if isinstance(found, Facts) else _("▲ no picture: {why}").format(why=found)
    item.setText(_VERDICT, words)
    item.setToolTip(_VERDICT, words)
