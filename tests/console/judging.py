"""A desk that judges, for tests of verdicts."""

from __future__ import annotations

from typing import Any

from console.review import queries
from console.review.items import Item, VerdictKind
from console.review.verdicts import Decision, Outcome, VerdictLane
from console.settings.review import ReviewSettings
from console.store.store import Store


class Desk:
    """A lane whose every item, or none, is chosen for a second look."""

    def __init__(self, store: Store, share: float = 0.0) -> None:
        self.store = store
        self.supervisor = False
        self.lane = VerdictLane(store, supervisor=lambda: self.supervisor, settings=ReviewSettings(second_share=share))

    def say(self, number: int, kind: VerdictKind = "accept", who: str = "Ann", label: str = "", **more: Any) -> Outcome:
        decision = Decision(kind, label, more.pop("boxes", None), **more)
        return self.lane.decide(number, decision, who=who, seconds=1.5).result(10)

    def item(self, number: int) -> Item:
        with self.store.read() as db:
            found = queries.item(db, number)
        assert found is not None
        return found
