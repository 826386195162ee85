"""What a lane does next: by what it was told, what came back, and the clocks. Belongs to the lane's one thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from console.errors import StoreError
from console.sync.figures import State
from console.sync.targets.base import Denied
from console.sync.uploading.claims import Claims
from console.sync.uploading.connection import Connection, Parts, Wanted
from console.sync.uploading.hours import Hours
from console.sync.uploading.ledger import Ledger
from console.sync.uploading.line import Load
from console.sync.uploading.pace import Bucket
from console.sync.uploading.records import EVERYTHING, FIRST_FILE, NOTHING, May, last_number
from console.sync.uploading.senders import Senders, Task
from console.sync.uploading.sending import Outcome
from console.sync.uploading.standing import Settling, Standing
from console.sync.uploading.tally import Tally
from console.sync.uploading.told import Shown, Told

AT_ONCE_BOUND = 16
"""Where effort is bound, a send takes so many messages: a few milliseconds of computing at a time."""
_GRACE_S = 5.0
"""A send that is under way has so long when its target is to be made anew."""


class Course:
    """Decides, and gives tasks to senders.

    Args:
        name: of the target.
        parts: what all lanes share.
        senders: who does what is decided.
        tally: where it is counted.
        woken: called, on any thread, when something was recorded.

    Attributes:
        connection: the target, where it is open.
    """

    def __init__(self, name: str, parts: Parts, senders: Senders, tally: Tally, woken: Callable[[], None]) -> None:
        self.connection = Connection(name, parts)
        self._clock, self._store, self._random = parts.clock, parts.store, parts.random
        self._senders, self._tally = senders, tally
        self._claims = Claims(parts.store, name)
        self._ledger = Ledger(parts.store, name, woken, parts.effort)
        self._wanted: Wanted | None = None
        self._hours = Hours()
        self._bucket, self._effort = Bucket(None, 0.0), parts.effort
        self._new_standings()
        self._tasks: list[Task] = []
        self._push, self._upto = False, 0
        self._stale = False
        self._waiting = (0, 0)
        self._break_at: float | None = None

    def turn(self, told: Told) -> float | None:
        """Do what there is to be done.

        Returns:
            For how long there is nothing more, unless something comes; None: for ever; negative: it is at its end.
        """
        now = self._clock.monotonic()
        self._push |= told.push
        if told.waiting is not None:
            self._waiting = told.waiting
            if told.erases and any(task.what == "send" for task in self._tasks) and not self._claims.erasing:
                self._withdraw()  # what nobody began yet may be of what was erased; what is left of it comes after
            self._claims.looks |= sum(told.waiting) > len(self._claims.under_way) + len(self._ledger)
        self._ledger.look(now)
        wait = self._advance(told, now)
        self._ledger.write(now, hurry=not self._tasks)
        return min((one for one in (wait, self._ledger.wait_s(now)) if one is not None), default=None)

    def came(self, task: Task, outcome: Outcome) -> None:
        """A task was done."""
        self._tasks.remove(task)
        if outcome.error is not None:
            self._withdraw()
            self._stale |= isinstance(outcome.error, Denied)
        if task.what == "send":
            self._sent(task, outcome)
        elif task.what == "settle":
            self._settled(task, outcome)
        elif task.what == "open":
            self._settling.sent(self._clock.monotonic())
            self._standing.failed(outcome, task.epoch)

    def shown(self, told: Told) -> Shown:
        """What is told of it."""
        waits = (self._standing, self._settling, self._resting, self._reading)
        failing = next((one for one in waits if one.failing), None)
        problem = failing.problem if failing is not None else self._ledger.problem
        state = self._state(told, waits=problem is not None)
        if failing is None or state != "waiting":
            return Shown(state, problem, in_flight=len(self._claims.under_way))
        return Shown(state, problem, failing.next_try, failing.next_try_at, len(self._claims.under_way))

    def _state(self, told: Told, *, waits: bool) -> State:  # noqa: PLR0911  # one for each state
        if self._wanted is None or told.close_by is not None:
            return "stopped"
        if told.paused:
            return "paused"
        may = self._may()
        if may is None:
            return "hours"
        if self._standing.failing:
            return "waiting"
        if self._claims.under_way:
            return "sending"
        if waits:
            return "waiting"
        if may.below == FIRST_FILE and self._waiting[1] and not self._waiting[0]:
            return "hours"
        rests = self._bucket.wait_s(self._clock.monotonic()) or self._effort.wait_s()
        return "sending" if rests and sum(self._waiting) else "idle"

    def _advance(self, told: Told, now: float) -> float | None:  # noqa: PLR0911  # one for each thing in the way
        if told.close_by is not None or not self._adopts(told.wanted, now):
            return self._wind_down(told)
        self._break_at = None
        may = self._may()
        if self._push:
            self._pushed()
            may = self._may()
        if self._wanted is None or told.paused or may is None:
            self._withdraw()
            return None
        if wait := max(self._standing.wait_s(now), self._reading.wait_s(now)):
            return wait
        if self._ledger.full or any(task.what != "send" for task in self._tasks):
            return None
        if self.connection.target is None or self._stale:
            self._open(self._wanted)
            return None
        if self._settling.due(now) and not self._standing.failing:
            if not self._tasks:
                self._settle()
            return None
        return self._dispatch(now, may)

    def _open(self, wanted: Wanted) -> None:
        """Open the target; one that was not let in is made anew, with the certificates and secrets there are now."""
        if self._tasks:
            return
        self._stale = False
        if self.connection.target is not None:
            self._give(Task("close", self.connection.close))
        else:
            self._give(Task("open", partial(self.connection.open, wanted), epoch=self._standing.epoch))

    def _dispatch(self, now: float, may: May) -> float | None:
        """Give sends as long as some may go."""
        target, wanted = self.connection.target, self._wanted
        if target is None or wanted is None:
            return None
        probe, cap = self._standing.failing, self._bucket.most
        held = self._effort.bound
        at_once = 1 if probe else min(target.at_once, AT_ONCE_BOUND) if held else target.at_once
        load = Load(at_once, min(target.at_once_bytes, cap or target.at_once_bytes))
        # without a bound as many again stand ready, so that no sender waits for this thread
        most = 1 if probe else wanted.settings.concurrency * (1 if cap or held else 2)
        while len(self._tasks) < most and not self._claims.erasing:
            if wait := max(self._bucket.wait_s(now), self._effort.wait_s()):
                return wait
            try:
                rested = not self._resting.wait_s(now)
                rows = self._claims.next(now, load, may, self._ledger.numbers, probe=probe, rested=rested)
            except StoreError as error:
                self._reading.failed(Outcome(error=error), self._reading.epoch)
                return self._reading.wait_s(now)
            self._reading.well(self._reading.epoch)
            if not rows:
                return None if self._tasks else self._ran_empty(now)
            self._bucket.take(sum(row.size for row in rows), now)
            last = self._claims.is_last(rows)
            self._give(Task("send", partial(self.connection.send, target, rows), rows, self._standing.epoch, last))
        return None

    def _ran_empty(self, now: float) -> float | None:
        self._upto = 0
        wait = self._settling.wait_s(now)
        if not wait and (self._settling.behind or self._standing.failing):
            self._settle()
            return None
        return min((one for one in (wait, self._resting.wait_s(now)) if one), default=None)

    def _sent(self, task: Task, outcome: Outcome) -> None:
        now, line = self._clock.monotonic(), self._claims.line
        self._claims.over(task.rows)
        self._ledger.add(outcome)
        line.over([*(one.number for one in outcome.sent), *outcome.aside])
        if outcome.sent:
            self._tally.add(len(outcome.sent), outcome.size, now, seals=outcome.seals)
            self._settling.sent(now)
        if outcome.failed:
            self._claims.again()
            if outcome.theirs or outcome.error is None:
                line.failed([row for row in task.rows if row.number in outcome.failed])
        if outcome.error is None:
            if outcome.answered:
                self._standing.well(task.epoch)
                self._resting.well(self._resting.epoch if task.last else -1)
        elif task.last and outcome.theirs:
            self._resting.failed(outcome, self._resting.epoch)
        else:
            self._standing.failed(outcome, task.epoch)

    def _settled(self, task: Task, outcome: Outcome) -> None:
        if outcome.error is None:
            self._settling.done(self._clock.monotonic())
            self._standing.well(task.epoch)
            return
        self._settling.failed(outcome, self._settling.epoch)
        if self._standing.failing:
            self._standing.failed(outcome, task.epoch)

    def _settle(self) -> None:
        target = self.connection.target
        if target is not None:
            self._settling.begun(self._clock.monotonic())
            self._give(Task("settle", partial(self.connection.settle, target), epoch=self._standing.epoch))

    def _may(self) -> May | None:
        """What may go by the time of the day; None: nothing."""
        anything, files = self._hours.now(self._clock.wall())
        below = EVERYTHING if files else FIRST_FILE if anything else NOTHING
        return May(below, self._upto) if anything or self._upto else None

    def _pushed(self) -> None:
        try:
            with self._store.read() as db:
                self._upto = last_number(db)
        except StoreError:
            return  # asked again in the next turn
        self._push = False
        self._claims.again()
        for one in (self._standing, self._settling, self._resting, self._reading):
            one.try_now()

    def _adopts(self, wanted: Wanted | None, now: float) -> bool:
        """Go by other settings; False: the target has to be closed first."""
        if wanted == self._wanted:
            return True
        if wanted is None or self._wanted is None or not wanted.same_target(self._wanted):
            if self._tasks or self.connection.target is not None:
                return False
            self._new_standings()
        self._wanted = wanted
        if wanted is not None:
            rate = wanted.settings.kilobytes_per_second
            self._hours = Hours(wanted.settings.hours, wanted.settings.picture_hours)
            self._bucket = Bucket(rate * 1000.0 if rate else None, now)
        self._claims.again()
        return True

    def _wind_down(self, told: Told) -> float | None:
        """Let what is under way end, settle and close the target; at a lane's end also wait until all is recorded."""
        now, by = time.monotonic(), told.close_by
        if self._break_at is None:
            self._break_at = now + (_GRACE_S if by is None else max(by - now, 0.0) / 2)
        if not any(task.what == "close" for task in self._tasks):
            self._withdraw()
        if by is not None and now >= by:
            return -1.0
        if self._tasks:
            if now < self._break_at:
                return self._break_at - now
            self.connection.break_off()
            return None if by is None else by - now
        if self.connection.target is not None:
            failing = self._settling.failing or self._standing.failing
            last = self._settling.behind and not failing and now < self._break_at  # what was sent last is found there
            if last:
                self._settle()
            else:
                self._give(Task("close", self.connection.close))
            until = self._break_at if last else by
            return None if until is None else until - now
        if by is None:
            return 0.0  # now the other settings can be gone by
        return -1.0 if self._ledger.empty else by - now

    def _give(self, task: Task) -> None:
        self._tasks.append(task)
        self._senders.give(task, self._wanted.settings.concurrency if self._wanted else 1)

    def _withdraw(self) -> None:
        for task in self._senders.withdraw():
            self._tasks.remove(task)
            self._claims.over(task.rows)
            self._claims.again()

    def _new_standings(self) -> None:
        self._standing, self._resting, self._reading = (Standing(self._clock, self._random) for _one in range(3))
        self._settling = Settling(self._clock, self._random)
