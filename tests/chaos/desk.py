"""One life of the desk that is killed: it produces, and its own uploader sends, until somebody ends it or all is sent.

What happens in it is told through a pipe, a line each: `ready`, `commit` (one begins), `sent` (a target has answered,
and nothing is recorded yet), the name of each thing that is confirmed, `produced`, and in the end `empty`.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import console.store.connect as connecting
from console.review.verdicts import VerdictLane
from console.settings.home import Home
from console.settings.review import ReviewSettings
from console.settings.schema import Settings
from console.settings.sync import TargetSettings
from console.store.store import Store
from console.sync.targets.base import Parcel, Receipt, Refused, Secret, Target
from console.sync.targets.https.cloud import CloudTarget
from console.sync.targets.https.way import Limits
from console.sync.targets.making import make_target
from console.sync.uploader import Uploader
from tests.chaos.ledger import Ledger
from tests.chaos.plan import Plan
from tests.chaos.producing import Producer

_LOOK_S = 0.05


class _Watched:
    """A target that tells the moment after it was sent to."""

    def __init__(self, inner: Target, told: Callable[[str, Sequence[Receipt | Refused]], None]) -> None:
        self._inner, self._told = inner, told

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Receipt | Refused]:
        """See `Target.send`."""
        answers = self._inner.send(parcels)
        self._told(self._inner.name, answers)
        return answers


def live(plan: Plan, number: int, tell: int) -> None:
    """Live until it is killed; the last one until its outbox is empty.

    Args:
        plan: of all lives.
        number: of this one.
        tell: the pipe's file descriptor.
    """
    ledgers = Path(plan.folder) / str(number)
    ledgers.mkdir(parents=True)
    kept = Ledger(ledgers / "kept")
    commits, sent = (Ledger(ledgers / name, synced=False) for name in ("commits", "sent"))
    real = connecting._commit

    def say(line: str) -> None:
        try:
            os.write(tell, f"{line}\n".encode())
        except BrokenPipeError:
            os._exit(1)  # nobody is left who would end it

    def commit(connection: sqlite3.Connection) -> None:
        commits.note(at="begin")
        say("commit")
        real(connection)
        commits.note(at="end")

    def answered(target: str, answers: Sequence[Receipt | Refused]) -> None:
        sent.note(target=target, messages=[one.message_id for one in answers if isinstance(one, Receipt)])
        say("sent")

    def maker(target: TargetSettings, secret: Secret, store: Store, site: str) -> Any:
        if target.kind == "cloud":
            return _Watched(CloudTarget(target, secret, Limits(read_s=plan.read_s)), answered)
        return _Watched(make_target(target, secret, store, site), answered)

    connecting._commit = commit
    settings = Settings.model_validate(plan.settings)
    chance = random.Random(f"{plan.seed}/{number}")
    with Home.open(Path(plan.home)) as home, Store.open(home) as store:
        lane = VerdictLane(store, supervisor=lambda: True, settings=ReviewSettings())
        uploader = Uploader(home.path, store, settings, secret=lambda _name: "", make=maker)
        uploader.apply(settings)
        say("ready")
        Producer(home, store, lane, chance, kept, say).run(plan.things)
        say("produced")
        while not (uploader.empty and _settled(store)):
            time.sleep(_LOOK_S)
        say("empty")
        while number < plan.kills:  # it is to be killed
            time.sleep(_LOOK_S)
            say("idle")
        stuck = uploader.close()
        assert not stuck, stuck
        assert not lane.close()


def _settled(store: Store) -> bool:
    """Whether no list at an object store is behind what stands there."""
    with store.read() as db:
        return db.execute("SELECT 1 FROM outbox_stale_shards").fetchone() is None
