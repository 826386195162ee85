"""The uploader: one lane for each target, and a watch that tells them what waits and keeps the outbox in order.

Beside them, a fetcher for each cloud asks what was found in what was sent.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from random import Random

from console.errors import UsageError
from console.privacy.audit.record import Audit
from console.settings.schema import Settings
from console.settings.sync import TargetSettings
from console.store.store import Store
from console.sync.answers.fetcher import Asker
from console.sync.answers.fetching import Fetching, ask
from console.sync.figures import State, TargetFigures
from console.sync.one_sender import take
from console.sync.requests import pausing
from console.sync.targets.base import Secret, Target
from console.sync.uploading.connection import Maker, Parts
from console.sync.uploading.pace import Clock, Effort
from console.sync.uploading.watch import Watch
from models.words import _

__all__ = ["Maker", "State", "TargetFigures", "Uploader", "make_target"]

_GRACE_S = 0.1
_NOTHING_WAITS = (
    "SELECT NOT EXISTS (SELECT 1 FROM outbox_counts WHERE state IN ('waiting', 'later') AND number > 0 AND target = ?)"
)


def make_target(settings: TargetSettings, secret: Secret, store: Store, site: str) -> Target:
    """The target that settings name; its library is imported when one is made."""
    from console.sync.targets.making import make_target as make  # noqa: PLC0415  # httpx: 65 ms

    return make(settings, secret, store, site)


class Uploader:
    """Sends what waits in a home's outbox to its targets. Any thread may call it.

    A message counts as sent when its target said so, and is then recorded; what a kill cuts off is sent again. One
    target never waits for another. It is made without waiting for anything; what goes where is stored soon after.

    Args:
        home: the home's folder.
        store: its database.
        settings: in force now.
        secret: gives targets theirs.
        make: makes targets.
        asker: makes whom answers are asked from.
        audit: where it is recorded how much left the site; None: nowhere.
        share: of one core that sending may take, over time; None: as much as there is.
        clock: to go by.
        random: for the jitter of back-offs.

    Raises:
        UsageError: another process sends for this home.
        HomeError: the lock's file can't be opened.
    """

    def __init__(
        self,
        home: Path,
        store: Store,
        settings: Settings,
        *,
        secret: Secret,
        make: Maker = make_target,
        asker: Asker = ask,
        audit: Audit | None = None,
        share: float | None = None,
        clock: Clock | None = None,
        random: Random | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._lock = take(home)
        clock = clock or Clock()
        parts = Parts(home, store, make, secret, clock, random or Random(), Effort(share, clock))  # noqa: S311  # jitter
        self._watch = Watch(parts, settings, audit)
        self._answers = Fetching(parts, settings, asker)

    def apply(self, settings: Settings) -> None:
        """Go by new settings from now on. Returns at once; what is under way ends by the old ones."""
        self._settings = settings
        self._watch.apply(settings)
        self._answers.apply(settings)

    def push(self, target: str = "") -> None:
        """Try now what waits, past back-off and hours, but not past a pause; later messages go by the hours again.

        Args:
            target: its name; empty: all.

        Raises:
            UsageError: there is no such target.
        """
        if target:
            self._known(target)
        self._watch.push(target)
        self._answers.hurry(target)

    def sum_up(self) -> None:
        """Record now what was sent until now; that line's seal waits then like any other message."""
        self._watch.sum_up()

    def pause(self, target: str, paused: bool) -> Future[None]:  # noqa: FBT001  # a switch
        """Send nothing more to a target, or go on; it holds over restarts. What is under way arrives.

        Returns:
            Done when it is stored, and from then on it holds.

        Raises:
            UsageError: there is no such target.
            StoreError: the database takes nothing.
        """
        self._known(target)
        future = self._store.write(pausing(target, paused=paused), wait_s=1.0)
        future.add_done_callback(lambda done: None if done.exception() else self._watch.pause(target, paused=paused))
        return future

    @property
    def figures(self) -> Mapping[str, TargetFigures]:
        """How it goes, by target, for all in the settings."""
        names = [target.name for target in self._settings.sync.targets]
        return {name: replace(self._watch.figures(name), answers=self._answers.figures(name)) for name in names}

    @property
    def empty(self) -> bool:
        """Nothing waits, nor waits aside, for any target that is in the settings and enabled.

        Raises:
            StoreError: the database can't be read.
        """
        names = [target.name for target in self._settings.sync.targets if target.enabled]
        with self._store.read() as db:
            return all(db.execute(_NOTHING_WAITS, (name,)).fetchone()[0] for name in names)

    def close(self, patience_s: float = 2.5) -> list[str]:
        """End: what is under way may arrive, and what came is recorded. Harmless when done already.

        Args:
            patience_s: for so long.

        Returns:
            Names of threads that are stuck.
        """
        by = time.monotonic() + patience_s
        self._answers.close()
        stuck = [*self._watch.close(by), *self._answers.join(max(by, time.monotonic() + _GRACE_S))]
        self._lock.release()
        return stuck

    def _known(self, target: str) -> None:
        if target not in {one.name for one in self._settings.sync.targets}:
            raise UsageError(
                _("There is no target {name}.").format(name=target), _("See which there are: sightdesk outbox status")
            )
