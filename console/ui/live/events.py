"""The panel of events: what was seen first, where and when; the next one, and who has seen to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from console.errors import SightdeskError
from console.events.queries import COUNTED, Event, EventFilter
from console.events.recorder import EventRecorder
from console.events.rows import acknowledge, take_back
from console.settings.schema import Settings
from console.ui.actions import Actions
from console.ui.live.event_feed import PORTION, EventFeed, Snapshot
from console.ui.live.sounds import STRONGEST, Sounds
from console.ui.operator import ask_operator
from console.ui.workplace import Workplace
from models.words import _, ngettext
from widgets.combo import tell_whole, told
from widgets.event_list import EventItem, EventList
from widgets.key_button import KeyButton
from widgets.theme import px

_ONLY_NEW = "only new events"
_MOST = 2000


class EventsPanel(QWidget):
    """The list, its filters and what is done with an event.

    Args:
        workplace: where events are.
        actions: given their effect here: event.next, event.previous, event.acknowledge, event.all, desk.operator.
        page: where their keys work.

    Attributes:
        recorder: asked whether events are being stored; None: nobody is asked.

    Signals:
        picked: the `Event` an operator chose.
    """

    picked = Signal(object)
    _acknowledged = Signal(object, object)
    _taken_back = Signal(object)

    def __init__(self, workplace: Workplace, actions: Actions, page: QWidget) -> None:
        super().__init__()
        self.recorder: EventRecorder | None = None
        self.sounds = Sounds()
        self._workplace = workplace
        self._events: dict[int, Event] = {}
        self._limit = PORTION
        self._problem: SightdeskError | None = None
        self._heading, self._count, self._fault = QLabel(_("Events")), QLabel(), QLabel()
        self._camera, self._label = QComboBox(), QComboBox()
        self._only_new = QPushButton(_("New only"))
        self.list = EventList()
        self._acknowledge = KeyButton(_("Acknowledge"), "")
        self._all = KeyButton(_("All"), "")
        self._lay_out()
        self._only_new.setChecked(bool(workplace.state.get(_ONLY_NEW, False)))
        self._take_on(workplace.settings)
        self._fill(self._label, _("All classes"), [])
        self._bind(actions, page)
        self._feed = EventFeed(workplace.store, workplace.home.path, self)
        self._connect()
        self._want()
        self._feed.start()
        self._pulse = QTimer(self, interval=1000)
        self._pulse.timeout.connect(self._look_at_recorder)
        self._pulse.start()

    def stop(self) -> None:
        """Read no more; to be called before the store is closed. Harmless when done already."""
        self._pulse.stop()
        self._feed.close()

    # Setting up

    def _lay_out(self) -> None:
        self.setAccessibleName(_("Events"))
        self._heading.setProperty("role", "heading")
        self._count.setProperty("role", "dim")
        self._fault.setProperty("role", "stopped")
        self._fault.setWordWrap(True)
        self._fault.hide()
        for box, name in ((self._camera, _("Events of camera")), (self._label, _("Events of class"))):
            box.setAccessibleName(name)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(4)
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            tell_whole(box)
        self._only_new.setCheckable(True)
        self._only_new.setProperty("role", "segment")
        self._only_new.setAccessibleName(_("New events only"))
        self._all.setToolTip(_("Acknowledge all that are listed"))
        self._all.setAccessibleName(_("Acknowledge all that are listed"))
        top, filters, buttons = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        top.addWidget(self._heading)
        top.addStretch(1)
        top.addWidget(self._count)
        top.addSpacing(px(8))
        top.addWidget(self._only_new)
        for row in (filters, buttons):
            row.setSpacing(px(6))
        filters.addWidget(self._camera, 1)
        filters.addWidget(self._label, 1)
        buttons.addWidget(self._acknowledge, 1)
        buttons.addWidget(self._all)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(px(8))
        for part in (top, filters):
            whole.addLayout(part)
        whole.addWidget(self._fault)
        whole.addWidget(self.list, 1)
        whole.addLayout(buttons)
        self.list.setMinimumHeight(px(200))

    def _bind(self, actions: Actions, page: QWidget) -> None:
        actions.bind("event.next", lambda: self.list.step(1), page)
        actions.bind("event.previous", lambda: self.list.step(-1), page)
        actions.bind("event.acknowledge", self.acknowledge_chosen, page)
        actions.bind("event.all", self.acknowledge_all, page)
        actions.bind("desk.operator", lambda: ask_operator(self._workplace, self.window()))
        self._acknowledge.clicked.connect(lambda: actions.trigger("event.acknowledge"))
        self._all.clicked.connect(lambda: actions.trigger("event.all"))
        actions.follow(self._acknowledge, "event.acknowledge")
        actions.follow(self._all, "event.all")

    def _connect(self) -> None:
        self._feed.arrived.connect(self._show, Qt.ConnectionType.QueuedConnection)
        self._feed.failed.connect(self._workplace.notices.error, Qt.ConnectionType.QueuedConnection)
        self._acknowledged.connect(self._say_acknowledged, Qt.ConnectionType.QueuedConnection)
        self._taken_back.connect(self._say_taken_back, Qt.ConnectionType.QueuedConnection)
        self._camera.currentIndexChanged.connect(self._want)
        self._label.currentIndexChanged.connect(self._want)
        self._only_new.toggled.connect(self._want)
        self.list.picked.connect(self._pick)
        self.list.more_wanted.connect(self._more)
        self._workplace.settings_changed.connect(self._take_on)

    def _take_on(self, settings: Settings) -> None:
        self._fill(self._camera, _("All cameras"), [(camera.title, camera.id) for camera in settings.cameras])

    @staticmethod
    def _fill(box: QComboBox, everything: str, choices: Sequence[tuple[str, str]]) -> None:
        """Offer these; what was chosen stays, while it is still offered."""
        wanted = [(everything, ""), *choices]
        if wanted == [(box.itemText(row), box.itemData(row)) for row in range(box.count())]:
            return
        chosen = box.currentData()
        quiet = box.blockSignals(True)  # noqa: FBT003  # Qt's
        box.clear()
        for words, value in wanted:
            box.addItem(words, value)
        row = max(box.findData(chosen), 0)
        box.setCurrentIndex(row)
        box.blockSignals(quiet)
        told(box)
        if chosen and not row:
            box.currentIndexChanged.emit(0)

    # What happens

    @property
    def filter(self) -> EventFilter:
        """Which events are listed."""
        return EventFilter(
            camera_id=self._camera.currentData() or "",
            label=self._label.currentData() or "",
            unacknowledged=self._only_new.isChecked(),
        )

    @property
    def chosen(self) -> Event | None:
        """The chosen event."""
        return self._events.get(self.list.chosen)

    def acknowledge_chosen(self) -> None:
        """Record who has seen the chosen event, and go to the next one that nobody has."""
        chosen = self.list.chosen
        if not chosen:
            if not self.list.items:
                self._workplace.notices.say(_("There is no event to acknowledge."))
            self.list.step(0)
            return
        event = self._events.get(chosen)
        if event is not None and event.acknowledged_by:
            self.list.choose(self.list.next_new())
            return
        self._record([chosen])

    def acknowledge_all(self) -> None:
        """Record who has seen all events that are listed; those that came later or are not listed stay new."""
        ids = [item.id for item in self.list.items if not item.seen_by]
        if ids:
            self._record(ids)
        else:
            self._workplace.notices.say(_("There is no event to acknowledge."))

    def _record(self, ids: list[int]) -> None:
        if not self._workplace.operator:
            ask_operator(self._workplace, self.window(), lambda: self._record(ids))
            return
        who, since = self._workplace.operator, datetime.now(UTC)
        try:
            future = acknowledge(self._workplace.store, ids, who)
        except SightdeskError as error:
            self._workplace.notices.error(error)
            return
        if len(ids) == 1 and (following := self.list.next_new()):
            self.list.choose(following)
        undo = partial(self._take_back, ids, who, since)
        future.add_done_callback(lambda done: self._acknowledged.emit(done, undo))

    def _take_back(self, ids: list[int], who: str, since: datetime) -> None:
        """They are new again: one key pressed too many must not hide what nobody has seen."""
        try:
            future = take_back(self._workplace.store, ids, who, since)
        except SightdeskError as error:
            self._workplace.notices.error(error)
            return
        future.add_done_callback(self._taken_back.emit)

    def _say_taken_back(self, future: Future[int]) -> None:
        error = future.exception()
        if error is not None:
            self._workplace.notices.error(error)
        else:
            again = future.result()
            words = ngettext("{n} event is new again.", "{n} events are new again.", again)
            self._workplace.notices.say(words.format(n=again))
        self._feed.look()

    def _say_acknowledged(self, future: Future[int], undo: Callable[[], object]) -> None:
        error = future.exception()
        if error is not None:
            self._workplace.notices.error(error)
        elif (taken := future.result()) > 1:
            words = ngettext("{n} event acknowledged.", "{n} events acknowledged.", taken)
            self._workplace.notices.say(words.format(n=taken), (_("Undo"), undo))
        self._feed.look()

    def _pick(self, event_id: int) -> None:
        if (event := self._events.get(event_id)) is not None:
            self.picked.emit(event)

    def _want(self) -> None:
        self._limit = PORTION
        self._workplace.state.set(_ONLY_NEW, self._only_new.isChecked())
        self._feed.want(self.filter, self._limit)

    def _more(self) -> None:
        if len(self._events) >= self._limit < _MOST:
            self._limit += PORTION
            self._feed.want(self.filter, self._limit)

    def _show(self, snapshot: Snapshot) -> None:
        self._hear(snapshot.fresh)
        self._fill(self._label, _("All classes"), [(_class(label), label) for label in snapshot.labels])
        if snapshot.wanted != self.filter:
            return  # the one for this filter is on its way
        self._events = {event.id: event for event in snapshot.events}
        today = datetime.now().astimezone()
        self.list.set_items([_item(event, snapshot, today) for event in snapshot.events])
        all_ = snapshot.wanted == EventFilter()
        self.list.set_empty(_("No events yet.") if all_ else _("No events fit this choice."))
        more = "+" if snapshot.new >= COUNTED else ""
        self._count.setText(_("{n} new").format(n=f"{snapshot.new}{more}"))
        for button in (self._acknowledge, self._all):
            button.setEnabled(bool(snapshot.events))

    def _hear(self, fresh: Sequence[Event]) -> None:
        """The strongest sound of what came in just now."""
        heard = {event.sound for event in fresh}
        wanted = next((name for name in STRONGEST if name in heard), None)
        if wanted and self._workplace.settings.desk.sounds:
            self.sounds.play(wanted)

    def _look_at_recorder(self) -> None:
        """Say it while events can't be stored: nothing else would show it."""
        problem = self.recorder.problem if self.recorder is not None else None
        if problem is self._problem:
            return
        if problem is not None and (self._problem is None or problem.what != self._problem.what):
            self._workplace.notices.error(problem)
        self._problem = problem
        self._fault.setVisible(problem is not None)
        self._fault.setText(_("■ Events are not complete: {what}").format(what=problem.what) if problem else "")


def _item(event: Event, snapshot: Snapshot, today: datetime) -> EventItem:
    seen = event.seen_at.astimezone()
    clock = f"{seen:%H:%M:%S}" if seen.date() == today.date() else f"{seen:%Y-%m-%d %H:%M}"
    return EventItem(
        id=event.id,
        title=_("{thing}, {camera}").format(thing=_class(event.label), camera=event.camera_name),
        detail=_("track {n}, {time}").format(n=event.track, time=clock),
        seen_by=event.acknowledged_by,
        alarm=event.sound == "alarm",
        picture=snapshot.pictures.get(event.id),
        why=event.picture_why,
    )


def _class(label: str) -> str:
    return label[:1].upper() + label[1:]
