"""Looking at jobs: for people, for desks, and how many there are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, text

from console.cloud.database.base import DONE_COUNT
from console.cloud.database.sql.tables import ANSWERS, COUNTS, JOBS
from console.cloud.jobs.values import STATES, JobFigures, JobSaid, State


def jobs(db: Connection, site: str | None, states: Sequence[State], most: int, after: str) -> list[JobSaid]:
    """Jobs in these states, by their IDs, from behind one on; site None: of all sites."""
    found: list[JobSaid] = []
    for state in STATES:  # each by its own index; what is done is found by the IDs alone
        if state not in states:
            continue
        query = _all().where(text(f"jobs.state = '{state}'"), JOBS.c.job_id > after)
        query = query if site is None else query.where(JOBS.c.site == site)
        found += map(_said, db.execute(query.order_by(JOBS.c.job_id).limit(most)))
    return list(islice(sorted(found, key=lambda one: one["job_id"]), most))


def jobs_of(db: Connection, site: str, tracking_id: str) -> list[JobSaid]:
    """The jobs of a tracking ID, by their IDs."""
    query = _all().where(JOBS.c.tracking_id == tracking_id, JOBS.c.site == site)
    return [_said(row) for row in db.execute(query.order_by(JOBS.c.job_id))]


def figures(db: Connection) -> JobFigures:
    """How many there are, of all sites; costs little however many are done."""
    query = select(func.sum(COUNTS.c.number)).where(COUNTS.c.what == DONE_COUNT)
    number: dict[State, int] = {"done": int(db.execute(query).scalar_one() or 0)}
    for state in STATES:
        if state != "done":
            many = select(func.count()).select_from(JOBS).where(text(f"jobs.state = '{state}'"))
            number[state] = int(db.execute(many).scalar_one())
    oldest = select(func.min(JOBS.c.queued_at)).where(text("jobs.state = 'queued'"))
    return JobFigures({state: number[state] for state in STATES}, db.execute(oldest).scalar_one_or_none())


def queued_tasks(db: Connection) -> dict[str, int]:
    """How many are queued, of all sites, by their task."""
    query = select(JOBS.c.task, func.count()).where(text("jobs.state = 'queued'")).group_by(JOBS.c.task)
    return {str(task): int(number) for task, number in db.execute(query)}


def _all() -> Select[Any]:
    """Jobs; what came of one only where it is done: while it is tried again, the earlier answer is not its."""
    joined = JOBS.outerjoin(
        ANSWERS,
        (ANSWERS.c.message_id == JOBS.c.message_id) & (ANSWERS.c.task == JOBS.c.task) & text("jobs.state = 'done'"),
    )
    return select(JOBS, ANSWERS.c.body).select_from(joined)


def _said(row: Row[Any]) -> JobSaid:
    return JobSaid(
        job_id=row.job_id, site=row.site, tracking_id=row.tracking_id, message_id=row.message_id,
        camera_id=row.camera_id, task=row.task, state=row.state, attempts=row.attempts, worker=row.worker, why=row.why,
        queued_at=row.queued_at, began_at=row.began_at, ended_at=row.ended_at,
        answer=None if row.body is None else json.loads(row.body),
    )  # fmt: skip
