"""Which items are listed and how, saved filters, and one verdict on all that fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from console.review.queries import ReviewFilter
from console.ui.review.choice import ORDERS, TIMES, WAITING, Choice
from console.ui.review.words import REASONS, STATES
from models.words import _
from widgets.combo import tell_whole, told
from widgets.theme import px


class FilterPanel(QWidget):
    """Boxes to choose in; every choice counts at once.

    Signals:
        changed: another choice.
        saved, removed: a name for what is chosen, or one that is not needed any more.
        bulk: what is to be said of all that fit: "accept", "reject" or "relabel".
        left: back to the item.
    """

    changed = Signal()
    saved = Signal(str)
    removed = Signal(str)
    bulk = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._known: dict[str, Choice] = {}
        self.camera, self.label, self.reason = _box(_("Camera")), _box(_("Class")), _box(_("Reason"))
        self.state, self.who, self.time, self.order = (
            _box(_("State")),
            _box(_("Judged by")),
            _box(_("Time")),
            _box(_("Order")),
        )
        self.low, self.high = _Score(_("Score at least")), _Score(_("Score below"))
        self.saved_box = _box(_("Saved filters"))
        self.name = QLineEdit(placeholderText=_("a name"))
        self.name.setAccessibleName(_("Name for this filter"))
        self.keep, self.drop = QPushButton(_("Save")), QPushButton(_("Forget"))
        self.keep.setAccessibleName(_("Save this filter under the name"))
        self.drop.setAccessibleName(_("Forget the chosen saved filter"))
        self.reset = QPushButton(_("Show all that waits"))
        self.back = QPushButton(_("Back"))
        self.back.setAccessibleName(_("Back to the item"))
        self.count, self.bulk_words = QLabel(wordWrap=True), QLabel(wordWrap=True)
        self.accept, self.reject = QPushButton(_("Yes to all")), QPushButton(_("No object in all"))
        self.relabel, self.relabel_to = QPushButton(_("All are")), _box(_("Class for all"))
        self.sure, self.no = QPushButton(), QPushButton(_("Cancel"))
        self._asked = ""
        self._fill_fixed()
        self._lay_out()
        self._connect()
        self.ask("", 0)

    @property
    def choice(self) -> Choice:
        """What is chosen."""
        states = {"waiting": WAITING, "all": ()}.get(str(self.state.currentData()), (self.state.currentData(),))
        wanted = ReviewFilter(
            camera_id=self.camera.currentData() or "",
            label=self.label.currentData() or "",
            reason=self.reason.currentData() or "",
            states=states,
            low=self.low.value,
            high=self.high.value,
            who=self.who.currentData() or "",
        )
        return Choice(wanted, self.order.currentData(), self.time.currentData())

    def show_choice(self, choice: Choice) -> None:
        """Show what is chosen, without telling anybody."""
        wanted = choice.wanted
        state = "waiting" if wanted.states == WAITING else wanted.states[0] if len(wanted.states) == 1 else "all"
        for box, value in (
            (self.camera, wanted.camera_id), (self.label, wanted.label), (self.reason, wanted.reason),
            (self.state, state), (self.who, wanted.who), (self.time, choice.hours), (self.order, choice.order),
        ):  # fmt: skip
            blocker = QSignalBlocker(box)
            if box.findData(value) < 0:
                box.addItem(str(value), value)
            box.setCurrentIndex(max(box.findData(value), 0))
            told(box)
            del blocker
        self.low.show_value(wanted.low)
        self.high.show_value(wanted.high)

    def offer(self, cameras: Sequence[tuple[str, str]], labels: Sequence[str], people: Sequence[str]) -> None:
        """Offer these: cameras as id and name, classes, who judges."""
        _fill(self.camera, _("all cameras"), [(name, value) for value, name in cameras])
        _fill(self.label, _("all classes"), [(label, label) for label in labels])
        _fill(self.who, _("anybody or nobody"), [(name, name) for name in people])
        chosen = self.relabel_to.currentData()
        self.relabel_to.clear()
        for label in labels:
            self.relabel_to.addItem(label, label)
        self.relabel_to.setCurrentIndex(max(self.relabel_to.findData(chosen), 0))
        self._allow()

    def show_saved(self, known: Mapping[str, Choice]) -> None:
        """Offer saved filters by name."""
        self._known = dict(known)
        blocker = QSignalBlocker(self.saved_box)
        _fill(self.saved_box, _("none") if not known else _("choose one"), [(name, name) for name in sorted(known)])
        del blocker
        self.saved_box.setEnabled(bool(known))
        self._allow()

    def show_count(self, words: str, *, any_: bool) -> None:
        """Show how many fit."""
        self.count.setText(words)
        self._any = any_
        self._allow()

    def ask(self, kind: str, number: int, words: str = "") -> None:
        """Ask whether a verdict on so many is meant; an empty kind: it is not asked any more."""
        self._asked = kind
        asking = bool(kind)
        for widget in (self.accept, self.reject, self.relabel, self.relabel_to):
            widget.setVisible(not asking)
        for widget in (self.sure, self.no):
            widget.setVisible(asking)
        hint = _("One verdict on everything that fits. It is undone as one.")
        self.bulk_words.setText(words if asking else hint)
        self.sure.setText(_("Yes, say so") if number else "")
        if asking:
            self.no.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def asked(self) -> str:
        """What is being asked about; empty: nothing."""
        return self._asked

    def event(self, event: QEvent) -> bool:
        """Plain keys are no verdicts while somebody chooses here."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _plain(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Esc goes back, Enter presses the button it is on; nothing goes through to the page."""
        inside = self.focusWidget()
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(inside, QPushButton):
            inside.click()
        elif not _plain(event):
            super().keyPressEvent(event)

    # Setting up

    def _fill_fixed(self) -> None:
        self._any = False
        _fill(self.reason, _("any reason"), [(_(words), reason) for reason, words in REASONS.items()])
        self.state.addItem(_("to be judged"), "waiting")
        for state, words in STATES.items():
            self.state.addItem(_(words), state)
        self.state.addItem(_("all"), "all")
        for hours, words in TIMES.items():
            self.time.addItem(_(words), hours)
        for order, words in ORDERS.items():
            self.order.addItem(_(words), order)
        for box in (self.camera, self.label, self.who):
            _fill(box, "", [])

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(px(8))
        grid.setVerticalSpacing(px(6))
        rows = [
            (_("Camera"), self.camera), (_("Class"), self.label), (_("Reason"), self.reason), (_("State"), self.state),
            (_("Score from"), self.low), (_("to"), self.high), (_("Judged by"), self.who), (_("Taken"), self.time),
            (_("Order"), self.order),
        ]  # fmt: skip
        for row, (words, widget) in enumerate(rows):
            name = QLabel(words, wordWrap=True)
            name.setProperty("role", "dim")
            grid.addWidget(name, row, 0)
            grid.addWidget(widget, row, 1)
        grid.setColumnStretch(1, 1)
        self.count.setProperty("role", "dim")
        self.bulk_words.setProperty("role", "small")
        self.reject.setProperty("role", "")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(px(8))
        top = QHBoxLayout()
        top.addWidget(_heading(_("Filter and order")), 1)
        top.addWidget(self.back)
        whole.addLayout(top)
        whole.addLayout(grid)
        whole.addWidget(self.count)
        whole.addWidget(self.reset)
        whole.addWidget(_heading(_("Saved filters")))
        whole.addLayout(_row(self.saved_box, self.drop))
        whole.addLayout(_row(self.name, self.keep))
        whole.addWidget(_heading(_("All that fit")))
        whole.addWidget(self.bulk_words)
        whole.addWidget(self.accept)
        whole.addWidget(self.reject)
        whole.addLayout(_row(self.relabel, self.relabel_to))
        whole.addLayout(_row(self.sure, self.no))
        whole.addStretch(1)

    def _connect(self) -> None:
        for box in (self.camera, self.label, self.reason, self.state, self.who, self.time, self.order):
            box.currentIndexChanged.connect(lambda _row: self.changed.emit())
        for score in (self.low, self.high):
            score.editingFinished.connect(self.changed)
        self.saved_box.activated.connect(lambda _row: self._use(str(self.saved_box.currentData())))
        self.keep.clicked.connect(self._save)
        self.name.textChanged.connect(lambda _text: self._allow())
        self.name.returnPressed.connect(self._save)
        self.drop.clicked.connect(lambda: self.removed.emit(str(self.saved_box.currentData())))
        self.reset.clicked.connect(lambda: self._use(""))
        self.back.clicked.connect(self.left)
        for button, kind in ((self.accept, "accept"), (self.reject, "reject"), (self.relabel, "relabel")):
            button.clicked.connect(lambda _checked=False, kind=kind: self.bulk.emit(kind))
        self.no.clicked.connect(lambda: self.ask("", 0))

    def _use(self, name: str) -> None:
        self.show_choice(self._known.get(name, Choice()))
        self._allow()
        self.changed.emit()

    def _save(self) -> None:
        name = self.name.text().strip()
        if name:
            self.name.clear()
            self.saved.emit(name)

    def _allow(self) -> None:
        self.keep.setEnabled(bool(self.name.text().strip()))
        self.drop.setEnabled(bool(self.saved_box.currentData()))
        for widget in (self.accept, self.reject):
            widget.setEnabled(self._any)
        self.relabel.setEnabled(self._any and self.relabel_to.count() > 0)


def _plain(event: QKeyEvent) -> bool:
    held = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
    return not event.modifiers() & held and event.key() not in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_F1)


def _box(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(5)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    tell_whole(box)
    return box


class _Score(QLineEdit):
    """A score, or nothing for any."""

    def __init__(self, name: str) -> None:
        super().__init__(placeholderText=_("any"))
        self.setAccessibleName(name)
        self.setMaxLength(6)
        self.textChanged.connect(lambda _text: self._judge())

    @property
    def value(self) -> float | None:
        """What is in it; None where that is nothing, or no score."""
        try:
            found = float(self.text().replace(",", ".") or "nan")
        except ValueError:
            return None
        return found if 0 <= found <= 1 else None

    def show_value(self, score: float | None) -> None:
        """Put a score in, without telling anybody."""
        blocker = QSignalBlocker(self)
        self.setText("" if score is None else f"{score:g}")
        del blocker

    def _judge(self) -> None:
        wrong = bool(self.text().strip()) and self.value is None
        if bool(self.property("wrong")) != wrong:
            self.setProperty("wrong", wrong)
            self.setToolTip(_("A score is between 0 and 1.") if wrong else "")
            self.style().unpolish(self)
            self.style().polish(self)


def _fill(box: QComboBox, everything: str, choices: Sequence[tuple[str, str]]) -> None:
    """Offer these; what was chosen stays chosen, though nothing of it may be there now."""
    wanted = [(everything, ""), *choices]
    if wanted == [(box.itemText(row), box.itemData(row)) for row in range(box.count())]:
        return
    chosen = box.currentData()
    blocker = QSignalBlocker(box)
    box.clear()
    for words, value in wanted:
        box.addItem(words, value)
    if chosen and box.findData(chosen) < 0:
        box.addItem(str(chosen), chosen)
    box.setCurrentIndex(max(box.findData(chosen), 0))
    del blocker
    told(box)


def _heading(words: str) -> QLabel:
    label = QLabel(words, wordWrap=True)
    label.setProperty("role", "heading")
    return label


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(px(6))
    for widget in widgets:
        row.addWidget(widget, 1)
    return row
