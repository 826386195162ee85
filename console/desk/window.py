"""The window: rail at the left, the page in front, the status strip at the foot, notices above everything."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from console.ui.actions import Actions
from console.ui.notices import Notice
from console.ui.state import DeskState
from widgets.notice_bar import NoticeBar
from widgets.rail import Rail
from widgets.starting import Starting
from widgets.theme import px

SMALLEST = (960, 600)
_NOTICE_WIDTH = 720


class DeskWindow(QMainWindow):
    """The one window of the desk. Shown before anything else is ready; pages come when they are.

    Signals:
        closing: the operator wants to leave; the window is still there.
    """

    closing = Signal()

    def __init__(self, state: DeskState) -> None:
        super().__init__()
        self.setWindowTitle("Sightdesk")
        self.setMinimumSize(*SMALLEST)
        self._state = state
        self.actions_table = Actions(self)
        self.rail = Rail()
        self.pages = QStackedWidget()
        self.starting = Starting()
        self.pages.addWidget(self.starting)
        self._names: dict[str, QWidget] = {}
        self._foot = QVBoxLayout()
        self._foot.setContentsMargins(0, 0, 0, 0)
        middle = QHBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(self.pages, 1)
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(middle, 1)
        layout.addLayout(self._foot)
        self.setCentralWidget(whole)
        self.notice_bar = NoticeBar(whole)
        self.notice_bar.way_on.connect(_take)
        self._restore()

    def add_page(self, name: str, words: str, icon: str, page: QWidget, *, foot: bool = False) -> None:
        """Add a page to the rail; its action in the table is page.NAME."""
        self._names[name] = page
        self.pages.addWidget(page)
        action_name = f"page.{name}"
        action = self.actions_table.bind(action_name, lambda: self.turn_to(name))
        button = self.rail.add(name, words, icon, foot=foot)
        button.clicked.connect(action.trigger)

        def tell() -> None:
            button.setToolTip(f"{words}  {self.actions_table.shown(action_name)}".strip())

        tell()
        self.actions_table.keys_changed.connect(tell)

    def add_foot(self, strip: QWidget) -> None:
        """Add the strip below the pages."""
        self._foot.addWidget(strip)

    def has_page(self, name: str) -> bool:
        """Whether a page was added."""
        return name in self._names

    def turn_to(self, name: str, *, remember: bool = True) -> None:
        """Bring a page to the front, and to the front again the next time."""
        page = self._names.get(name)
        if page is None:
            return
        self.rail.choose(name)
        if self.pages.currentWidget() is not page:
            self.pages.setCurrentWidget(page)
            page.setFocus(Qt.FocusReason.OtherFocusReason)
        if remember:
            self._state.set("page", name)

    def show_notice(self, notice: Notice) -> None:
        """Show what a page has to say."""
        words, way = notice.way_on or ("", None)
        self.notice_bar.show_notice(
            notice.what, notice.hint, notice.kind, details=notice.details, way=words, token=way
        )  # fmt: skip
        self._place_notice()

    def toggle_full_screen(self) -> None:
        """Full screen, and back."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
        self._state.set("full screen", self.isFullScreen())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Keep the notice in its place, and remember the size."""
        super().resizeEvent(event)
        self._place_notice()
        self._remember()

    def moveEvent(self, _event: object) -> None:  # noqa: N802
        """Remember the place: a crash must not lose it."""
        self._remember()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Leave in good order."""
        self._remember()
        self.closing.emit()
        event.accept()

    def _place_notice(self) -> None:
        room = self.notice_bar.parentWidget()
        if room is None:
            return
        width = min(px(_NOTICE_WIDTH), room.width() - px(120))
        height = min(self.notice_bar.heightForWidth(width), room.height() // 2)
        self.notice_bar.setGeometry((room.width() - width) // 2, room.height() - height - px(48), width, height)

    def _remember(self) -> None:
        if self.isVisible() and not self.isMinimized():
            self._state.set("window", bytes(self.saveGeometry().toBase64().data()).decode())

    def _restore(self) -> None:
        """The size, place and monitor of the last time; Qt puts a window whose monitor is gone on one that is there."""
        known = self._state.get("window", "")
        if not known or not self.restoreGeometry(QByteArray.fromBase64(known.encode())):
            screen = QGuiApplication.primaryScreen()
            room = screen.availableGeometry()
            self.resize(min(1600, room.width()), min(900, room.height()))


def _take(way: Callable[[], None] | None) -> None:
    if way is not None:
        way()
