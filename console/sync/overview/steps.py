"""Steps on the way of an event or review item."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

StepKind = Literal["seen", "kept", "judged", "queued", "sent", "answered", "unanswered", "waiting", "failed"]
"""unanswered: it was said that there will be no answer, as things are."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way.

    Attributes:
        at: UTC; None: it has not happened yet.
        what: in words.
        detail: more of it in words; may be empty.
        kind: which sort of step.
        target: which it is about; empty: none.
    """

    at: datetime | None
    what: str
    detail: str = ""
    kind: StepKind = "kept"
    target: str = ""
