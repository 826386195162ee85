"""Kills desks: forks one after the other, waits for the moment, and looks what state each left behind.

Run as a process of its own, which imports everything once and does nothing but fork, listen and kill: a moment after a
commit began is over in half a millisecond. Its argument is the file of the `Plan`; it prints a line of JSON for each
desk: what ended it, and what was under way.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sqlite3
import sys
import time
import traceback
from collections import Counter
from contextlib import closing
from pathlib import Path

from tests.chaos.desk import live
from tests.chaos.ledger import lines
from tests.chaos.plan import Plan

MOMENTS = ("", "commit", "sent")
"""What a kill waits for, in turn: nothing, so that it comes at any moment; a commit that begins; an answer."""
_DRAINING = 0.3
"""So many of the kills come after all is produced."""


class Desk:
    """A desk that runs, and what it told so far."""

    def __init__(self, plan: Plan, number: int) -> None:
        self.told: Counter[str] = Counter()
        self._within_s = plan.within_s
        self._rest = b""
        reads, writes = os.pipe()
        sys.stdout.flush()
        self.pid = os.fork()
        if not self.pid:
            code = 1
            try:
                os.close(reads)
                os.close(0)
                live(plan, number, writes)
                code = 0
            except BaseException:  # the outermost frame of a forked process
                traceback.print_exc()
            finally:
                os._exit(code)
        os.close(writes)
        self._pipe = reads

    def hear(self, timeout_s: float) -> bool:
        """Wait for a line; False: none came in time.

        Raises:
            EOFError: it has ended, or whoever started this process has.
        """
        ready, _writes, _errors = select.select([self._pipe, sys.stdin], [], [], max(timeout_s, 0.0))
        if sys.stdin in ready:
            raise EOFError("whoever started this is gone")
        if not ready:
            return False
        got = os.read(self._pipe, 1 << 16)
        if not got:
            raise EOFError("it has ended")
        *whole, self._rest = (self._rest + got).split(b"\n")
        self.told.update(line.decode() for line in whole)
        self.told["things"] = sum(self.told[name] for name in ("event", "item"))
        return True

    def until(self, name: str, number: int) -> bool:
        """Listen until it told this so often, or that all is sent: then False.

        Raises:
            EOFError: it has ended, or took too long.
        """
        until = time.monotonic() + self._within_s
        while self.told[name] < number:
            if self.told["empty"]:
                return False
            if not self.hear(until - time.monotonic()):
                raise EOFError(f"no {name} within {self._within_s:.0f} s")
        return True

    def rest(self, seconds: float) -> None:
        """Listen for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.hear(left)

    def end(self, how: signal.Signals | None) -> int:
        """Kill it, or wait for its own end; its exit status."""
        if how is not None:
            os.kill(self.pid, how)
        else:
            with closing(os.fdopen(self._pipe, "rb")) as pipe:
                pipe.read()
        _pid, status = os.waitpid(self.pid, 0)
        if how is not None:
            os.close(self._pipe)
        return os.waitstatus_to_exitcode(status)


def kill_one(desk: Desk, plan: Plan, number: int, made: int) -> str:
    """Have a desk live for its part of the work, and kill it at its moment. Returns which that was.

    Raises:
        EOFError: it ended by itself, or took too long.
    """
    chance = random.Random(f"kill {plan.seed}/{number}")
    desk.until("ready", 1)
    producing = max(plan.kills - round(plan.kills * _DRAINING), 1)
    moment = MOMENTS[number % len(MOMENTS)]
    if number < producing:
        goal = round(plan.things * (number + chance.uniform(0.5, 1.0)) / producing)
        desk.until("things", max(min(goal, plan.things) - made, 1))
    else:
        desk.until("produced", 1)
    if moment and desk.until(moment, desk.told[moment] + chance.randrange(1, 6)):
        # a send that is answered is recorded in a transaction soon after; a commit takes about a millisecond
        time.sleep(chance.uniform(0, 0.0006 if moment == "commit" else 0.004))
    elif not moment:
        desk.rest(chance.uniform(0, 0.4))
    if desk.told["empty"]:
        moment = "empty"
    status = desk.end(signal.SIGKILL)
    assert status == -signal.SIGKILL, f"desk {number} ended by itself: {status}"
    return moment or "any"


def look(plan: Plan, number: int) -> dict[str, int]:
    """What was under way when a desk was killed: commits, and messages that a target has and the database does not
    know it; and how many things there are.
    """
    folder = Path(plan.folder) / str(number)
    marks = Counter(line["at"] for line in lines(folder / "commits"))
    answered = {(line["target"], message) for line in lines(folder / "sent") for message in line["messages"]}
    with closing(sqlite3.connect(Path(plan.home) / "sightdesk.db")) as db:
        waiting = {
            (row[0], row[1])
            for row in db.execute(
                "SELECT d.target, m.message_id FROM outbox m JOIN outbox_deliveries d ON d.outbox_id = m.id "
                "WHERE d.state = 'waiting'"
            )
        }
        (made,) = db.execute("SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM review_items)").fetchone()
    return {
        "committing": int(marks["begin"] > marks["end"]),
        "unrecorded": len(answered & waiting),
        "waiting": len(waiting),
        "made": int(made),
    }


def failed(desk: Desk, number: int, error: EOFError) -> int:
    """Say why it ends here."""
    print(json.dumps({"desk": number, "failed": str(error), "told": dict(desk.told)}), flush=True)
    desk.end(signal.SIGKILL)
    return 1


def main(path: Path) -> int:
    """Kill as many as planned, then let one live until all is sent."""
    plan, made = Plan(**json.loads(path.read_text())), 0
    for number in range(plan.kills):
        begun, desk = time.monotonic(), Desk(plan, number)
        try:
            moment = kill_one(desk, plan, number, made)
        except EOFError as error:
            return failed(desk, number, error)
        left = look(plan, number)
        made = left["made"]
        print(
            json.dumps({"desk": number, "moment": moment, "s": round(time.monotonic() - begun, 2), **left}), flush=True
        )
    desk, begun = Desk(plan, plan.kills), time.monotonic()
    try:
        desk.until("empty", 1)
    except EOFError as error:
        return failed(desk, plan.kills, error)
    status = desk.end(None)
    seconds = round(time.monotonic() - begun, 2)
    print(json.dumps({"desk": plan.kills, "moment": "end", "s": seconds, "status": status}), flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
