"""Looking at what is kept, each site at its own alone."""

from __future__ import annotations

import json

from console.cloud.database.base import DONE_COUNT, ERASED_COUNT, FILES_COUNT
from console.cloud.database.mongo.client import Document
from console.cloud.database.mongo.schema import ABOUT, COUNTS, ERASED, FILES, KEY, MESSAGES
from console.cloud.database.mongo.transaction import Tx
from console.cloud.keeping.arrivals import mark
from console.cloud.keeping.said import Figures, FileSaid, Message, Trace, Traced

_ORDER = ("number", "received_at", "_id")


def trace(db: Tx, site: str, tracking_id: str) -> Trace | None:
    """Where a tracking ID is; None: this site never sent anything of it."""
    kept = db.find(MESSAGES, {"tracking_id": tracking_id, "site": site}, by=_ORDER)
    if kept:
        return Trace(tracking_id=tracking_id, state="received", messages=[_traced(one) for one in kept])
    if db.one(ERASED, {"_id": mark(site, tracking_id)}) is not None:
        return Trace(tracking_id=tracking_id, state="erased", messages=[])
    return None


def message(db: Tx, site: str, message_id: str) -> Message | None:
    """A message of a site; None: it has none such, or it was erased."""
    found = db.one(MESSAGES, {"_id": message_id, "site": site})
    if found is None:
        return None
    return Message(**_traced(found), tracking_id=found["tracking_id"], body=json.loads(found["head"])["body"])


def file_name(db: Tx, site: str, sha256: str) -> str | None:
    """The name in the store of a file of a site."""
    found = db.one(FILES, {"sha256": sha256, "site": site})
    return None if found is None else str(found["path"])


def figures(db: Tx) -> Figures:
    """How much is kept, of all sites; costs the same however much that is."""
    found: dict[str, tuple[int, int]] = {}
    for one in db.find(COUNTS, {}):
        number, size = found.get(one["what"], (0, 0))
        found[one["what"]] = number + int(one["number"]), size + int(one["bytes"])
    files, size = found.pop(FILES_COUNT, (0, 0))
    erased, _none = found.pop(ERASED_COUNT, (0, 0))
    found.pop(DONE_COUNT, None)
    oldest = db.find(MESSAGES, {}, by=("received_at",), most=1, only=("received_at",))
    return Figures(
        messages={what: number for what, (number, _size) in sorted(found.items())},
        files=files,
        bytes=size,
        erased=erased,
        oldest=oldest[0]["received_at"] if oldest else None,
    )


def about(db: Tx, key: str) -> str | None:
    """What is to be known of this database."""
    found = db.one(ABOUT, {"_id": key}) if key != KEY else None
    return None if found is None else str(found["value"])


def _traced(one: Document) -> Traced:
    file = None
    if one["file_sha256"] is not None:
        file = FileSaid(sha256=one["file_sha256"], bytes=one["file_bytes"], content_type=one["content_type"])
    return Traced(
        message_id=one["_id"], kind=one["kind"], number=one["number"], camera_id=one["camera_id"], desk=one["desk"],
        written_at=one["written_at"], received_at=one["received_at"], file=file,
    )  # fmt: skip
