"""Sync on the desk: what goes where, the uploader at work after the first picture, the page, what the strip says."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from console.desk.window import DeskWindow
from console.errors import SightdeskError, UsageError
from console.settings.schema import Settings
from console.store.outbox import QUOTA_KEY
from console.store.store import Store
from console.sync import routes
from console.ui.status import Concern, StatusFeed
from console.ui.workplace import Workplace
from models.words import _
from widgets.status_strip import StatusStrip

if TYPE_CHECKING:
    from console.sync.uploader import TargetFigures, Uploader
    from console.ui.sync_page.feed import SyncFeed
    from console.ui.sync_page.page import SyncPage

log = logging.getLogger(__name__)

_AGAIN_MS = 3000
BEGIN_MS = 4000
"""What waits can wait a little more: the first boxes should not wait for what sending imports."""
SHARE = 0.1
"""Of one core, for sending: with more, the wall stutters while weeks of waiting are sent; see `bench wall`."""
PATIENCE_S = 2.5
"""Its threads have so long to end; a request under way is cut off."""


class Syncing(QObject):
    """What of the desk is about leaving the site.

    Args:
        workplace: shared by all pages.
        window: where the page goes.
        strip: says how much waits to leave.
        status: feeds the strip with what needs a person.

    Attributes:
        uploader: sends; None until `furnish`, and where it can't run.
        page, feed: None until `furnish`.
    """

    def __init__(self, workplace: Workplace, window: DeskWindow, strip: StatusStrip, status: StatusFeed) -> None:
        super().__init__(window)
        self._workplace, self._window, self._status = workplace, window, status
        self.uploader: Uploader | None = None
        self.feed: SyncFeed | None = None
        self.page: SyncPage | None = None
        self._leaving: threading.Thread | None = None
        self._left = False
        self._lock = threading.Lock()
        self._stuck: list[str] = []
        strip.outbox_wanted.connect(lambda: window.turn_to("sync"))
        workplace.settings_changed.connect(self._take_on)

    def begin(self) -> None:
        """From now on what is stored goes where the settings say; to be called before anything is.

        As a rule that stands already, since the last run: then nothing is written, which might wait for the disk.
        """
        store, settings = self._workplace.store, self._workplace.settings
        try:
            if not _stands(store, settings):
                routes.apply(store, settings)
        except SightdeskError as error:
            self._workplace.notices.error(error)

    def furnish(self) -> None:
        """Build the page, which nobody sees at the start, and begin to send."""
        from console.ui.sync_page.feed import SyncFeed  # noqa: PLC0415  # after the first picture
        from console.ui.sync_page.page import SyncPage  # noqa: PLC0415

        self.feed = SyncFeed(self._workplace, self._figures, self)
        self.page = SyncPage(self._workplace, self.feed)
        self.page.bind(self._window.actions_table)
        self._window.add_page("sync", _("Sync"), "sync", self.page)
        self.feed.pulled.connect(self._say)
        QTimer.singleShot(BEGIN_MS, self, lambda: None if self._left else self._send())

    def trace_by(self, name: str, tracking_id: Callable[[], str], page: QWidget) -> None:
        """Give an entry of the table its effect: the way of what is chosen on another page.

        Args:
            name: of the entry.
            tracking_id: of what is chosen there; empty: nothing, or it is older than the outbox.
            page: where its keys work.
        """

        def work() -> None:
            chosen = tracking_id()
            if chosen:
                self.show_trace(chosen)
            else:
                self._workplace.notices.say(_("Choose something first; what is older than the outbox has no such way."))

        self._window.actions_table.bind(name, work, page)

    def show_trace(self, tracking_id: str) -> None:
        """Bring the page to the front, with the whole way of one event or review item."""
        if self.page is not None:
            self._window.turn_to("sync")
            self.page.show_trace(tracking_id)

    def leave(self) -> None:
        """Nobody looks any more, and sending comes to its end, beside whatever else ends now."""
        if self.feed is not None:
            self.feed.close()
        with self._lock:
            self._left = True
            uploader, self.uploader = self.uploader, None
        if uploader is not None:
            self._leaving = threading.Thread(
                target=lambda: self._stuck.extend(uploader.close(PATIENCE_S)), name="uploader's end", daemon=True
            )
            self._leaving.start()

    def close(self) -> list[str]:
        """Wait until nothing is sent any more; before the database. Names of threads that are stuck."""
        self.leave()
        if self._leaving is not None:
            self._leaving.join(PATIENCE_S + 1)
            if self._leaving.is_alive():
                return [*self._stuck, self._leaving.name]
        return self._stuck

    def _send(self) -> None:
        """Begin to send, on a thread of its own: it imports, and waits for the disk."""

        def done(_none: object) -> None:
            if self.uploader is not None:
                self.uploader.apply(self._workplace.settings)  # they may have changed meanwhile

        def failed(error: Exception) -> None:
            if isinstance(error, UsageError):  # a command sends for this home just now; it ends
                log.info("another process sends for this home; the desk begins when it has ended")
                QTimer.singleShot(_AGAIN_MS, self, lambda: None if self._left else self._send())
            else:
                self._workplace.notices.error(error)

        self._workplace.jobs.start(_("Beginning to send"), lambda _job: self._make(), done, failed)

    def _make(self) -> None:
        from console.sync.uploader import Uploader  # noqa: PLC0415  # after the first picture
        from console.ui.sync_page.trying import secrets_of  # noqa: PLC0415

        workplace = self._workplace
        made = Uploader(
            workplace.home.path, workplace.store, workplace.settings,
            secret=secrets_of(workplace.home), audit=workplace.audit, share=SHARE,
        )  # fmt: skip
        with self._lock:
            if not self._left:
                self.uploader = made
                return
        made.close(0.0)

    def _take_on(self, settings: Settings) -> None:
        if self.uploader is not None:
            self.uploader.apply(settings)
        else:
            self.begin()

    def _figures(self) -> Mapping[str, TargetFigures]:
        return self.uploader.figures if self.uploader is not None else {}

    def _say(self) -> None:
        """Tell strip and rail how it stands."""
        from console.ui.sync_page.outbox_words import strip_words  # noqa: PLC0415  # see `furnish`

        shown = self.feed.shown if self.feed is not None else None
        if shown is None:
            return
        words, tip = strip_words(shown, self._figures(), datetime.now(UTC))
        concerns = [Concern(alarm.words, stopped=alarm.level == "stopped") for alarm in shown.alarms]
        self._status.show_outbox(words, tip, concerns)
        self._window.rail.set_waiting("sync", len(concerns))


def _stands(store: Store, settings: Settings) -> bool:
    """Whether the routes and the quota in the database are those of the settings."""
    with store.read() as db:
        there = [tuple(row) for row in db.execute("SELECT target, route, camera_id, goes FROM outbox_routes")]
        quota = db.execute("SELECT value FROM meta WHERE key = ?", (QUOTA_KEY,)).fetchone()
        names = {str(row[0]) for row in db.execute("SELECT name FROM outbox_targets")}
    limit = str(round(settings.sync.quota_gigabytes * routes.GIGABYTE))
    known = {target.name for target in settings.sync.targets} <= names
    return known and sorted(there) == routes.rows(settings) and quota is not None and quota[0] == limit
