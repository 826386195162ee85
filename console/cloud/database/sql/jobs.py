"""Jobs: queued, claimed, held, given back, settled, replayed. Where many rows are locked, it is in the order of IDs.

What tells the rows of a partial index stands as text in every statement: PostgreSQL knows no value of a statement that
it has prepared, and would not find the index.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select, text, update

from console.cloud.database.base import DONE_COUNT, LONGEST_S, Changes
from console.cloud.database.sql import answers
from console.cloud.database.sql.engines import insert_or
from console.cloud.database.sql.looking import now
from console.cloud.database.sql.rows import count, parts
from console.cloud.database.sql.tables import FILES, JOBS, MESSAGES
from console.cloud.jobs.times import later
from console.cloud.jobs.values import Claimed, NewJob, Outcome
from console.cloud.pki.identity import Identity

QUEUED, PROCESSING, FAILED = (text(f"jobs.state = '{state}'") for state in ("queued", "processing", "failed"))
_UNTOLD = text("jobs.state = 'queued' AND jobs.published = 0")
_IDLE: dict[str, Any] = {"lease_until": None, "published": 0}
_CLAIMED = (
    JOBS.c.job_id, JOBS.c.site, JOBS.c.desk, JOBS.c.message_id, JOBS.c.tracking_id, JOBS.c.camera_id, JOBS.c.task,
    JOBS.c.attempts, MESSAGES.c.kind, MESSAGES.c.head, FILES.c.sha256, FILES.c.path,
)  # fmt: skip


def add_jobs(db: Connection, who: Identity, jobs: Sequence[NewJob]) -> None:
    """Queue jobs; of a message and task that has one already none is added."""
    at = now(db)
    rows = [
        {
            "job_id": one.job_id, "site": who.site, "desk": who.desk, "tracking_id": one.tracking_id,
            "message_id": one.message_id, "camera_id": one.camera_id, "task": one.task, "state": "queued",
            "attempts": 0, "worker": "", "not_before": at, "why": "", "queued_at": at, **_IDLE,
        }
        for one in sorted(jobs, key=lambda one: (one.message_id, one.task))
    ]  # fmt: skip
    if rows:
        db.execute(insert_or(db, JOBS).on_conflict_do_nothing(index_elements=["message_id", "task"]), rows)


def claim(db: Connection, tasks: Sequence[str], most: int, worker: str, lease_s: float) -> list[Claimed]:
    """Have a worker hold the jobs that have waited for longest; see the protocol."""
    at, names = now(db), JOBS.c.task.in_(list(tasks))
    chosen = _ended(db, names, at) or _due(db, names, max(most, 1), at)
    if not chosen:
        return []
    held = {
        "state": "processing", "attempts": JOBS.c.attempts + 1, "worker": worker, "began_at": at,
        "lease_until": later(at, min(lease_s, LONGEST_S)),
    }  # fmt: skip
    db.execute(update(JOBS).where(JOBS.c.job_id.in_(chosen)).values(held))
    found = {row.job_id: _claimed(row) for row in db.execute(_with_file().where(JOBS.c.job_id.in_(chosen)))}
    return [found[name] for name in chosen if name in found]


def renew(db: Connection, worker: str, job_ids: Iterable[str], lease_s: float) -> set[str]:
    """Hold jobs for so long from now on; those that this worker still holds."""
    held = _held(db, worker, job_ids)
    until = later(now(db), min(lease_s, LONGEST_S))
    for part in parts(held):
        db.execute(update(JOBS).where(JOBS.c.job_id.in_(part)).values(lease_until=until))
    return set(held)


def give_back(db: Connection, worker: str, job_ids: Iterable[str]) -> None:
    """Queue jobs again that were not begun; the attempt does not count."""
    idle = {**_IDLE, "state": "queued", "attempts": JOBS.c.attempts - 1, "worker": "", "began_at": None}
    for part in parts(_held(db, worker, job_ids)):
        db.execute(update(JOBS).where(JOBS.c.job_id.in_(part)).values(idle))


def settle(db: Connection, site: str, worker: str, outcomes: Sequence[Outcome]) -> set[str]:
    """Write down what attempts came to, with the answers for the desks; those it was written for."""
    held, at = _held(db, worker, (one.job_id for one in outcomes), JOBS.c.site == site), now(db)
    counted: dict[str, Outcome] = {}
    for one in outcomes:
        row = held.get(one.job_id)
        if row is not None and row.attempts == one.attempt:
            counted.setdefault(one.job_id, one)
    ends = [one for one in counted.values() if one.state != "queued"]
    answers.write(db, site, [(held[one.job_id], one) for one in ends], at)
    alike: dict[tuple[Any, ...], list[Outcome]] = {}
    for one in counted.values():
        alike.setdefault((one.state, one.why, one.wait_s, one.begun), []).append(one)
    for same in alike.values():
        for part in parts(one.job_id for one in same):
            db.execute(update(JOBS).where(JOBS.c.job_id.in_(part)).values(_settled(same[0], at)))
    changes = Changes()
    changes.add(DONE_COUNT, sum(one.state == "done" for one in ends))
    count(db, site, changes)
    return set(counted)


def unpublished(db: Connection, most: int) -> list[str]:
    """Jobs that are queued, may be claimed now, and that no broker was told of; by their IDs."""
    query = select(JOBS.c.job_id).where(_UNTOLD, _due_by(now(db))).order_by(JOBS.c.job_id).limit(most)
    return list(db.execute(query).scalars())


def published(db: Connection, job_ids: Sequence[str]) -> None:
    """A broker was told of these."""
    for part in parts(sorted(job_ids)):
        db.execute(update(JOBS).where(_UNTOLD, JOBS.c.job_id.in_(part)).values(published=1))


def replay(db: Connection, job_ids: Iterable[str]) -> set[str]:
    """Queue failed jobs again as if they were new; those that were failed."""
    at = now(db)
    fresh = {
        **_IDLE, "state": "queued", "attempts": 0, "worker": "", "why": "", "not_before": at, "queued_at": at,
        "began_at": None, "ended_at": None,
    }  # fmt: skip
    found: set[str] = set()
    for part in parts(sorted(job_ids)):
        again = update(JOBS).where(FAILED, JOBS.c.job_id.in_(part)).values(fresh).returning(JOBS.c.job_id)
        found.update(db.execute(again).scalars())
    return found


def _ended(db: Connection, names: ColumnElement[bool], at: str) -> list[str]:
    """The job whose lease ended first."""
    far = JOBS.c.lease_until > later(at, LONGEST_S)
    query = select(JOBS.c.job_id).where(PROCESSING, names, (JOBS.c.lease_until <= at) | far)
    return list(db.execute(_to_hold(query.order_by(JOBS.c.lease_until).limit(1))).scalars())


def _due(db: Connection, names: ColumnElement[bool], most: int, at: str) -> list[str]:
    """The first that may be begun, in order; those that wait from before a clock was set back come last."""
    query = select(JOBS.c.job_id, JOBS.c.attempts).where(QUEUED, names).order_by(JOBS.c.not_before, JOBS.c.job_id)
    for due in (JOBS.c.not_before <= at, JOBS.c.not_before > later(at, LONGEST_S)):
        found = db.execute(_to_hold(query.where(due).limit(most))).all()
        if found and found[0].attempts:
            return [found[0].job_id]
        if found:
            return [row.job_id for row in found if not row.attempts]
    return []


def _due_by(at: str) -> ColumnElement[bool]:
    return (JOBS.c.not_before <= at) | (JOBS.c.not_before > later(at, LONGEST_S))


def _to_hold(query: Select[Any]) -> Select[Any]:
    """Rows that nobody else is at; SQLite, which has one writer, leaves this out."""
    return query.with_for_update(skip_locked=True)


def _held(
    db: Connection, worker: str, job_ids: Iterable[str], more: ColumnElement[bool] | None = None
) -> dict[str, Row[Any]]:
    """Those of these jobs that a worker has, locked in the order of their IDs."""
    found: dict[str, Row[Any]] = {}
    for part in parts(sorted(job_ids)):
        query = select(JOBS).where(JOBS.c.job_id.in_(part), PROCESSING, JOBS.c.worker == worker)
        query = query if more is None else query.where(more)
        found.update((row.job_id, row) for row in db.execute(query.order_by(JOBS.c.job_id).with_for_update()))
    return found


def _settled(one: Outcome, at: str) -> dict[str, Any]:
    """What becomes of a job's row."""
    values: dict[str, Any] = {"state": one.state, "why": answers.plain(one.why), "lease_until": None}
    if not one.begun:
        values["attempts"] = JOBS.c.attempts - 1
    if one.state == "queued":
        return values | {"published": 0, "not_before": later(at, min(one.wait_s, LONGEST_S))}
    return values | {"ended_at": at}


def _with_file() -> Select[Any]:
    file = (FILES.c.sha256 == MESSAGES.c.file_sha256) & (FILES.c.site == MESSAGES.c.site)
    joined = JOBS.join(MESSAGES, MESSAGES.c.message_id == JOBS.c.message_id).join(FILES, file)
    return select(*_CLAIMED).select_from(joined)


def _claimed(row: Row[Any]) -> Claimed:
    return Claimed(
        job_id=row.job_id, site=row.site, desk=row.desk, message_id=row.message_id, tracking_id=row.tracking_id,
        camera_id=row.camera_id, kind=row.kind, task=row.task, attempt=row.attempts, file=row.path, sha256=row.sha256,
        body=json.loads(row.head)["body"],
    )  # fmt: skip
