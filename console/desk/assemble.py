"""Puts the pages on the running site: everything a desk is, wired together once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, QUrl
from PySide6.QtGui import QDesktopServices

from console.desk.autostart import set_autostart
from console.desk.awake import Awake
from console.desk.collector import Collector
from console.desk.common import CommonActions
from console.desk.fetches import Fetches
from console.desk.look import Look
from console.desk.prepare import Prepared
from console.desk.reviewing import Reviewing
from console.desk.syncing import Syncing
from console.desk.window import DeskWindow
from console.errors import SightdeskError
from console.events.queries import Event
from console.events.recorder import EventRecorder
from console.privacy.audit.record import let_go
from console.settings.schema import Settings
from console.ui.actions import wrong_in_words
from console.ui.figures import figures_of
from console.ui.live.events import EventsPanel
from console.ui.live.page import LivePage
from console.ui.live.ticker import Painted
from console.ui.state import DeskState
from console.ui.status import StatusFeed
from console.ui.workplace import Workplace
from models.frames import Frame
from models.results import Result
from models.words import _
from widgets.status_strip import StatusStrip

if TYPE_CHECKING:
    from console.ui.cameras.page import CamerasPage
    from console.ui.models_page.page import ModelsPage

log = logging.getLogger(__name__)

_PULSE_S = 10.0
_ANCHOR_MS = 5000
FURNISHED_MS = 1000
"""The pages that are not in front are built after the first picture, or so long after the start without one."""
_PAUSE_MS = 30
"""Between two steps of that: each takes a tenth of a second, and the wall is painted in between."""


class Assembled(QObject):
    """A desk at work.

    Attributes:
        workplace: what the pages share.
        live, cameras, models: the pages; all but live are None until they are built, after `furnish`.
        furnished: all pages are there.
        recorder: makes events of results; closed after the site, before the database.
        reviewing: triage, verdicts and their page; closed likewise.
        syncing: what leaves the site, and its page; closed after them.
        events: lists them.
        fetches: shows what the site fetches for itself.
    """

    def __init__(self, window: DeskWindow, prepared: Prepared, state: DeskState, look: Look) -> None:
        super().__init__(window)
        self._window = window
        self._look = look
        self._state = state
        self._prepared = prepared
        self._awake = Awake()
        self.workplace = Workplace(
            prepared.home, prepared.store, prepared.site, prepared.file, settings=prepared.loaded.settings, state=state
        )
        self.workplace.notices.shown.connect(window.show_notice)
        self.live = LivePage(self.workplace, window.actions_table)
        self._collector = Collector(self)
        self._closers: list[Callable[[], object]] = [self.live.ticker.stop, self._collector.close]
        window.add_page("live", _("Live"), "live", self.live)
        self.recorder = self._record()
        self.events = EventsPanel(self.workplace, window.actions_table, self.live)
        self.events.recorder = self.recorder
        self.events.picked.connect(self._show_event)
        self.live.add_to_side(self.events)
        self._closers.append(self.events.stop)
        self.furnished = False
        self._furnishing: Iterator[None] | None = None
        self._closed = self._turned = False
        self.cameras: CamerasPage | None = None
        self.models: ModelsPage | None = None
        self._common = CommonActions(window, self.workplace)
        self._supervise()
        strip = StatusStrip()
        self._status = StatusFeed(self.workplace, strip)
        strip.camera_wanted.connect(self._go_to)
        self.reviewing = Reviewing(self.workplace, window, self.live, strip)
        self.syncing = Syncing(self.workplace, window, strip, self._status)
        self.syncing.begin()
        strip.operator_wanted.connect(lambda: window.actions_table.trigger("desk.operator"))
        strip.jobs_wanted.connect(lambda: window.actions_table.trigger("desk.jobs"))
        window.add_foot(strip)
        self._closers += [self.live.rewind.live, self.live.reveal.close, figures_of(self.workplace).close]
        self.fetches = Fetches(self.workplace.jobs, prepared.cancel, self)
        self.workplace.applied.connect(lambda _outcome: self.fetches.end())
        self.workplace.settings_changed.connect(self._take_on)
        self._take_on(self.workplace.settings)
        self._watch_settings()
        self._beat()
        window.turn_to("live", remember=False)
        self._say_problem()

    def begin(self) -> None:
        """Start the cameras; the wall comes alive."""
        self.workplace.take_outcome(self.workplace.site.apply(self.workplace.settings))
        self.workplace.guard.record_found(self.workplace.settings)
        settings = self.workplace.settings
        if any(one.login is not None for one in settings.cameras) or any(one.secret for one in settings.sync.targets):
            from console.ui.cameras.passwords import unlock_passwords  # noqa: PLC0415  # only where there is a password

            QTimer.singleShot(0, lambda: unlock_passwords(self.workplace, self._window))
        self.live.ticker.start()

    def furnish(self) -> None:
        """Begin to build the pages that nobody sees at the start; after the first picture, which should not wait."""
        if self._furnishing is None:
            self._furnishing = self._build()
            self._go_on()

    def _go_on(self) -> None:
        """One step, and the next once the wall was painted."""
        if self._closed or self._furnishing is None:
            return
        try:
            next(self._furnishing)
        except StopIteration:
            self.furnished = True
            self._collector.settle()
        else:
            QTimer.singleShot(_PAUSE_MS, self, self._go_on)

    def _build(self) -> Iterator[None]:
        """Pause wherever a tenth of a second is over: half of the time is reading modules."""
        from console.ui.review import layout as _layout  # noqa: F401, PLC0415  # what the review page is made of

        yield
        self.reviewing.furnish()
        self._closers.append(self.reviewing.leave)
        self._turn_back()
        yield
        from console.ui.cameras.page import CamerasPage  # noqa: PLC0415  # after the first picture

        yield
        self.cameras = CamerasPage(self.workplace)
        self.live.welcome.address_given.connect(self.cameras.add)
        self.cameras.bind(self._window.actions_table, lambda: self.live.chosen)
        self._window.add_page("cameras", _("Cameras"), "cameras", self.cameras)
        self._turn_back()
        yield
        from console.ui.models_page.page import ModelsPage  # noqa: PLC0415

        self.models = ModelsPage(self.workplace)
        self.models.bind(self._window.actions_table)
        self._window.add_page("models", _("Models"), "models", self.models)
        self._turn_back()
        yield
        from console.ui.sync_page import page as _page  # noqa: F401, PLC0415

        yield
        self.syncing.furnish()
        self._closers.append(self.syncing.leave)
        self.syncing.trace_by("event.trace", lambda: _tracked(self.events.chosen), self.live)
        self.syncing.trace_by("review.trace", self.reviewing.tracking_id, self.reviewing.page or self.live)
        self._turn_back()
        yield
        from console.ui.settings_page.page import SettingsPage  # noqa: PLC0415

        self._window.add_page("settings", _("Settings"), "settings", SettingsPage(self.workplace), foot=True)
        self._turn_back()

    def _turn_back(self) -> None:
        """Show the page that was in front the last time, once it is there, unless somebody has turned a page since."""
        if self._turned:
            return
        wanted = self._state.get("page", "live")
        self._turned = self._window.has_page(wanted)
        self._window.turn_to(wanted)

    def summary(self) -> dict[str, Any]:
        """The figures of what ran, in the form `run` prints."""
        return self.workplace.site.summary()

    def close(self) -> list[str]:
        """End what belongs to the pages; names of what goes on for now."""
        self._closed = True
        self._awake.set(False)
        for close in self._closers:
            close()
        return self.workplace.jobs.close()

    def _take_on(self, settings: Settings) -> None:
        desk = settings.desk
        self._look.set(desk.theme, desk.text_scale)
        self._state.set("look", [desk.theme, desk.text_scale])
        before, keys = self._window.actions_table.keys, self._window.actions_table.apply(desk)
        if keys != before:
            for words in wrong_in_words(keys):
                self.workplace.notices.warn(words, _("Ctrl+Shift+K shows all keys and changes them."))
        self._awake.set(desk.keep_awake and any(camera.enabled for camera in settings.cameras))
        try:
            set_autostart(desk.start_at_login, self._prepared.home.path)
        except SightdeskError as error:
            self.workplace.notices.error(error)

    def _record(self) -> EventRecorder:
        """Make events of what the site sees, from its first result on."""
        site = self.workplace.site

        def picture_of(camera_id: str) -> tuple[Frame, Result] | None:
            lane = site.lane(camera_id)
            return lane.latest if lane is not None else None

        workplace = self.workplace
        recorder = EventRecorder(
            workplace.store, workplace.writer, picture_of, workplace.settings, redactor=site.redactor
        )
        recorder.muted = lambda camera_id: self.live.mutes.until(camera_id) is not None
        workplace.settings_changed.connect(recorder.apply)
        site.subscribe(recorder.take)
        return recorder

    def _show_event(self, event: Event) -> None:
        """Show the camera of an event."""
        if event.camera_id in self.live.wall.cameras:
            self.live.wall.choose(event.camera_id)

    def _go_to(self, camera_id: str) -> None:
        """Show a camera that needs a person; without one it is about the site, and the settings are shown."""
        self._window.turn_to("live" if camera_id else "settings")
        if camera_id:
            self.live.wall.choose(camera_id)

    def _watch_settings(self) -> None:
        """Notice when somebody else edits the settings file."""
        path = str(self.workplace.file.path)
        self._watcher = QFileSystemWatcher([path], self)
        self._settle = QTimer(self, singleShot=True, interval=500)
        self._watcher.fileChanged.connect(self._settle.start)
        self._settle.timeout.connect(self._changed_outside)

    def _changed_outside(self) -> None:
        path = str(self.workplace.file.path)
        if path not in self._watcher.files():  # replaced as a whole, as editors and we do
            self._watcher.addPath(path)
        if not self.workplace.file.changed_outside:
            return
        self.workplace.notices.warn(
            _("The settings file was changed outside the desk."),
            _("The desk goes on with what it read before."),
            (_("Read it now"), self.workplace.reload),
        )

    def _say_problem(self) -> None:
        problem = self._prepared.loaded.problem
        if problem is not None:
            file = QUrl.fromLocalFile(str(self.workplace.file.path))
            self.workplace.notices.error(problem, (_("Open the file"), lambda: QDesktopServices.openUrl(file)))

    def _supervise(self) -> None:
        """Show who is in force, and look now and then whether the record is anchored."""
        workplace, rail = self.workplace, self._window.rail

        def show() -> None:
            inside = workplace.supervisor.unlocked
            keys = self._window.actions_table.shown("desk.supervisor")
            rail.show_role(_("Supervisor") if inside else "", _("Operator again  {keys}").format(keys=keys))

        workplace.role_changed.connect(show)
        rail.role_left.connect(workplace.supervision.leave)
        timer = QTimer(self, interval=_ANCHOR_MS)
        timer.timeout.connect(workplace.guard.say_anchor)
        timer.start()
        self._closers += [workplace.supervision.close, lambda: let_go(workplace.home.path)]

    def _beat(self) -> None:
        """The watchdog sees that the window is alive."""
        pulse = self._prepared.watchdog.watch("window", _PULSE_S)
        timer = QTimer(self, interval=1000)
        timer.timeout.connect(pulse.beat)
        timer.start()
        self._closers.append(pulse.close)


def _tracked(event: Event | None) -> str:
    return event.tracking_id if event is not None else ""


def assemble(
    window: DeskWindow, prepared: Prepared, state: DeskState, look: Look, moments: dict[str, float]
) -> Assembled:
    """Build the pages, start the cameras, and note when the first picture and the first box were painted."""
    from console.desk.start import since_start  # noqa: PLC0415  # start imports this file when it needs it

    desk = Assembled(window, prepared, state, look)

    def note(painted: Painted) -> None:
        if painted.shown is not None and "first picture" not in moments:
            moments["first picture"] = since_start()
            QTimer.singleShot(0, desk.furnish)
        if painted.result is not None and len(painted.result.tracks):
            moments.setdefault("first box", since_start())
            desk.live.ticker.recorder = None

    desk.live.ticker.recorder = note
    desk.begin()
    QTimer.singleShot(FURNISHED_MS, desk.furnish)
    return desk
