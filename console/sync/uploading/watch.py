"""The watch over all lanes: looks once a second what waits and what was asked, and keeps the outbox in order."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from dataclasses import replace
from urllib.parse import urlsplit

from console.errors import AuditError, StoreError
from console.privacy.audit.record import Audit
from console.settings.schema import Settings
from console.store.outbox import FILES
from console.sync import routes
from console.sync.figures import TargetFigures
from console.sync.uploading.connection import Parts, Wanted
from console.sync.uploading.keeping import Pruning, Steady, promote
from console.sync.uploading.lane import Lane
from console.sync.uploading.notices import Notices

log = logging.getLogger(__name__)

TICK_S = 1.0
_COUNTS = "SELECT target, kind, state, number FROM outbox_counts WHERE state IN ('waiting', 'later') AND number > 0"
SUMMARY_S = 600.0
"""What was sent is summed up over so long."""
PRUNE_S = 3600.0
_RECORD_S = 0.4
"""At the end this much of the patience is for writing down what was sent."""


class Watch:
    """Owns the lanes, and a thread of its own.

    Args:
        parts: what all lanes share.
        settings: in force now.
        audit: where it is recorded what left the site; None: nowhere.
    """

    def __init__(self, parts: Parts, settings: Settings, audit: Audit | None) -> None:
        self._parts, self._clock, self._store = parts, parts.clock, parts.store
        self._audit = audit
        self._changed = threading.Condition()
        self._lanes: dict[str, Lane] = {}
        self._settings = settings
        self._applied: Settings | None = None
        self._routed: Settings | None = None
        self._pushes: set[str] = set()
        self._pauses: dict[str, bool] = {}
        self._news = False
        self._complaint = ""
        self._close_by: float | None = None
        self._asked: dict[str, int] = {}
        self._later: set[str] = set()
        self._hosts: dict[str, str] = {}
        self._notices = Notices(parts.store, parts.clock)
        self._steady = Steady(parts.clock)
        self._pruning: Pruning | None = None
        self._summary_at = self._clock.monotonic() + SUMMARY_S
        self._prune_at = self._clock.monotonic()
        self._thread = threading.Thread(target=self._loop, name="sync", daemon=True)
        self._thread.start()

    def apply(self, settings: Settings) -> None:
        """Go by other settings; returns at once."""
        with self._changed:
            self._settings = settings
            self._wake()

    def push(self, target: str) -> None:
        """Try now; empty: all targets."""
        with self._changed:
            lanes = [lane for name, lane in self._lanes.items() if target in ("", name)]
            if not lanes:
                self._pushes.add(target)
                self._wake()
        for lane in lanes:
            lane.push()

    def pause(self, target: str, *, paused: bool) -> None:
        """It is stored that a target is paused, or goes on."""
        with self._changed:
            self._pauses[target] = paused
            if target in self._lanes:
                self._lanes[target].pause(paused=paused)

    def figures(self, target: str) -> TargetFigures:
        """How it goes with one target."""
        lane = self._lanes.get(target)
        return lane.figures if lane is not None else TargetFigures(target, "stopped", None, None, 0, 0.0, 0.0, 0, None)

    def close(self, by: float) -> list[str]:
        """End all threads until a time of `time.monotonic`; names of those that are stuck."""
        with self._changed:
            if self._close_by is None:
                self._close_by = by
            lanes = list(self._lanes.values())
            self._wake()
        record_s = min(_RECORD_S, max(by - time.monotonic(), 0.0) / 4)
        for lane in lanes:
            lane.close(by - record_s)
        self._thread.join(max(by - time.monotonic(), 0.0))
        stuck = [name for lane in lanes for name in lane.join(time.monotonic())]
        return [*stuck, self._thread.name] if self._thread.is_alive() else stuck

    def _wake(self) -> None:
        self._news = True
        self._changed.notify_all()

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._news = False
            try:
                self._tick()
            except StoreError as error:
                self._complain(error)
            except Exception:  # the watch's outermost frame: whatever it is, targets must be looked after
                log.exception("The watch over the outbox stumbled")
            with self._changed:
                if not self._news:
                    self._clock.wait(self._changed, TICK_S)
                if self._close_by is not None:
                    by = self._close_by
                    break
        self._end(by)

    def _complain(self, error: StoreError) -> None:
        """The log says once what is in the way, not every second."""
        if str(error) != self._complaint:
            log.warning("The outbox can't be kept in order: %s", error)
        self._complaint = str(error)

    def _tick(self) -> None:
        settings = self._settings
        self._route()
        if settings.sync.targets or self._lanes:
            self._look(settings)
            self._notices.tell({name: lane.said for name, lane in self._lanes.items()})
        self._keep(settings)
        if self._clock.monotonic() >= self._summary_at:
            self.sum_up()
        if settings is self._routed:
            self._complaint = ""

    def _route(self) -> None:
        """Have the writers of every process fan out by the settings; where that fails it is tried again."""
        settings = self._settings
        if settings is self._routed:
            return
        try:
            routes.apply(self._store, settings)
            self._routed = settings
        except StoreError as error:
            self._complain(error)

    def _look(self, settings: Settings) -> None:
        """What waits, who is paused, what was asked: one look for all targets."""
        with self._changed:
            self._pauses.clear()  # what is said from now on may be newer than what is read
        waiting: dict[str, Counter[bool]] = {}
        later, erases = set(), set()
        with self._store.read() as db:
            for target, kind, state, number in db.execute(_COUNTS):
                if state == "later":
                    later.add(str(target))
                else:
                    waiting.setdefault(str(target), Counter())[kind in FILES] += int(number)
                    erases |= {str(target)} if kind == "erased" else set()
            rows = {str(row[0]): row for row in db.execute("SELECT name, paused, asked FROM outbox_targets")}
        self._later = later
        self._settle_lanes(settings)
        with self._changed:
            for name in self._lanes.keys() & rows.keys():
                self._lanes[name].pause(paused=self._pauses.get(name, bool(rows[name][1])))
        self._send_by(settings)
        asked = {name: int(row[2]) for name, row in rows.items()}
        for name, lane in self._lanes.items():
            if asked.get(name, 0) > self._asked.get(name, asked.get(name, 0)) or self._pushes & {"", name}:
                lane.push()
            mine = waiting.get(name, Counter())
            lane.tick(mine[False], mine[True], erases=name in erases)
        self._asked = asked
        self._pushes.clear()

    def _settle_lanes(self, settings: Settings) -> None:
        """A lane for each target that is to be sent to; a new one has nothing to send by yet."""
        with self._changed:
            for one in settings.sync.targets:
                if one.enabled and one.name not in self._lanes and self._close_by is None:
                    self._lanes[one.name] = Lane(one.name, self._parts)

    def _send_by(self, settings: Settings) -> None:
        """Have lanes go by the settings; those of other targets end what is under way."""
        if settings is self._applied:
            return
        if self._applied is not None:
            self.sum_up()  # what went to an address is said to have gone there
        wanted = {one.name: Wanted(one, settings.site) for one in settings.sync.targets if one.enabled}
        for name, lane in self._lanes.items():
            lane.apply(wanted.get(name))
        self._hosts |= {name: urlsplit(one.settings.url).netloc for name, one in wanted.items()}
        self._applied = settings

    def _keep(self, settings: Settings) -> None:
        """Small steps of what keeps the outbox in order."""
        names = sorted(self._later & {one.name for one in settings.sync.targets if one.enabled})
        if names:
            promote(self._store, self._parts.home, names)
        now = self._clock.monotonic()
        if self._pruning is None and now >= self._prune_at and self._steady:
            self._pruning, self._prune_at = Pruning(), now + PRUNE_S
        if self._pruning is not None and not self._pruning.step(
            self._store, self._clock.wall(), settings.sync.keep_days
        ):
            if self._pruning.gone:
                log.info("Messages that were sent long ago went", extra={"messages": self._pruning.gone})
            self._pruning = None

    def sum_up(self) -> None:
        """Record what left the site, on any thread; where that fails it stays counted, and the log says so."""
        self._summary_at = self._clock.monotonic() + SUMMARY_S
        if self._audit is None:
            return
        for name, lane in list(self._lanes.items()):
            summary = lane.tally.take()
            if summary is None:
                continue
            counted = {"messages": summary.messages, "bytes": summary.size, "since": summary.since.isoformat()}
            try:
                self._audit.write("outbox sent", target=name, to=self._hosts.get(name, ""), **counted)
            except AuditError:
                log.exception("Messages were sent that the audit does not hold yet", extra=counted)
                lane.tally.put_back(summary)

    def _end(self, by: float) -> None:
        for lane in self._lanes.values():
            lane.join(by - _RECORD_S / 2)
        said = {name: replace(lane.said, state="stopped", next_try_at=None) for name, lane in self._lanes.items()}
        if said:
            self._notices.finish(said, max(by - time.monotonic(), 0.0))
        self.sum_up()
