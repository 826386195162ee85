"""What passes between a lane, which anybody may speak to, and its course, which one thread steers."""

from __future__ import annotations

from dataclasses import dataclass

from console.errors import SightdeskError
from console.sync.figures import State
from console.sync.uploading.connection import Wanted


@dataclass(slots=True)
class Told:
    """What others want of a lane.

    Attributes:
        wanted: to be sent by; None: nothing is to be sent.
        paused: nothing is to be sent for now.
        push: somebody wants everything tried now.
        waiting: so many messages without and with a file wait, as of the last look; None: no news.
        erases: word of an erasure is among them.
        close_by: a time of `time.monotonic` by which it is to end; None: it goes on.
    """

    wanted: Wanted | None = None
    paused: bool = False
    push: bool = False
    waiting: tuple[int, int] | None = None
    erases: bool = False
    close_by: float | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What a lane shows: see `console.sync.figures.TargetFigures`; `next_try` is monotonic."""

    state: State = "stopped"
    problem: SightdeskError | None = None
    next_try: float | None = None
    next_try_at: str | None = None
    in_flight: int = 0
