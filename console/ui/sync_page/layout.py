"""The widgets of the Sync page and where they stand; what they show is the page's business."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from console.ui.sync_page.messages_model import MessagesModel
from console.ui.sync_page.messages_view import MessagesView
from console.ui.sync_page.targets_view import columns
from console.ui.sync_page.trace_pane import TracePane
from models.words import _
from widgets.alarm_list import AlarmList
from widgets.key_button import KeyButton
from widgets.share_bar import ShareBar
from widgets.theme import px
from widgets.tool_row import ToolRow
from widgets.two_line_table import TwoLineTable

_FITS = ((900, 8, 4), (720, 5, 2), (600, 3, 2), (0, 2, 1))
"""At so many pixels of height so many targets and alarms are seen at once."""
_TRACE = 400
_SMALL = 1000


class SyncLayout(QWidget):
    """Everything on the page.

    Attributes:
        add, first: buttons that add a target; the second where there is none yet.
        quota, alarms, targets, note: see their classes; the note is about the chosen target.
        push, pause, retry, drop, test, edit, remove: what is done to it.
        testing, progress, cancel: while it is tried.
        messages, trace: the lower half.
    """

    def __init__(self, model: MessagesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.summary = QLabel()
        self.summary.setProperty("role", "dim")
        self.quota, self.alarms = ShareBar(), AlarmList()
        self.add = KeyButton(_("Add a target"), "", "add")
        self.first = KeyButton(_("Add a target"), "", "add")
        self.first.setProperty("role", "primary")
        self.targets = TwoLineTable(_("Targets"), columns())
        self.note, self.said = QLabel(wordWrap=True), QLabel(wordWrap=True)
        for label in (self.note, self.said):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.note.setProperty("role", "small")
        self.push = KeyButton(_("Send now"), "", "send")
        self.pause = KeyButton(_("Pause"), "", "pause")
        self.retry = KeyButton(_("Try again"), "", "redo")
        self.drop = KeyButton(_("Drop"), "", "trash")
        self.test = KeyButton(_("Test"), "", "check")
        self.edit = KeyButton(_("Change"), "", "edit")
        self.remove = KeyButton(_("Remove"), "", "close")
        self.testing = QWidget()
        self.test_words = QLabel()
        self.progress = QProgressBar(textVisible=False, minimum=0, maximum=0)
        self.progress.setAccessibleName(_("Trying the way there"))
        self.cancel = QPushButton(_("Cancel"))
        self.cancel.setAccessibleName(_("Try no longer"))
        self.messages, self.trace = MessagesView(model), TracePane()
        self.pages = QStackedWidget()
        self._lay_out()

    def show_targets(self, count: int, summary: str) -> None:
        """Fit the page to so many targets."""
        self.pages.setCurrentIndex(0 if count else 1)
        self.summary.setText(summary)
        self.add.setVisible(count > 0)
        self.quota.setVisible(count > 0)
        self._fit(count)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Where there is little height, fewer targets are seen at once."""
        super().resizeEvent(event)
        self._fit(len(self.targets.keys))

    def _fit(self, count: int) -> None:
        rows, alarms = next(fits for height, *fits in _FITS if self.height() >= px(height))
        self.alarms.set_most(alarms)
        self.targets.setFixedHeight(self.targets.height_for(min(max(count, 1), rows)))

    def _lay_out(self) -> None:
        title = QLabel(_("Sync"))
        title.setProperty("role", "title")
        head = QHBoxLayout()
        head.setSpacing(px(8))
        head.addWidget(title)
        head.addWidget(self.summary)
        head.addStretch()
        head.addWidget(self.quota)
        head.addSpacing(px(8))
        head.addWidget(self.add)
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(8))
        column.addWidget(self.alarms)
        column.addWidget(self.targets)
        column.addWidget(self.note)
        column.addWidget(self.said)
        column.addWidget(self.testing)
        column.addWidget(ToolRow([self.push, self.pause, self.test, self.retry, self.drop], [self.edit, self.remove]))
        column.addWidget(self._lower(), 1)
        self.said.hide()
        self._lay_out_testing()
        self.pages.addWidget(full)
        self.pages.addWidget(self._empty())
        whole = QVBoxLayout(self)
        whole.setContentsMargins(px(12), px(10), px(12), px(10))
        whole.setSpacing(px(8))
        whole.addLayout(head)
        whole.addWidget(self.pages, 1)

    def _lay_out_testing(self) -> None:
        row = QHBoxLayout(self.testing)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px(8))
        self.progress.setFixedWidth(px(140))
        row.addWidget(self.test_words)
        row.addWidget(self.progress)
        row.addWidget(self.cancel)
        row.addStretch()
        self.testing.hide()

    def _lower(self) -> QWidget:
        halves = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        halves.setHandleWidth(px(8))
        halves.setStyleSheet("QSplitter::handle { background: transparent; }")
        halves.addWidget(self.messages)
        halves.addWidget(self.trace)
        halves.setStretchFactor(0, 1)
        halves.setSizes([px(_SMALL), px(_TRACE)])
        self.messages.setMinimumWidth(px(420))
        self.trace.setMinimumWidth(px(280))
        halves.setMinimumHeight(px(150))
        return halves

    def _empty(self) -> QWidget:
        """What stands here before the first target."""
        page = QWidget()
        words = QLabel(_("Nothing leaves this site"))
        words.setProperty("role", "title")
        about = QLabel(
            _(
                "Add a target, and what was seen and judged here goes there by itself: to the Sightdesk cloud, an "
                "object store, a folder, an MQTT broker or a webhook. It is written down before it is sent, so nothing "
                "is lost while the way there is down. Pictures leave covered or not at all."
            )
        )
        about.setWordWrap(True)
        about.setProperty("role", "dim")
        about.setFixedWidth(px(460))  # with its height after it, which an alignment in a layout would not ask for
        about.setMinimumHeight(about.heightForWidth(px(460)))
        about.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(page)
        column.setSpacing(px(12))
        column.addStretch()
        for part in (words, about, self.first):
            column.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch()
        return page
