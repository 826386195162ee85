"""Rows of a batch: what is known before it, and writing what was decided, all within the batch's one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, insert, select, update

from console.cloud.database.base import DONE_COUNT, ERASED_COUNT, FILES_COUNT, Changes
from console.cloud.database.sql.engines import insert_or
from console.cloud.database.sql.tables import ABOUT, COUNTS, ERASED, FILES, JOBS, MESSAGES
from console.cloud.keeping.arrivals import KEPT, Arrival, mark
from console.cloud.keeping.deciding import Kept, Known
from console.cloud.pki.identity import Identity

T = TypeVar("T")
AT_ONCE = 500
"""Values in one statement: any database takes so many."""


def parts(values: Iterable[T]) -> Iterator[list[T]]:
    """Values, each once and as they come, some at a time."""
    rest = iter(dict.fromkeys(values))
    while part := list(islice(rest, AT_ONCE)):
        yield part


def known_of(db: Connection, site: str, batch: list[Arrival]) -> Known:
    """What is known about a batch."""
    known = Known()
    columns = (MESSAGES.c.message_id, MESSAGES.c.site, MESSAGES.c.head_sha256, MESSAGES.c.tracking_id, MESSAGES.c.kind)
    for ids in parts(one.message_id for one in batch):
        for name, *kept in db.execute(select(*columns).where(MESSAGES.c.message_id.in_(ids))):
            known.messages[name] = Kept(*kept)
    known.marks = marks_of(db, site, batch)
    return known


def marks_of(db: Connection, site: str, batch: list[Arrival]) -> set[str]:
    """Of the tracking IDs of a batch those that were erased, as `mark` writes them."""
    found: set[str] = set()
    for marks in parts(mark(site, one.tracking_id) for one in batch):
        query = select(ERASED.c.tracking_id).where(ERASED.c.site == site, ERASED.c.tracking_id.in_(marks))
        found.update(db.execute(query).scalars())
    return found


def names_of(db: Connection, site: str, files: Iterable[str]) -> dict[str, str]:
    """The names under which files of a site are kept, by their SHA-256."""
    found: dict[str, str] = {}
    for part in parts(files):
        query = select(FILES.c.sha256, FILES.c.path).where(FILES.c.site == site, FILES.c.sha256.in_(part))
        found.update((sha256, path) for sha256, path in db.execute(query))
    return found


def with_rows(db: Connection, names: Iterable[str]) -> set[str]:
    """Those of these names that files are kept under."""
    found: set[str] = set()
    for part in parts(names):
        found.update(db.execute(select(FILES.c.path).where(FILES.c.path.in_(part))).scalars())
    return found


def rename_files(db: Connection, site: str, names: Mapping[str, str]) -> None:
    """From now on these files are kept under other names."""
    for sha256, name in names.items():
        db.execute(update(FILES).where(FILES.c.site == site, FILES.c.sha256 == sha256).values(path=name))


def add_files(db: Connection, site: str, names: Mapping[str, str], sizes: Mapping[str, int], to: Changes) -> None:
    """Keep files that no row names yet."""
    rows = [
        {"site": site, "sha256": sha256, "bytes": sizes[sha256], "path": name}
        for sha256, name in sorted(names.items())
    ]  # fmt: skip
    if rows:
        db.execute(insert(FILES), rows)
        to.add(FILES_COUNT, len(rows), sum(sizes[sha256] for sha256 in names))


def add_messages(db: Connection, who: Identity, batch: Iterable[Arrival], now: str, to: Changes) -> None:
    """Keep messages; in the order of their IDs, so that two batches never wait for each other."""
    rows = [_row(who, one, now) for one in sorted(batch, key=lambda one: one.message_id)]
    for row in rows:
        to.add(row["kind"], 1, row["file_bytes"])
    if rows:
        db.execute(insert(MESSAGES), rows)


def erase(db: Connection, site: str, tracking_ids: Iterable[str], now: str, to: Changes) -> list[str]:
    """Remove all that is kept about these, and remember that they were erased. Answers go with their messages.

    Returns:
        Names of the files that nothing is left of; they are to go once this is committed.
    """
    files: set[str] = set()
    for part in parts(tracking_ids):
        to.add(DONE_COUNT, -_forget_jobs(db, site, part))
        gone = delete(MESSAGES).where(
            MESSAGES.c.site == site, MESSAGES.c.tracking_id.in_(part), MESSAGES.c.kind.not_in(KEPT)
        )
        for kind, size, sha256 in db.execute(
            gone.returning(MESSAGES.c.kind, MESSAGES.c.file_bytes, MESSAGES.c.file_sha256)
        ):
            to.add(kind, -1, -size)
            files.update(() if sha256 is None else (sha256,))
        marks = [{"site": site, "tracking_id": mark(site, one), "at": now} for one in part]
        fresh = insert_or(db, ERASED).on_conflict_do_nothing().returning(ERASED.c.tracking_id)
        to.add(ERASED_COUNT, len(db.execute(fresh, marks).all()))
    return _let_go(db, site, files, to)


def count(db: Connection, site: str, changes: Changes) -> None:
    """Bring the counts of a site in step."""
    for what in sorted(what for what in changes.number if changes.number[what] or changes.bytes[what]):
        values = {"site": site, "what": what, "number": changes.number[what], "bytes": changes.bytes[what]}
        new = insert_or(db, COUNTS).values(values)
        more = {"number": COUNTS.c.number + new.excluded.number, "bytes": COUNTS.c.bytes + new.excluded.bytes}
        db.execute(new.on_conflict_do_update(index_elements=["site", "what"], set_=more))


def set_about(db: Connection, key: str, value: str) -> None:
    """Remember something of this database."""
    new = insert_or(db, ABOUT).values(key=key, value=value)
    db.execute(new.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


def _forget_jobs(db: Connection, site: str, tracking_ids: Sequence[str]) -> int:
    """Remove the jobs of these, which nobody may be at while their messages go; how many of them were done."""
    gone = delete(JOBS).where(JOBS.c.site == site, JOBS.c.tracking_id.in_(tracking_ids)).returning(JOBS.c.state)
    return sum(state == "done" for state in db.execute(gone).scalars())


def _let_go(db: Connection, site: str, files: Iterable[str], to: Changes) -> list[str]:
    names: list[str] = []
    for part in parts(sorted(files)):
        used = select(MESSAGES.c.file_sha256).where(MESSAGES.c.site == site, MESSAGES.c.file_sha256.in_(part))
        gone = delete(FILES).where(FILES.c.site == site, FILES.c.sha256.in_(part), FILES.c.sha256.not_in(used))
        for size, name in db.execute(gone.returning(FILES.c.bytes, FILES.c.path)):
            to.add(FILES_COUNT, -1, -size)
            names.append(name)
    return names


def _row(who: Identity, one: Arrival, now: str) -> dict[str, Any]:
    return {
        "message_id": one.message_id, "tracking_id": one.tracking_id, "site": who.site, "desk": who.desk,
        "number": one.number, "kind": one.kind, "camera_id": one.camera_id, "written_at": one.written_at,
        "received_at": now, "head": one.head, "head_sha256": one.digest, "file_sha256": one.file_sha256,
        "file_bytes": len(one.file or b""), "content_type": one.content_type,
    }  # fmt: skip
