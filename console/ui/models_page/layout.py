"""The widgets of the Models page and where they stand; what they show is the page's business."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from console.ui.models_page.listing import ModelLine
from console.ui.models_page.models_list import ModelsList
from console.ui.models_page.parts import Alarm, Card, LoadingBar, MachineCard
from console.ui.models_page.table import VariantTable
from models.words import _
from widgets.facts import Fact, FactList
from widgets.key_button import KeyButton
from widgets.theme import px

_LIST_WIDTH = 272


class ModelsLayout(QWidget):
    """Everything on the page.

    Attributes:
        models: the list.
        title, about: of the chosen model.
        running, devices: facts.
        alarm, loading, machine, table: see their classes.
        measure, cancel, activate, back, get, truth: buttons.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.models = ModelsList()
        self.title, self.about = QLabel(), QLabel(wordWrap=True)
        self.title.setProperty("role", "title")
        self.about.setProperty("role", "dim")
        self.running, self.devices = FactList(), FactList()
        self.alarm, self.loading, self.machine = Alarm(), LoadingBar(), MachineCard()
        self.table = VariantTable()
        self.measure = KeyButton(_("Measure here"), "", "play")
        self.activate = KeyButton(_("Activate"), "", "check")
        self.back = KeyButton(_("Roll back"), "", "rewind")
        self.get = KeyButton(_("Get it"), "", "down")
        self.cancel = QPushButton(_("Cancel"))
        self.cancel.setAccessibleName(_("Cancel measuring; what was measured stays"))
        self.truth = QPushButton()
        self.progress = QProgressBar(textVisible=False)
        self.progress.setAccessibleName(_("Measuring"))
        self._progress_words = QLabel()
        self._measured, self._nothing, self._idle = QLabel(), QLabel(wordWrap=True), QLabel(wordWrap=True)
        for label in (self._progress_words, self._measured):
            label.setProperty("role", "small")
        for label in (self._nothing, self._idle):
            label.setProperty("role", "dim")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._cards = QGridLayout()
        self._tools = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self.show_truth(None)
        self._lay_out()

    # Where things stand

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        title = QLabel(_("Models"))
        title.setProperty("role", "title")
        head.addWidget(title)
        left = QVBoxLayout()
        left.setSpacing(px(8))
        left.addLayout(head)
        left.addWidget(self.models, 1)
        self.models.setFixedWidth(px(_LIST_WIDTH))
        whole = QHBoxLayout(self)
        whole.setContentsMargins(px(12), px(10), px(12), px(10))
        whole.setSpacing(px(12))
        whole.addLayout(left)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._right())
        whole.addWidget(scroll, 1)

    def _right(self) -> QWidget:
        right = QWidget()
        right.setProperty("role", "page")
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, px(4), 0)
        column.setSpacing(px(8))
        head = QHBoxLayout()
        head.setSpacing(px(8))
        head.addWidget(self.title, 1)
        head.addWidget(self.get)
        head.addWidget(self.back)
        column.addLayout(head)
        column.addWidget(self.about)
        column.addWidget(self.alarm)
        column.addWidget(self.loading)
        cards = self._cards
        cards.setSpacing(px(8))
        for number, card in enumerate((self._running_card(), self._devices_card(), self.machine)):
            cards.addWidget(card, 0, number)
            cards.setColumnStretch(number, (4, 4, 3)[number])
        column.addLayout(cards)
        column.addWidget(self._measured_card(), 1)
        return right

    def _running_card(self) -> Card:
        card = Card(_("Runs now"))
        card.box.addWidget(self._idle)
        card.box.addWidget(self.running)
        card.box.addStretch()
        return card

    def _devices_card(self) -> Card:
        card = Card(_("Devices here"))
        card.box.addWidget(self.devices)
        self.devices.show_facts([Fact(_("Looking"), _("what is here ..."))])
        card.box.addStretch()
        return card

    def _measured_card(self) -> Card:
        card = Card(_("Measured here"))
        card.head.insertWidget(1, self._measured, 1)
        self._measured.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        buttons = QHBoxLayout()
        buttons.addStretch()
        for button in (self.truth, self.measure, self.activate):
            buttons.addWidget(button)
        card.box.removeItem(card.head)
        self._tools.addLayout(card.head, 1)
        self._tools.addLayout(buttons)
        card.box.addLayout(self._tools)
        row = QHBoxLayout()
        row.addWidget(self._progress_words, 1)
        row.addWidget(self.progress, 1)
        row.addWidget(self.cancel)
        card.box.addLayout(row)
        card.box.addWidget(self._nothing)
        card.box.addWidget(self.table, 1)
        self.table.setMinimumHeight(px(150))
        for widget in (self._progress_words, self.progress, self.cancel):
            widget.hide()
        return card

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Where there is little room, the machine's card stands below the others, and buttons below their heading."""
        super().resizeEvent(event)
        slim = self.width() - self.models.width() < px(760)
        self._cards.addWidget(self.machine, *((1, 0, 1, 2) if slim else (0, 2, 1, 1)))
        self._cards.setColumnStretch(2, 0 if slim else 3)
        needs = sum(button.sizeHint().width() + px(6) for button in (self.truth, self.measure, self.activate))
        narrow = self.width() - self.models.width() < needs + px(300)
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._tools.setDirection(way)

    # What they show

    def show_model(self, line: ModelLine) -> None:
        """Show which model is chosen."""
        self.title.setText(line.shown)
        self.about.setText(line.about)

    def show_running(self, facts: Sequence[Fact], more: Sequence[Fact]) -> None:
        """Show where it runs, and what it is."""
        self.running.show_facts([*facts, *more])
        self._idle.setText(_("It does not run: no camera uses it."))
        self._idle.setVisible(not facts)

    def show_truth(self, truth: Path | None) -> None:
        """Show with which pictures AP is measured."""
        self.truth.setText(_("Dataset: {file}").format(file=truth.name) if truth else _("Dataset ..."))
        self.truth.setAccessibleName(_("Pictures with their truth, to measure AP"))
        self.truth.setToolTip(str(truth) if truth else _("Choose a COCO file with its pictures to measure AP as well."))

    def show_measured(self, at: str, *, count: int, busy: bool) -> None:
        """Show when it was measured; or that it was not."""
        words = ""
        if count and at:
            words = f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M}"
        self._measured.setText(words)
        self._measured.setToolTip(words)
        self.table.setVisible(count > 0)
        self._nothing.setText(
            _("The first variant is being measured ...")
            if busy
            else _("Not measured yet. Every variant is run on every device here, half a minute each; cameras go on.")
        )
        self._nothing.setVisible(not count)

    def show_buttons(self, *, measuring: bool, ready: bool, can_get: bool, can_activate: bool, before: str) -> None:
        """Show what can be done."""
        self.measure.setEnabled(ready and not measuring)
        self.get.setVisible(can_get)
        self.activate.setEnabled(can_activate)
        self.back.setEnabled(bool(before))
        self.back.setToolTip(
            _("Back to {words}").format(words=before) if before else _("Nothing was activated before.")
        )
        for widget in (self._progress_words, self.progress, self.cancel):
            widget.setVisible(measuring)

    def show_progress(self, done: int, of: int, words: str) -> None:
        """Show how far measuring is."""
        self.progress.setRange(0, of)
        self.progress.setValue(done)
        self._progress_words.setText(words)
