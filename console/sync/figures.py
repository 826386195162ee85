"""What is told of a target that is sent to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from console.errors import SightdeskError

State = Literal["idle", "sending", "paused", "hours", "waiting", "stopped"]
"""waiting: after a failure, for the next try; hours: for its time of the day; stopped: it is disabled, or closed."""


@dataclass(frozen=True, slots=True)
class AnswerFigures:
    """How fetching answers from a target goes, in this run.

    Attributes:
        fetched_at: when it was asked last and answered; None: not yet.
        problem: why answers can't be fetched; None: nothing is in the way.
        none: it is of a version that gives no answers.
    """

    fetched_at: datetime | None = None
    problem: SightdeskError | None = None
    none: bool = False


@dataclass(frozen=True, slots=True)
class TargetFigures:
    """How sending to one target goes, in this run.

    Attributes:
        name: its name.
        state: what it is at.
        problem: why nothing is sent, or why what was sent can't be recorded; None: nothing is in the way.
        next_try_s: when it is tried again; None: it need not be.
        in_flight: messages under way.
        per_second, bytes_per_second: over the last 10 s.
        sent: messages in this run.
        last_sent: when; None: none yet.
        answers: how fetching its answers goes; None: they are not fetched.
    """

    name: str
    state: State
    problem: SightdeskError | None
    next_try_s: float | None
    in_flight: int
    per_second: float
    bytes_per_second: float
    sent: int
    last_sent: datetime | None
    answers: AnswerFigures | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What went to a target since it was last written down: messages, bytes, and since when."""

    messages: int
    size: int
    since: datetime
