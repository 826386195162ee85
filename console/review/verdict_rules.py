"""Who may give which verdict, and what follows from it: rules without a database."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from uuid_utils import uuid7

from console.errors import UsageError
from console.review.items import Box, Role, State, VerdictKind, boxes_of
from models.boxes import iou
from models.words import _

SAME_IOU = 0.9
"""Two boxes drawn by two people are the same box from here on."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody says of an item.

    Attributes:
        kind: accept, reject, relabel, edit or skip.
        label: of relabel: the class it is.
        boxes: of edit: all that is in the picture, in source pixels.
        key: a UUID; the same one twice is one verdict.

    Raises:
        ValueError: relabel without a label; boxes without edit, or the other way round.
    """

    kind: VerdictKind
    label: str = ""
    boxes: tuple[Box, ...] | None = None
    key: str = field(default_factory=lambda: str(uuid7()))

    def __post_init__(self) -> None:
        """Refuse what can't be meant."""
        if (self.kind == "edit") != (self.boxes is not None):
            raise ValueError("edit comes with boxes, and nothing else does")
        if self.kind == "relabel" and not self.label:
            raise ValueError("relabel comes with a label")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a verdict that is stored.

    Attributes:
        item_id: the item.
        verdict_id: the verdict.
        state: how the item stands now.
        key: of the decision.
    """

    item_id: int
    verdict_id: int
    state: State
    key: str


@dataclass(frozen=True, slots=True)
class Given:
    """Under which circumstances a verdict is given.

    Attributes:
        who: the person, as `person` writes it.
        supervisor: whether he showed that he is one.
        at: when he decided, with its time zone.
        seconds: how long he looked.
        boot_id: of this run.
        share: of items that a second person judges too.
        bulk: key of the bulk it belongs to; empty: none.
        imported: it comes from another tool, where it was decided already.
    """

    who: str
    supervisor: bool
    at: datetime
    seconds: float
    boot_id: str
    share: float
    bulk: str = ""
    imported: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What a verdict does: as what it is given, how the item stands then, and whether it is in force."""

    role: Role
    state: State
    in_force: bool = True


def person(who: str) -> str:
    """A person's name as it is stored; the same name is the same person.

    Raises:
        UsageError: nobody is named.
    """
    name = " ".join(who.split())
    if not name:
        raise UsageError(_("Nobody is named who judges this."), _("Say who sits here, then judge the item again."))
    return name


def chosen(tracking_id: str, share: float) -> bool:
    """Whether a second person is to judge an item too: the same at every time, and more of them for a higher share."""
    first = hashlib.sha256(tracking_id.encode()).digest()[:8]
    return int.from_bytes(first, "big") < share * 2**64


def equal(kind: str, label: str, boxes: tuple[Box, ...] | None, other: tuple[str, str, tuple[Box, ...] | None]) -> bool:
    """Whether two verdicts on the same item say the same.

    Of edits: each box has its own in the other one, of the same class, with an intersection over union of `SAME_IOU`.
    """
    if kind != other[0]:
        return False
    if kind != "edit":
        return label == other[1]
    mine, theirs = boxes or (), other[2] or ()
    if sorted(box.label for box in mine) != sorted(box.label for box in theirs):
        return False
    if not mine:
        return True
    overlap = iou(np.array([box.xyxy for box in mine], float), np.array([box.xyxy for box in theirs], float))
    same = np.array([[a.label == b.label for b in theirs] for a in mine])
    return _paired([set(np.flatnonzero(row).tolist()) for row in (overlap >= SAME_IOU) & same])


def _paired(fits: list[set[int]]) -> bool:
    """Whether each can have one of its own of those that fit it; by augmenting paths.

    scipy knows this too, and takes a second to be imported, which the writer's thread has not got.
    """
    owner: dict[int, int] = {}

    def finds(number: int, tried: set[int]) -> bool:
        for other in fits[number] - tried:
            if other in tried:
                continue
            tried.add(other)
            if other not in owner or finds(owner[other], tried):
                owner[other] = number
                return True
        return False

    return all(finds(number, set()) for number in range(len(fits)))


def said(decision: Decision, item: Mapping[str, Any]) -> tuple[VerdictKind, str]:
    """Kind and label as they are stored: naming a box what it was called already is to accept it.

    Raises:
        UsageError: a whole picture was asked about, and this judges one box.
    """
    asked = str(item["label"])
    if decision.kind in ("accept", "reject", "relabel") and not asked:
        raise UsageError(
            _("This item asks about the whole picture: there is no one box to accept, reject or relabel."),
            _("Put its boxes right, or say that all of them are right."),
        )
    if decision.kind == "accept" or (decision.kind == "relabel" and decision.label == asked):
        return "accept", asked
    return decision.kind, decision.label if decision.kind == "relabel" else ""


def step(item: Mapping[str, Any], kind: VerdictKind, label: str, boxes: tuple[Box, ...] | None, given: Given) -> Step:
    """Who may, and what follows.

    Args:
        item: its id, tracking_id, label, state, and of the verdict in force kind, said, boxes, who, role; or None.
        kind: as `said` has it, as is the label.
        label: the class.
        boxes: of an edit.
        given: by whom and how.

    Raises:
        UsageError: this person may not judge this item now.
    """
    state: State = item["state"]
    same_person = item["who"] is not None and item["who"].casefold() == given.who.casefold()
    if state in ("open", "skipped"):
        if kind == "skip":
            return Step("first", "skipped")
        twice = not given.imported and chosen(item["tracking_id"], given.share)
        return Step("import" if given.imported else "first", "second" if twice else "done")
    if state == "second":
        return _second(item, kind, label, boxes, same_person=same_person)
    if state != "disputed" and item["role"] != "supervisor":
        return Step("supervisor" if given.supervisor else "first", "done", in_force=kind != "skip")
    return _supervised(item, kind, given)


def _supervised(item: Mapping[str, Any], kind: VerdictKind, given: Given) -> Step:
    if kind == "skip":
        return Step("supervisor" if given.supervisor else "first", item["state"], in_force=False)
    if given.supervisor:
        return Step("supervisor", "done")
    raise UsageError(
        _("Two people differ on this item: a supervisor decides.")
        if item["state"] == "disputed"
        else _("A supervisor decided this item."),
        _("Unlock as supervisor, or go on with the next one."),
    )


def _second(
    item: Mapping[str, Any], kind: VerdictKind, label: str, boxes: tuple[Box, ...] | None, *, same_person: bool
) -> Step:
    if kind == "skip":
        return Step("first" if same_person else "second", "second", in_force=False)
    if same_person:
        raise UsageError(
            _("You judged this item yourself: somebody else is to look at it a second time."),
            _("Take your verdict back to change it, or go on with the next one."),
        )
    first = boxes_of(item["boxes"]) if item["boxes"] is not None else None
    agreed = equal(kind, label, boxes, (item["kind"], item["said"], first))
    return Step("second", "done" if agreed else "disputed")


def now() -> datetime:
    """The clock's time."""
    return datetime.now(UTC)
