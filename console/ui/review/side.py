"""The panel at the right: what else it may be, how the shift goes, why this item is here and what was said of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QLabel, QProgressBar, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from console.ui.review.cloud_panel import CloudPanel
from console.ui.review.filter_panel import FilterPanel
from models.words import _
from widgets.choices import Choices
from widgets.facts import Fact, FactList
from widgets.scrolled import Scrolled
from widgets.theme import RADIUS, px, tokens

WIDTH_PX = 300


class SidePanel(QFrame):
    """Either what belongs to the item, or the filter.

    Attributes:
        choices: the classes.
        cloud: what the cloud says of the item.
        filter: the filter and what is done with all that fit.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choices = Choices(_("Something else"), _("digit or type"))
        self.filter, self.cloud = FilterPanel(), CloudPanel()
        self._shift, self._about = FactList(), FactList()
        self.progress = QProgressBar(textVisible=False)
        self.progress.setAccessibleName(_("How much of the queue is done"))
        self._why, self._history, self._kept, self._keys = (QLabel(wordWrap=True) for _number in range(4))
        self._history_title = QLabel(_("What was said"))
        self._alarm = QLabel(wordWrap=True)
        self._of_item: tuple[QWidget, ...] = ()
        self._pages = QStackedWidget()
        self._pages.addWidget(_scroll(self._item_page(), _("About the item")))
        self._pages.addWidget(_scroll(self.filter, _("Filter and order")))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(px(1), px(1), px(1), px(1))
        whole.setSpacing(0)
        whole.addWidget(self._pages, 1)
        whole.addWidget(self._foot())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """A panel with a hairline."""
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(t.line), 1))
        painter.setBrush(QColor(t.panel))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)

    @property
    def filtering(self) -> bool:
        """The filter is shown."""
        return self._pages.currentIndex() == 1

    def show_filter(self, on: bool) -> None:  # noqa: FBT001
        """Show the filter, or what belongs to the item."""
        self._pages.setCurrentIndex(int(on))

    def show_shift(self, facts: Sequence[Fact]) -> None:
        """Show how the shift goes."""
        self._shift.show_facts(facts)

    def show_progress(self, done: int, of: int) -> None:
        """Show how far the queue is."""
        self.progress.setRange(0, max(of, 1))
        self.progress.setValue(done)

    def show_no_item(self) -> None:
        """There is none, so nothing is said of it."""
        for part in self._of_item:
            part.hide()
        self.show_history(())

    def show_why(self, words: str) -> None:
        """Show why the item is here."""
        if words != self._why.text() or self._why.isHidden():
            self._why.setText(words)
            for part in self._of_item:
                part.show()

    def show_about(self, facts: Sequence[Fact]) -> None:
        """Show what found it, and what is near it."""
        self._about.show_facts(facts)

    def show_history(self, lines: Sequence[str]) -> None:
        """Show what was said of the item, oldest first; nothing: nothing was."""
        text = "\n".join(lines)
        if text != self._history.text() or bool(text) == self._history.isHidden():
            self._history.setText(text)
            self._history.setVisible(bool(text))
            self._history_title.setVisible(bool(text))

    def show_kept(self, words: str, problem: str = "") -> None:
        """Show whether verdicts are on the disk, and why not."""
        if self._kept.text() != words:
            self._kept.setText(words)
        if self._alarm.text() != problem or self._alarm.isHidden() == bool(problem):
            self._alarm.setText(problem)
            self._alarm.setVisible(bool(problem))

    def show_keys(self, words: str) -> None:
        """Show the keys that no button has."""
        self._keys.setText(words)

    def _item_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(10))
        self._why.setProperty("role", "dim")
        self._history.setProperty("role", "small")
        self._history.setTextFormat(Qt.TextFormat.PlainText)
        column.addWidget(self.choices)
        for title, parts in (
            (QLabel(_("This shift")), (self._shift, self.progress)),
            (QLabel(_("Why it is here")), (self._why, self._about)),
            (self._history_title, (self._history,)),
        ):
            title.setProperty("role", "heading")
            column.addWidget(title)
            for part in parts:
                column.addWidget(part)
            if self._why in parts:
                self._of_item = (title, *parts)
        column.addStretch(1)
        self.show_history(())
        return page

    def _foot(self) -> QWidget:
        foot = QWidget()
        column = QVBoxLayout(foot)
        column.setContentsMargins(px(14), px(8), px(14), px(12))
        column.setSpacing(px(4))
        column.addWidget(self.cloud)  # here it is seen however much stands above, and what comes moves nothing of that
        self._alarm.setProperty("role", "stopped")
        self._alarm.hide()
        for label in (self._kept, self._keys):
            label.setProperty("role", "small")
        for label in (self._alarm, self._kept, self._keys):
            column.addWidget(label)
        return foot


def _scroll(page: QWidget, name: str) -> QScrollArea:
    inner = Scrolled()
    inner.setProperty("role", "page")
    column = QVBoxLayout(inner)
    column.setContentsMargins(px(14), px(12), px(14), px(8))
    column.addWidget(page)
    area = QScrollArea(widgetResizable=True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setAccessibleName(name)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(inner)
    bar = area.verticalScrollBar()

    def fit(_low: int, high: int) -> None:
        """The bar takes its room from the border, so that no line breaks anew where it comes."""
        column.setContentsMargins(px(14), px(12), max(px(14) - (bar.sizeHint().width() if high else 0), 0), px(8))

    bar.rangeChanged.connect(fit)
    return area


__all__ = ["WIDTH_PX", "Fact", "SidePanel"]
