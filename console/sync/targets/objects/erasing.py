"""What is erased here is erased there: objects, their lines in all lists, and the rows that knew them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from console.sync.targets.base import Parcel, Receipt
from console.sync.targets.objects.layout import Layout
from console.sync.targets.objects.ledger import Changes, Ledger, Row
from console.sync.targets.objects.lists import Lists
from console.sync.targets.objects.stores import Place
from console.sync.targets.objects.work import JSON_TYPE, document


@dataclass(frozen=True, slots=True)
class Standing:
    """What a target has at its store: the store, the ledger of it, its paths, and its lists."""

    place: Place
    ledger: Ledger
    layout: Layout
    lists: Lists


def erase(parcel: Parcel, ids: Sequence[str], at: Standing) -> Receipt:
    """Delete all that is there of tracking IDs, what the ledger does not know too, and put a note that they are gone.

    Nobody else may be at one of the IDs. Begun anew after a crash, it ends the same.

    Raises:
        TargetError: not everything could be deleted; the message has to come again.
    """
    rows = at.ledger.of(ids)
    changes = Changes(erased=set(ids))
    paths: list[str] = []
    folders: set[str] = set()
    for own in ids:
        paths += at.layout.of_id(own)
        paths += rows[own]  # of a site that had another name, too
        folders |= {*at.layout.folders_of_id(own)} | {
            path.rpartition("/")[0] for path in rows[own] if f"/{own}/" in path
        }
        changes.gone |= rows[own].keys()
        changes.stale |= {row.shard for row in rows[own].values()} | {at.layout.shard(own)}
    at.place.delete(paths)
    for folder in sorted(folders):
        at.place.delete_below(folder)
    note, content = at.layout.record(parcel.kind, parcel.tracking_id, parcel.message_id), document(parcel)
    at.place.put(note, content, JSON_TYPE)
    sha256, shard = hashlib.sha256(content).hexdigest(), at.layout.shard(parcel.tracking_id)
    changes.put[note] = Row(note, parcel.tracking_id, parcel.number, sha256, len(content), {"kind": "erased"}, shard)
    changes.stale.add(shard)
    at.ledger.keep(changes)
    at.lists.renew(changes.stale)
    return Receipt(parcel.message_id, {"path": note, "objects": len(changes.gone)})
