"""What triage goes by on this site: doubt bands of cameras and classes, and how many items an hour each may make."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

from console.settings.schema import CameraSettings, Settings
from models.triage import Rules

HOUR_S = 3600.0
_LAST = 20_000
"""At a start so many items are looked at, newest first, to find those of the last hour."""
_SPENT = f"""
SELECT camera_id, label, recorded_at, reason FROM review_items ORDER BY id DESC LIMIT {_LAST}
"""  # noqa: S608  # our own number
RATIONED = ("doubt", "flicker", "change")
"""Reasons that keep to a budget, and of which near-duplicates go."""


def rules_of(settings: Settings, camera: CameraSettings) -> Rules | None:
    """What a camera's triage goes by; None where none is wanted, or tracks are not followed.

    What a camera says of its own doubt band holds for all its classes, and comes before what the site says of a class.
    """
    site, own = settings.review, camera.review
    enabled = site.enabled if own.enabled is None else own.enabled
    if not enabled or not camera.track:
        return None

    @cache
    def band(label: str) -> tuple[float, float]:
        usual = site.band(label)
        return usual.low if own.low is None else own.low, usual.high if own.high is None else own.high

    share = site.random_share if own.random_share is None else own.random_share
    return Rules(band, site.flicker, share)


class Budget:
    """How many items each camera and class made within the last hour. Any thread may ask.

    By a clock that nobody can set: a day that begins twice has no second budget.

    Args:
        now: monotonic seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._spent: dict[tuple[str, str], deque[float]] = {}
        self._site = 0
        self._own: dict[str, int] = {}

    def apply(self, settings: Settings) -> None:
        """From now on so many an hour."""
        self._site = settings.review.per_hour
        own = {camera.id: camera.review.per_hour for camera in settings.cameras}
        self._own = {camera_id: number for camera_id, number in own.items() if number is not None}

    def load(self, db: sqlite3.Connection, now: datetime | None = None) -> None:
        """Count what was made before this start; what was recorded a little in the future was made just now.

        Args:
            db: from `Store.read`.
            now: with its time zone; None: the clock's.
        """
        moment, here = now or datetime.now(UTC), self._now()
        past: list[tuple[tuple[str, str], float]] = []
        for row in db.execute(_SPENT):
            age_s = (moment - datetime.fromisoformat(row["recorded_at"])).total_seconds()
            if row["reason"] in RATIONED and -HOUR_S < age_s < HOUR_S:
                past.append(((row["camera_id"], row["label"]), here - max(age_s, 0.0)))
        with self._lock:
            for key, at in past:
                self._spent.setdefault(key, deque()).appendleft(at)

    def used_up(self, camera_id: str, label: str) -> bool:
        """Whether a camera has made all items of a class that it may."""
        with self._lock:
            spent = self._spent.get((camera_id, label))
            since = self._now() - HOUR_S
            while spent and spent[0] <= since:
                spent.popleft()
            return len(spent or ()) >= self._own.get(camera_id, self._site)

    def spend(self, camera_id: str, label: str) -> None:
        """An item was made."""
        with self._lock:
            self._spent.setdefault((camera_id, label), deque()).append(self._now())
