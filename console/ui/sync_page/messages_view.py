"""The list of messages with what narrows it: target, state, kind, or a tracking ID."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from console.ui.models_page.parts import Card
from console.ui.sync_page.messages_model import CAMERA, SIZE, STATE, TARGET, TRACKING, WHAT, WHEN, MessagesModel, Wanted
from console.ui.sync_page.words import ONE_KIND, STATES
from models.words import _
from widgets.combo import tell_whole
from widgets.shaped import ShapedCell
from widgets.theme import px

_SETTLE_MS = 250
_ROW_PX = 28
_MORE = 20
"""Rows below what is seen that are kept fresh too."""


class MessagesView(Card):
    """Narrows and lists.

    Args:
        model: what is listed.

    Signals:
        picked: tracking ID of the message that somebody chose.
        looked_for: what somebody typed to be found; empty: nothing any more.
    """

    picked = Signal(str)
    looked_for = Signal(str)

    def __init__(self, model: MessagesModel, parent: QWidget | None = None) -> None:
        super().__init__(_("Messages"), parent)
        self.model = model
        self._quiet = False
        self.search = QLineEdit(placeholderText=_("Tracking ID"), clearButtonEnabled=True)
        self.search.setAccessibleName(_("Find by tracking ID; its first eight letters do"))
        self.search.setToolTip(self.search.accessibleName())
        self.search.setMinimumWidth(px(120))
        self.target, self.state, self.kind = (QComboBox() for _n in range(3))
        for box, name in ((self.target, _("Target")), (self.state, _("State")), (self.kind, _("Kind"))):
            box.setAccessibleName(name)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(9)
            box.setMaximumWidth(px(200))
            box.activated.connect(lambda _n: self._narrow())
        fill(self.state, _("All states"), [(name, _(words)) for name, words in STATES.items()])
        fill(self.kind, _("All kinds"), [(name, _(words)) for name, words in ONE_KIND.items()])
        self.show_targets([])
        self.table = _Table(model)
        self.empty = QLabel(wordWrap=True)
        self.empty.setProperty("role", "dim")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self._look_for)
        self._lay_out()
        self.search.textEdited.connect(lambda _text: self._settle.start())
        self.search.textChanged.connect(lambda text: None if text else self._settle.start())
        self.search.returnPressed.connect(self._look_for)
        self.table.selectionModel().currentChanged.connect(self._pick)
        for signal in (model.modelReset, model.rowsInserted, model.rowsRemoved):
            signal.connect(lambda *_: self._show_empty())

    @property
    def chosen(self) -> str:
        """Tracking ID of the chosen message; empty: none."""
        index = self.table.currentIndex()
        return self.model.rows[index.row()].tracking_id if index.isValid() else ""

    def show_targets(self, names: Sequence[str]) -> None:
        """Offer these to narrow by; the one that is chosen stays so while it is there."""
        if [self.target.itemData(n) for n in range(1, self.target.count())] != list(names):
            now = self.target.currentData()
            fill(self.target, _("All targets"), [(name, name) for name in names])
            self.target.setCurrentIndex(max(self.target.findData(now), 0))
            if now and self.target.currentIndex() == 0:
                self._narrow()

    def narrow(self, *, target: str = "", state: str = "", tracking_id: str = "") -> None:
        """Show these messages alone."""
        for box, value in ((self.target, target), (self.state, state), (self.kind, "")):
            box.setCurrentIndex(max(box.findData(value), 0))
        if self.search.text() != tracking_id:
            self.search.setText(tracking_id)
        self._settle.stop()
        self._narrow(tracking_id)

    def refresh(self) -> None:
        """Read anew what is seen, and what is new where somebody looks at the newest."""
        first = self.table.first_seen()
        self.model.look_at(first, self.table.seen() + _MORE)

    def _narrow(self, tracking_id: str | None = None) -> None:
        known = self.model.wanted.tracking_id if tracking_id is None else tracking_id
        self.model.want(
            Wanted(
                str(self.target.currentData() or ""),
                str(self.state.currentData() or ""),
                str(self.kind.currentData() or ""),
                known,
            )
        )

    def _look_for(self) -> None:
        self._settle.stop()
        self.looked_for.emit(self.search.text().strip())

    def _pick(self, now: QModelIndex, _before: QModelIndex) -> None:
        if now.isValid():
            self.picked.emit(self.model.rows[now.row()].tracking_id)

    def _show_empty(self) -> None:
        none = not self.model.rows
        self.empty.setText(
            _("Nothing was written into the outbox so far, or it was long ago.")
            if self.model.wanted == Wanted()
            else _("No message is like that.")
        )
        self.empty.setVisible(none)
        self.table.setVisible(not none)

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.setSpacing(px(6))
        tools.addWidget(self.search, 2)
        for box in (self.target, self.state, self.kind):
            tell_whole(box)
            tools.addWidget(box, 1)
        self.head.addLayout(tools, 1)
        self.head.setStretch(1, 0)
        self.head.setSpacing(px(12))
        inside = QVBoxLayout()
        inside.setSpacing(px(6))
        inside.addWidget(self.table, 1)
        inside.addWidget(self.empty, 1)
        self.box.addLayout(inside, 1)
        self.empty.hide()


class _Table(QTableView):
    """Rows of one line; the wheel, the arrows and the pages of the keyboard go through all there are."""

    def __init__(self, model: MessagesModel) -> None:
        super().__init__()
        self.setAccessibleName(_("Messages, the newest first"))
        self.setModel(model)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setItemDelegate(ShapedCell(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setStyleSheet("QTableView { background: transparent; border: none; }")
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setSectionsMovable(False)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setStretchLastSection(False)
        for column in (WHAT, CAMERA, TARGET):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        for column in (WHEN, STATE, SIZE, TRACKING):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        self._fit()

    def first_seen(self) -> int:
        """Row of the topmost line that is seen."""
        index = self.indexAt(self.viewport().rect().topLeft())
        return index.row() if index.isValid() else 0

    def seen(self) -> int:
        """How many lines there is room for."""
        return self.viewport().height() // self.verticalHeader().defaultSectionSize() + 1

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Follow the text scale."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.StyleChange, QEvent.Type.FontChange}:
            self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Letters are not searched for: they may be actions."""
        if event.text().isprintable() and event.text().strip() and not event.modifiers():
            event.ignore()
            return
        super().keyPressEvent(event)

    def _fit(self) -> None:
        self.verticalHeader().setDefaultSectionSize(px(_ROW_PX))
        header = self.horizontalHeader()
        for column, width in ((WHEN, 92), (STATE, 124), (SIZE, 76), (TRACKING, 132)):
            header.resizeSection(column, max(px(width), header.sectionSizeHint(column)))


def fill(box: QComboBox, everything: str, choices: Sequence[tuple[str, str]]) -> None:
    """Offer choices, (value, words), below one that stands for all."""
    box.clear()
    box.addItem(everything, "")
    for value, words in choices:
        box.addItem(words, value)
