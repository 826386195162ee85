"""What is listed and how, as it is chosen, saved under a name and remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, get_args

from console.review.items import State
from console.review.queries import Order, ReviewFilter
from models.words import N_

WAITING: tuple[State, ...] = ("open", "second")
"""What waits for an operator."""
ORDERS: dict[Order, str] = {
    "oldest": N_("oldest first"),
    "newest": N_("newest first"),
    "doubtful": N_("lowest score first"),
    "sure": N_("highest score first"),
}
TIMES = {
    "": N_("any time"),
    "1": N_("last hour"),
    "8": N_("last 8 hours"),
    "24": N_("last day"),
    "168": N_("last week"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What is listed and how, as it is remembered: a time counts back from when it is used.

    Attributes:
        wanted: without its times.
        order: which comes first.
        hours: taken in the last so many; empty: at any time.
    """

    wanted: ReviewFilter = field(default_factory=lambda: ReviewFilter(states=WAITING))
    order: Order = "oldest"
    hours: str = ""

    def now(self) -> ReviewFilter:
        """The filter as it is at this moment."""
        if not self.hours:
            return self.wanted
        values = self.wanted.as_json() | {"since": (datetime.now().astimezone() - timedelta(hours=float(self.hours)))}
        since = values.pop("since")
        return ReviewFilter.of_json(values | {"since": since.isoformat()})

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"filter": self.wanted.as_json(), "order": self.order, "hours": self.hours}

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> Choice:
        """From `as_json`; what can't be understood is as it is at first."""
        try:
            wanted = ReviewFilter.of_json(said["filter"])
        except (KeyError, TypeError, ValueError):
            return cls()
        order: Order = next((one for one in get_args(Order) if one == said.get("order")), "oldest")
        hours = str(said.get("hours", ""))
        return cls(wanted, order, hours if hours in TIMES else "")
