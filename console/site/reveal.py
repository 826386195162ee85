"""Showing a covered camera as it is for a while: never unrecorded, nor longer than said, nor after a restart."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from console.errors import SightdeskError, UsageError
from console.pipeline.lane import Lane
from console.pipeline.revealed import Revealed
from models.words import _

log = logging.getLogger(__name__)

SECONDS = (15, 30, 60, 120, 300)
"""How long one may be revealed."""


class Record(Protocol):
    """Where it is recorded; see `console.privacy.audit.record.Audit.write`."""

    def __call__(self, event: str, **details: object) -> None:
        """Add an entry, on the disk when this returns. Raises SightdeskError."""


class Reveals:
    """The cameras of a desk that are revealed now. Any thread may call it.

    Args:
        lane_of: a running camera's place, or None.
        record: where it is recorded that somebody saw what is covered; before the first picture is shown.
    """

    def __init__(self, lane_of: Callable[[str], Lane | None], record: Record) -> None:
        self._lane_of, self._record = lane_of, record
        self._lock = threading.Lock()
        self._now: dict[str, tuple[Revealed, float, threading.Timer]] = {}

    def begin(self, camera_id: str, seconds: float, *, who: str, why: str) -> Revealed:
        """Show a covered camera as it is for so many seconds. Blocks for the record's sake; not for the GUI thread.

        Args:
            camera_id: which.
            seconds: one of `SECONDS`.
            who: the person who asks for it.
            why: what for, in words.

        Raises:
            UsageError: nobody or no reason is named, the time is none of those there are, or it isn't covered now.
            SightdeskError: it can't be recorded; then nothing is shown.
        """
        who, why = " ".join(who.split()), " ".join(why.split())
        if not who or not why or seconds not in SECONDS:
            raise UsageError(_("A covered camera is shown as it is only for somebody, for a reason, and for a while."))
        lane = self._lane_of(camera_id)
        if lane is None or not lane.display.covered:
            raise UsageError(_("The live picture of this camera is not covered now."))
        self.end(camera_id, _("asked for again"))
        self._record("live picture revealed", camera=camera_id, seconds=seconds, who=who, why=why)
        revealed = Revealed(seconds)
        revealed.size = lane.display.size
        timer = threading.Timer(seconds, self.end, (camera_id, _("its time was over")))
        timer.daemon, timer.name = True, f"reveal {camera_id}"
        with self._lock:
            self._now[camera_id] = revealed, time.monotonic(), timer
            if lane.display.covered:
                lane.revealed = revealed
        timer.start()
        return revealed

    def of(self, camera_id: str) -> Revealed | None:
        """What shows a camera as it is now; None while it is covered, or was started anew since."""
        entry, lane = self._now.get(camera_id), self._lane_of(camera_id)
        if entry is None or lane is None or lane.revealed is not entry[0] or entry[0].over:
            return None
        return entry[0]

    def end(self, camera_id: str, how: str) -> bool:
        """Cover it again, at once; False when it was not revealed. That it ended is recorded as far as that can be."""
        with self._lock:
            entry = self._now.pop(camera_id, None)
        if entry is None:
            return False
        revealed, since, timer = entry
        revealed.end()
        timer.cancel()
        lane = self._lane_of(camera_id)
        if lane is not None and lane.revealed is revealed:
            lane.revealed = None
        try:
            self._record(
                "live picture covered again", camera=camera_id, seconds=round(time.monotonic() - since), how=how
            )
        except SightdeskError:
            log.exception("that %s is covered again could not be recorded", camera_id)
        return True

    def close(self) -> None:
        """Cover all again."""
        for camera_id in list(self._now):
            self.end(camera_id, _("Sightdesk was closed"))
