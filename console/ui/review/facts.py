"""What the page says beside the picture: how many wait, how the shift goes, what was said of the item and found it."""

from __future__ import annotations

import math
import sqlite3
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from console.privacy.policies import policy_for
from console.review import queries
from console.review.items import Item, Verdict
from console.review.queries import ReviewFilter
from console.ui.review.choice import WAITING
from console.ui.review.filtering import Filtering
from console.ui.review.judging import Judging
from console.ui.review.layout import ReviewLayout
from console.ui.review.pace import Pace
from console.ui.review.reading import Reader
from console.ui.review.shift import Shift, shift_facts, shift_of
from console.ui.review.words import history_words, pace_words, time_words, why_words
from console.ui.workplace import Workplace
from models.policy import Cover
from models.words import _, ngettext
from widgets.facts import Fact

LOOK_MS = 1000
SETTLE_MS = 80
"""What stands beside the picture follows so long after it: nobody reads it while he goes through items at speed."""
SHIFT_MS = 500
_SHIFT_S = 3.0
_REST_S = 0.4
"""Figures are worked out while somebody rests at an item, not while he goes through them."""
_SHARE = 20
"""They take a twentieth of a thread's time at most, however many verdicts they come of."""
_LABELS = "review classes"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Look:
    number: int
    waiting: int
    count: int
    wanted: ReviewFilter
    newest: int
    labels: dict[str, int]
    cameras: dict[str, str]
    last: datetime | None
    dropped: dict[str, int]


@dataclass(frozen=True, slots=True)
class _About:
    item_id: int
    history: list[Verdict]
    near: list[Item]


class Facts(QObject):
    """Reads after the page has shown what is urgent. Belongs to the GUI thread.

    Attributes:
        near: the items of the same track, of the item whose facts were read last.

    Signals:
        waiting_changed: how many wait for a person, at most `queries.COUNTED`.
        came: new items are in the database.
        counted: something has changed, and was counted.
    """

    waiting_changed = Signal(int)
    came = Signal()
    counted = Signal()

    def __init__(  # what it stands between
        self,
        workplace: Workplace,
        reader: Reader,
        view: ReviewLayout,
        judging: Judging,
        *,
        filtering: Filtering,
        pace: Pace,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workplace, self._view, self._judging = workplace, view, judging
        self._filtering, self._pace, self._reader = filtering, pace, reader
        self._slow = Reader(workplace.store, "review figures", self)
        self.near: list[Item] = []
        self._item: Item | None = None
        self._seen: _Look | None = None
        self._left = self._judged = 0
        self._again_at = self._soon_at = 0.0
        self._shift_of = ""
        self._look_timer = QTimer(self, interval=LOOK_MS)
        self._look_timer.timeout.connect(self.look)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._read_item)
        self._shift_timer = QTimer(self, interval=SHIFT_MS)
        self._shift_timer.timeout.connect(self._read_shift)
        view.side.show_shift(shift_facts(None))

    # When it looks

    def watch(self) -> None:
        """Look once a second from now on, whether the page is seen or not."""
        if not self._look_timer.isActive():
            self._look_timer.start()
            self.look()

    def begin(self) -> None:
        """Somebody looks at the page."""
        self.watch()
        self._shift_timer.start()
        self._read_shift()

    def end(self) -> None:
        """Nobody does any more."""
        self._shift_timer.stop()

    def close(self) -> None:
        """Read no more."""
        for timer in (self._look_timer, self._settle, self._shift_timer):
            timer.stop()
        self._slow.close()

    def look(self, *, now: bool = False) -> None:
        """See whether anything has changed; `now`: count in any case."""
        known = None if now else self._seen
        wanted = self._filtering.choice.now()
        at = self._judging.waiting
        self._reader.ask(
            "look", partial(_look, wanted, self._workplace.operator, known), partial(self._take_look, at), first=now
        )
        self.show_kept()

    def recount(self) -> None:
        """Another filter: how many fit it?"""
        self._judged = 0
        self.look(now=True)

    def judged(self, number: int) -> None:
        """So many verdicts were given, or fewer: they are not counted again."""
        self._judged += number
        self._left = max(self._left - number, 0)

    def somebody_else(self) -> None:
        """Another person sits here."""
        self._judged = 0
        self._again_at = self._soon_at = 0.0

    # The item

    def of(self, item: Item) -> None:
        """Say what there is to say of an item, as soon as somebody rests at it."""
        self._item = item
        self._settle.start()

    def of_none(self) -> None:
        """There is no item."""
        self._item = None
        self._settle.stop()
        self._view.side.show_no_item()

    def show_place(self) -> None:
        """Show how far the queue is, and how long the rest takes."""
        total = self._judged + self._left
        if self._item is None or not total:
            self._view.place.setText("")
            return
        more = "+" if self._left >= queries.COUNTED - 1 else ""
        words = _("{n} of {of}").format(n=f"{min(self._judged + 1, total):,}", of=f"{total:,}{more}")
        left_s = self._pace.left_s(self._left) if not more else None
        if left_s is not None and self._left:
            words = _("{place}, {time}").format(place=words, time=pace_words(left_s))
        self._view.place.setText(words)

    def show_kept(self) -> None:
        """Show whether verdicts are on the disk."""
        waiting, problem = self._judging.waiting, self._judging.problem
        if problem:
            alarm = _("■ Verdicts are not being kept: {why} They wait here and are tried again; leave the desk open.")
            self._view.side.show_kept(
                ngettext("{n} verdict waits.", "{n} verdicts wait.", waiting).format(n=waiting),
                alarm.format(why=problem),
            )
        elif waiting:
            self._view.side.show_kept(
                ngettext("{n} verdict is being kept ...", "{n} verdicts are being kept ...", waiting).format(n=waiting)
            )
        else:
            self._view.side.show_kept(_("✓ All verdicts are kept.") if self._judging.said else "")

    def show_keys(self, undo: str, whole: str) -> None:
        """Show keys that no button has, and that faces are covered where that is so for every camera."""
        settings = self._workplace.settings
        policies = [policy_for(camera, settings.privacy) for camera in settings.cameras]
        everywhere = all(isinstance(one, Cover) and one.faces for one in policies)
        words = _("Undo {undo}, all is right {whole}, all keys F1").format(undo=undo, whole=whole)
        self._view.side.show_keys(
            _("Faces are covered before anything is stored. {keys}").format(keys=words) if everywhere else words
        )

    def use_label(self, label: str) -> None:
        """A class was used: a new one has its place, and maybe its digit, from now on."""
        known = list(self._workplace.state.get(_LABELS, []))
        if label and label not in known:
            self._workplace.state.set(_LABELS, [*known, label])
            self._show_labels()

    def quiet_words(self) -> str:
        """When the last item came, and what was let go in the last day."""
        seen = self._seen
        if seen is None:
            return ""
        if seen.last is None:
            words = _("Doubtful results of the cameras come here by themselves, and what is flagged on the live wall.")
        else:
            words = _("The last one came at {time}.").format(time=time_words(seen.last))
        if total := sum(seen.dropped.values()):
            names = {
                "duplicate": _("{n} much like another"),
                "budget": _("{n} over the hour's budget"),
                "crowded": _("{n} for lack of time"),
            }
            parts = [names[why].format(n=n) for why, n in seen.dropped.items() if why in names]
            words += " " + ngettext(
                "In the last day {n} was let go: {why}.", "In the last day {n} were let go: {why}.", total
            ).format(n=f"{total:,}", why=", ".join(parts))
        return words

    # What comes back

    def _take_look(self, on_their_way: int, seen: _Look | None) -> None:
        if seen is None:
            return
        before, self._seen = self._seen, seen
        self.waiting_changed.emit(seen.waiting)
        if seen.wanted == self._filtering.choice.now() or seen.wanted.since is not None:
            self._left = max(seen.count - on_their_way, 0)
            self._filtering.show_count(seen.count)
            self.show_place()
        self._show_labels()
        people = dict.fromkeys([*self._workplace.settings.operators, self._workplace.operator])
        names = {camera.id: camera.title for camera in self._workplace.settings.cameras}
        cameras = [(camera_id, names.get(camera_id, name)) for camera_id, name in seen.cameras.items()]
        self._view.side.filter.offer(cameras, list(seen.labels), [name for name in people if name])
        self.counted.emit()
        if before is not None and seen.newest > before.newest:
            self.came.emit()

    def _show_labels(self) -> None:
        """Digits stay with their classes: new ones are put at the end."""
        counts = self._seen.labels if self._seen is not None else {}
        known = list(self._workplace.state.get(_LABELS, []))
        fresh = [label for label in sorted(counts, key=lambda label: -counts[label]) if label not in known]
        if fresh:
            known += fresh
            self._workplace.state.set(_LABELS, known)
        self._view.side.choices.set_labels(known, counts)

    def _read_item(self) -> None:
        item = self._item
        if item is not None:
            self._view.side.show_why(why_words(item))
            self._view.side.show_progress(self._judged, self._judged + self._left)
            self._reader.ask("about", partial(_about, item), self._take_about)

    def _take_about(self, about: _About) -> None:
        item = self._item
        if item is None or item.id != about.item_id:
            return
        self.near = about.near
        self._view.side.show_about(_about_facts(item, about.near))
        said = [verdict for verdict in about.history if item.state != "second" or self._own(verdict)]
        self._view.side.show_history([history_words(verdict) for verdict in said])

    def _own(self, verdict: Verdict) -> bool:
        """Of a second look nobody is told the first verdict, but his own."""
        return verdict.who.casefold() == self._workplace.operator.casefold()

    def _read_shift(self) -> None:
        label = self._item.label if self._item is not None else ""
        due = time.monotonic() >= (self._again_at if label == self._shift_of else self._soon_at)
        if not due or self._pace.looked_s < _REST_S:
            return
        self._shift_of = label
        self._again_at = self._soon_at = math.inf  # until the answer is here
        self._slow.ask("shift", partial(shift_of, self._workplace.operator, label), self._take_shift)

    def _take_shift(self, shift: Shift) -> None:
        self._soon_at = time.monotonic() + _SHARE * shift.took_s
        self._again_at = max(time.monotonic() + _SHIFT_S, self._soon_at)
        self._view.side.show_shift(shift_facts(shift))


def _look(wanted: ReviewFilter, who: str, known: _Look | None, db: sqlite3.Connection) -> _Look | None:
    """The queue as it is; None where nothing has changed since `known`."""
    number = queries.change(db)
    if known is not None and number == known.number and known.wanted == wanted:
        return None
    row = db.execute("SELECT id, taken_at FROM review_items ORDER BY id DESC LIMIT 1").fetchone()
    since = f"{datetime.now(UTC) - _DAY:%Y-%m-%dT%H}"
    dropped = db.execute("SELECT why, sum(number) FROM review_dropped WHERE hour >= ? GROUP BY why", (since,))
    labels = queries.labels(db)
    return _Look(
        number,
        _for(who, ReviewFilter(states=WAITING), db),
        _for(who, wanted, db),
        wanted,
        int(row["id"]) if row is not None else 0,
        {label: queries.count(db, ReviewFilter(label=label, states=WAITING)) for label in labels},
        queries.camera_names(db),
        datetime.fromisoformat(row["taken_at"]) if row is not None else None,
        {str(why): int(n) for why, n in dropped},
    )


def _for(who: str, wanted: ReviewFilter, db: sqlite3.Connection) -> int:
    """How many there are for somebody: what he judged first is another's second look."""
    count = queries.count(db, wanted)
    if not who or wanted.who or "second" not in wanted.states or count >= queries.COUNTED:
        return count
    return count - queries.count(db, replace(wanted, states=("second",), who=who))


def _about(item: Item, db: sqlite3.Connection) -> _About:
    return _About(item.id, queries.history(db, item.id), queries.neighbours(db, item))


def _about_facts(item: Item, near: list[Item]) -> list[Fact]:
    facts = [Fact(_("Found by"), ", ".join(filter(None, [item.model, *_ran_words(item)])))] if item.model else []
    if near:
        words = [time_words(other.taken_at) for other in near]
        facts.append(Fact(_("Same track"), ", ".join(words), tip=_("Other items of the same track")))
    return facts


def _ran_words(item: Item) -> list[str]:
    stage = item.ran[0] if item.ran else {}
    return [str(stage[key]) for key in ("runtime", "device", "precision") if stage.get(key)]
