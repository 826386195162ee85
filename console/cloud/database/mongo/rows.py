"""Documents of a batch: what is known before it, and writing what was decided, all within the batch's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from console.cloud.database.base import DONE_COUNT, ERASED_COUNT, FILES_COUNT, Changes
from console.cloud.database.mongo.client import Document
from console.cloud.database.mongo.schema import ABOUT, ANSWERS, COUNTS, ERASED, FILES, JOBS, MESSAGES
from console.cloud.database.mongo.transaction import Tx, parts
from console.cloud.keeping.arrivals import KEPT, Arrival, mark
from console.cloud.keeping.deciding import Kept, Known
from console.cloud.pki.identity import Identity


def known_of(db: Tx, site: str, batch: list[Arrival]) -> Known:
    """What is known about a batch."""
    known = Known()
    only = ("site", "head_sha256", "tracking_id", "kind")
    for ids in parts(one.message_id for one in batch):
        for found in db.find(MESSAGES, {"_id": {"$in": ids}}, only=only):
            known.messages[found["_id"]] = Kept(*(found[key] for key in only))
    known.marks = marks_of(db, site, batch)
    return known


def marks_of(db: Tx, site: str, batch: list[Arrival]) -> set[str]:
    """Of the tracking IDs of a batch those that were erased, as `mark` writes them."""
    found: set[str] = set()
    for marks in parts(mark(site, one.tracking_id) for one in batch):
        found.update(_erased(db, marks))
    return found


def names_of(db: Tx, site: str, files: Iterable[str]) -> dict[str, str]:
    """The names under which files of a site are kept, by their SHA-256."""
    found: dict[str, str] = {}
    for part in parts(files):
        wanted = {"site": site, "sha256": {"$in": part}}
        found.update((one["sha256"], one["path"]) for one in db.find(FILES, wanted))
    return found


def with_rows(db: Tx, names: Iterable[str]) -> set[str]:
    """Those of these names that files are kept under."""
    found: set[str] = set()
    for part in parts(names):
        found.update(one["path"] for one in db.find(FILES, {"path": {"$in": part}}, only=("path",)))
    return found


def rename_files(db: Tx, site: str, names: Mapping[str, str]) -> None:
    """From now on these files are kept under other names."""
    for sha256, name in names.items():
        db.change(FILES, {"site": site, "sha256": sha256}, {"$set": {"path": name}})


def add_files(db: Tx, site: str, names: Mapping[str, str], sizes: Mapping[str, int], to: Changes) -> None:
    """Keep files that no document names yet."""
    found = [
        {"site": site, "sha256": sha256, "bytes": sizes[sha256], "path": name}
        for sha256, name in sorted(names.items())
    ]  # fmt: skip
    db.insert(FILES, found)
    to.add(FILES_COUNT, len(found), sum(sizes[sha256] for sha256 in names))


def add_messages(db: Tx, who: Identity, batch: Iterable[Arrival], now: str, to: Changes) -> None:
    """Keep messages."""
    found = [_message(who, one, now) for one in batch]
    for one in found:
        to.add(one["kind"], 1, one["file_bytes"])
    db.insert(MESSAGES, found)


def erase(db: Tx, site: str, tracking_ids: Iterable[str], now: str, to: Changes) -> list[str]:
    """Remove all that is kept about these, their jobs and answers too, and remember that they were erased.

    Returns:
        Names of the files that nothing is left of; they are to go once this is committed.
    """
    files: set[str] = set()
    for part in parts(tracking_ids):
        own = {"site": site, "tracking_id": {"$in": part}}
        to.add(DONE_COUNT, -db.number(JOBS, {**own, "state": "done"}))
        db.remove(JOBS, own)
        gone = db.find(MESSAGES, {**own, "kind": {"$nin": list(KEPT)}}, only=("kind", "file_bytes", "file_sha256"))
        for one in gone:
            to.add(one["kind"], -1, -one["file_bytes"])
            files.update(() if one["file_sha256"] is None else (one["file_sha256"],))
        for ids in parts(one["_id"] for one in gone):
            db.remove(ANSWERS, {"message_id": {"$in": ids}})
            db.remove(MESSAGES, {"_id": {"$in": ids}})
        marks = [mark(site, one) for one in part]
        there = _erased(db, marks)
        fresh = [{"_id": one, "site": site, "at": now} for one in dict.fromkeys(marks) if one not in there]
        db.insert(ERASED, fresh)
        to.add(ERASED_COUNT, len(fresh))
    return _let_go(db, site, files, to)


def count(db: Tx, site: str, changes: Changes) -> None:
    """Bring the counts of a site in step."""
    told = sorted(what for what in changes.number if changes.number[what] or changes.bytes[what])
    db.put(
        COUNTS,
        (
            ({"site": site, "what": what}, {"$inc": {"number": changes.number[what], "bytes": changes.bytes[what]}})
            for what in told
        ),
    )


def set_about(db: Tx, key: str, value: str) -> None:
    """Remember something of this database."""
    db.put(ABOUT, [({"_id": key}, {"$set": {"value": value}})])


def _erased(db: Tx, marks: Sequence[str]) -> set[str]:
    return {one["_id"] for one in db.find(ERASED, {"_id": {"$in": list(marks)}}, only=("_id",))}


def _let_go(db: Tx, site: str, files: Iterable[str], to: Changes) -> list[str]:
    names: list[str] = []
    for part in parts(sorted(files)):
        own = {"site": site, "file_sha256": {"$in": part}}
        used = {one["file_sha256"] for one in db.find(MESSAGES, own, only=("file_sha256",))}
        gone = [sha256 for sha256 in part if sha256 not in used]
        for one in db.find(FILES, {"site": site, "sha256": {"$in": gone}}):
            to.add(FILES_COUNT, -1, -one["bytes"])
            names.append(one["path"])
        db.remove(FILES, {"site": site, "sha256": {"$in": gone}})
    return names


def _message(who: Identity, one: Arrival, now: str) -> Document:
    found: dict[str, Any] = {
        "_id": one.message_id, "tracking_id": one.tracking_id, "site": who.site, "desk": who.desk,
        "number": one.number, "kind": one.kind, "camera_id": one.camera_id, "written_at": one.written_at,
        "received_at": now, "head": one.head, "head_sha256": one.digest, "file_sha256": one.file_sha256,
        "file_bytes": len(one.file or b""), "content_type": one.content_type,
    }  # fmt: skip
    return found
