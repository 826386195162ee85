"""The open target of a lane: made of settings, settled, closed, each on a sender's thread, for any of it may hang."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from console.settings.sync import TargetSettings
from console.store.store import Store
from console.sync.targets.base import Secret, Target
from console.sync.uploading.pace import Clock, Effort
from console.sync.uploading.records import Waiting
from console.sync.uploading.sending import Outcome, attempt, send

Maker = Callable[[TargetSettings, Secret, Store, str], Target]
"""Makes a target of its settings; the text is the site's name."""
_UNSEEN = {"sends", "cameras", "by_camera", "hours", "picture_hours", "kilobytes_per_second", "concurrency", "enabled"}
"""Settings that a target itself does not go by: it stays open when they change."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What all lanes share."""

    home: Path
    store: Store
    make: Maker
    secret: Secret
    clock: Clock
    random: Random
    effort: Effort


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a lane is to send by: a target's settings, and the site's name."""

    settings: TargetSettings
    site: str

    def same_target(self, other: Wanted) -> bool:
        """Whether a target that was made for one serves the other."""
        mine, its = (one.settings.model_dump(exclude=_UNSEEN) for one in (self, other))
        return self.site == other.site and mine == its


class Connection:
    """At most one target.

    Args:
        name: of the target.
        parts: what all lanes share.

    Attributes:
        target: where it is open.
    """

    def __init__(self, name: str, parts: Parts) -> None:
        self.target: Target | None = None
        self._name, self._parts = name, parts
        self._ended = False
        self._breaker: threading.Thread | None = None

    def open(self, wanted: Wanted) -> Outcome:
        """Make the target."""

        def work() -> None:
            parts = self._parts
            self.target = parts.make(wanted.settings, parts.secret, parts.store, wanted.site)
            if self._ended:
                self.close()

        return attempt(f"{self._name}: opening", work)

    def send(self, target: Target, rows: Sequence[Waiting]) -> Outcome:
        """Hand messages to it."""
        return send(self._parts.home, target, rows)

    def settle(self, target: Target) -> Outcome:
        """Bring what sums up in line with what was sent."""
        return attempt(f"{self._name}: settling", target.settle)

    def close(self) -> Outcome:
        """Let go of it, whatever it says to that."""
        target, self.target = self.target, None
        return attempt(f"{self._name}: closing", target.close) if target is not None else Outcome()

    def break_off(self) -> None:
        """Close it beneath a send that does not end, on a thread of its own: this may not end either."""
        if self._breaker is None or not self._breaker.is_alive():
            self._breaker = threading.Thread(target=self.close, name=f"sync {self._name} closing", daemon=True)
            self._breaker.start()

    def end(self) -> None:
        """A target that is only now being made is closed as soon as it is."""
        self._ended = True

    @property
    def breaker(self) -> threading.Thread | None:
        """The thread of `break_off`."""
        return self._breaker
