"""The Review page: one item large in the middle, one key decides, the next is there at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QImage, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from console.review.items import Item
from console.review.verdicts import VerdictLane
from console.ui.actions import Actions
from console.ui.review.cloud import CloudSays
from console.ui.review.deck import AHEAD, BEHIND, Deck
from console.ui.review.doing import Doing
from console.ui.review.editing import Editing
from console.ui.review.facts import Facts
from console.ui.review.filtering import Filtering
from console.ui.review.judging import Judging
from console.ui.review.layout import ReviewLayout
from console.ui.review.pace import Pace
from console.ui.review.queue import Queue
from console.ui.review.reading import Reader
from console.ui.review.showing import Showing
from console.ui.review.words import shot_of
from console.ui.workplace import Workplace
from widgets.film import Shot

_PLACE = "review item"
_REMEMBER_MS = 250
_AHEAD_MS = 14
"""Decoding goes on after the picture in front was painted, where that is there already."""
DIGITS = range(1, 10)


class ReviewPage(QWidget):
    """Judge, one after the other.

    Args:
        workplace: shared by all pages.
        lane: stores verdicts; closed by whoever made it, after the page.

    Attributes:
        view: the widgets.
        queue, judging, deck, filtering, facts, cloud: see their classes.
        waiting: how many items wait for a person.

    Signals:
        waiting_changed: that number is another.
    """

    waiting_changed = Signal(int)

    def __init__(self, workplace: Workplace, lane: VerdictLane, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workplace = workplace
        self._actions: Actions | None = None
        self._operator = workplace.operator
        self.waiting = 0
        self.view = ReviewLayout()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.view)
        self.setFocusProxy(self.view.canvas)
        self.pace = Pace()
        self.reader = Reader(workplace.store, "review reader", self)
        self.deck = Deck(workplace.home.path, self)
        self.judging = Judging(lane, self)
        self.queue = Queue(self.reader, self._mine, self)
        self.filtering = Filtering(workplace, self.queue, self.judging, self.view, self)
        self.showing = Showing(self.view, self.deck, self.judging, self.pace)
        self.facts = Facts(
            workplace, self.reader, self.view, self.judging, filtering=self.filtering, pace=self.pace, parent=self
        )
        self.cloud = CloudSays(workplace, self.reader, self.view, self)
        self.doing = Doing(
            workplace, self.view, self.queue, self.judging, self.facts,
            deck=self.deck, pace=self.pace, show=self._show, parent=self,
        )  # fmt: skip
        self._place = QTimer(self, singleShot=True, interval=_REMEMBER_MS)
        self._place.timeout.connect(self._remember)
        self._ahead = QTimer(self, singleShot=True, interval=_AHEAD_MS)
        self._ahead.timeout.connect(self._read_ahead)
        self._begun = False
        self._connect()

    # What somebody does

    def bind(self, actions: Actions) -> None:
        """Give the entries of the table their effect."""
        self._actions = actions
        verdicts: dict[str, Callable[[], object]] = {
            "review.accept": self.doing.accept,
            "review.reject": partial(self.doing.say, "reject"),
            "review.skip": partial(self.doing.say, "skip"),
            "review.whole": self.doing.whole,
        }
        verdicts |= {f"review.label.{digit}": partial(self.doing.relabel_to, digit) for digit in DIGITS}
        ways: dict[str, Callable[[], object]] = {
            "review.next": partial(self.doing.step, 1),
            "review.back": partial(self.doing.step, -1),
            "review.edit": self.doing.edit,
            "review.filter": self.filtering.toggle,
            "review.bulk": self.filtering.begin_bulk,
            "review.undo": self.doing.undo,
            "review.closer": self.closer,
            "review.other": self.type_class,
            "review.cloud": self.cloud.toggle,
            "edit.cloud": self.cloud.toggle,
        }
        for name, work in (verdicts | ways).items():
            action = actions.bind(name, work, self)
            action.setAutoRepeat(name in ("review.next", "review.back"))  # a key held down judges once
        self.doing.draw_with(Editing(self.view.canvas, actions, self))
        actions.follow(self.view.side.cloud.boxes, "review.cloud")
        actions.keys_changed.connect(self._show_keys)
        self._workplace.settings_changed.connect(lambda _settings: self._show_keys())
        self._show_keys()

    # Opening and closing

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Begin where somebody left off."""
        super().showEvent(event)
        self._fit()
        self.facts.begin()
        self.cloud.begin()
        self.pace.begin()
        if not self._begun:
            self._begun = True
            self.filtering.begin(int(self._workplace.state.get(_PLACE, 0)))

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  # Qt's name
        """Nobody looks."""
        super().hideEvent(event)
        self.facts.end()
        self.cloud.end()

    def watch(self) -> None:
        """Count what waits from now on, though nobody has looked at the page yet: for the rail and the strip."""
        self.facts.watch()

    def close(self) -> bool:
        """Read and decode no more; to be called before the store is closed. Harmless when done already."""
        self._remember()
        self.judging.hand_over()
        self.facts.close()
        self.cloud.end()
        self.reader.close()
        self.deck.close()
        return super().close()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """A letter that is no key begins the search for a class, and so does a slash."""
        letters = event.text()
        held = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if self.doing.drawing:
            super().keyPressEvent(event)
            return
        if letters.isprintable() and letters.strip() and not held and not letters.isdigit() and self.queue.current:
            self.type_class("" if letters == "/" else letters)
            return
        super().keyPressEvent(event)

    def closer(self) -> None:
        """Look closer at the box in question, or at all of the picture again."""
        item, canvas = self.queue.current, self.view.canvas
        if canvas.zoomed:
            canvas.fit()
        elif item is not None and item.box is not None:
            canvas.zoom_to(item.box.xyxy)

    def type_class(self, letters: str = "") -> None:
        """Let somebody type a class."""
        self.view.side.show_filter(False)  # noqa: FBT003  # back to the item
        self.view.side.choices.begin(letters)

    # What happens

    def _connect(self) -> None:
        view, queue = self.view, self.queue
        queue.opened.connect(self._show_all)
        queue.added.connect(lambda items, end: view.film.add([self._shot(item) for item in items], end))
        queue.cut.connect(view.film.cut)
        queue.moved.connect(self._show)
        view.film.picked.connect(self._pick)
        view.film.more_wanted.connect(queue.more)
        view.film.pictures_wanted.connect(self._want_small)
        view.choose_filter.clicked.connect(self.filtering.toggle)
        view.calm.way_on.connect(self._way_on)
        view.trouble_way.clicked.connect(self._way_on)
        view.side.choices.left.connect(lambda: view.canvas.setFocus(Qt.FocusReason.OtherFocusReason))
        view.canvas.view_changed.connect(self._look_closer)
        view.canvas.installEventFilter(self)
        self.deck.ready.connect(self._picture_came, Qt.ConnectionType.QueuedConnection)
        self.deck.small_ready.connect(view.film.set_picture, Qt.ConnectionType.QueuedConnection)
        self.deck.whole_ready.connect(self._whole_came, Qt.ConnectionType.QueuedConnection)
        self.judging.marked.connect(self._mark)
        self.facts.waiting_changed.connect(self._count)
        self.facts.counted.connect(self._show_none)
        self.facts.came.connect(queue.look_for_more)
        self.reader.failed.connect(self._unreadable, Qt.ConnectionType.QueuedConnection)
        self.reader.works.connect(self._readable, Qt.ConnectionType.QueuedConnection)
        self._workplace.operator_changed.connect(self._somebody_else)

    def _mine(self, item: Item) -> bool:
        """Whether an item is for whoever sits here: nobody looks twice at his own. On the reader's thread."""
        if item.state != "second" or item.verdict is None:
            return True
        return item.verdict.who.casefold() != self._operator.casefold()

    def _shot(self, item: Item) -> Shot:
        said = self.judging.said.get(item.id)
        shot = shot_of(item)
        return shot if said is None else Shot(shot.id, shot.title, shot.detail, said.mark, said.words)

    def _show_all(self) -> None:
        chosen = self.queue.current
        self.view.film.show_shots([self._shot(item) for item in self.queue.items], chosen.id if chosen else 0)
        self.facts.recount()

    def _show(self) -> None:
        """Show the item in front: the one thing that must be quick."""
        item = self.queue.current
        self.doing.stop_drawing()
        if item is None or self.deck.picture(item.id) is None:
            self._read_ahead()
        else:
            self._ahead.start()
        self._keep_focus(item is not None)
        if item is None:
            self.facts.of_none()
            self.cloud.of_none()
            self._show_none()
        else:
            self.view.film.choose(item.id)
            self.showing.show(item)
            self.facts.of(item)
            self.cloud.of(item)
        self.facts.show_place()
        self._place.start()

    def _keep_focus(self, some: bool) -> None:  # noqa: FBT001
        """The keyboard is somewhere on the page also while there is no picture."""
        wanted = self.view.canvas if some else self.view.choose_filter
        if self.focusProxy() is not wanted:
            had = self.isVisible() and (self.hasFocus() or self.focusWidget() is None or not some)
            self.setFocusProxy(wanted)
            if had and not self.view.side.filtering:
                wanted.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_none(self) -> None:
        if self.queue.current is None:
            self.showing.show_none(self.queue.loading, self.filtering.narrow, self.facts.quiet_words())

    def _read_ahead(self) -> None:
        self.deck.want(self.queue.ahead(AHEAD, BEHIND))

    def _picture_came(self, item_id: int) -> None:
        item = self.queue.current
        if item is not None and item.id == item_id and not self.doing.drawing:
            self.showing.show_picture(item)

    def _whole_came(self, item_id: int, image: QImage) -> None:
        item = self.queue.current
        if item is not None and item.id == item_id and not image.isNull() and self.view.canvas.zoomed:
            self.view.canvas.show_picture(image, item.size)

    def _look_closer(self) -> None:
        item = self.queue.current
        if item is not None and self.view.canvas.zoomed and self.showing.blurred:
            self.showing.blurred = False
            self.deck.want_whole(item)

    def _want_small(self, ids: list[int]) -> None:
        items = {item.id: item for item in self.queue.items}
        self.deck.want_small([items[item_id] for item_id in ids if item_id in items])

    def _pick(self, item_id: int) -> None:
        if self.doing.editing is None or not self.doing.drawing or self.doing.editing.may_leave():
            self.queue.go_to(item_id)
        elif self.queue.current is not None:
            self.view.film.choose(self.queue.current.id)
        self.view.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def _mark(self, item_id: int) -> None:
        said = self.judging.said.get(item_id)
        if said is not None:
            self.view.film.set_mark(item_id, said.mark, said.words)
        self.facts.show_kept()

    def _way_on(self) -> None:
        way = self.showing.way
        if way == "all":
            self.filtering.show_all()
        elif way == "again":
            self.queue.open(self.queue.wanted, self.queue.order)
        elif way == "skip":
            self.doing.say("skip")

    def _unreadable(self, error: Exception) -> None:
        self.showing.problem = error
        if self.queue.current is None:
            self._show()
        else:
            self._workplace.notices.error(error)

    def _readable(self) -> None:
        self.showing.problem = None
        if self.queue.current is None:
            self.queue.open(self.queue.wanted, self.queue.order)

    def _somebody_else(self, name: str) -> None:
        """What one has judged is another's second look."""
        self._operator = name
        self.facts.somebody_else()
        if self._begun and self.queue.current is None:
            self.queue.open(self.queue.wanted, self.queue.order)

    def _count(self, waiting: int) -> None:
        if waiting != self.waiting:
            self.waiting = waiting
            self.waiting_changed.emit(waiting)

    def _remember(self) -> None:
        item = self.queue.current
        if item is not None:
            self._workplace.state.set(_PLACE, item.id)

    def eventFilter(self, watched: object, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """The canvas has another size: pictures are decoded for it."""
        if watched is self.view.canvas and event.type() == QEvent.Type.Resize:
            self._fit()
        return False

    def _fit(self) -> None:
        canvas = self.view.canvas
        ratio = canvas.devicePixelRatioF()
        self.deck.fit((max(int(canvas.width() * ratio), 1), max(int(canvas.height() * ratio), 1)))

    def _show_keys(self) -> None:
        actions = self._actions
        if actions is None:
            return
        for name in ("accept", "reject", "skip", "edit", "whole"):
            self.view.bar.set_keys(name, actions.shown(f"review.{name}"))
        self.view.choose_filter.set_keys(actions.shown("review.filter"))
        self.facts.show_keys(actions.shown("review.undo"), actions.shown("review.whole"))
