"""What becomes of the messages of a batch, one after the other, from what is known at that moment; nothing is written.

A batch is judged as if each message came alone: of two that are the same the second is known, and what an erasure names
is not taken any more behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from console.cloud.keeping.arrivals import KEPT, Arrival, mark
from console.sync.wire import Said
from models.words import _

ERASED = "erased"
"""Why a message is known that came after what it is about was erased."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is to be known of a message that is kept, to tell another of its ID from it."""

    site: str
    digest: str
    tracking_id: str
    kind: str


@dataclass
class Known:
    """What the database knows about a batch.

    Attributes:
        messages: those that are kept under the batch's IDs.
        marks: of its tracking IDs, those that were erased, as `mark` writes them.
    """

    messages: dict[str, Kept] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)


@dataclass
class Decision:
    """What is to be written.

    Attributes:
        said: to the desk, of every message in order.
        keep: messages, by ID.
        erase: tracking IDs whose messages go.
    """

    said: list[Said] = field(default_factory=list)
    keep: dict[str, Arrival] = field(default_factory=dict)
    erase: dict[str, None] = field(default_factory=dict)


def decide(site: str, batch: Iterable[Arrival | Said], known: Known) -> Decision:
    """Judge a batch.

    Args:
        site: whose.
        batch: its messages; one that is never taken is there as what is said of it.
        known: is changed to what will be known afterwards.
    """
    made = Decision()
    for one in batch:
        made.said.append(one if isinstance(one, Said) else _of_one(site, one, known, made))
    return made


def _of_one(site: str, one: Arrival, known: Known, made: Decision) -> Said:
    there = known.messages.get(one.message_id)
    if there is not None:
        if there.site != site:
            return Said(one.message_id, "refused", _("another site has a message of this ID"))
        if there.digest != one.digest:
            return Said(one.message_id, "refused", _("a message of this ID was kept, with another content"))
        return Said(one.message_id, "known")
    if one.kind not in KEPT and mark(site, one.tracking_id) in known.marks:
        return Said(one.message_id, "known", ERASED)
    made.keep[one.message_id] = one
    known.messages[one.message_id] = Kept(site, one.digest, one.tracking_id, one.kind)
    if one.erases:
        _erase(site, one.erases, known, made)
    return Said(one.message_id, "received")


def _erase(site: str, tracking_ids: Sequence[str], known: Known, made: Decision) -> None:
    gone = set(tracking_ids)
    made.erase.update(dict.fromkeys(tracking_ids))
    known.marks.update(mark(site, one) for one in tracking_ids)
    for name, kept in list(known.messages.items()):
        if kept.site == site and kept.kind not in KEPT and kept.tracking_id in gone:
            del known.messages[name]
            made.keep.pop(name, None)
